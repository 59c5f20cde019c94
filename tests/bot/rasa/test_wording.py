"""Filling in slots."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley_rasa.dialogue.wording import for_channel, render


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_rendering_never_raises(template, values):
    assert isinstance(render(template, values), str)


@given(st.text())
def test_a_value_is_inserted_as_it_is_and_never_evaluated(value):
    expected = value if value else "there"
    assert render("Hi {{ name | there }}!", {"name": value, "secret": "leaked"}) == f"Hi {expected}!"


def test_a_value_that_looks_like_a_place_is_not_filled_in_again():
    assert render("{{ name }}", {"name": "{{ secret }}", "secret": "leaked"}) == "{{ secret }}"


def test_an_unknown_name_leaves_its_fallback_or_nothing():
    assert render("Hi {{ name | there }}{{ name }}.", {}) == "Hi there."


def test_numbers_and_zero_are_shown():
    assert render("{{ n }}", {"n": 0}) == "0"


def test_a_channel_without_its_own_text_gets_the_default_one():
    texts = {"default": "long", "sms": "short"}
    assert (for_channel(texts, "sms"), for_channel(texts, "web"), for_channel(None, "web")) == ("short", "long", "")
