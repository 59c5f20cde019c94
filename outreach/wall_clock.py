"""Times of day at the places of people: the instant at which a clock shows one. Pure.

A time of day that the clock leaves out (it jumps ahead) is taken by the offset before, so it comes later by the jump;
of one that comes twice, the first counts.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@lru_cache(maxsize=65_536)
def instant_of(day: date, at: str, zone: ZoneInfo) -> datetime:
    """When it is `at` (`09:30`) on a day in a zone."""
    return datetime.combine(day, time.fromisoformat(at), zone).astimezone(UTC)


def next_at(after: datetime, at: str, zone: ZoneInfo, weekdays: Collection[str] = ()) -> datetime:
    """The first instant from a moment on at which it is `at` in the zone, on one of the weekdays."""
    return first_on(after.astimezone(zone).date(), at, zone, weekdays, not_before=after)


def first_on(
    day: date, at: str, zone: ZoneInfo, weekdays: Collection[str] = (), *, not_before: datetime | None = None
) -> datetime:
    """The first instant from a day on at which it is `at` in the zone, on one of the weekdays."""
    # A week has each weekday; one more, as today's time may be over.
    for offset in range(8):
        this = day + timedelta(days=offset)
        if weekdays and WEEKDAYS[this.weekday()] not in weekdays:
            continue
        instant = instant_of(this, at, zone)
        if not_before is None or instant >= not_before:
            return instant
    raise AssertionError("no day of a week fits")  # the compiler lets only weekdays through
