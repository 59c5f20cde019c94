"""What touches earn: all that was sold is credited, once, and to nothing that had no part in it."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.numbers.attribution import LEFT, RULES, SOLD, START, Sale, credit, removal_effects, steps_of

NAMES = st.sampled_from(["email", "sms", "telegram", "voice", "web"])
PATHS = st.lists(NAMES, max_size=6).map(tuple)
VALUES = st.floats(min_value=0, max_value=1_000_000)
SALES = st.lists(st.builds(Sale, PATHS, VALUES, st.integers(1, 50)), max_size=20)
LOST = st.lists(st.lists(NAMES, min_size=1, max_size=4), max_size=8)


def effects_of(sales, lost=()):
    steps = steps_of(sales)
    for path in lost:
        steps.update(pairwise([START, *path, LEFT]))
    return removal_effects(steps)


@given(SALES, LOST)
def test_by_every_rule_the_credits_sum_to_what_was_sold(sales, lost) -> None:
    effects = effects_of(sales, lost)
    for rule in RULES:
        earned = credit(sales, rule, effects)
        assert math.isclose(sum(earned.values()), sum(sale.value for sale in sales), rel_tol=1e-9, abs_tol=1e-9), rule
        assert all(value >= 0 for value in earned.values()), rule


@given(NAMES, VALUES, SALES)
def test_a_single_touch_earns_all_whatever_else_was_sold(name, value, others) -> None:
    sale = Sale((name,), value)
    for rule in RULES:
        assert credit([sale], rule, effects_of([sale, *others])) == {name: value}, rule


@given(PATHS, VALUES, SALES)
def test_nothing_earns_by_a_sale_that_it_did_not_touch(path, value, others) -> None:
    sale = Sale(path, value)
    for rule in RULES:
        assert credit([sale], rule, effects_of([sale, *others])).keys() <= (set(path) or {None}), rule


@given(SALES, LOST)
def test_no_more_than_all_sales_can_be_lost_by_taking_a_name_away(sales, lost) -> None:
    assert all(0 <= effect <= 1 + 1e-9 for effect in effects_of(sales, lost).values())


def test_removal_effects_are_those_counted_by_hand() -> None:
    # Of two who come by a, one buys at once and one goes on to b, where half of all buy; one comes to b first.
    steps = {(START, "a"): 2, (START, "b"): 1, ("a", SOLD): 1, ("a", "b"): 1, ("b", SOLD): 1, ("b", LEFT): 1}
    # Sold: 2/3 · (1/2 + 1/2 · 1/2) + 1/3 · 1/2 = 2/3. Without a: 1/3 · 1/2 = 1/6. Without b: 2/3 · 1/2 = 1/3.
    assert removal_effects(steps) == pytest.approx({"a": 3 / 4, "b": 1 / 2})
    earned = credit([Sale(("a", "b"), 100)], "data", removal_effects(steps))
    assert earned == pytest.approx({"a": 60, "b": 40})


def test_a_name_that_sales_come_by_as_well_as_they_would_anyway_weighs_nothing_alone_and_shares_evenly() -> None:
    assert removal_effects({(START, "a"): 1, ("a", LEFT): 1}) == {"a": 0}
    assert credit([Sale(("a", "b"), 10)], "data", {}) == {"a": 5, "b": 5}
    assert credit([Sale(("a", "b", "a"), 9)], "linear", {}) == {"a": 6, "b": 3}
    assert credit([Sale(("a", "b", "c"), 9)], "first", {}) == {"a": 9}
    assert credit([Sale(("a", "b", "c"), 9)], "last", {}) == {"c": 9}
    assert credit([Sale((), 9)], "last", {}) == {None: 9}
