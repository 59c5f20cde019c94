"""Counts scores that change by themselves: points that faded, what is too long ago, people counted by older rules.

What people do is counted at once by who reacts to events; nobody is counted here whose time has not come.
"""

from __future__ import annotations

import procrastinate
import structlog

from base.database import repeat_on_deadlock, transaction
from crm.scoring.service import list_due, list_uncounted, recompute_for
from outreach.alarm import QUEUE
from server.wiring import Platform

log = structlog.get_logger(__name__)

COUNT = "scoring.count_due"
COUNT_NEW = "scoring.count_new"
AT_ONCE = 500
"""Contacts counted in one transaction."""
A_RUN = 40
"""Sets counted before others have their turn; the rest is due in the next minute."""


def add_scoring_jobs(alarm: procrastinate.App, platform: Platform) -> None:
    """Adds the tasks: each minute what is due, each hour who was never counted. Late or twice does no harm."""

    @alarm.periodic(cron="* * * * *", queueing_lock=COUNT)
    @alarm.task(name=COUNT, queue=QUEUE, lock=COUNT)
    async def count_due(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        counted = await count_all_due(platform)
        if counted:
            log.info("scores_counted", contacts=counted)

    @alarm.periodic(cron="25 * * * *", queueing_lock=COUNT_NEW)
    @alarm.task(name=COUNT_NEW, queue=QUEUE, lock=COUNT)
    async def count_new(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        log.info("new_contacts_counted", contacts=await count_all_new(platform))


async def count_all_due(platform: Platform, sets: int = A_RUN) -> int:
    """Counts whose scores change by themselves now; returns how many."""
    return await _count(platform, sets, new=False)


async def count_all_new(platform: Platform, sets: int = A_RUN) -> int:
    """Counts people who were never counted, without an event of it; returns how many."""
    return await _count(platform, sets, new=True)


async def _count(platform: Platform, sets: int, *, new: bool) -> int:
    async def once() -> int:
        now = platform.clock.now()
        async with transaction(platform.sessions) as session:
            found = await (list_uncounted(session, AT_ONCE) if new else list_due(session, now, AT_ONCE))
            await recompute_for(session, platform.keys, found, now, quietly=new)
            return len(found)

    counted = 0
    for _ in range(sets):
        count = await repeat_on_deadlock(once)
        counted += count
        if count < AT_ONCE:
            break
    return counted
