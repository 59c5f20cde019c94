"""A rule in words: every kind of condition in every language, and no two conditions read the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.wording import read_sentences
from crm.segments import words
from crm.segments.tree import EventCondition, SegmentTree
from crm.segments.words import LANGUAGES, describe, describe_each
from crm.timeline.kinds import read_kinds
from tests.crm.segments.made_up import OTHERS, leaves, trees

NAMES = {one: f"Segment {number}" for number, one in enumerate(OTHERS)}
ENGLISH: list[tuple[dict[str, Any], str]] = [
    ({"fact": "company", "op": "known"}, "the company is known"),
    ({"fact": "language", "op": "in", "value": ["de", "fr", "es"]}, "the language is one of “de”, “fr” or “es”"),
    ({"fact": "seats", "op": "at_least", "value": 20}, "“seats” is at least 20"),
    ({"fact": "agreed", "op": "is", "value": True}, "“agreed” is yes"),
    ({"tag": "vip"}, "is tagged “vip”"),
    ({"date": "renewal", "is": "in_next", "days": 1}, "has “renewal” within the next 1 day"),
    ({"date": "created_at", "is": "before", "day": "2026-01-31"}, "has the first contact before 2026-01-31"),
    ({"event": "email_opened"}, "has opened an e-mail"),
    ({"event": "email_opened", "times": "exactly", "count": 0}, "has never opened an e-mail"),
    (
        {"event": "page_viewed", "count": 3, "in_last": {"amount": 14, "unit": "days"},
         "where": [{"property": "url", "op": "contains", "value": "/pricing"}]},
        "has viewed a page (the page’s address contains “/pricing”) at least 3 times in the last 14 days",
    ),
    (
        {"event": "shoe_fitted", "times": "at_most", "since": "2026-01-01T00:00Z", "until": "2026-02-01T00:00Z"},
        "has had the event “shoe_fitted” at most once from 2026-01-01 00:00 UTC until before 2026-02-01 00:00 UTC",
    ),
    ({"score": "total", "op": "at_least", "value": 60}, "has a score of at least 60"),
    ({"score": "intent", "op": "at_most", "value": 5}, "has a score of intent of at most 5"),
    ({"consent": "marketing", "channel": "email"}, "has agreed to marketing by e-mail"),
    (
        {"consent": "marketing", "channel": "sms", "is": "none"},
        "has said neither yes nor no to marketing by text message",
    ),
    ({"address": "phone", "verified": True}, "has a phone number that is verified"),
    ({"segment": str(OTHERS[0])}, "is in the segment “Segment 0”"),
    ({"near": "how much is it"}, "has written something close to “how much is it” (at least 0.6)"),
    (
        {"all": [{"tag": "a"}, {"any": [{"tag": "b"}, {"tag": "c"}]}]},
        "is tagged “a” and (is tagged “b” or is tagged “c”)",
    ),
    ({"not": {"all": [{"tag": "a"}, {"tag": "b"}]}}, "not (is tagged “a” and is tagged “b”)"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "told"), ENGLISH, ids=[told for _, told in ENGLISH])
def test_a_rule_reads_as_people_say_it(tree, told):
    assert describe(SegmentTree.model_validate(tree), "en", NAMES) == told


def test_the_same_rule_reads_so_in_the_other_languages():
    tree = SegmentTree.model_validate(
        {
            "all": [
                {"consent": "marketing", "channel": "email"},
                {"event": "page_viewed", "count": 3, "in_last": {"amount": 14, "unit": "days"}},
            ]
        }
    )
    assert {language: describe(tree, language, {}) for language in ("de", "es", "fr", "fr-CA", "pt")} == {
        "de": "hat Werbung per E-Mail zugestimmt und hat in den letzten 14 Tagen mindestens 3-mal eine Seite angesehen",
        "es": "ha aceptado publicidad por correo electrónico y ha visto una página al menos 3 veces"
        " en los últimos 14 días",
        "fr": "a accepté la publicité par e-mail et a consulté une page au moins 3 fois au cours des 14 derniers jours",
        "fr-CA": "a accepté la publicité par e-mail et a consulté une page au moins 3 fois"
        " au cours des 14 derniers jours",
        "pt": "has agreed to marketing by e-mail and has viewed a page at least 3 times in the last 14 days",
    }


@pytest.mark.parametrize("language", LANGUAGES)
@given(trees)
def test_every_rule_can_be_told_in_every_language_and_its_conditions_are_parts_of_it(language, tree):
    told = describe(tree, language, NAMES)
    assert told.strip() == told
    assert all(condition in told for condition in describe_each(tree, language, NAMES))


@pytest.mark.parametrize("language", LANGUAGES)
@given(st.tuples(leaves, leaves))
def test_two_conditions_that_mean_different_things_never_read_the_same(language, two):
    one, other = (SegmentTree.model_validate(leaf) for leaf in two)
    if _meaning(one) != _meaning(other):
        assert describe(one, language, NAMES) != describe(other, language, NAMES)


def _meaning(tree: SegmentTree) -> object:
    leaf = tree.root
    if isinstance(leaf, EventCondition) and leaf.count == 0:
        # At most 0 times and exactly 0 times are both never.
        return leaf.model_copy(update={"times": "exactly"}).model_dump_json()
    return tree.model_dump_json()


def test_every_language_has_the_same_words():
    shapes = [
        {(group, name) for group, entries in content.items() for name in entries}
        for content in read_sentences(words._FILE).values()
    ]
    assert all(shape == shapes[0] for shape in shapes)


def test_what_has_words_is_something_that_can_happen():
    assert set(read_sentences(words._FILE)["en"]["events"]) <= set(read_kinds())
