"""Has the worker look for work of a kind: each minute, and at once when somebody wakes it. Holds no rule of its own."""

from __future__ import annotations

import procrastinate

from base.woken_work import WokenWork
from outreach.alarm import QUEUE, defer_once

BULK, IMPORTS, PUBLISHING, SCORES, SEGMENTS = "bulk", "imports", "publishing", "scores", "segments"
SAMPLES, UNDERSTANDING = "samples", "understanding"
"""The kinds there are; their tasks are named by them."""


def add_looks(alarm: procrastinate.App, work: WokenWork, kind: str) -> None:
    """Has the worker look each minute, and at once when it is woken. The work holds up no other task."""
    each_minute = f"{kind}.each_minute"

    @alarm.periodic(cron="* * * * *", queueing_lock=each_minute)
    @alarm.task(name=each_minute, queue=QUEUE)
    async def look_each_minute(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        work.wake()

    @alarm.task(name=_look(kind), queue=QUEUE)
    async def look() -> None:
        work.wake()


async def wake_worker(alarm: procrastinate.App, kind: str) -> None:
    """Has a worker look now. Call it after the commit that made something to do; it never fails."""
    await defer_once(alarm.configure_task(_look(kind), queue=QUEUE, queueing_lock=_look(kind)))


def _look(kind: str) -> str:
    return f"{kind}.look"
