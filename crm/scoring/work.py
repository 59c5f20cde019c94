"""What a worker does for scores: it counts whose scores change by themselves, everybody after a change of the rules,
and, when it is asked to look, whom nobody ever counted.

What people do is counted at once by who reacts to events; nobody is counted here whose time has not come. A set a
transaction, each person marked with the book they were counted by: broken off, it goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, repeat_on_deadlock, transaction
from base.encryption import KeyRing
from base.woken_work import WokenWork
from crm.scoring.counting import plan_for_sets
from crm.scoring.service import list_due, list_uncounted, recompute_for

log = structlog.get_logger(__name__)

AT_ONCE = 1_000
"""Contacts counted in one transaction."""
SIDE_BY_SIDE = 2
"""Sets in hand: while PostgreSQL counts the one, the facts of the other are looked at here."""

Find = Callable[[AsyncSession, datetime], Awaitable[list[UUID]]]


class ScoreWork(WokenWork):
    """Counts in sets what there is to count. Twice or at once does no more than once."""

    broke = "scores_broke"

    def __init__(self, sessions: Sessions, keys: KeyRing, clock: Clock) -> None:
        self._sessions = sessions
        self._keys = keys
        self._clock = clock
        self._looks_for_new = False

    async def do_all(self) -> None:
        """First what is due; then, if that was asked for, whom nobody counted."""
        if counted := await self.count_due():
            log.info("scores_counted", contacts=counted)
        if self._looks_for_new:
            self._looks_for_new = False
            log.info("new_contacts_counted", contacts=await self.count_new())

    def look_for_new(self) -> None:
        """Has it look for people whom nobody counted, too, which reads all contacts."""
        self._looks_for_new = True
        self.wake()

    async def count_due(self) -> int:
        """Counts whose scores change by themselves now, or were counted by older rules; returns how many."""
        return await self._count(lambda session, now: list_due(session, now, AT_ONCE), quietly=False)

    async def count_new(self) -> int:
        """Counts people who were never counted, without an event of it; returns how many."""
        last: UUID | None = None

        async def find(session: AsyncSession, _now: datetime) -> list[UUID]:
            nonlocal last
            found = await list_uncounted(session, AT_ONCE, after=last)
            last = max([*found, *([last] if last else [])], default=None)
            return found

        return await self._count(find, quietly=True)

    async def _count(self, find: Find, *, quietly: bool) -> int:
        async def once() -> int:
            now = self._clock.now()
            async with transaction(self._sessions) as session:
                await plan_for_sets(session)
                found = await find(session, now)
                await recompute_for(session, self._keys, found, now, quietly=quietly)
                return len(found)

        async def all_there_are() -> int:
            counted = 0
            while some := await repeat_on_deadlock(once):
                counted += some
            return counted

        return sum(await asyncio.gather(*(all_there_are() for _ in range(SIDE_BY_SIDE))))
