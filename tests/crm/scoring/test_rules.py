"""Score rules: conditions, points, bands and the shipped file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crm.scoring.rules import Bands, ScoreBook, band_of, load_rules

_known = st.booleans() | st.integers(-5, 5) | st.sampled_from(["a", "b", "business", "given"])
_names = st.sampled_from(["email_kind", "phone_known", "company", "consent_marketing_email", "days_active", "x"])
_facts = st.dictionaries(_names, st.none() | _known, max_size=6)


def _leaf(ops, value=None):
    shape = {"fact": _names, "op": st.sampled_from(ops)}
    return st.fixed_dictionaries(shape if value is None else {**shape, "value": value})


_leaves = st.one_of(
    _leaf(["known", "unknown"]),
    _leaf(["is", "is_not"], _known),
    _leaf(["in"], st.lists(_known, min_size=1, max_size=3)),
    _leaf(["at_least", "at_most"], st.integers(-5, 5)),
)
_conditions = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
)


def score(facts, book):
    """The rules of facts that hold."""
    return [rule for rule in book.rules if rule.when is not None and rule.when.holds(facts)]


def _holds(condition, facts) -> bool:
    rule = {"id": "r", "when": condition, "points": 1, "reason": "because"}
    return bool(score(facts, ScoreBook(version="1", bands=Bands(hot=60, warm=30), rules=(rule,))))


@given(_conditions, _facts)
def test_not_turns_every_condition_round(condition, facts) -> None:
    assert _holds({"not": condition}, facts) is not _holds(condition, facts)


@given(_conditions, _conditions, _facts)
def test_all_and_any_join_conditions_as_they_say(one, two, facts) -> None:
    assert _holds({"all": [one, two]}, facts) is (_holds(one, facts) and _holds(two, facts))
    assert _holds({"any": [one, two]}, facts) is (_holds(one, facts) or _holds(two, facts))


@given(_leaves)
def test_an_unknown_fact_satisfies_only_unknown_and_is_not(leaf) -> None:
    expected = leaf["op"] in ("unknown", "is_not")
    assert _holds(leaf, {}) is expected
    assert _holds(leaf, {leaf["fact"]: None}) is expected


def test_true_is_not_the_number_one_and_text_is_no_number() -> None:
    assert not _holds({"fact": "x", "op": "is", "value": 1}, {"x": True})
    assert not _holds({"fact": "x", "op": "in", "value": [0, 1]}, {"x": True})
    assert not _holds({"fact": "x", "op": "at_least", "value": 1}, {"x": "7"})
    assert not _holds({"fact": "x", "op": "at_most", "value": 1}, {"x": False})


@pytest.mark.parametrize(
    "condition",
    [
        {"fact": "x", "op": "in", "value": 1},
        {"fact": "x", "op": "in", "value": []},
        {"fact": "x", "op": "known", "value": 1},
        {"fact": "x", "op": "is"},
        {"fact": "x", "op": "at_least", "value": "1"},
        {"fact": "x", "op": "at_least", "value": True},
        {"fact": "x", "op": "near", "value": 1},
        {"slot": "x", "op": "known"},
        {"all": []},
        {"any": [], "all": []},
        {},
    ],
)
def test_a_condition_that_means_nothing_is_refused(condition) -> None:
    with pytest.raises(ValidationError):
        _holds(condition, {})


def test_two_rules_of_one_id_or_bands_that_overlap_are_refused() -> None:
    rule = {"id": "r", "when": {"fact": "x", "op": "known"}, "points": 1, "reason": "because"}
    with pytest.raises(ValidationError, match="more than one rule is called r"):
        ScoreBook(version="1", bands=Bands(hot=60, warm=30), rules=(rule, rule))
    with pytest.raises(ValidationError, match="hot must begin above warm"):
        Bands(hot=30, warm=30)


@given(_facts)
def test_the_shipped_rules_give_each_reason_once_and_the_same_for_the_same_facts(facts) -> None:
    given_points = score(facts, load_rules())
    assert given_points == score(dict(reversed(facts.items())), load_rules())
    assert len({rule.id for rule in given_points}) == len(given_points)
    assert all(rule.reason[0].isupper() and " " in rule.reason for rule in given_points)


def test_the_shipped_rules_tell_a_company_address_from_a_private_one() -> None:
    assert [rule.id for rule in score({"email_kind": "business"}, load_rules())] == ["business_email"]
    assert [rule.points for rule in score({"email_kind": "private"}, load_rules())] == [-5]
    assert score({}, load_rules()) == []


def test_bands_begin_at_their_lowest_score() -> None:
    assert [band_of(value) for value in (-10, 29, 30, 59, 60, 500)] == ["cold", "cold", "warm", "warm", "hot", "hot"]
