"""What is made of a report on examples: advice, places, the map of confusions, text that stays text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, tostring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.nlu.advice import OUT_OF_SCOPE, list_confusable
from server.nlu.markup import tag
from server.nlu.page import language_name, page
from server.nlu.places import Places
from server.nlu.plots import MOST_CONFUSED, heat_map
from server.nlu.shown import coverage, duplicates, percent, summary

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def confusion(intent: str, other: str, count: int, language: str = "en") -> dict[str, Any]:
    texts = [f"{intent} {number}" for number in range(count)]
    return {
        "intent": intent, "taken_for": other, "count": count, "examples": texts,
        "languages": {language: {"count": count, "examples": texts}},
    }  # fmt: skip


def report(*confusions: dict[str, Any], **others: Any) -> dict[str, Any]:
    names = sorted({name for row in confusions for name in (row["intent"], row["taken_for"])} | {"greet"})
    return {
        "examples": 20 * len(names), "intents": len(names), "languages": {"en": 20 * len(names)}, "encoder": "e/3/int8",
        "folds": 5, "accuracy": 0.5, "macro_f1": 0.5, "threshold": 0.3, "calibration_error": 0.01,
        "per_language": [{"language": "en", "examples": 20, "accuracy": 0.5, "macro_f1": 0.5}],
        "per_intent": [{"intent": name, "language": "en", "examples": 20, "precision": 0.5, "recall": 0.5, "f1": 0.5}
                       for name in names],
        "out_of_scope": {"recall": None, "false_alarms": None}, "confusions": list(confusions), "misplaced": [],
        "duplicates": [], "coverage": [], "unread": [], "held_out": None, "overlap": 0, "overlapping": [],
        "calibration": [{"from": 0.0, "to": 0.1, "count": 0, "confidence": None, "accuracy": None},
                        {"from": 0.1, "to": 0.2, "count": 3, "confidence": 0.15, "accuracy": 0.3333}],
        **others,
    }  # fmt: skip


def test_two_intents_are_one_pair_with_both_ways_counted() -> None:
    found = list_confusable(report(confusion("b", "a", 2), confusion("a", "b", 5), confusion("c", "a", 1)))
    assert [(one.there.intent, one.there.other, one.there.count, one.back.count, one.count) for one in found] == [
        ("a", "b", 5, 2, 7)
    ]


@pytest.mark.parametrize(
    ("rows", "advice"),
    [
        ([confusion("a", "b", 5), confusion("b", "a", 4)], "make them one intent"),
        ([confusion("a", "b", 6), confusion("b", "a", 2)], "Move the examples that do ask for b"),
        ([confusion("opt_out", "a", 5), confusion("a", "opt_out", 5)], "Keep them apart"),
        ([confusion("opt_out", OUT_OF_SCOPE, 5)], "give out_of_scope examples that cannot be one"),
        ([confusion("a", OUT_OF_SCOPE, 3)], "a knows too few ways to say it"),
        ([confusion(OUT_OF_SCOPE, "a", 3), confusion("a", OUT_OF_SCOPE, 1)], f"Add texts like these to {OUT_OF_SCOPE}"),
    ],
)
def test_what_to_do_depends_on_which_way_intents_are_confused(rows: list[dict[str, Any]], advice: str) -> None:
    (found,) = list_confusable(report(*rows))
    assert advice in found.advice


def test_texts_that_stand_under_both_intents_are_pointed_to() -> None:
    twice = {"text": "x", "other": "X", "intents": ["b", "a"], "languages": ["en"], "same": True, "similarity": 1.0}
    (found,) = list_confusable(report(confusion("a", "b", 4), duplicates=[twice]))
    assert found.advice.startswith("Some texts stand under both")


def test_a_language_has_confusions_of_its_own() -> None:
    both = report(confusion("a", "b", 5), confusion("c", "d", 3, "es"))
    assert [one.there.intent for one in list_confusable(both, "es")] == ["c"]
    assert [one.there.intent for one in list_confusable(both)] == ["a", "c"]


def test_places_are_those_of_the_intent_asked_for() -> None:
    text = "nlu:\n- intent: a\n  examples: |\n    - hello: you\n\n- intent: 'b'\n  examples: |\n    - hello: you\n"
    places = Places({"x.en.yml": text, "x.es.yml": text}, "folder")
    assert places.of("b", "hello: you") == ["folder/x.en.yml:8", "folder/x.es.yml:8"]
    assert places.of("a", "hello: you") == ["folder/x.en.yml:4", "folder/x.es.yml:4"]
    assert places.of("a", "bye") == []


def test_the_map_shows_the_most_confused_and_what_was_right() -> None:
    plot = heat_map(report(confusion("a", "b", 9), confusion("b", "a", 1)))
    assert plot is not None
    titles = [node.findtext("title") for node in plot.iter("g")]
    assert titles == [
        "a taken for a: 10 of 20", "a taken for b: 9 of 20", "b taken for a: 1 of 20", "b taken for b: 10 of 20",
    ]  # fmt: skip
    assert [node.get("class") for node in plot.iter("g")] == ["cell right", "cell heat-4", "cell heat-1", "cell right"]


def test_the_map_stays_readable_however_many_intents_are_confused() -> None:
    plot = heat_map(report(*(confusion(f"i{number:02}", f"i{number + 1:02}", 40 - number) for number in range(30))))
    assert plot is not None
    assert len(list(plot.iter("g"))) == MOST_CONFUSED**2
    assert heat_map(report()) is None


def test_a_report_without_faults_says_so() -> None:
    clean = report()
    assert list(duplicates(clean, Places({}, "x"))) == ["Nothing stands twice, and no example looks misplaced."]
    assert list(coverage(clean)) == ["en: every intent has enough examples."]
    assert any("no evaluation/held_out" in line for line in summary(clean))
    written = page(clean, Places({}, "x"), NOW)
    assert "Nothing stands out." in written
    assert "28 November 2026" in written
    assert "No example was taken for another intent." in written


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=40))
def test_what_people_write_is_text_on_the_page_never_markup(text: str) -> None:
    row = {"text": text, "intent": "greet", "likelier": "a", "language": "en", "confidence": 0.95}
    plain = page(report(misplaced=[{**row, "text": ""}]), Places({}, "x"), NOW)
    written = page(report(misplaced=[row]), Places({}, "x"), NOW)
    assert written.count("<") == plain.count("<")
    assert written.count(">") == plain.count(">")


def test_text_after_an_element_stays_where_it_was_put() -> None:
    made = tag("p", "a", tag("b", "b"), "c", [tag("i", "d"), "e"], class_="x", data_y=1.50, title=None)
    assert tostring(made, encoding="unicode") == '<p class="x" data-y="1.5">a<b>b</b>c<i>d</i>e</p>'
    assert isinstance(made, Element)


@pytest.mark.parametrize(
    ("code", "name"), [("es", "Spanish"), ("pt-BR", "Portuguese (Brazil)"), ("xx", "xx"), ("not a code", "not a code")]
)
def test_languages_are_called_by_their_names(code: str, name: str) -> None:
    assert language_name(code) == name


def test_a_share_is_written_as_people_write_it() -> None:
    assert [percent(share) for share in (None, 0.0, 0.6789, 1.0)] == ["–", "0.0 %", "67.9 %", "100.0 %"]
