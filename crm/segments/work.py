"""What a worker does for segments: what changed, what time changed, and rules whose members are not found yet."""

from __future__ import annotations

from datetime import datetime

import structlog

from base.clock import Clock
from base.database import Sessions, repeat_on_deadlock, transaction
from base.encryption import KeyRing
from base.woken_work import WokenWork
from crm.segments.building import build_next
from crm.segments.refreshing import refresh_due, refresh_noted

log = structlog.get_logger(__name__)

CHANGES_AT_ONCE = 1_000
BUILT_AT_ONCE = 5_000
"""Contacts in one transaction, for which nobody else may change members: less than a second."""


class SegmentWork(WokenWork):
    """Does what there is to do. Twice or at once does no more than once."""

    broke = "segments_broke"

    def __init__(self, sessions: Sessions, keys: KeyRing, clock: Clock) -> None:
        self._sessions = sessions
        self._keys = keys
        self._clock = clock

    async def do_all(self) -> None:
        """First what happened, which somebody may wait for; between the sets of a long search again."""
        await self.follow_changes()
        while await self.find_some_members():
            await self.follow_changes()

    async def follow_changes(self, now: datetime | None = None) -> int:
        """Asks the segments about whom something happened to, or time alone did; returns how many looks it took.

        Args:
            now: the moment as of which they are asked; the clock's, if none is given.
        """
        looks = 0
        while some := await repeat_on_deadlock(lambda: self._follow_some(now or self._clock.now())):
            looks += some
        return looks

    async def find_some_members(self) -> bool:
        """Asks a new or changed segment about the next contacts; False when there is none."""
        async with transaction(self._sessions) as session:
            built = await build_next(session, self._clock.now(), BUILT_AT_ONCE)
        if built is not None and built.is_done:
            log.info("segment_members_found", segment_id=str(built.segment_id))
        return built is not None

    async def _follow_some(self, now: datetime) -> int:
        async with transaction(self._sessions) as session:
            looks = await refresh_noted(session, self._keys, now, CHANGES_AT_ONCE)
        async with transaction(self._sessions) as session:
            return looks + await refresh_due(session, self._keys, now, CHANGES_AT_ONCE)
