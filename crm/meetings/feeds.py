"""Keeps at hand when the people behind the calendars are busy: from iCalendar feeds and from CalDAV servers.

Never logs an address.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.outbound_http import OutboundFailed, OutboundRequest, fetch
from crm.meetings.busy import FeedUnreadable, read_busy
from crm.meetings.caldav.reading import BusyCalendars
from crm.meetings.hours import Period
from crm.meetings.models import SEALED_COLUMN, Calendar

_log = structlog.get_logger(__name__)

FRESH = timedelta(minutes=5)
RETRY = timedelta(seconds=30)
"""How long a feed that could not be read is left alone."""
LARGEST = 8 * 1024 * 1024
"""Bytes of a feed."""


@dataclass
class _Entry:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    sealed: bytes = b""
    read_at: datetime | None = None
    busy: list[Period] | None = None


class BusyFeeds:
    """The feeds of this process's calendars, each read again when it is older than five minutes.

    Args:
        allow_private: whether feeds and CalDAV servers may lie in the operator's own network.
    """

    def __init__(self, keys: KeyRing, *, allow_private: bool = False) -> None:
        self._keys = keys
        self._allow_private = allow_private
        self._entries: dict[UUID, _Entry] = {}
        self._calendars = BusyCalendars(keys, allow_private=allow_private)

    async def read(
        self, session: AsyncSession, calendar: Calendar, now: datetime, *, ignoring: UUID | None = None
    ) -> list[Period] | None:
        """When they are busy in the days that can be booked; None when that cannot be said.

        Args:
            ignoring: a meeting of ours that is to be moved, so that it is not in its own way.
        """
        feed = await self._read_feed(calendar, now)
        if feed is None:
            return None
        own = await self._calendars.read(session, calendar, now, ignoring=ignoring)
        return None if own is None else [*feed, *own]

    async def _read_feed(self, calendar: Calendar, now: datetime) -> list[Period] | None:
        if calendar.busy_url_sealed is None:
            return []
        entry = self._entries.setdefault(calendar.id, _Entry())
        async with entry.lock:
            if not _is_fresh(entry, calendar.busy_url_sealed, now):
                entry.sealed, entry.read_at = calendar.busy_url_sealed, now
                entry.busy = await self._fetch(calendar, now)
            return entry.busy

    async def _fetch(self, calendar: Calendar, now: datetime) -> list[Period] | None:
        assert calendar.busy_url_sealed is not None
        url = self._keys.unseal(calendar.busy_url_sealed, column=SEALED_COLUMN, row=calendar.id)
        request = OutboundRequest(
            "GET", url, {"Accept": "text/calendar"}, allow_private=self._allow_private, max_bytes=LARGEST
        )
        try:
            answer = await fetch(request)
            if answer.status != 200:
                _log.error("busy_feed_unreadable", calendar=calendar.name, status=answer.status)
                return None
            end = now + timedelta(days=calendar.days_ahead + 2)
            # A feed of years takes a while to read, in which the process must go on answering.
            return await asyncio.to_thread(read_busy, answer.body, ZoneInfo(calendar.zone), now, end)
        except OutboundFailed as error:
            _log.error("busy_feed_unreadable", calendar=calendar.name, problem=error.problem)
        except FeedUnreadable:
            _log.error("busy_feed_unreadable", calendar=calendar.name, problem="not iCalendar")
        return None


def _is_fresh(entry: _Entry, sealed: bytes, now: datetime) -> bool:
    if entry.read_at is None or entry.sealed != sealed:
        return False
    return now - entry.read_at < (RETRY if entry.busy is None else FRESH)
