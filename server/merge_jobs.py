"""What is done about merged contacts every few minutes: rows that were written for them meanwhile follow."""

from __future__ import annotations

from datetime import timedelta

import procrastinate
import structlog

from base.database import repeat_on_deadlock, transaction
from crm.contacts.merged_rows import follow_links
from outreach.alarm import QUEUE
from server.wiring import Platform

log = structlog.get_logger(__name__)

FOLLOW = "contacts.follow_links"
BACK = timedelta(hours=1)
"""Nobody writes for so long for a contact that they began with."""


def add_merge_jobs(alarm: procrastinate.App, platform: Platform) -> None:
    """Adds the task."""

    @alarm.periodic(cron="*/10 * * * *", queueing_lock=FOLLOW)
    @alarm.task(name=FOLLOW, queue=QUEUE, lock=FOLLOW)
    async def follow(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        if count := await follow_all(platform):
            log.info("rows_followed_merges", count=count)


async def follow_all(platform: Platform) -> int:
    """Moves rows of contacts that were merged in the last hour; returns how many."""

    async def once() -> int:
        async with transaction(platform.sessions) as session:
            return await follow_links(session, platform.clock.now() - BACK)

    return await repeat_on_deadlock(once)
