"""When a team is there, and when it is back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.handoff.hours import opens_at

NIGHT = {"zone": "UTC", "hours": {"fri": ["22:00-06:00"], "sun": ["20:00-24:00"]}}


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-27T21:59", "2026-11-27T22:00"),
        ("2026-11-27T23:00", "2026-11-27T23:00"),
        ("2026-11-28T05:59", "2026-11-28T05:59"),
        ("2026-11-28T06:00", "2026-11-29T20:00"),
        ("2026-11-29T23:59", "2026-11-29T23:59"),
        ("2026-11-30T00:00", "2026-12-04T22:00"),
    ],
)
def test_a_night_shift_goes_on_after_midnight_and_a_day_may_end_at_24(now: str, opens: str) -> None:
    found = opens_at(NIGHT, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(opens).replace(tzinfo=UTC)


def test_a_team_that_gives_no_hours_is_there_at_all_hours_of_days_it_is_not_closed() -> None:
    now = datetime(2026, 11, 28, 3, tzinfo=UTC)
    assert opens_at({}, now) == now
    assert opens_at({"closed": ["2026-11-28"]}, now) == datetime(2026, 11, 29, tzinfo=UTC)
