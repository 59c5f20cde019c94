"""How many people a text speaks of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_rasa.amounts import amounts_in, match_amount, match_mentioned_amount, people_in
from parley_rasa.typed_answers import normalise

SIZES = [
    {"value": "small", "label": "1 to 9"},
    {"value": "medium", "label": "10 to 49"},
    {"value": "large", "label": "50 or more"},
]


@pytest.mark.parametrize(
    ("text", "number"),
    [("we're 40 people", 40), ("about twenty of us", 20), ("a dozen employees", 12), ("twenty-five staff", 25),
     ("a company of 60", 60), ("for a 400-person group", 400), ("three hundred workers", 300), ("1,200 people", 1200),
     ("we are 5, my mail is a@b.example", 5)],
)  # fmt: skip
def test_people_are_counted_in_digits_and_in_words(text, number):
    assert people_in(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "90 days late",
        "we are 5 days behind",
        "200 invoices a month",
        "10 or 20 people and 30 staff",
        "nobody",
        "",
        "since 2019",
        "one",
    ],
)
def test_what_counts_no_people_or_not_clearly_is_nothing(text):
    assert people_in(text) is None


@given(st.integers(0, 999_999_999))
def test_a_number_in_digits_is_found_as_it_is(number):
    assert [amount.number for amount in amounts_in(f"so {number} then")] == [number]


@pytest.mark.parametrize(
    ("text", "value"),
    [("between 10 and 50", "medium"), ("more like 12", "medium"), ("10-49", "medium"), ("50+", "large")],
)
def test_an_amount_or_a_range_alone_chooses(text, value):
    assert match_amount(normalise(text), SIZES) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("a million", "large"), ("aroud 30 poeple", "medium"), ("around fifteen", "medium"),
     ("me, my brother, four lads in the workshop and a girl for the phones, so about seven", "small")],
)  # fmt: skip
def test_an_amount_among_other_words_chooses_when_it_can_only_count_people(text, value):
    assert match_mentioned_amount(normalise(text), SIZES) == value


@pytest.mark.parametrize(
    "text",
    ["one customer paid 90 days late last year and we had to ring three times", "5 people here and 60 people there"],
)
def test_an_amount_that_may_count_anything_chooses_nothing(text):
    assert match_mentioned_amount(normalise(text), SIZES) is None


@given(st.text(max_size=80))
def test_any_text_can_be_searched_for_amounts(text):
    said = normalise(text)
    assert match_mentioned_amount(said, SIZES) in (None, "small", "medium", "large")
    assert match_mentioned_amount(said, []) is None
