"""When a team is there."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from parley_rasa.team_hours import is_there

BERLIN = {"zone": "Europe/Berlin", "hours": {"mon": ["09:00-12:00", "13:00-17:00"]}, "closed": ["2026-11-30"]}


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("moment", "there"),
    [("2026-11-23T07:59", False), ("2026-11-23T08:00", True), ("2026-11-23T11:00", False), ("2026-11-23T15:59", True),
     ("2026-11-23T16:00", False), ("2026-11-24T10:00", False), ("2026-11-30T10:00", False), ("2026-07-06T07:00", True)],
)  # fmt: skip
def test_hours_are_read_in_the_teams_own_zone_with_its_summer_time(moment, there):
    assert is_there(BERLIN, at(moment)) is there


def test_a_team_without_hours_is_always_there_save_on_closed_days():
    assert is_there({}, at("2026-11-28T03:00"))
    assert not is_there({"closed": ["2026-11-28"]}, at("2026-11-28T03:00"))


def test_a_night_shift_goes_on_after_midnight_and_a_day_may_end_at_24():
    night = {"hours": {"fri": ["22:00-06:00"], "sun": ["20:00-24:00"]}}
    moments = ("2026-11-27T23:00", "2026-11-28T05:59", "2026-11-28T06:00", "2026-11-29T23:59", "2026-11-30T00:00")
    assert [is_there(night, at(moment)) for moment in moments] == [True, True, False, True, False]
