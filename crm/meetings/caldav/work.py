"""Keeps meetings and the CalDAV calendars behind ours in step: writes what changed here, takes over what changed there.

In sets, a calendar at a time, several calendars beside each other. Restart-safe: what there is to do stands in
`calendar_entries`, and a write whose outcome was lost is found by the next attempt.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.woken_work import WokenWork
from crm.meetings.booking import By, take_over_end, take_over_move
from crm.meetings.caldav import telling
from crm.meetings.caldav.claiming import Claimed, claim_due, let_go, note_failed, note_written
from crm.meetings.caldav.client import CalDAVClient, CalendarFailed
from crm.meetings.caldav.links import access_of
from crm.meetings.caldav.looking import Look, Seen, look, note_looked, read_due_looks
from crm.meetings.caldav.rules import TOLD_AFTER, wait_after
from crm.meetings.caldav.writing import Place, Wrote, write
from crm.meetings.models import Calendar, CalendarEntry, CalendarLink, Meeting, is_unwritten

_log = structlog.get_logger(__name__)

CALENDARS_AT_ONCE = 8


class CalDAVWork(WokenWork):
    """What the worker does about CalDAV calendars. Any number of workers may at once.

    Args:
        site_url: where an event leads to whom it is with.
        allow_private: whether servers may stand in the operator's own network.
    """

    broke = "calendars_broke_off"

    def __init__(
        self, sessions: Sessions, keys: KeyRing, clock: Clock, site_url: str, *, allow_private: bool = False
    ) -> None:
        self._sessions = sessions
        self._keys = keys
        self._clock = clock
        self._site_url = site_url.rstrip("/")
        self._allow_private = allow_private

    async def do_all(self) -> None:
        """Writes all that is due, then looks at each calendar whose time has come."""
        await self.write_due()
        await self.look_due()

    async def do_due(self, now: datetime) -> int:
        """`outreach.ports.DueWork`: the pump is woken when a meeting was booked, and holds nothing up for a server."""
        async with transaction(self._sessions) as session:
            waits = await session.scalar(select(_to_write().where(CalendarEntry.due_at <= now).exists()))
        if waits:
            self.wake()
        return 0

    async def next_due_at(self) -> datetime | None:
        """When something is to be tried again."""
        async with transaction(self._sessions) as session:
            later = _to_write().where(CalendarEntry.due_at > self._clock.now()).subquery()
            return cast("datetime | None", await session.scalar(select(func.min(later.c.due_at))))

    async def write_due(self) -> int:
        """Writes all that is due now; returns how many attempts that were."""
        tried = 0
        while True:
            async with transaction(self._sessions) as session:
                claimed = await claim_due(session, self._clock.now())
            if not claimed:
                return tried
            by_calendar: dict[UUID, list[Claimed]] = defaultdict(list)
            for one in claimed:
                by_calendar[one.calendar_id].append(one)
            places = asyncio.Semaphore(CALENDARS_AT_ONCE)
            await asyncio.gather(*(self._write_some(key, some, places) for key, some in by_calendar.items()))
            tried += len(claimed)

    async def look_due(self) -> int:
        """Looks at the calendars whose time has come; returns how many that were."""
        async with transaction(self._sessions) as session:
            looks = await read_due_looks(session, self._clock.now())
        places = asyncio.Semaphore(CALENDARS_AT_ONCE)
        await asyncio.gather(*(self._look(one, places) for one in looks))
        return len(looks)

    async def _write_some(self, calendar_id: UUID, some: Sequence[Claimed], places: asyncio.Semaphore) -> None:
        async with places:
            async with transaction(self._sessions) as session:
                link = await session.get(CalendarLink, calendar_id)
                calendar = await session.get(Calendar, calendar_id)
                if link is None or calendar is None:
                    return
                client = self._client_of(link)
                here = Place(
                    ZoneInfo(calendar.zone), await _ours(session, calendar_id, self._clock.now()), self._site_url
                )
            for number, one in enumerate(some):
                now = self._clock.now()
                try:
                    wrote = await write(client, one, here, now)
                except CalendarFailed as error:
                    await self._fail(one, error, some[number + 1 :], now)
                    if _concerns_all(error):
                        # The others would fare no better.
                        return
                else:
                    await self._store(one, wrote, now)

    async def _fail(self, one: Claimed, error: CalendarFailed, rest: Sequence[Claimed], now: datetime) -> None:
        until = now + wait_after(one.attempts)
        async with transaction(self._sessions) as session:
            await note_failed(session, [one], error.problem, until=until)
            if _concerns_all(error):
                await note_failed(session, rest, error.problem, until=until, counts=False)
            await session.execute(
                update(CalendarLink).where(CalendarLink.calendar_id == one.calendar_id).values(problem=error.problem)
            )
            if one.attempts == TOLD_AFTER and (meeting := await session.get(Meeting, one.id)) is not None:
                await telling.tell_not_written(session, meeting, error.problem, now)
        _log.warning("meeting_not_written", meeting_id=str(one.id), problem=error.problem, attempts=one.attempts)

    async def _store(self, one: Claimed, wrote: Wrote, now: datetime) -> None:
        async with transaction(self._sessions) as session:
            if wrote.outcome in ("gone", "lost"):
                by: By = "calendar" if wrote.outcome == "gone" else "clash"
                meeting = await take_over_end(session, one.id, by=by, now=now)
                if meeting is not None:
                    await (telling.tell_gone if by == "calendar" else telling.tell_lost)(session, meeting, now)
                # Cancelling noted that it is to be removed there, which of what is gone already does no harm.
                await let_go(session, [one.id])
                return
            if wrote.outcome == "moved" and wrote.period is not None:
                meeting = await take_over_move(session, one.id, wrote.period, now=now)
                if meeting is not None:
                    await telling.tell_moved(session, meeting, now)
            await note_written(session, one, etag=wrote.etag, period=wrote.period, clashes=wrote.clashes, now=now)
            if wrote.clashes and (meeting := await session.get(Meeting, one.id)) is not None:
                await telling.tell_clash(session, meeting, now)
        _log.info("meeting_written", meeting_id=str(one.id), outcome=wrote.outcome)

    async def _look(self, one: Look, places: asyncio.Semaphore) -> None:
        async with places:
            client = self._client_of(one.link)
            try:
                seen = await look(client, one, self._clock.now())
            except CalendarFailed as error:
                async with transaction(self._sessions) as session:
                    await note_looked(session, one, None, self._clock.now(), problem=error.problem)
                _log.warning("calendar_not_looked_at", calendar=one.name, problem=error.problem)
                return
            await self._take_over(one, seen)

    async def _take_over(self, one: Look, seen: Seen) -> None:
        now = self._clock.now()
        async with transaction(self._sessions) as session:
            for entry_id, period in sorted(seen.moved.items()):
                meeting = await take_over_move(session, entry_id, period, now=now)
                if meeting is not None:
                    await telling.tell_moved(session, meeting, now)
            for entry_id in sorted(seen.gone):
                meeting = await take_over_end(session, entry_id, by="calendar", now=now)
                if meeting is not None:
                    await telling.tell_gone(session, meeting, now)
            for entry_id in sorted(seen.clashing):
                meeting = await session.get(Meeting, entry_id)
                if meeting is not None and meeting.state == "booked":
                    await telling.tell_clash(session, meeting, now)
            await note_looked(session, one, seen, now, problem=seen.problem)
        if seen.moved or seen.gone or seen.clashing:
            _log.info(
                "calendar_changed", calendar=one.name, moved=len(seen.moved), gone=len(seen.gone),
                clashing=len(seen.clashing),
            )  # fmt: skip

    def _client_of(self, link: CalendarLink) -> CalDAVClient:
        return CalDAVClient(access_of(self._keys, link), allow_private=self._allow_private)


def _concerns_all(error: CalendarFailed) -> bool:
    """Whether the server would say the same of whatever else is written there."""
    return error.answered is None or error.answered in (401, 403, 429, 503)


def _to_write() -> Select[Any]:
    # The events of the erased are found by the index of meetings: few entries have none, and not for long.
    return select(CalendarEntry.due_at).where(is_unwritten())


async def _ours(session: AsyncSession, calendar_id: UUID, now: datetime) -> frozenset[str]:
    """The UIDs of what we have in a calendar, or are about to have."""
    recent = or_(CalendarEntry.ends_at.is_(None), CalendarEntry.ends_at > now)
    found = select(CalendarEntry.id).where(CalendarEntry.calendar_id == calendar_id, recent)
    return frozenset(str(one) for one in await session.scalars(found))
