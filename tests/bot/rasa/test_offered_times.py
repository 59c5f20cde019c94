"""Which of the times offered somebody means."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_rasa.offered_times import asks_for_times, find_offered, is_after_offered, is_any_time

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=timezone(timedelta(hours=1)))
OFFERED = [
    {"starts_at": f"2026-11-{time}:00+01:00"} for time in ("24T10:00", "24T15:30", "25T10:00")
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "index"),
    [("wednesday", 2), ("tuesday at 10", 0), ("wed 10am", 2), ("3:30", 1), ("3:30 pm", 1), ("15.30 Uhr", 1),
     ("tomorrow at ten", 0), ("the 25th", 2), ("24 nov 10:00", 0), ("25.11.", 2), ("tuesday afternoon", 1),
     ("tomorrow morning", 0), ("10 o'clock on wednesday", 2)],
)  # fmt: skip
def test_a_day_or_an_hour_that_only_one_has_names_it(text, index):
    assert find_offered(text, OFFERED, NOW) == index


@pytest.mark.parametrize(
    ("language", "text", "index"),
    [("en", "half past three", 1), ("es", "a las tres y media", 1), ("es", "el martes a las diez", 0),
     ("es", "el martes por la mañana", 0), ("es", "el martes por la tarde", 1), ("es", "el miércoles", 2),
     ("fr", "à trois heures et demie", 1), ("fr", "mardi à 15h30", 1), ("fr", "mardi matin", 0),
     ("fr", "mercredi à dix heures", 2), ("fr", "mardi après-midi", 1), ("de", "um halb vier", 1),
     ("de", "Dienstag um zehn", 0), ("de", "am Dienstag Nachmittag", 1), ("de", "morgen Vormittag", 0)],
)  # fmt: skip
def test_an_offered_time_is_named_in_the_visitors_language(language, text, index):
    assert find_offered(text, OFFERED, NOW, language) == index


@pytest.mark.parametrize(
    "text", ["tuesday", "10:00", "tomorrow", "10", "not wednesday", "wednesday or tuesday", "friday", "11:00", "blue"]
)
def test_what_fits_several_or_none_names_none(text):
    assert find_offered(text, OFFERED, NOW) is None


@given(st.text(max_size=40))
@settings(max_examples=60)
def test_no_text_breaks_the_search(text):
    assert find_offered(text, OFFERED, NOW) in (None, 0, 1, 2)


@pytest.mark.parametrize(
    "text", ["the earliest please", "any time works", "asap", "you choose", "whats the first available"]
)
def test_the_earliest_and_any_are_the_first_there_is(text):
    assert is_any_time(text)


@pytest.mark.parametrize("text", ["not any of them", "earliest next year maybe", "the second", "in any case no"])
def test_other_words_are_no_wish_for_any_time(text):
    assert not is_any_time(text)


@pytest.mark.parametrize(
    ("text", "after"), [("monday", True), ("30 November", True), ("tuesday", False), ("not monday", False)]
)
def test_a_day_after_all_that_are_offered_asks_for_later_ones(text, after):
    assert is_after_offered(text, OFFERED, NOW) is after


@pytest.mark.parametrize(
    ("text", "asks"), [("is there anything on friday?", True), ("do you have 10:00?", True), ("10:00?", False)]
)
def test_to_ask_what_there_is_takes_nothing_yet(text, asks):
    assert asks_for_times(text) is asks
