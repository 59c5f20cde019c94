"""The times a calendar can offer. Offers nothing where it cannot know who is busy; holds and books nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.meetings.calendars import called, pattern_of
from crm.meetings.feeds import BusyFeeds
from crm.meetings.hours import Period, Taken, list_slots
from crm.meetings.labels import find_zone, label_of
from crm.meetings.models import Calendar, Meeting


@dataclass(frozen=True, slots=True)
class FreeTime:
    """A time as it is offered, on the clock its label is read from."""

    starts_at: datetime
    label: str


@dataclass(frozen=True, slots=True)
class FreeTimes:
    """Some free times, in order; `more` says whether there are later ones."""

    times: tuple[FreeTime, ...] = ()
    more: bool = False


async def free_times(
    session: AsyncSession,
    feeds: BusyFeeds,
    *,
    calendar: str,
    after: datetime | None,
    count: int,
    language: str,
    zone: str | None,
    now: datetime,
    ignoring: UUID | None = None,
) -> FreeTimes:
    """The first free times; none when the calendar is unknown or its feed cannot be read.

    Args:
        after: only times that begin later than this.
        zone: the visitor's; unknown, the labels are in the calendar's and say so.
        ignoring: a meeting that is to be moved, so that it is not in its own way.
    """
    row = await session.scalar(called(calendar))
    if row is None:
        return FreeTimes()
    begin = now + timedelta(minutes=row.notice_minutes)
    end = now + timedelta(days=row.days_ahead)
    if after is not None:
        # Anybody may ask for what comes after the last moment there is.
        begin = max(begin, min(after, end) + timedelta(microseconds=1))
    busy = await feeds.read(session, row, now, ignoring=ignoring)
    if busy is None or begin >= end:
        return FreeTimes()
    taken = [*busy, *await list_taken(session, row, begin, end, now, ignoring=ignoring)]
    found = list(islice(_free(row, taken, begin, end), count + 1))
    visitors = find_zone(zone)
    shown = visitors or pattern_of(row).zone
    times = (
        FreeTime(at.astimezone(shown), label_of(at, language, shown, name_zone=visitors is None))
        for at in found[:count]
    )
    return FreeTimes(tuple(times), more=len(found) > count)


async def list_taken(
    session: AsyncSession,
    calendar: Calendar,
    begin: datetime,
    end: datetime,
    now: datetime,
    *,
    ignoring: UUID | None = None,
) -> list[Period]:
    """The meetings of a calendar that could be in the way of one between these moments."""
    around = timedelta(minutes=calendar.pause_minutes + calendar.minutes)
    found = select(Meeting.starts_at, Meeting.ends_at).where(
        Meeting.calendar_id == calendar.id,
        counts(now),
        Meeting.ends_at > begin - around,
        Meeting.starts_at < end + around,
    )
    rows = await session.execute(found if ignoring is None else found.where(Meeting.id != ignoring))
    return [(row.starts_at, row.ends_at) for row in rows]


def counts(now: datetime) -> ColumnElement[bool]:
    """Whether a meeting takes its time: it is booked, or held and the hold has not run out."""
    return or_(Meeting.state == "booked", and_(Meeting.state == "held", Meeting.held_until > now))


def _free(calendar: Calendar, periods: list[Period], begin: datetime, end: datetime) -> Iterator[datetime]:
    pattern = pattern_of(calendar)
    taken = Taken(periods, pause=pattern.pause)
    return (slot[0] for slot in list_slots(pattern, begin, end) if not taken.meets(slot))
