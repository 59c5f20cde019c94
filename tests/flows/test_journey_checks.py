"""What is wrong with a journey is told by the step, so that nobody finds out by a message that should not have left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flows.checks import check_content
from flows.content import Content, JourneyTestFile, Outside
from flows.journey_test_models import JourneyTests
from flows.parsing import parse_model
from tests.flows.authoring import content_of, flow_folder, follow_up, journey_folder, marks_of
from tests.flows.random_flows import flow_of, words_for

ENTER = {"id": "enter", "step": "manual_or_api"}
MAIL = {"id": "mail", "step": "send", "channels": ["email"]}
WAIT = {"id": "wait", "step": "wait_for", "duration": "1 day"}
DONE = {"id": "done", "step": "exit"}
LEAVE = {"id": "leave", "step": "exit", "outcome": "left"}
SETTINGS = {"journey": "j", "name": "J", "description": "J.", "purpose": "marketing", "exit_when": ["opted_out"]}
LETTER = {"subject": "S", "text": "T"}

HELLO = [{"id": "hi", "step": "ai_notice"}, {"id": "bye", "step": "end"}]
ASKING = [
    {"id": "hi", "step": "ai_notice"},
    {"id": "ask", "step": "ask_choice", "slot": "goal", "choices": ["buy", "look"]},
    {"id": "no", "step": "end", "outcome": "declined"},
]
ALL_WAYS = {"no_reply": "leave", "wrong_person": "leave", "asked_for_person": "leave", "declined": "leave"}
TALK = {
    "id": "talk",
    "step": "converse",
    "flow": "asking",
    "channels": ["email"],
    "patience": "2 days",
    "unreached": "leave",
    "ways": ALL_WAYS,
}
CALL = {"id": "ring", "step": "call", "patience": "1 day", "unreached": "done", "ways": {"no_reply": "done"}}
OUTSIDE = Outside(
    kinds={"order_placed": frozenset({"value"}), "page_viewed": frozenset({"url"})},
    segments=frozenset({"Regulars"}),
    connectors=frozenset({"crm"}),
    scores=frozenset({"fit", "engagement"}),
)


def content_with(*steps: dict[str, Any], **settings: Any) -> Content:
    wording = {step["id"]: LETTER for step in steps if step["step"] in ("send", "call")}
    journey = journey_folder(SETTINGS | settings | {"steps": list(steps)}, wording)
    flows = [flow_folder(flow_of(name, found), words_for(found)) for name, found in FLOWS.items()]
    return replace(content_of(*flows, journeys=(journey,)), outside=OUTSIDE)


FLOWS = {"hello": HELLO, "asking": ASKING}


def broken(*steps: dict[str, Any], **settings: Any) -> list[tuple[str, str | None]]:
    return [(error.rule, error.step) for error in check_content(content_with(*steps, **settings))]


def on_event(**changes: Any) -> dict[str, Any]:
    return {"id": "enter", "step": "on_event", "kind": "order_placed"} | changes


def test_several_ways_in_lead_to_the_first_step_after_them():
    second = on_event(id="bought")

    assert broken(ENTER, second, MAIL, DONE) == []


def test_a_way_in_that_leads_nowhere_is_refused():
    other = on_event(id="bought", next="mail")

    assert broken(other, MAIL, DONE, ENTER) == [("entry.leads_nowhere", "enter"), ("exit.missing", "enter")]


def test_a_way_back_to_a_way_in_is_refused():
    assert ("target.entry", "wait") in broken(ENTER, MAIL, WAIT | {"next": "enter"}, DONE)


def test_paths_may_join_and_a_step_no_path_meets_is_told():
    split = {
        "id": "split",
        "step": "branch",
        "next": [{"if": {"fact": "score", "op": "known"}, "to": "mail"}, {"to": "wait"}],
    }

    assert broken(ENTER, split, MAIL, WAIT, DONE) == []
    assert broken(ENTER, MAIL | {"next": "done"}, WAIT, DONE) == [("step.unreachable", "wait")]


@pytest.mark.parametrize(
    ("waiting", "rules"),
    [
        (WAIT, []),
        ({"id": "wait", "step": "wait_until", "at": "09:00"}, []),
        ({"id": "wait", "step": "wait_event", "kind": "order_placed", "timeout": "1 day", "timed_out": "again"}, []),
        (
            {
                "id": "wait",
                "step": "wait_event",
                "kind": "order_placed",
                "since": "entry",
                "timeout": "1 day",
                "timed_out": "again",
            },
            ["loop.endless"],
        ),
        ({"id": "wait", "step": "wait_until", "field": "due", "missing": "done"}, ["loop.endless"]),
        ({"id": "wait", "step": "best_time", "within": "2 days"}, ["loop.endless"]),
    ],
)
def test_only_steps_that_always_wait_keep_a_loop_from_running_away(waiting, rules):
    again = {
        "id": "again",
        "step": "branch",
        "next": [{"if": {"fact": "due", "op": "known"}, "to": "mail"}, {"to": "done"}],
    }

    found = broken(ENTER, MAIL, waiting, again, DONE, facts={"due": "a day"})

    assert [rule for rule, _ in found] == rules


def test_every_end_is_an_exit():
    assert broken(ENTER, MAIL) == [("exit.missing", "mail")]


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        (on_event(kind="order_plcaed"), "event.unknown"),
        (on_event(where={"property": "amount", "op": "at_least", "value": 3}), "event.property"),
        (on_event(remember={"what": "item"}), "event.property"),
        (on_event(where={"fact": "score", "op": "known"}), "condition.where"),
        (on_event(only_if={"property": "value", "op": "known"}), "condition.property"),
        (on_event(only_if={"fact": "shoe_size", "op": "known"}), "fact.unknown"),
        (on_event(only_if={"score": "luck", "op": "at_least", "value": 3}), "score.unknown"),
        ({"id": "enter", "step": "on_segment", "segment": "Iregulars"}, "segment.unknown"),
        ({"id": "enter", "step": "on_date", "field": "birthday"}, "fact.unknown"),
        (
            {"id": "enter", "step": "on_conversation_outcome", "flow": "shouting", "outcomes": ["declined"]},
            "flow.unknown",
        ),
        ({"id": "enter", "step": "on_conversation_outcome", "flow": "asking", "outcomes": ["bought"]}, "outcome.never"),
    ],
)
def test_a_way_in_names_only_what_exists(step, rule):
    assert broken(step, MAIL, DONE) == [(rule, "enter")]


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        ({"step": "webhook_connector", "connector": "crn", "failed": "done"}, "connector.unknown"),
        ({"step": "webhook_connector", "connector": "crm", "path": "/{{ nobody }}", "failed": "done"}, "fact.unknown"),
        ({"step": "task_or_notify", "team": "salse", "text": "Look"}, "team.unknown"),
        ({"step": "task_or_notify", "team": "sales", "text": "Ask {{ nobody }}"}, "fact.unknown"),
        ({"step": "task_or_notify", "team": "sales", "text": "Ask {{ nobody"}, "wording.braces"),
        ({"step": "score_branch", "score": "luck", "bands": [{"at_least": 1, "to": "done"}]}, "score.unknown"),
        ({"step": "adjust_score_stage", "score": "total", "points": 5, "reason": "R"}, "score.total"),
        ({"step": "wait_until", "field": "birthday", "missing": "done"}, "fact.unknown"),
        ({"step": "send", "channels": ["email"], "purpose": "profiling"}, "send.purpose"),
        (
            {"step": "branch", "next": [{"if": {"segment": "Iregulars"}, "to": "done"}, {"to": "mail"}]},
            "segment.unknown",
        ),
        (
            {"step": "branch", "next": [{"if": {"not": {"happened": "sneezed"}}, "to": "done"}, {"to": "mail"}]},
            "event.unknown",
        ),
    ],
)
def test_a_step_names_only_what_exists(step, rule):
    assert broken(ENTER, {"id": "it"} | step, MAIL, DONE) == [(rule, "it")]


def test_what_was_not_looked_up_is_not_refused():
    content = replace(content_with(on_event(kind="anything"), MAIL, DONE), outside=Outside())

    assert check_content(content) == []


def test_what_a_journey_declares_writes_or_remembers_it_may_name():
    remembering = on_event(remember={"worth": "value"})
    write = {"id": "write", "step": "update", "set": {"plan": "gold"}}
    tell = {"id": "tell", "step": "task_or_notify", "team": "sales", "text": "{{ worth }} {{ plan }} {{ size }}"}

    assert broken(remembering, write, tell, DONE, facts={"size": "shoe size"}) == []


def test_a_talk_with_all_its_ways_passes():
    assert broken(ENTER, TALK, DONE, LEAVE) == []


@pytest.mark.parametrize("outcome", sorted(ALL_WAYS))
def test_an_outcome_without_a_way_is_told(outcome):
    ways = {name: to for name, to in ALL_WAYS.items() if name != outcome}

    assert broken(ENTER, TALK | {"ways": ways}, DONE, LEAVE) == [("outcome.no_way", "talk")]


def test_what_ends_the_journey_needs_no_way():
    ways = {name: to for name, to in ALL_WAYS.items() if name != "asked_for_person"}

    assert broken(ENTER, TALK | {"ways": ways}, DONE, LEAVE, exit_when=["opted_out", "handed_off"]) == []


def test_a_way_for_an_outcome_that_never_comes_is_told():
    assert broken(ENTER, TALK | {"ways": ALL_WAYS | {"booked": "leave"}}, DONE, LEAVE) == [("outcome.never", "talk")]


def test_a_talk_by_an_unknown_flow_is_told():
    assert broken(ENTER, TALK | {"flow": "shouting"}, DONE, LEAVE)[0] == ("flow.unknown", "talk")


def test_a_flow_that_a_journey_begins_must_say_by_itself_that_it_is_automated():
    quiet = [ASKING[1], ASKING[2]]
    # It is led to by another flow, which gives the notice; but a journey begins with it.
    calling = [HELLO[0], {"id": "over", "step": "jump", "flow": "asking"}]
    flows = {"hello": calling, "asking": quiet}
    folders = [flow_folder(flow_of(name, found), words_for(found)) for name, found in flows.items()]
    content = content_with(ENTER, TALK, DONE, LEAVE)
    talked = replace(content, flows={folder.name: folder for folder in folders})

    assert [error.rule for error in check_content(replace(talked, journeys={}))] == []
    assert {error.rule for error in check_content(talked)} == {"notice.late"}


@pytest.mark.parametrize("outcome", ["opted_out", "wrong_person"])
def test_nothing_is_promoted_after_a_stop_or_to_the_wrong_person(outcome):
    ways = ALL_WAYS | {outcome: "wait"}

    found = broken(ENTER, TALK | {"ways": ways, "next": "wait"}, WAIT, MAIL, DONE, LEAVE)

    assert found == [("promotion.after_stop", "talk")]


def test_a_call_that_promotes_needs_a_gate_for_calls_before_it():
    gate = {"id": "gate", "step": "consent_gate", "channels": ["voice"], "not_allowed": "done"}

    assert broken(ENTER, CALL, DONE) == [("call.no_gate", "ring")]
    assert broken(ENTER, gate, CALL, DONE) == []
    assert broken(ENTER, gate | {"channels": ["voice", "sms"]}, CALL, DONE) == [("call.no_gate", "ring")]
    assert broken(ENTER, CALL | {"purpose": "service"}, DONE) == []


def test_a_refusal_of_a_gate_is_not_passed_over():
    gate = {"id": "gate", "step": "consent_gate", "channels": ["email"], "not_allowed": "wait"}
    by_sms = {"id": "mail", "step": "send", "channels": ["sms"]}

    assert broken(ENTER, gate, WAIT, MAIL, DONE) == [("gate.ignored", "gate")]
    assert broken(ENTER, gate, WAIT, by_sms, DONE) == []


def test_promotion_is_never_essential():
    assert broken(ENTER, MAIL, DONE, frequency_class="essential") == [("frequency.essential", None)]
    service = {"purpose": "service", "exit_when": [], "frequency_class": "essential"}
    assert broken(ENTER, MAIL, DONE, **service) == []
    assert broken(ENTER, MAIL | {"purpose": "marketing"}, DONE, **service) == [
        ("exit.opt_out", None),
        ("frequency.essential", None),
    ]


def test_an_owner_is_a_team():
    assert broken(ENTER, MAIL, DONE, owner="nobody") == [("team.unknown", None)]


def test_a_goal_and_an_exit_name_kinds_that_exist():
    goal = {"kind": "order_placed", "value": "colour"}
    leaving = ["opted_out", {"kind": "sneezed", "outcome": "gone"}]

    assert broken(ENTER, MAIL, DONE, goal=goal) == [("event.property", None)]
    assert broken(ENTER, MAIL, DONE, exit_when=leaving) == [("event.unknown", None)]


def test_nobody_can_be_put_into_a_journey_that_has_only_other_ways_in():
    link = {"id": "done", "step": "exit", "link_journey": "follow_up"}
    content = content_with(ENTER, MAIL, link)
    begins = follow_up()
    by_event = journey_folder(SETTINGS | {"journey": "follow_up", "steps": [on_event(), MAIL, DONE]}, {"mail": LETTER})

    def with_target(target):
        journeys = {**content.journeys, **({"follow_up": target} if target else {})}
        return [error.rule for error in check_content(replace(content, journeys=journeys))]

    assert with_target(None) == ["journey.unknown"]
    assert with_target(begins) == []
    assert with_target(by_event) == ["journey.no_way_in"]


def test_a_flow_starts_only_journeys_that_one_can_be_put_into():
    starting = [
        HELLO[0],
        {"id": "go", "step": "start_journey", "journey": "j"},
        HELLO[1],
    ]
    content = content_with(on_event(), MAIL, DONE, purpose="service")
    folder = flow_folder(flow_of("hello", starting), words_for(starting))

    rules = {error.rule for error in check_content(replace(content, flows={**content.flows, "hello": folder}))}

    assert rules == {"journey.no_way_in"}


def test_journeys_that_lead_on_to_each_other_must_wait():
    def linked(name, to, *between):
        steps = [ENTER, *between, {"id": "done", "step": "exit", "link_journey": to}]
        return journey_folder(SETTINGS | {"journey": name, "steps": steps}, {})

    content = content_with(ENTER, MAIL, DONE)

    def rules(*between):
        journeys = {"one": linked("one", "two"), "two": linked("two", "one", *between)}
        return [error.rule for error in check_content(replace(content, journeys=journeys))]

    assert rules() == ["loop.endless"]
    assert rules(WAIT) == []


@pytest.mark.parametrize(
    ("steps", "letter", "rule"),
    [
        ([MAIL], None, "wording.missing"),
        ([MAIL], {"text": "T"}, "wording.missing"),
        ([MAIL], LETTER | {"text": {"default": "T", "sms": "S"}}, "wording.unused"),
        ([MAIL | {"channels": ["sms"]}], {"text": "x" * 641}, "wording.long"),
        ([MAIL | {"channels": ["email", "sms"]}], LETTER | {"text": {"default": "x" * 641, "sms": "S"}}, None),
        ([WAIT], None, None),
    ],
)
def test_what_speaks_has_words_that_fit(steps, letter, rule):
    journey = journey_folder(SETTINGS | {"steps": [ENTER, *steps, DONE]}, {"mail": letter} if letter else {})
    content = replace(content_with(ENTER, DONE), journeys={"j": journey})

    assert [error.rule for error in check_content(content)] == ([rule] if rule else [])


@pytest.mark.parametrize(
    "change",
    [
        {"people": {"ada": {"answers": {"talk": {"outcome": "bought", "after": "1 hour"}}}}},
        {"people": {"ada": {"answers": {"chat": {"outcome": "declined", "after": "1 hour"}}}}},
        {"people": {"ada": {"zone": "Europe/Berlyn"}}},
        {"expect": {"ada": {"stands_on": "nowhere"}}},
        {"expect": {"ada": {"outcome": "x", "sends": [{"step": "nowhere", "channel": "email"}]}}},
    ],
)
def test_tests_of_journeys_name_only_what_exists(change):
    content = content_with(ENTER, TALK, DONE, LEAVE)
    test = {
        "name": "a test",
        "begins": "2026-03-03T10:00:00+00:00",
        "lasts": "1 day",
        "people": {"ada": {}},
        "happens": [{"person": "ada", "put_in": True}],
        "expect": {"ada": {"outcome": "x"}},
    }

    def rules(written):
        errors = []
        marks = marks_of([written], "tests.yml")
        tests = parse_model(JourneyTests, marks, errors)
        assert tests is not None, errors
        return [
            error.rule for error in check_content(replace(content, journey_tests={"j": JourneyTestFile(marks, tests)}))
        ]

    assert rules(test) == []
    assert rules(test | change) == ["test.unknown"]
