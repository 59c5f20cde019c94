"""Times within working hours, wherever clocks are set."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.meetings.hours import WEEKDAYS, Pattern, Taken, check_hours, list_slots, parse_span

# Clock changes at night, at midnight, by half an hour, on the other half of the year, across the date line, and none.
ZONES = [
    "Europe/Berlin", "America/New_York", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Auckland",
    "Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati", "UTC",
]  # fmt: skip


def pattern(spans: list[str], zone: str = "Europe/Berlin", minutes: int = 30, pause: int = 0) -> Pattern:
    hours = dict.fromkeys(WEEKDAYS, spans)
    return Pattern(hours, ZoneInfo(zone), timedelta(minutes=minutes), timedelta(minutes=pause))


def begins(of: Pattern, day: date) -> list[str]:
    """The walls' times at which meetings of a day begin, with the offset of the clock."""
    midnight = datetime.combine(day, time(), of.zone)
    found = list_slots(of, midnight, datetime.combine(day + timedelta(days=1), time(), of.zone))
    return [slot[0].astimezone(of.zone).strftime("%H:%M%z") for slot in found]


def test_times_follow_each_other_with_the_pause_between() -> None:
    assert begins(pattern(["09:00-11:00", "13:00-13:30"], pause=15), date(2026, 11, 24)) == [
        "09:00+0100",
        "09:45+0100",
        "10:30+0100",
        "13:00+0100",
    ]


def test_a_day_may_last_until_midnight() -> None:
    assert begins(pattern(["23:00-24:00"]), date(2026, 11, 24)) == ["23:00+0100", "23:30+0100"]


def test_an_hour_that_does_not_exist_has_no_times() -> None:
    spring = date(2026, 3, 29)
    assert begins(pattern(["01:00-04:00"]), spring) == ["01:00+0100", "01:30+0100", "03:00+0200", "03:30+0200"]
    assert begins(pattern(["01:00-02:30"]), spring) == ["01:00+0100"]
    assert begins(pattern(["02:00-03:00"]), spring) == []


def test_an_hour_that_comes_twice_is_used_only_as_far_as_the_wall_allows() -> None:
    autumn = date(2026, 10, 25)
    assert begins(pattern(["01:30-03:00"]), autumn) == [
        "01:30+0200",
        "02:00+0200",
        "02:30+0200",
        "02:00+0100",
        "02:30+0100",
    ]
    assert begins(pattern(["01:00-02:30"]), autumn) == ["01:00+0200", "01:30+0200", "02:00+0200"]
    assert begins(pattern(["02:15-02:45"]), autumn) == []


_minute = st.integers(0, 1440 // 15).map(lambda quarter: quarter * 15)


@st.composite
def some_spans(draw: st.DrawFn) -> list[str]:
    ends = sorted(draw(st.lists(_minute, min_size=2, max_size=6, unique=True)))
    pairs = list(zip(ends[::2], ends[1::2], strict=False))
    return [f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}" for begin, end in pairs]


@settings(max_examples=150)
@given(
    spans=some_spans(),
    zone=st.sampled_from(ZONES),
    minutes=st.integers(5, 240),
    pause=st.integers(0, 60),
    begin=st.integers(0, 700 * 1440).map(lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)),
)
def test_no_moment_of_a_meeting_is_outside_hours(
    spans: list[str], zone: str, minutes: int, pause: int, begin: datetime
) -> None:
    of = pattern(spans, zone, minutes, pause)
    slots = list(list_slots(of, begin, begin + timedelta(days=4)))
    open_minutes = [parse_span(span) for span in spans]
    for start, end in slots:
        assert begin <= start < begin + timedelta(days=4)
        assert end - start == timedelta(minutes=minutes)
        moment = start
        while moment < end:
            wall = moment.astimezone(of.zone)
            minute = wall.hour * 60 + wall.minute
            assert any(opens <= minute < closes for opens, closes in open_minutes), wall
            moment += timedelta(minutes=5)
    assert all(before[1] <= after[0] for before, after in pairwise(slots))


def test_no_time_is_lost_on_the_days_of_a_clock_change() -> None:
    for zone, day in [("Europe/Berlin", date(2026, 3, 29)), ("America/New_York", date(2026, 11, 1))]:
        assert len(begins(pattern(["08:00-18:00"], zone), day)) == 20


@pytest.mark.parametrize("text", ["", "9-17", "09:00", "09:00-25:00", "09:00-24:30", "17:00-09:00", "09:00-09:00"])
def test_hours_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_span(text)


@pytest.mark.parametrize(
    "hours", [{}, {"mon": []}, {"monday": ["09:00-10:00"]}, {"mon": ["09:00-12:00", "11:00-13:00"]}]
)
def test_weeks_that_make_no_sense_are_refused(hours: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError):
        check_hours(hours)


_moments = st.integers(0, 60).map(lambda minute: datetime(2026, 11, 24, tzinfo=UTC) + timedelta(minutes=minute))
_periods = st.tuples(_moments, _moments).filter(lambda pair: pair[0] < pair[1])


@given(st.lists(_periods, max_size=8), _periods, st.integers(0, 5).map(lambda minutes: timedelta(minutes=minutes)))
def test_a_period_is_taken_exactly_when_it_meets_one_that_is(
    periods: list[tuple[datetime, datetime]], asked: tuple[datetime, datetime], pause: timedelta
) -> None:
    meets = any(begin - pause < asked[1] and end + pause > asked[0] for begin, end in periods)
    assert Taken(periods, pause=pause).meets(asked) == meets
