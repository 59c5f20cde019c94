"""Working hours and the times in them at which a meeting can begin. Pure; knows the clock changes of every zone."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))")

Period = tuple[datetime, datetime]
"""Begin and end, aware, in UTC; the end belongs to what follows."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """When meetings are possible at all: `hours` maps weekdays to spans such as `09:00-17:00` on `zone`'s clocks."""

    hours: Mapping[str, Sequence[str]]
    zone: ZoneInfo
    length: timedelta
    pause: timedelta


def read_span(text: str) -> tuple[int, int]:
    """Begin and end in minutes since midnight, whichever is earlier.

    Raises:
        ValueError: it is not written so.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError("hours are written like 09:00-17:00")
    first_hour, first_minute, hour, minute = (int(part) for part in match.groups() if part is not None)
    return first_hour * 60 + first_minute, hour * 60 + minute


def parse_span(text: str) -> tuple[int, int]:
    """Begin and end in minutes since midnight.

    Raises:
        ValueError: it is not written so, or ends before it begins.
    """
    begin, end = read_span(text)
    if end <= begin:
        raise ValueError("hours end after they begin")
    return begin, end


def check_hours(hours: Mapping[str, Sequence[str]]) -> None:
    """Checks that the weekdays exist and that no spans of a day overlap.

    Raises:
        ValueError: says what is wrong.
    """
    if not any(hours.values()):
        raise ValueError("give the hours of at least one weekday")
    for weekday, spans in hours.items():
        if weekday not in WEEKDAYS:
            raise ValueError(f"{weekday} is no weekday: use {', '.join(WEEKDAYS)}")
        for (_, end), (begin, _) in pairwise(sorted(parse_span(span) for span in spans)):
            if begin < end:
                raise ValueError(f"the hours of {weekday} overlap")


def list_slots(pattern: Pattern, begin: datetime, end: datetime) -> Iterator[Period]:
    """Every time for a meeting that begins from `begin` until before `end`, in order."""
    day = begin.astimezone(pattern.zone).date()
    last = end.astimezone(pattern.zone).date()
    while day <= last:
        for span in sorted(pattern.hours.get(WEEKDAYS[day.weekday()], ())):
            for slot in _slots_of(pattern, day, span):
                if begin <= slot[0] < end:
                    yield slot
        day += timedelta(days=1)


def _slots_of(pattern: Pattern, day: date, span: str) -> Iterator[Period]:
    opens, closes = parse_span(span)
    # Where clocks are set, a wall time exists twice or never. The later reading of the begin and the earlier of the
    # end keep every moment between them within the hours on the wall.
    start = max(_readings(day, opens, pattern.zone))
    close = min(_readings(day, closes, pattern.zone))
    while start + pattern.length <= close:
        yield start, start + pattern.length
        start += pattern.length + pattern.pause


def _readings(day: date, minutes: int, zone: ZoneInfo) -> list[datetime]:
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]


class Taken:
    """Periods that are taken, to look up quickly whether another one meets any of them."""

    def __init__(self, periods: Iterable[Period], *, pause: timedelta = timedelta()) -> None:
        """Makes every period longer by `pause` on both sides."""
        self._begins: list[datetime] = []
        self._ends: list[datetime] = []
        for begin, end in sorted((begin - pause, end + pause) for begin, end in periods):
            if self._ends and begin <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._begins.append(begin)
                self._ends.append(end)

    def meets(self, period: Period) -> bool:
        """Whether any taken period and this one have a moment in common."""
        after = bisect_right(self._ends, period[0])
        return after < len(self._begins) and self._begins[after] < period[1]
