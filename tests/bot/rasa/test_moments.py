"""Days with a time of day, in zones whose clocks are changed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_rasa.clock_times import find_clock
from parley_rasa.moments import in_zone, read_moment, written

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago", "UTC")
MONDAY = datetime(2026, 11, 23, 16, 0, tzinfo=BERLIN)
SAID = {
    "en": ("tomorrow at {h}:{m:02d}", "{h}:{m:02d} tomorrow"),
    "de": ("morgen um {h}:{m:02d} Uhr", "morgen um {h}.{m:02d} Uhr"),
    "es": ("mañana a las {h}:{m:02d}", "mañana a las {h}h{m:02d}"),
    "fr": ("demain à {h}h{m:02d}", "demain à {h} heures {m:02d}"),
}  # fmt: skip


@given(st.sampled_from(sorted(SAID)), st.integers(0, 1), st.integers(8, 23), st.integers(0, 59))
@settings(max_examples=80)
def test_a_time_written_in_figures_is_that_time_in_every_language(language, form, hour, minute):
    said = read_moment(SAID[language][form].format(h=hour, m=minute), MONDAY, language)
    assert (said.day, said.at) == (date(2026, 11, 24), time(hour, minute))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.sampled_from(ZONES))
@settings(max_examples=80)
def test_a_moment_that_is_written_down_is_read_as_the_same_moment(local, zone):
    moment = in_zone(local.date(), local.time().replace(second=0, microsecond=0), ZoneInfo(zone))
    now = MONDAY.astimezone(ZoneInfo(zone))
    said = read_moment(f"so {written(moment)} then", now)
    assert said.day is not None and said.at is not None
    # A time that the clocks repeat is told by its first occurrence, which is an hour from its second at most.
    assert abs(in_zone(said.day, said.at, ZoneInfo(zone)) - moment) in (
        timedelta(0),
        timedelta(hours=1),
        timedelta(minutes=30),
    )


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.sampled_from(ZONES))
@settings(max_examples=80)
def test_every_day_and_time_is_a_moment_that_exists(local, zone):
    moment = in_zone(local.date(), local.time(), ZoneInfo(zone))
    assert moment.astimezone(timezone.utc).astimezone(ZoneInfo(zone)).isoformat() == moment.isoformat()


@pytest.mark.parametrize(
    ("day", "at", "as_written"),
    [(date(2026, 3, 29), time(2, 30), "2026-03-29T03:30:00+02:00"),
     (date(2026, 10, 25), time(2, 30), "2026-10-25T02:30:00+02:00"),
     (date(2026, 7, 1), time(15), "2026-07-01T15:00:00+02:00"),
     (date(2026, 12, 1), time(15), "2026-12-01T15:00:00+01:00")],
)  # fmt: skip
def test_a_time_that_clocks_skip_is_later_and_one_they_repeat_is_the_first(day, at, as_written):
    assert written(in_zone(day, at, BERLIN)) == as_written


def test_so_long_from_now_is_counted_in_hours_that_pass_and_not_on_the_clock():
    before = datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN)
    assert read_moment("in two hours", before).at == time(4, 30)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("at 1", 13), ("at 7", 19), ("at 8", 8), ("at 12", 12), ("at 07:00", 7), ("at 7 am", 7),
     ("at 7 in the morning", 7),
     ("at 11 in the evening", 23), ("at midnight", 0), ("12 am", 0), ("12 pm", 12)],
)  # fmt: skip
def test_an_hour_from_1_to_7_is_one_of_the_afternoon_unless_it_is_said_otherwise(text, hour):
    clock = find_clock(text)
    assert clock is not None and clock.at == time(hour)


@pytest.mark.parametrize(
    ("text", "at"), [("3", time(15)), ("15.30", time(15, 30)), ("10 30", time(10, 30)), ("3?", time(15)), ("30", None)]
)
def test_a_number_alone_is_an_hour_only_where_one_is_asked_for(text, at):
    assert read_moment(text, MONDAY, asked=True).at == at
    assert read_moment(text.replace(".30", ""), MONDAY).at is None


@pytest.mark.parametrize("piece", ["at 3 ", "3:", "um 3 uhr ", "12h", "3-", "quarter to ", "a las 3 y ", "moins_ "])
@pytest.mark.parametrize("language", sorted(SAID))
def test_a_text_of_nothing_but_times_names_none_or_one(piece, language):
    said = read_moment((piece * 4000)[:4000], MONDAY, language)
    assert said.at is None or isinstance(said.at, time)


@given(st.text(max_size=60), st.sampled_from(("en", "de", "es", "fr", "pt-BR", "")))
@settings(max_examples=80)
def test_no_text_breaks_the_reading(text, language):
    said = read_moment(text, MONDAY, language)
    assert said.day is None or isinstance(said.day, date)
