"""What is done about privacy each night: what was kept long enough goes."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import procrastinate
import structlog

from base.database import repeat_on_deadlock, transaction
from base.errors import NotFound
from bot.intake.sealing import sender_index_of
from crm.privacy.erasing import erase_person
from crm.privacy.files import FiledMails
from crm.privacy.retention import list_idle, list_timed, remove_old
from outreach.alarm import QUEUE
from server.wiring import Platform

log = structlog.get_logger(__name__)

RETAIN = "privacy.retain"
AT_ONCE = 1_000
"""Rows removed in one transaction."""
PEOPLE_AT_ONCE = 200


def add_privacy_jobs(alarm: procrastinate.App, platform: Platform) -> None:
    """Adds the nightly task (UTC)."""

    @alarm.periodic(cron="20 3 * * *", queueing_lock=RETAIN)
    @alarm.task(name=RETAIN, queue=QUEUE, lock=RETAIN)
    async def keep_no_longer(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        log.info("retention_done", removed=dict(await retain_all(platform)))


async def retain_all(platform: Platform) -> Counter[str]:
    """Removes all whose time is over; returns how many rows of each table, and how many people."""
    removed: Counter[str] = Counter()
    for name in list_timed():
        while True:
            async with transaction(platform.sessions) as session:
                count = await remove_old(session, name, platform.clock.now(), limit=AT_ONCE)
            removed[name] += count
            if count < AT_ONCE:
                break
    mails = FiledMails(platform.settings.mail_folder)
    while True:
        async with platform.sessions() as session:
            idle = await list_idle(session, platform.clock.now(), limit=PEOPLE_AT_ONCE)
        gone = [await _erase_idle(platform, contact_id, mails) for contact_id in idle]
        removed["people"] += sum(gone)
        if not any(gone):
            return +removed


async def _erase_idle(platform: Platform, contact_id: UUID, mails: FiledMails) -> bool:
    async def once() -> None:
        async with mails.read_first(), transaction(platform.sessions) as session:
            await erase_person(
                session,
                platform.keys,
                contact_id,
                sender_index_of(platform.keys),
                mails=mails,
                reason="retention",
                now=platform.clock.now(),
            )

    try:
        await repeat_on_deadlock(once)
    except NotFound:
        # Somebody else's erasure took them along.
        return False
    return True
