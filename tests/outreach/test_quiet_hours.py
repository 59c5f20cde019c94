"""Windows are judged in instants, so a changing clock opens and closes them where it should."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from outreach.quiet_hours import Week, find_zone, is_open, next_open
from outreach.rule_pack import RulePack, Window, read_rule_pack

NAMES = [
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "America/Santiago",
]
FIRST, LAST = datetime(2025, 1, 1), datetime(2028, 1, 1)  # noqa: DTZ001  # Hypothesis takes naive bounds
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
zone_lists = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(
    lambda names: [ZoneInfo(name) for name in names]
)


def window(opens: str, closes: str, days: frozenset[int] = frozenset(range(7))) -> Week:
    span = (time.fromisoformat(opens), time.fromisoformat(closes))
    return Week(tuple(span if day in days else None for day in range(7)))


windows = (
    st.tuples(st.integers(0, 47), st.integers(1, 48), st.frozensets(st.integers(0, 6), min_size=1))
    .filter(lambda one: one[0] < one[1])
    .map(lambda one: window(_clock(one[0]), _clock(one[1]), one[2]))
)


def _clock(half_hours: int) -> str:
    return "23:59" if half_hours == 48 else f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("opens", "closes", "at", "expected"),
    [
        # 8 March 2026: the clock jumps from 02:00 to 03:00. 02:30 does not exist; the window opens with the jump.
        ("02:30", "05:00", "2026-03-08T05:00", "2026-03-08T07:00"),
        ("02:30", "02:45", "2026-03-08T05:00", "2026-03-09T06:30"),
        ("07:00", "21:00", "2026-03-08T02:00", "2026-03-08T11:00"),
        ("07:00", "21:00", "2026-03-07T02:00", "2026-03-07T12:00"),
        # 1 November 2026: 01:00 to 02:00 comes twice, and so does the window.
        ("01:15", "01:30", "2026-11-01T05:20", "2026-11-01T05:20"),
        ("01:15", "01:30", "2026-11-01T05:30", "2026-11-01T06:15"),
        # The window closed at 01:30, and opens again when the clock goes back into it.
        ("00:15", "01:30", "2026-11-01T05:45", "2026-11-01T06:00"),
    ],
)
def test_a_window_opens_at_the_right_instant_around_a_change_of_clock(opens, closes, at, expected):
    assert next_open(window(opens, closes), [NEW_YORK], utc(at)) == utc(expected)


def test_in_two_zones_the_window_is_what_both_allow():
    email = read_rule_pack().windows["email"].week
    zones = [ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/London")]
    assert next_open(email, zones, utc("2026-11-23T12:00")) == utc("2026-11-23T15:00")
    assert next_open(email, zones, utc("2026-11-23T21:00")) == utc("2026-11-24T15:00")


def test_zones_on_opposite_sides_of_the_earth_may_have_no_common_hour():
    voice = read_rule_pack().windows["voice"].week
    assert next_open(voice, [NEW_YORK, ZoneInfo("Asia/Tokyo")], utc("2026-11-23T12:00")) is None


def test_calls_wait_over_the_weekend():
    voice = read_rule_pack().windows["voice"].week
    assert next_open(voice, [NEW_YORK], utc("2026-11-20T23:00")) == utc("2026-11-23T14:00")


@given(windows, zone_lists, moments)
def test_the_window_is_open_at_the_instant_given(window, zones, at):
    found = next_open(window, zones, at)
    if found is None:
        assert not any(is_open(window, zones, at + timedelta(minutes=15 * step)) for step in range(4 * 24 * 8))
    else:
        assert found >= at
        assert is_open(window, zones, found)


@given(windows, zone_lists, moments, st.floats(0, 1))
def test_the_window_is_not_open_before_the_instant_given(window, zones, at, share):
    found = next_open(window, zones, at)
    if found is not None and found > at:
        before = at + (found - at) * share
        assert before == found or not is_open(window, zones, before)


@given(st.text(max_size=30))
def test_any_text_may_be_asked_for_as_a_zone(name):
    zone = find_zone(name)
    assert zone is None or zone.key == name


def test_folders_of_the_zone_database_are_no_zones():
    assert find_zone("America") is None
    assert find_zone(None) is None


@pytest.mark.parametrize(
    "change", [{"from": "21:00", "to": "07:00"}, {"days": []}, {"days": ["someday"]}, {"hours": 3}]
)
def test_a_window_that_makes_no_sense_is_refused(change):
    row = {"basis": "law", "days": ["mon"], "from": "07:00", "to": "21:00", "unknown_zone": "deny"}
    with pytest.raises(ValidationError):
        Window.model_validate(row | change)


def test_the_shipped_pack_is_dated_and_covers_every_message_class():
    pack = read_rule_pack()
    assert isinstance(pack, RulePack)
    assert pack.version.count("2026-") == 2 + 6
    assert set(pack.too_late) == {"promotional", "requested", "web"}
