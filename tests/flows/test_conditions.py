"""What conditions mean: unknown values satisfy little, and JSON types are kept apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from flows.conditions import Condition, condition_holds, leaves_of

scalars = st.one_of(st.booleans(), st.integers(-3, 3), st.sampled_from(["hot", "cold", ""]))
names = st.sampled_from(["a", "b", "c"])
simple = st.one_of(
    st.builds(lambda n, op, v: {"slot": n, "op": op, "value": v}, names, st.sampled_from(["is", "is_not"]), scalars),
    st.builds(lambda n, v: {"slot": n, "op": "in", "value": v}, names, st.lists(scalars, min_size=1, max_size=3)),
    st.builds(lambda n, op: {"slot": n, "op": op}, names, st.sampled_from(["known", "unknown"])),
    st.builds(
        lambda n, op, v: {"slot": n, "op": op, "value": v},
        names,
        st.sampled_from(["at_least", "at_most"]),
        st.integers(-3, 3),
    ),
)
conditions = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)
known = st.dictionaries(names, st.one_of(scalars, st.none()))
adapter: TypeAdapter[Condition] = TypeAdapter(Condition)


@given(condition=conditions)
def test_a_condition_is_the_same_after_reading_and_writing(condition):
    written = adapter.dump_python(adapter.validate_python(condition), mode="json", by_alias=True, exclude_none=True)

    assert written == condition


@given(condition=conditions, known=known)
def test_not_turns_every_condition_round(condition, known):
    assert condition_holds({"not": condition}, known) is not condition_holds(condition, known)


@given(parts=st.lists(conditions, min_size=1, max_size=3), known=known)
def test_all_and_any_are_each_others_mirror(parts, known):
    negated = [{"not": part} for part in parts]

    assert condition_holds({"all": parts}, known) is not condition_holds({"any": negated}, known)


@given(condition=simple)
def test_an_unknown_slot_satisfies_only_unknown_and_is_not(condition):
    expected = condition["op"] in ("unknown", "is_not")

    assert condition_holds(condition, {}) is expected
    assert condition_holds(condition, {condition["slot"]: None}) is expected


@pytest.mark.parametrize(
    ("op", "actual", "wanted", "holds"),
    [
        ("is", "hot", "hot", True),
        ("is", True, 1, False),
        ("is", 1, 1.0, True),
        ("is_not", "hot", "cold", True),
        ("in", "b", ["a", "b"], True),
        ("in", "c", ["a", "b"], False),
        ("known", "", None, True),
        ("unknown", "x", None, False),
        ("at_least", 5, 5, True),
        ("at_most", 6, 5, False),
        ("at_least", "5", 5, False),
        ("at_most", True, 5, False),
    ],
)
def test_known_values_compare_as_documented(op, actual, wanted, holds):
    assert condition_holds({"fact": "x", "op": op, "value": wanted}, {"x": actual}) is holds


@pytest.mark.parametrize(
    "condition",
    [
        {"slot": "a", "op": "in", "value": "b"},
        {"slot": "a", "op": "known", "value": "b"},
        {"slot": "a", "op": "is"},
        {"slot": "a", "op": "at_least", "value": "many"},
        {"slot": "a", "op": "at_least", "value": True},
        {"slot": "a", "op": "resembles", "value": "b"},
        {"slot": "a", "fact": "b", "op": "known"},
        {"all": []},
        {"maybe": {"slot": "a", "op": "known"}},
        "a is b",
    ],
)
def test_a_condition_that_means_nothing_is_refused(condition):
    with pytest.raises(ValidationError):
        adapter.validate_python(condition)


def test_the_comparisons_of_a_nested_condition_are_all_found():
    condition = {"all": [{"not": {"slot": "a", "op": "known"}}, {"any": [{"fact": "b", "op": "unknown"}]}]}

    assert [one.name for one in leaves_of(adapter.validate_python(condition))] == ["a", "b"]
