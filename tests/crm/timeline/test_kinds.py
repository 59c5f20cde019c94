"""Kinds of events: what each may hold, who may send it, and that what does not fit is refused with what is wrong."""

from __future__ import annotations

import json
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from base.wording import SPOKEN, read_sentences
from crm.timeline.kinds import Kind, explain, read_kinds, read_properties
from crm.timeline.summaries import _FILE, summary_of

KINDS = read_kinds()
SPOKEN_OF = {language: known["sentences"] for language, known in read_sentences(_FILE).items()}
OVERALL = {"opted_out_of_everything"}


def wrong(kind, **properties):
    with pytest.raises(ValidationError) as caught:
        read_properties(KINDS[kind], properties)
    return {one["field"]: one["message"] for one in explain(caught.value)}


def test_every_kind_that_parley_has_words_for_is_a_kind_and_every_other_has_words_of_its_own() -> None:
    assert set(SPOKEN_OF["en"]) - OVERALL <= set(KINDS)
    assert [name for name, kind in KINDS.items() if not kind.said and name not in SPOKEN_OF["en"]] == []


@pytest.mark.parametrize("language", SPOKEN)
def test_every_kind_is_told_in_every_language_of_the_same_facts(language) -> None:
    english = {name: kind.said for name, kind in KINDS.items() if kind.said} | SPOKEN_OF["en"]
    told = SPOKEN_OF[language] if language != "en" else english
    assert set(told) == set(english)
    assert {name: [_names(one) for one in told[name]] for name in told} == {
        name: [_names(one) for one in english[name]] for name in told
    }


def _names(sentence: str) -> set[str]:
    return {part for _, part, _, _ in Formatter().parse(sentence) if part}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Agreed to marketing by e-mail"),
        ("de", "Willigte ein: Werbung über E-Mail"),
        ("es", "Aceptó publicidad por correo"),
        ("fr", "A accepté publicité par e-mail"),
        ("it", "Agreed to marketing by e-mail"),
    ],
)
def test_an_event_is_told_in_the_language_asked_for_or_english(language, words) -> None:
    assert summary_of("consent_given", {"purpose": "marketing", "channel": "email"}, language) == words


@pytest.mark.parametrize("name", sorted(name for name, kind in KINDS.items() if kind.said))
def test_the_words_of_a_kind_speak_of_what_it_holds(name) -> None:
    examples = {
        "text": "thing", "number": 12.5, "whole": 3, "flag": True, "day": "2026-11-28", "link": "https://a.example/b_c",
        "moment": "2026-11-28T10:00:00Z", "currency": "EUR", "items": [{"product": "p"}],
    }  # fmt: skip
    kind = KINDS[name]
    held = {one: examples[of] for one, of in kind.properties.items()}
    said = summary_of(name, held | {"name": "thing", "title": "thing"})
    assert said != name.replace("_", " ").capitalize()
    assert "{" not in said


def test_nobody_outside_can_send_what_only_parley_may_write_nor_a_page_what_costs_or_earns() -> None:
    own = {name for name, kind in KINDS.items() if not kind.senders}
    assert {"consent_given", "opted_out", "qualified", "stage_changed", "score_changed", "segment_entered"} <= own
    by_page = {name for name, kind in KINDS.items() if "web" in kind.senders}
    assert by_page
    assert not by_page & {"order_placed", "points_earned", "subscription_started", "meeting_booked", "signed_up"}


def test_properties_are_kept_as_they_were_given() -> None:
    order = {"order": "A-1", "value": 12, "currency": "EUR", "items": [{"product": "pen", "quantity": 2, "price": 6.5}]}
    assert read_properties(KINDS["order_placed"], order) == order
    assert summary_of("order_placed", order) == "Placed the order A-1: 12 EUR"


def test_of_a_link_only_the_page_is_kept() -> None:
    told = {"url": "https://ann:pw@shop.example/cart?email=ann@x.example#top"}
    assert read_properties(KINDS["page_viewed"], told) == {"url": "https://shop.example/cart"}


def test_what_does_not_fit_is_named_and_not_repeated() -> None:
    told = wrong("order_placed", order="ann@northwind.example", value="12", currency="EURO", colour="red")
    assert set(told) == {"order", "value", "currency", "colour"}
    assert "e-mail address" in told["order"]
    assert told["value"] == "Write a number."
    assert "ann@" not in json.dumps(told)
    assert set(wrong("order_placed", order="1")) == {"value", "currency"}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("device_read", "value", float("nan")),
        ("device_read", "value", float("inf")),
        ("device_read", "value", True),
        ("device_read", "device", ""),
        ("device_read", "device", "x" * 501),
        ("device_read", "device", "a\0b"),
        ("device_read", "device", "\ud800"),
        ("page_viewed", "url", "javascript:alert(1)"),
        ("page_viewed", "url", "//x"),
        ("trial_started", "ends_at", "2026-11-28T10:00:00"),
        ("search_done", "results", 1.5),
        ("search_done", "results", True),
        ("cart_updated", "items", [{"product": "a", "who": "b"}]),
        ("cart_updated", "items", [{"product": "a"}] * 101),
    ],
)
def test_values_of_the_wrong_type_are_refused(kind, name, value) -> None:
    assert any(field.split(".")[0] == name for field in wrong(kind, **{name: value}))


@given(st.sampled_from(sorted(KINDS)), st.dictionaries(st.text(max_size=8), st.none() | st.text() | st.floats()))
def test_whatever_is_sent_either_fits_and_can_be_stored_or_is_refused(name, told) -> None:
    kept, refused = {}, []
    try:
        kept = read_properties(KINDS[name], told)
    except ValidationError as error:
        refused = explain(error)
    assert refused or kept == {name: value for name, value in told.items() if value is not None}
    assert set(kept) <= set(KINDS[name].properties)
    json.dumps(kept, allow_nan=False)


def test_a_kind_cannot_need_what_it_cannot_hold() -> None:
    with pytest.raises(ValidationError, match="not among the properties"):
        Kind(title="X", properties={"a": "text"}, required=("b",))


def test_a_property_may_be_called_what_a_model_has_already() -> None:
    kind = Kind(title="X", properties={"copy": "text", "model_dump": "number"}, required=("copy",))
    assert read_properties(kind, {"copy": "a", "model_dump": 1}) == {"copy": "a", "model_dump": 1}
