"""Reads from an iCalendar feed (RFC 5545) when somebody is busy. Pure; what cannot be read for sure is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events  # type: ignore[import-untyped]
from icalendar import Calendar, Component

from crm.meetings.hours import Period

_TIMES = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "FREEBUSY"}
_TOO_OFTEN = re.compile(rb"FREQ\s*=\s*(SECONDLY|MINUTELY)", re.IGNORECASE)
"""No meeting recurs so; a rule like this only keeps the processor busy."""
_MARGIN = timedelta(days=2)
BROKEN = (
    ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError, RecursionError, AssertionError,
    NotImplementedError,
)  # fmt: skip
"""What the libraries raise on a feed that does not follow the standard."""


class FeedUnreadable(Exception):
    """This is no iCalendar feed, or one with times that cannot be read."""


@dataclass(frozen=True, slots=True)
class Busy:
    """A time at which somebody is busy, by the event `uid`; `stamp` is when that was last changed, where it says."""

    period: Period
    uid: str = ""
    stamp: datetime | None = None


def read_busy(data: bytes, zone: ZoneInfo, begin: datetime, end: datetime) -> list[Period]:
    """When somebody is busy between two moments.

    Args:
        zone: where days and times without a zone are meant.

    Raises:
        FeedUnreadable: some time in it could not be read, so that nothing in it can be relied on.
    """
    return [one.period for one in read_busy_events(data, zone, begin, end)]


def read_busy_events(data: bytes, zone: ZoneInfo, begin: datetime, end: datetime) -> list[Busy]:
    """The same with the events by which they are busy.

    Raises:
        FeedUnreadable: as `read_busy`.
    """
    if _TOO_OFTEN.search(data.replace(b"\r\n ", b"").replace(b"\n ", b"")):
        raise FeedUnreadable
    try:
        calendars = Calendar.from_ical(data, multiple=True)
        if not calendars or not all(calendar.name == "VCALENDAR" for calendar in calendars):
            raise FeedUnreadable
        found = [one for calendar in calendars for one in _busy_in(calendar, zone, begin, end)]
    except BROKEN as error:
        raise FeedUnreadable from error
    return [one for one in found if one.period[0] < one.period[1] and one.period[1] > begin and one.period[0] < end]


def moment_of(value: date | datetime, zone: ZoneInfo) -> datetime:
    """A time of an event; a day begins at midnight."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def stamp_of(event: Component) -> datetime | None:
    """When an event was last changed; when it was made, where that alone is told."""
    for name in ("LAST-MODIFIED", "CREATED"):
        value = getattr(event.get(name), "dt", None)
        if isinstance(value, datetime) and value.tzinfo:
            return value.astimezone(UTC)
    return None


def _busy_in(calendar: Component, zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[Busy]:
    for part in calendar.walk():
        # The library leaves out what it cannot read; an event without its time would look like a free one.
        if any(name in _TIMES for name, _ in part.errors):
            raise FeedUnreadable
    for event in recurring_ical_events.of(calendar).between(begin - _MARGIN, end + _MARGIN):
        if _is_busy(event):
            period = moment_of(event.start, zone), moment_of(event.end, zone)
            yield Busy(period, str(event.get("UID", "")), stamp_of(event))
    for shared in calendar.walk("VFREEBUSY"):
        periods = shared.get("FREEBUSY", [])
        for period in periods if isinstance(periods, list) else [periods]:
            if str(period.params.get("FBTYPE", "BUSY")).upper() != "FREE":
                yield Busy((moment_of(period.start, zone), moment_of(period.end, zone)))


def _is_busy(event: Component) -> bool:
    return (
        str(event.get("STATUS", "")).upper() != "CANCELLED"
        and str(event.get("TRANSP", "")).upper() != "TRANSPARENT"
        and str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() != "FREE"
    )
