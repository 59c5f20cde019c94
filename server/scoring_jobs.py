"""Has the worker count scores: each minute and after a change of the rules, and each hour whom nobody counted."""

from __future__ import annotations

import procrastinate

from crm.scoring.work import ScoreWork
from outreach.alarm import QUEUE
from server.woken_jobs import SCORES, add_looks

COUNT_NEW = "scores.count_new"


def add_scoring_jobs(alarm: procrastinate.App, work: ScoreWork) -> None:
    """Adds the tasks. Late or twice does no harm."""
    add_looks(alarm, work, SCORES)

    @alarm.periodic(cron="25 * * * *", queueing_lock=COUNT_NEW)
    @alarm.task(name=COUNT_NEW, queue=QUEUE)
    async def count_new(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        work.look_for_new()
