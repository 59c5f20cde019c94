"""Time zones for tests that run by the real clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_PLACES = ("Europe/London", "America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Europe/Helsinki")
"""Places whose law takes a consent for enough that was given once (no double opt-in), all around the clock."""


def zone_where_it_is_noon() -> str:
    """A time zone in which e-mail may be sent now and for a while, whenever the test runs."""
    now = datetime.now(UTC)
    return min(_PLACES, key=lambda name: abs(now.astimezone(ZoneInfo(name)).hour - 12))
