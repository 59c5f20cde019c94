"""Keeps at hand when the people behind the calendars are busy, from CalDAV servers: read once, then what changed.

Never logs an address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.meetings.busy import Busy, FeedUnreadable, read_busy_events
from crm.meetings.caldav.client import CalDAVClient, CalendarFailed, StoredEvent, TokenTooOld
from crm.meetings.caldav.links import access_of
from crm.meetings.hours import Period
from crm.meetings.models import Calendar, CalendarLink

_log = structlog.get_logger(__name__)

FRESH = timedelta(minutes=1)
RETRY = timedelta(seconds=30)
"""How long a server that could not be read is left alone."""
WHOLE = timedelta(hours=6)
"""After which everything is read again, as later days come into view."""
_BEYOND = timedelta(days=2)
_TIMEOUT = 5.0
"""Seconds for an answer while somebody waits for times."""


@dataclass
class _Held:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    behind: tuple[bytes, int, str] | None = None
    """By what it was read: the access, the days ahead and the zone, in which days and times without one are meant."""
    read_at: datetime | None = None
    whole_at: datetime | None = None
    token: str | None = None
    busy: dict[str, list[Busy]] | None = None


class BusyCalendars:
    """The calendars of this process, by the names of their events."""

    def __init__(self, keys: KeyRing, *, allow_private: bool = False) -> None:
        self._keys = keys
        self._allow_private = allow_private
        self._held: dict[UUID, _Held] = {}

    async def read(
        self, session: AsyncSession, calendar: Calendar, now: datetime, *, ignoring: UUID | None = None
    ) -> list[Period] | None:
        """When they are busy; nothing where no CalDAV server stands behind, None when it cannot be said."""
        link = await session.get(CalendarLink, calendar.id)
        if link is None:
            return []
        held = self._held.setdefault(calendar.id, _Held())
        async with held.lock:
            behind = link.access_sealed, calendar.days_ahead, calendar.zone
            if held.behind != behind:
                held.behind = behind
                held.read_at = held.whole_at = held.token = held.busy = None
            if held.read_at is None or now - held.read_at >= (RETRY if held.busy is None else FRESH):
                held.read_at = now
                await self._refresh(held, calendar, link, now)
            if held.busy is None:
                return None
            own = "" if ignoring is None else str(ignoring)
            return [one.period for some in held.busy.values() for one in some if one.uid != own]

    async def _refresh(self, held: _Held, calendar: Calendar, link: CalendarLink, now: datetime) -> None:
        client = CalDAVClient(access_of(self._keys, link), allow_private=self._allow_private, timeout=_TIMEOUT)
        window = now, now + timedelta(days=calendar.days_ahead) + _BEYOND
        zone = ZoneInfo(calendar.zone)
        try:
            if held.busy is None or held.token is None or held.whole_at is None or now - held.whole_at >= WHOLE:
                await self._read_all(held, client, zone, window)
                held.whole_at = now
                return
            try:
                changes = await client.list_changes(held.token)
            except TokenTooOld:
                await self._read_all(held, client, zone, window)
                held.whole_at = now
                return
            changed = await _busy_of(await client.read_events(changes.changed), zone, window)
            held.busy = {name: some for name, some in held.busy.items() if name not in changes.removed} | changed
            held.token = changes.token or held.token
        except CalendarFailed as error:
            held.busy = None
            _log.error("busy_calendar_unreadable", calendar=calendar.name, problem=error.problem)
        except FeedUnreadable:
            held.busy = None
            _log.error("busy_calendar_unreadable", calendar=calendar.name, problem="not iCalendar")

    async def _read_all(self, held: _Held, client: CalDAVClient, zone: ZoneInfo, window: Period) -> None:
        # The token first: what changes in between is read twice, and not missed.
        held.token = await client.read_token()
        held.busy = await _busy_of(await client.list_events(*window), zone, window)


async def _busy_of(events: Iterable[StoredEvent], zone: ZoneInfo, window: Period) -> dict[str, list[Busy]]:
    # Years of recurring events take a while to read, in which the process must go on answering.
    return await asyncio.to_thread(
        lambda: {one.path: [] if one.data is None else read_busy_events(one.data, zone, *window) for one in events}
    )
