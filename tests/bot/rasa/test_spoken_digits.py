"""Numbers said digit by digit, as callers say them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_rasa.spoken_digits import find_spoken_digits
from parley_rasa.values import find_phone

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@given(st.lists(st.integers(0, 9), min_size=7, max_size=18))
@settings(max_examples=60)
def test_digits_said_one_by_one_are_written_in_their_order(digits):
    said = " ".join(NAMES[digit] for digit in digits)
    found = find_spoken_digits(f"it's {said}, thanks")
    assert found is not None
    assert found.written == "".join(map(str, digits))
    assert (found.start, found.end) == (5, 5 + len(said))


def test_a_number_said_with_country_code_and_doubled_digits_is_a_phone_number():
    found = find_phone("it's plus four four two oh seven nine four six double zero one eight")
    assert found is not None and found.value == "+442079460018"


@pytest.mark.parametrize("text", ["one or two", "two of the three first ones", "seven people", ""])
def test_a_few_number_words_are_no_phone_number(text):
    assert find_spoken_digits(text) is None
