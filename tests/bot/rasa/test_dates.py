"""Days that people name."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_rasa.dates import LANGUAGES, read_date, weekday_in

MONDAY = datetime(2026, 11, 23, 16, 0, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [("en", "tomorrow please", "2026-11-24"), ("en", "the day after tomorrow", "2026-11-25"),
     ("en", "next Tuesday", "2026-11-24"), ("en", "on friday", "2026-11-27"), ("en", "friday next week", "2026-12-04"),
     ("en", "monday", "2026-11-30"), ("en", "in two weeks", "2026-12-07"), ("en", "a week from now", "2026-11-30"),
     ("en", "in 3 days' time", "2026-11-26"), ("en", "3 May", "2027-05-03"), ("en", "May 3rd, please", "2027-05-03"),
     ("en", "the 3rd of May 2028", "2028-05-03"), ("en", "23 November", "2026-11-23"), ("en", "the 5th", "2026-12-05"),
     ("en", "the 31st", "2026-12-31"), ("en", "2027-03-04", "2027-03-04"), ("en", "3/4/2027", "2027-03-04"),
     ("en-GB", "3/4/2027", "2027-04-03"), ("en", "12.1.", "2027-01-12"), ("en", "Tuesday, 1 December", "2026-12-01"),
     ("de", "morgen", "2026-11-24"), ("de", "am Dienstag", "2026-11-24"), ("de", "nächste Woche Freitag", "2026-12-04"),
     ("de", "in zwei Wochen", "2026-12-07"), ("de", "am 3. Mai 2027", "2027-05-03"), ("de", "3.4.27", "2027-04-03"),
     ("es", "pasado mañana", "2026-11-25"), ("es", "el próximo martes", "2026-11-24"),
     ("es", "en dos semanas", "2026-12-07"), ("es", "el 3 de mayo de 2027", "2027-05-03"),
     ("fr", "mardi prochain", "2026-11-24"), ("fr", "dans deux semaines", "2026-12-07"),
     ("fr", "1er mai 2027", "2027-05-01"), ("it", "tomorrow", "2026-11-24")],
)  # fmt: skip
def test_a_day_is_read_as_of_now_in_the_visitors_language(language, text, day):
    assert read_date(text, MONDAY, language) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    ["", "hello world", "what is the price", "10", "december", "next week", "2027-02-30", "30 feb", "13/14/2027",
     "3 or 4 May", "3 May or 5 May", "tuesday or wednesday", "not tuesday, wednesday", "x" * 5000],
)  # fmt: skip
def test_what_names_no_one_day_is_no_day(text):
    assert read_date(text, MONDAY) is None


def test_a_day_that_must_be_past_is_the_last_one():
    days = [read_date(text, MONDAY, past=True) for text in ("tuesday", "3 May", "yesterday", "the 5th", "3 May 2020")]
    assert days == [date(2026, 11, 17), date(2026, 5, 3), date(2026, 11, 22), date(2026, 11, 5), date(2020, 5, 3)]


def test_words_of_another_language_that_look_like_days_are_none():
    assert read_date("mon anniversaire", MONDAY, "fr") is None


def test_a_weekday_is_read_only_where_it_is_the_day_named():
    assert [weekday_in(text) for text in ("Tuesday at ten", "tuesday or friday", "tuesday 24 november", "ten")] == [
        1, None, None, None
    ]  # fmt: skip


@given(st.dates(date(1970, 1, 1), date(2100, 1, 1)), st.sampled_from(LANGUAGES))
@settings(max_examples=50)
def test_a_day_in_full_is_read_whatever_the_language(day, language):
    assert read_date(f"it was {day.isoformat()}.", MONDAY, language) == day


@given(st.text(max_size=60), st.sampled_from(("en", "de", "es", "fr", "pt-BR", "")))
@settings(max_examples=60)
def test_no_text_breaks_the_reading(text, language):
    assert read_date(text, MONDAY, language) is None or isinstance(read_date(text, MONDAY, language), date)
