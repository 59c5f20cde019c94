"""When a week's hours are open in every zone a contact may be in. Pure; judges instants, never wall times alone.

A wall time may not exist (the clock jumps ahead) or come twice (it goes back), so an instant is turned into each
zone's wall time and not the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

_HORIZON = 12  # days: a week with a long row of holidays opens at least once in them

Span = tuple[time, time]


@dataclass(frozen=True, slots=True)
class Week:
    """Hours by weekday, Monday first: [opens, closes), or None for a day without any; `closed` are days without any."""

    days: tuple[Span | None, ...]
    closed: frozenset[date] = frozenset()

    def within(self, *others: Week) -> Week:
        """The hours that all of them have in common."""
        weeks = (self, *others)
        closed = frozenset[date]().union(*(week.closed for week in weeks))
        return Week(tuple(_common([week.days[day] for week in weeks]) for day in range(7)), closed)

    def on(self, day: date) -> Span | None:
        """The hours of a date."""
        return None if day in self.closed else self.days[day.weekday()]


def _common(spans: Sequence[Span | None]) -> Span | None:
    some = [span for span in spans if span is not None]
    if len(some) < len(spans):
        return None
    opens, closes = max(opens for opens, _ in some), min(closes for _, closes in some)
    return (opens, closes) if opens < closes else None


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def find_zone(name: str | None) -> ZoneInfo | None:
    """The zone of this IANA name, None when there is no such zone."""
    return ZoneInfo(name) if name and name in _zone_names() else None


def is_open(week: Week, zones: Iterable[ZoneInfo], at: datetime) -> bool:
    """Tells whether the hours are open at this instant in all of the zones."""
    return all(_is_open_at(week, at.astimezone(zone)) for zone in zones)


def next_open(week: Week, zones: Sequence[ZoneInfo], at: datetime) -> datetime | None:
    """The first instant from `at` on at which the hours are open in all of the zones; None when there is none soon."""
    if is_open(week, zones, at):
        return at
    # They can only come to be open where one zone's open: at its opening hour or where its clock is changed.
    edges = (edge for zone in zones for edge in _edges(week, zone, at))
    return min((edge for edge in edges if edge > at and is_open(week, zones, edge)), default=None)


def _is_open_at(week: Week, local: datetime) -> bool:
    span = week.on(local.date())
    return span is not None and span[0] <= local.time() < span[1]


def _edges(week: Week, zone: ZoneInfo, at: datetime) -> Iterator[datetime]:
    first = at.astimezone(zone).date() - timedelta(days=2)
    for offset in range(_HORIZON + 3):
        day = first + timedelta(days=offset)
        span = week.on(day)
        if span is not None:
            opening = datetime.combine(day, span[0], zone)
            # A wall time that comes twice opens the hours twice.
            yield opening.replace(fold=0).astimezone(UTC)
            yield opening.replace(fold=1).astimezone(UTC)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        change = _clock_change(zone, noon, noon + timedelta(days=1))
        if change:
            yield change


@lru_cache(maxsize=8_192)
def _clock_change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime | None:
    """The first second of the new offset, when the zone's offset differs between two instants."""
    before = low.astimezone(zone).utcoffset()
    if high.astimezone(zone).utcoffset() == before:
        return None
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
