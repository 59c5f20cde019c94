"""Time zones, and clocks that are wrong, for tests that run by the real clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_PLACES = ("Europe/London", "America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Europe/Helsinki")
"""Places whose law takes a consent for enough that was given once (no double opt-in), all around the clock."""


@dataclass(frozen=True)
class Clock:
    """One that is ahead of the machine's by so much, or behind it."""

    ahead: timedelta

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def zone_where_it_is_noon() -> str:
    """A time zone in which e-mail may be sent now and for a while, whenever the test runs."""
    now = datetime.now(UTC)
    return min(_PLACES, key=lambda name: abs(now.astimezone(ZoneInfo(name)).hour - 12))
