"""Who of the contacts that came or changed may be the same person, and where they work: looked at each minute."""

from __future__ import annotations

import procrastinate
import structlog

from base.database import repeat_on_deadlock, transaction
from crm.companies.service import link_by_domain
from crm.resolution.finding import Looked, look_at_due
from outreach.alarm import QUEUE
from server.wiring import Platform

log = structlog.get_logger(__name__)

LOOK = "contacts.look"


def add_likeness_jobs(alarm: procrastinate.App, platform: Platform) -> None:
    """Adds the task. Twice, or late, it does no more than once in time."""

    @alarm.periodic(cron="* * * * *", queueing_lock=LOOK)
    @alarm.task(name=LOOK, queue=QUEUE, lock=LOOK)
    async def look_at_contacts(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        found = await look_at_all(platform)
        if found:
            log.info("merge_candidates_found", pairs=found)


async def look_at_all(platform: Platform) -> int:
    """Looks at all who are due, a set a transaction; returns how many pairs are probably one person."""
    found = 0

    async def once() -> Looked:
        async with transaction(platform.sessions) as session:
            looked = await look_at_due(session, platform.keys, platform.clock.now())
            await link_by_domain(session, platform.keys, looked.contacts, platform.clock.now())
            return looked

    while True:
        looked = await repeat_on_deadlock(once)
        if not looked.due:
            return found
        found += looked.found
