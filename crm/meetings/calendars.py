"""Calendars as the operator keeps them: added or replaced, listed, their secrets sealed anew. Books nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from yarl import URL

from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput, NotFound, ParleyError
from base.ids import new_id
from base.resealing import reseal
from crm.meetings.caldav.links import unlink_calendar
from crm.meetings.hours import Pattern, check_hours, parse_span
from crm.meetings.labels import find_zone
from crm.meetings.models import SEALED_COLUMN, Calendar, Meeting

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


class OutOfDate(ParleyError):
    """Somebody else changed this calendar: load it again."""

    code = "out_of_date"
    status = 412


class CalendarInUse(Conflict):
    """Meetings to come stand in this calendar."""

    code = "calendar_in_use"

    def __init__(self, number: int) -> None:
        super().__init__(
            f"Meetings to come in this calendar: {number}. Cancel what is not to take place, or wait until it is over."
        )


@dataclass(frozen=True)
class NewCalendar:
    """A calendar as the operator describes it.

    Attributes:
        hours: weekdays (`mon` …) to spans such as `09:00-12:30`, on the clocks of `zone`.
        notice_minutes: how long before it a meeting can be booked at the latest.
        busy_url: an iCalendar feed whose events are not free.
    """

    name: str
    title: str
    zone: str
    hours: Mapping[str, Sequence[str]]
    minutes: int = 30
    pause_minutes: int = 0
    notice_minutes: int = 120
    days_ahead: int = 14
    place: str = ""
    busy_url: str | None = None


@dataclass(frozen=True, slots=True)
class CalendarView:
    """A calendar without the address of its feed."""

    id: UUID
    name: str
    title: str
    zone: str
    hours: Mapping[str, Sequence[str]]
    minutes: int
    pause_minutes: int
    notice_minutes: int
    days_ahead: int
    place: str
    has_feed: bool


async def add_calendar(
    session: AsyncSession, keys: KeyRing, new: NewCalendar, *, now: datetime, replace: bool = False
) -> UUID:
    """Adds a calendar.

    Args:
        replace: gives the one of this name these settings instead; what is booked stays booked.

    Raises:
        InvalidInput: names each field that is wrong.
        Conflict: there is one of this name.
    """
    _check_all(new)
    row = await session.scalar(called(new.name).with_for_update())
    if row is not None and not replace:
        raise Conflict(f"There is a calendar {new.name} already.")
    row = row or Calendar(id=new_id(), name=new.name, created_at=now, version=0)
    _set(row, keys, new, new.busy_url)
    session.add(row)
    await session.flush()
    return row.id


async def change_calendar(
    session: AsyncSession, keys: KeyRing, calendar_id: UUID, new: NewCalendar, *, version: int, keep_feed: bool = False
) -> Calendar:
    """Gives a calendar these settings; its name stays, as flows call it by that. What is booked stays booked.

    Args:
        keep_feed: leaves the feed as it is, whatever `new` says of one.

    Raises:
        InvalidInput: names each field that is wrong.
        NotFound, OutOfDate: there is none, or not at this version any more.
    """
    row = await _get_at(session, calendar_id, version)
    _check_all(new)
    url = new.busy_url
    if keep_feed and row.busy_url_sealed is not None:
        url = keys.unseal(row.busy_url_sealed, column=SEALED_COLUMN, row=row.id)
    _set(row, keys, new, url)
    await session.flush()
    return row


async def remove_calendar(
    session: AsyncSession, calendar_id: UUID, *, version: int, now: datetime, force: bool = False
) -> None:
    """Nothing is booked in it any more, and nobody's feed or CalDAV calendar is asked for it. What took place stays.

    Args:
        force: also if cancellations and moves were not written into its CalDAV calendar, as its server is gone.

    Raises:
        NotFound, OutOfDate: there is none, or not at this version any more.
        CalendarInUse: meetings to come stand in it.
        NotWritten: something is still to be written into its CalDAV calendar.
    """
    row = await _get_at(session, calendar_id, version)
    to_come = select(func.count()).where(
        Meeting.calendar_id == row.id, Meeting.state == "booked", Meeting.ends_at > now
    )
    if number := await session.scalar(to_come):
        raise CalendarInUse(number)
    held = update(Meeting).where(Meeting.calendar_id == row.id, Meeting.state == "held")
    await session.execute(held.values(state="cancelled", held_until=None))
    await unlink_calendar(session, row.id, force=force)
    row.removed_at, row.busy_url_sealed, row.key_id, row.version = now, None, None, row.version + 1
    await session.flush()


async def get_calendar(session: AsyncSession, calendar_id: UUID, *, to_change: bool = False) -> Calendar:
    """One that meetings can be booked in; held up to the end of the transaction, if it is to be changed.

    Raises:
        NotFound: there is none.
    """
    row = await session.get(Calendar, calendar_id, with_for_update=to_change, populate_existing=to_change)
    if row is None or row.removed_at is not None:
        raise NotFound("There is no such calendar.")
    return row


def called(name: str) -> Select[Calendar]:
    """The calendar of this name, by which flows book."""
    return select(Calendar).where(Calendar.name == name, Calendar.removed_at.is_(None))


async def had_calendars(session: AsyncSession) -> bool:
    """Whether there is one, or was."""
    return bool(await session.scalar(select(exists().select_from(Calendar))))


async def _get_at(session: AsyncSession, calendar_id: UUID, version: int) -> Calendar:
    row = await get_calendar(session, calendar_id, to_change=True)
    if row.version != version:
        raise OutOfDate
    return row


def _check_all(new: NewCalendar) -> None:
    errors = _check(new)
    if errors:
        fields = "; ".join(f"{error['field']}: {error['message']}" for error in errors)
        raise InvalidInput(f"This calendar cannot be kept so. {fields}", errors=errors)


def _set(row: Calendar, keys: KeyRing, new: NewCalendar, busy_url: str | None) -> None:
    row.title, row.zone, row.place = new.title, new.zone, new.place
    row.hours = {weekday: list(spans) for weekday, spans in new.hours.items() if spans}
    row.minutes, row.pause_minutes = new.minutes, new.pause_minutes
    row.notice_minutes, row.days_ahead = new.notice_minutes, new.days_ahead
    url = _feed_url(busy_url) if busy_url else None
    row.busy_url_sealed = keys.seal(url, column=SEALED_COLUMN, row=row.id) if url else None
    row.key_id = keys.newest if url else None
    row.version += 1


async def list_calendars(session: AsyncSession) -> list[CalendarView]:
    """All of them by name."""
    rows = await session.scalars(select(Calendar).where(Calendar.removed_at.is_(None)).order_by(Calendar.name))
    return [
        CalendarView(
            row.id,
            row.name,
            row.title,
            row.zone,
            row.hours,
            row.minutes,
            row.pause_minutes,
            row.notice_minutes,
            row.days_ahead,
            row.place,
            row.busy_url_sealed is not None,
        )
        for row in rows
    ]


async def reseal_feeds(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """Seals up to `batch` feeds' addresses with the newest key; returns how many. Call it until it returns 0."""
    return await reseal(session, keys, Calendar.busy_url_sealed, column=SEALED_COLUMN, batch=batch)


def pattern_of(calendar: Calendar) -> Pattern:
    """When meetings are possible in a calendar."""
    return Pattern(
        calendar.hours,
        ZoneInfo(calendar.zone),
        timedelta(minutes=calendar.minutes),
        timedelta(minutes=calendar.pause_minutes),
    )


def _check(new: NewCalendar) -> list[dict[str, str]]:
    problems = [
        ("name", "Use lower-case letters, digits and underscores, a letter first.", bool(_NAME.fullmatch(new.name))),
        ("title", "Give one line of at most 200 characters.", _is_line(new.title, 200) and bool(new.title.strip())),
        ("zone", "Give a time zone such as Europe/Berlin.", find_zone(new.zone) is not None),
        ("minutes", "Give a number from 5 to 480.", 5 <= new.minutes <= 480),
        ("pause_minutes", "Give a number from 0 to 240.", 0 <= new.pause_minutes <= 240),
        ("notice_minutes", "Give a number from 0 to 43200.", 0 <= new.notice_minutes <= 43_200),
        ("days_ahead", "Give a number from 1 to 365.", 1 <= new.days_ahead <= 365),
        ("place", "Give one line of at most 500 characters.", _is_line(new.place, 500)),
        ("busy_url", "Give an address that begins with https://.", not new.busy_url or _is_feed_url(new.busy_url)),
    ]
    errors = [{"field": field, "message": message} for field, message, fine in problems if not fine]
    return errors + _hours_errors(new)


def _hours_errors(new: NewCalendar) -> list[dict[str, str]]:
    try:
        check_hours(new.hours)
    except ValueError as error:
        words = str(error)
        return [{"field": "hours", "message": f"{words[0].upper()}{words[1:]}."}]
    spans = [parse_span(span) for spans in new.hours.values() for span in spans]
    if all(end - begin < new.minutes for begin, end in spans):
        return [{"field": "hours", "message": "No span is long enough for a meeting."}]
    return []


def _is_line(text: str, longest: int) -> bool:
    return len(text) <= longest and text.isprintable()


def _feed_url(text: str) -> str:
    """Feeds are often given as `webcal:`, which is the web and nothing else."""
    return "https" + text[len("webcal") :] if text.lower().startswith("webcal://") else text


def _is_feed_url(text: str) -> bool:
    try:
        url = URL(_feed_url(text), encoded=True)
        _ = url.port
    except ValueError:
        return False
    # Without TLS only where the process may call its own network; `BusyFeeds` decides that.
    return url.scheme in {"https", "http"} and bool(url.host) and url.user is None and url.password is None
