"""Numbers, ratings and sums of money as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_rasa.money import read_money
from parley_rasa.quantities import read_number, read_rating


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,000", 1000), ("1.000", 1000), ("1'000", 1000), ("1 000", 1000), ("1k", 1000), ("1.5k", 1500), ("3,5", 3.5),
     ("2 million", 2_000_000), ("5 hundred", 500), ("a dozen", 12), ("a hundred and fifty", 150), ("0.500", 0.5),
     ("about twenty-five people", 25), ("-5", -5), ("€1,200.50", 1200.5), ("1.234,56", 1234.56), ("50%", 50),
     ("four", 4), ("just one please", 1)],
)  # fmt: skip
def test_a_number_is_read_in_digits_and_words(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize(
    ("language", "text", "number"), [("de", "fünfundzwanzig", 25), ("fr", "deux cents", 200), ("es", "doscientos", 200)]
)
def test_number_words_are_read_in_the_visitors_language(language, text, number):
    assert read_number(text, language) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no one",
        "the second one",
        "one of us does that alone",
        "3 or 4",
        "10:30",
        "2nd",
        "none",
        "a@1.example",
        "1.2.3",
        "9" * 40,
    ],
)
def test_what_is_no_one_number_is_none(text):
    assert read_number(text) is None


@given(st.integers(-(10**9), 10**9))
@settings(max_examples=50)
def test_any_whole_number_is_read_with_and_without_separators(number):
    assert [read_number(str(number)), read_number(f"{number:,}"), read_number(f"{number:,}".replace(",", "."))] == [
        number
    ] * 3


@pytest.mark.parametrize(
    ("text", "rating"),
    [("4", 4), ("four", 4), ("five stars", 5), ("4/5", 4), ("4 out of 5", 4), ("★★★", 3), ("I'd give it a 2", 2),
     ("one star", 1),
     ("8/10", None), ("6", None), ("0", None), ("3.5", None), ("2 or 3", None), ("great", None)],
)  # fmt: skip
def test_a_rating_is_read_on_its_own_scale_only(text, rating):
    assert read_rating(text, 1, 5) == rating


@pytest.mark.parametrize(
    ("text", "money"),
    [("we pay $1,200 for 3 seats", 1200), ("about 5k euros", 5000), ("fifty pounds", 50), ("we are 40", None),
     ("$5 or $6", None)],
)  # fmt: skip
def test_a_sum_of_money_is_the_number_beside_a_currency(text, money):
    assert read_money(text) == money


@pytest.mark.parametrize(
    ("text", "number"),
    [("just me", 1), ("me", 1), ("me and two colleagues", 3), ("two colleagues and me", 3), ("me and my wife", 2),
     ("a couple", 2), ("both of us", 2), ("50ish", 50), ("20-ish", 20), ("send 50 to me and my wife", 50),
     ("me and my colleagues", None), ("a couple dozen", None), ("10-15", None), ("10 – 15", None)],
)  # fmt: skip
def test_people_are_counted_with_the_one_who_writes_and_a_range_is_no_number(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [("de", "wir sind zu siebt", 7), ("de", "ich und zwei Kollegen", 3), ("de", "meine Frau und ich", 2),
     ("de", "ich und meine Kollegen", None), ("de-AT", "zu zweit", 2), ("es", "yo y dos compañeros", 3),
     ("es", "mi mujer y yo", 2), ("es", "mis socios y yo", None), ("fr", "moi et deux collègues", 3),
     ("fr", "ma femme et moi", 2), ("fr", "moi et mes collègues", None), ("de", "me and 2 colleagues", 3)],
)  # fmt: skip
def test_people_are_counted_with_the_one_who_writes_in_four_languages(language, text, number):
    assert read_number(text, language) == number
