"""Time zones for tests that run by the real clock."""

from __future__ import annotations

from datetime import UTC, datetime


def zone_where_it_is_noon() -> str:
    """A time zone in which e-mail may be sent now, whenever the test runs."""
    offset = (12 - datetime.now(UTC).hour) % 24  # hours to add to UTC
    offset = offset if offset <= 12 else offset - 24
    # In these names the sign is the other way round: Etc/GMT-3 is three hours ahead of UTC.
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"
