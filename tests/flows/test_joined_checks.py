"""Flows that call and jump to each other: they exist, wait, end, and keep on the way what the law asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.checks import check_content
from flows.content import Content
from flows.joined_checks import check_joined
from flows.path_walk import roots_of
from tests.flows.authoring import content_of, flow_folder, follow_up
from tests.flows.random_flows import ASK, SLOTS, flow_of, words_for

NOTICE = {"id": "notice", "step": "ai_notice"}
END = {"id": "finish", "step": "end"}
WORD = {"id": "word", "step": "ask_text", "slot": "word", "skip_if_known": False}
BEGIN = {"id": "begin", "step": "start_journey", "journey": "follow_up"}
GIVEN = {"slot": "agreed", "op": "is", "value": "given"}
BY_CONSENT = {"id": "by_consent", "step": "branch", "next": [{"if": GIVEN, "to": "begin"}, {"to": "finish"}]}


def call(flow: str, **more: Any) -> dict[str, Any]:
    return {"id": f"call_{flow}", "step": "call_flow", "flow": flow, **more}


def jump(flow: str, **more: Any) -> dict[str, Any]:
    return {"id": f"jump_{flow}", "step": "jump", "flow": flow, **more}


def content_with(guards: dict[str, Any] | None = None, **flows: list[dict[str, Any]]) -> Content:
    folders = [
        flow_folder(
            flow_of(name, steps) | ({"guard": guards[name]} if guards and name in guards else {}), words_for(steps)
        )
        for name, steps in flows.items()
    ]
    return content_of(*folders, journeys=(follow_up(),))


def rules_of(content: Content) -> set[tuple[str, str | None]]:
    return {(error.rule, error.step) for error in check_content(content)}


def test_flows_that_call_each_other_without_a_question_never_come_to_rest():
    content = content_with(
        one=[NOTICE, call("two"), END],
        two=[{"id": "say", "step": "message"}, call("one"), {"id": "b", "step": "return"}],
    )

    assert [error.step for error in check_joined(content) if error.rule == "loop.endless"] == ["call_two"]


def test_flows_that_jump_to_each_other_without_a_question_never_come_to_rest():
    fork = {"id": "fork", "step": "branch", "next": [{"if": GIVEN, "to": "finish"}, {"to": "jump_two"}]}
    content = content_with(one=[NOTICE, fork, jump("two"), END], two=[jump("one", at="fork")])

    assert ("loop.endless", "jump_two") in rules_of(content)


def test_a_question_in_the_called_flow_makes_the_loop_wait():
    again = {"id": "again", "step": "branch", "next": [{"if": GIVEN, "to": "finish"}, {"to": "call_two"}]}
    content = content_with(one=[NOTICE, call("two"), again, END], two=[WORD, {"id": "back", "step": "return"}])

    assert rules_of(content) == set()


def test_a_question_only_on_one_way_through_the_called_flow_does_not():
    again = {"id": "again", "step": "branch", "next": [{"if": GIVEN, "to": "finish"}, {"to": "call_two"}]}
    fork = {"id": "fork", "step": "branch", "next": [{"if": GIVEN, "to": "back"}, {"to": "word"}]}
    content = content_with(one=[NOTICE, call("two"), again, END], two=[fork, WORD, {"id": "back", "step": "return"}])

    assert rules_of(content) == {("loop.endless", "call_two")}


def test_a_guarded_flow_may_be_passed_over_and_then_nothing_waits():
    again = {"id": "again", "step": "branch", "next": [{"if": GIVEN, "to": "finish"}, {"to": "call_two"}]}
    content = content_with(
        {"two": {"slot": "goal", "op": "unknown"}},
        one=[NOTICE, call("two"), again, END],
        two=[WORD, {"id": "back", "step": "return"}],
    )

    assert rules_of(content) == {("loop.endless", "call_two")}


def test_calling_the_same_flow_twice_is_no_loop():
    two = [{"id": "say", "step": "message"}, {"id": "back", "step": "return"}]
    content = content_with(one=[NOTICE, call("two"), call("two") | {"id": "once_more"}, END], two=two)

    assert rules_of(content) == set()


def test_flows_that_only_lead_on_to_each_other_never_end():
    content = content_with(one=[NOTICE, WORD, jump("two")], two=[WORD, jump("one")])

    assert rules_of(content) >= {("end.unreachable", "jump_two"), ("end.unreachable", "jump_one")}


def test_what_follows_a_call_of_a_flow_without_end_is_never_met():
    content = content_with(one=[NOTICE, call("two"), END], two=[WORD, jump("two")])

    assert ("end.unreachable", "call_two") in rules_of(content)


def test_a_called_flow_begins_with_what_its_caller_established():
    content = content_with(
        one=[NOTICE, ASK, BY_CONSENT | {"next": [{"if": GIVEN, "to": "call_two"}, {"to": "finish"}]}, call("two"), END],
        two=[BEGIN, END],
    )

    assert rules_of(content) == set()


def test_one_caller_that_did_not_ask_is_enough_to_refuse():
    content = content_with(
        one=[NOTICE, ASK, BY_CONSENT | {"next": [{"if": GIVEN, "to": "call_two"}, {"to": "finish"}]}, call("two"), END],
        other=[NOTICE, call("two"), END],
        two=[BEGIN, END],
    )

    assert rules_of(content) == {("consent.not_asked", "begin")}


def test_what_a_called_flow_asked_holds_for_its_caller():
    content = content_with(
        one=[NOTICE, call("two"), BY_CONSENT, BEGIN, END], two=[ASK, {"id": "back", "step": "return"}]
    )

    assert rules_of(content) == set()


def test_what_a_guarded_flow_would_have_asked_does_not():
    content = content_with(
        {"two": {"slot": "goal", "op": "unknown"}},
        one=[NOTICE, call("two"), BY_CONSENT, BEGIN, END],
        two=[ASK, {"id": "back", "step": "return"}],
    )

    assert rules_of(content) == {("consent.not_asked", "begin")}


def test_a_flow_that_an_intent_starts_is_judged_alone_too():
    flows = {"one": [NOTICE, call("two"), END], "two": [WORD, {"id": "back", "step": "return"}]}
    content = content_with(**flows)
    two = flow_folder(flow_of("two", flows["two"], nlu_triggers=["ask_two"]), words_for(flows["two"]))
    started = content_of(content.flows["one"], two, journeys=(follow_up(),))

    assert rules_of(content) == set()
    assert rules_of(started) == {("notice.late", "word")}


def test_a_jump_takes_along_what_was_established_and_returns_to_the_caller():
    content = content_with(
        one=[NOTICE, call("two"), BY_CONSENT, BEGIN, END],
        two=[{"id": "say", "step": "message"}, jump("three", at="consent")],
        three=[NOTICE, ASK, {"id": "back", "step": "return"}],
    )

    assert rules_of(content) == set()


def test_a_slot_that_lasts_for_one_flow_is_forgotten_when_the_flow_begins():
    two = flow_of("two", [BEGIN, END], slots=SLOTS | {"agreed": SLOTS["agreed"] | {"lasts": "flow"}})
    one = [NOTICE, ASK, BY_CONSENT | {"next": [{"if": GIVEN, "to": "call_two"}, {"to": "finish"}]}, call("two"), END]
    content = content_of(
        flow_folder(flow_of("one", one), words_for(one)),
        flow_folder(two, words_for([BEGIN, END])),
        journeys=(follow_up(),),
    )

    assert rules_of(content) == {("consent.not_asked", "begin")}


def test_flows_that_only_call_each_other_are_judged_all_the_same():
    content = content_with(
        one=[NOTICE, END],
        two=[
            WORD,
            {"id": "fork", "step": "branch", "next": [{"if": GIVEN, "to": "finish"}, {"to": "call_three"}]},
            call("three"),
            END,
        ],
        three=[call("two"), END],
    )

    assert list(roots_of(content.flows, "one")) == ["one", "two"]
    assert ("notice.late", "word") in rules_of(content)


@settings(max_examples=40)
@given(calls=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans()), max_size=8))
def test_calls_are_endless_exactly_when_they_come_round_without_a_question(calls):
    """Five flows call each other, before or after the question each asks; who was called has asked when it is back."""
    flows: dict[str, list[dict[str, Any]]] = {}
    for one in range(5):
        before = [call(f"f{to}") | {"id": f"b{n}"} for n, (by, to, early) in enumerate(calls) if by == one and early]
        after = [call(f"f{to}") | {"id": f"a{n}"} for n, (by, to, early) in enumerate(calls) if by == one and not early]
        flows[f"f{one}"] = [*before, NOTICE, WORD, *after, END]

    found = {error.rule for error in check_joined(content_with(**flows))}

    first = {by: to for by, to, early in reversed(calls) if early}
    assert ("loop.endless" in found) is _comes_round(set(first.items()))


def _comes_round(edges: set[tuple[int, int]]) -> bool:
    reached = set(edges)
    for _ in range(5):
        reached |= {(a, d) for a, b in reached for c, d in edges if b == c}
    return any(a == b for a, b in reached)


@pytest.mark.parametrize("unread", [frozenset({"lost"}), frozenset()])
def test_a_flow_that_could_not_be_read_is_not_called_unknown(unread):
    content = replace(content_with(one=[NOTICE, call("lost"), END]), unread=unread)

    assert rules_of(content) == (set() if unread else {("flow.unknown", "call_lost")})
