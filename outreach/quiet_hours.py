"""When a window is open in every zone a contact may be in. Pure; judges instants, never wall times alone.

A wall time may not exist (the clock jumps ahead) or come twice (it goes back), so an instant is turned into each
zone's wall time and not the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from outreach.rule_pack import Window

_HORIZON = 9  # days: a weekday window opens at least once in them, whatever day it is


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def find_zone(name: str | None) -> ZoneInfo | None:
    """The zone of this IANA name, None when there is no such zone."""
    return ZoneInfo(name) if name and name in _zone_names() else None


def is_open(window: Window, zones: Iterable[ZoneInfo], at: datetime) -> bool:
    """Tells whether the window is open at this instant in all of the zones."""
    local_times = (at.astimezone(zone) for zone in zones)
    return all(local.weekday() in window.days and window.opens <= local.time() < window.closes for local in local_times)


def next_open(window: Window, zones: Sequence[ZoneInfo], at: datetime) -> datetime | None:
    """The first instant from `at` on at which the window is open in all of the zones; None when there is none."""
    if is_open(window, zones, at):
        return at
    # The window can only come to be open where one zone's opens: at its opening hour or where its clock is changed.
    edges = (edge for zone in zones for edge in _edges(window, zone, at))
    return min((edge for edge in edges if edge > at and is_open(window, zones, edge)), default=None)


def _edges(window: Window, zone: ZoneInfo, at: datetime) -> Iterator[datetime]:
    first = at.astimezone(zone).date() - timedelta(days=2)
    for offset in range(_HORIZON + 3):
        day = first + timedelta(days=offset)
        opening = datetime.combine(day, window.opens, zone)
        # A wall time that comes twice opens the window twice.
        yield opening.replace(fold=0).astimezone(UTC)
        yield opening.replace(fold=1).astimezone(UTC)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        change = _clock_change(zone, noon, noon + timedelta(days=1))
        if change:
            yield change


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
