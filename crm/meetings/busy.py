"""Reads from an iCalendar feed (RFC 5545) when somebody is busy. Pure; what cannot be read for sure is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events  # type: ignore[import-untyped]
from icalendar import Calendar, Component

from crm.meetings.hours import Period

_TIMES = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "FREEBUSY"}
_TOO_OFTEN = re.compile(rb"FREQ\s*=\s*(SECONDLY|MINUTELY)", re.IGNORECASE)
"""No meeting recurs so; a rule like this only keeps the processor busy."""
_MARGIN = timedelta(days=2)
_BROKEN = (
    ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError, RecursionError, AssertionError,
    NotImplementedError,
)  # fmt: skip
"""What the libraries raise on a feed that does not follow the standard."""


class FeedUnreadable(Exception):
    """This is no iCalendar feed, or one with times that cannot be read."""


def read_busy(data: bytes, zone: ZoneInfo, begin: datetime, end: datetime) -> list[Period]:
    """When somebody is busy between two moments.

    Args:
        zone: where days and times without a zone are meant.

    Raises:
        FeedUnreadable: some time in it could not be read, so that nothing in it can be relied on.
    """
    if _TOO_OFTEN.search(data.replace(b"\r\n ", b"").replace(b"\n ", b"")):
        raise FeedUnreadable
    try:
        calendars = Calendar.from_ical(data, multiple=True)
        if not calendars or not all(calendar.name == "VCALENDAR" for calendar in calendars):
            raise FeedUnreadable
        found = [period for calendar in calendars for period in _busy_in(calendar, zone, begin, end)]
    except _BROKEN as error:
        raise FeedUnreadable from error
    return [(start, stop) for start, stop in found if start < stop and stop > begin and start < end]


def _busy_in(calendar: Component, zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[Period]:
    for part in calendar.walk():
        # The library leaves out what it cannot read; an event without its time would look like a free one.
        if any(name in _TIMES for name, _ in part.errors):
            raise FeedUnreadable
    for event in recurring_ical_events.of(calendar).between(begin - _MARGIN, end + _MARGIN):
        if _is_busy(event):
            yield _moment(event.start, zone), _moment(event.end, zone)
    for shared in calendar.walk("VFREEBUSY"):
        periods = shared.get("FREEBUSY", [])
        for period in periods if isinstance(periods, list) else [periods]:
            if str(period.params.get("FBTYPE", "BUSY")).upper() != "FREE":
                yield _moment(period.start, zone), _moment(period.end, zone)


def _is_busy(event: Component) -> bool:
    return (
        str(event.get("STATUS", "")).upper() != "CANCELLED"
        and str(event.get("TRANSP", "")).upper() != "TRANSPARENT"
        and str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() != "FREE"
    )


def _moment(value: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
