"""Holds back what workers do outside, beside the outbox, while the site is in quarantine.

These are mails to colleagues, webhooks, calls of connectors, and what is written into calendars. A journey's call of a
connector waits; a talk, which cannot wait, goes on as where it failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from base.database import Sessions
from outreach.ports import DueWork
from outreach.quarantine import is_quarantined

log = structlog.get_logger(__name__)

_LOOK_EVERY = 2.0
"""Seconds."""


class HeldBack:
    """`outreach.ports.DueWork` that stays due in quarantine."""

    def __init__(self, sessions: Sessions, work: DueWork) -> None:
        self._sessions = sessions
        self._work = work

    async def do_due(self, now: datetime) -> int:
        """Does it, outside of quarantine."""
        return 0 if await is_held(self._sessions) else await self._work.do_due(now)

    async def next_due_at(self) -> datetime | None:
        """When it is due, outside of quarantine."""
        return None if await is_held(self._sessions) else await self._work.next_due_at()


async def run_outside(sessions: Sessions, run: Callable[[], Awaitable[None]]) -> None:
    """Runs it once there is no quarantine. One begins only while nothing runs, so that it is not looked for again."""
    while await _may_be_held(sessions):
        log.info("held_in_quarantine")
        await asyncio.sleep(_LOOK_EVERY)
    await run()


async def _may_be_held(sessions: Sessions) -> bool:
    """The same as `is_held`, and yes while the database cannot be asked."""
    try:
        return await is_held(sessions)
    except (SQLAlchemyError, OSError) as error:
        log.warning("quarantine_not_read", error=type(error).__name__)
        return True


async def is_held(sessions: Sessions) -> bool:
    """Whether nothing is sent now."""
    async with sessions() as session:
        return bool(await session.scalar(select(is_quarantined())))
