"""Conditions and the choice of the next step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_rasa.dialogue.conditions import holds, next_step

scalars = st.one_of(st.text(min_size=1), st.integers(), st.booleans())
comparisons = st.sampled_from(["is", "in", "known", "at_least", "at_most"])


@given(comparisons, st.one_of(scalars, st.lists(scalars)))
def test_an_unknown_slot_satisfies_no_comparison(op, value):
    if op == "in" and not isinstance(value, list):
        value = [value]
    assert not holds({"slot": "absent", "op": op, "value": value}, {"other": "x"})


@given(scalars)
def test_an_unknown_slot_is_unknown_and_is_not_anything(value):
    assert holds({"slot": "absent", "op": "unknown"}, {})
    assert holds({"slot": "absent", "op": "is_not", "value": value}, {})


@given(scalars)
def test_is_and_is_not_are_opposites_for_known_values(value):
    slots = {"s": value}
    for other in (value, "something else"):
        same, different = ({"slot": "s", "op": op, "value": other} for op in ("is", "is_not"))
        assert holds(same, slots) is not holds(different, slots)


@given(st.integers(), st.integers())
def test_amounts_are_compared_as_numbers_even_when_typed(known, bound):
    slots = {"n": str(known)}
    assert holds({"slot": "n", "op": "at_least", "value": bound}, slots) is (known >= bound)
    assert holds({"slot": "n", "op": "at_most", "value": bound}, slots) is (known <= bound)


def test_a_text_that_is_no_number_is_neither_at_least_nor_at_most():
    for op in ("at_least", "at_most"):
        assert not holds({"slot": "n", "op": op, "value": 1}, {"n": "many"})


@given(st.lists(st.booleans(), max_size=5))
def test_all_any_and_not_follow_logic(parts):
    slots = {"t": "yes"}
    conditions = [{"slot": "t", "op": "is" if part else "is_not", "value": "yes"} for part in parts]
    assert holds({"all": conditions}, slots) is all(parts)
    assert holds({"any": conditions}, slots) is any(parts)
    assert holds({"not": {"all": conditions}}, slots) is not all(parts)


def test_a_malformed_condition_is_an_error_and_not_false():
    for broken in ({}, {"slot": "s", "op": "resembles", "value": 1}, {"op": "is", "value": 1}):
        with pytest.raises(ValueError):
            holds(broken, {"s": 1})


def test_the_first_condition_that_holds_decides_where_to_go():
    choices = [
        {"if": {"slot": "s", "op": "is", "value": "a"}, "to": "first"},
        {"if": {"slot": "s", "op": "known"}, "to": "second"},
        {"to": "last"},
    ]
    assert [next_step(choices, {"s": value}) for value in ("a", "b", None)] == ["first", "second", "last"]
    assert next_step([], {}) is None
