"""The compiled form of journeys is as docs/reference/protocols.md says, and the ready journeys are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crm.timeline.kinds import read_kinds
from flows.compiler import compile_journeys, load_content
from flows.content import Outside
from flows.journey_compiler import compile_journey
from flows.journey_steps import JourneyStep
from flows.reference_text import step_models
from tests.flows.authoring import follow_up, journey_folder

PROTOCOLS = Path("docs/reference/protocols.md")
SETTINGS = {"journey": "j", "name": "J", "description": "J.", "purpose": "marketing", "exit_when": ["opted_out"]}
ENTER = {"id": "enter", "step": "manual_or_api"}
DONE = {"id": "done", "step": "exit"}
READY = (
    "cart_reminder",
    "event_reminder",
    "lead_nurture",
    "loyalty_reward",
    "meeting_reminder",
    "no_reply_rescue",
    "payment_course",
    "re_permission",
    "renewal_reminder",
    "satisfaction_follow_up",
    "win_back",
)


def compiled(*steps, **settings):
    words = {step["id"]: {"subject": "S", "text": "T"} for step in steps if step["step"] in ("send", "reach_out")}
    return compile_journey(journey_folder(SETTINGS | settings | {"steps": list(steps)}, words).model)


def step_of(step, **settings):
    return compiled(ENTER, {"id": "it"} | step, DONE, **settings)["steps"]["it"]


def test_a_journey_without_ways_in_begins_by_hand_at_its_first_step():
    journey = compile_journey(follow_up().model)

    assert (journey["entries"], journey["first"]) == ([], "mail")
    assert journey["steps"]["mail"] == {
        "step": "send",
        "channels": ["email"],
        "purpose": "marketing",
        "next": [{"to": "done"}],
    }


def test_ways_in_are_steps_that_all_lead_past_each_other():
    bought = {"id": "bought", "step": "on_event", "kind": "order_placed", "remember": {"worth": "value"}}

    journey = compiled(bought, ENTER, DONE)

    assert (journey["entries"], journey["first"]) == (["bought", "enter"], "enter")
    assert journey["steps"]["bought"] == {
        "step": "on_event",
        "kind": "order_placed",
        "remember": {"worth": "value"},
        "next": [{"to": "done"}],
    }


def test_where_nobody_can_be_put_in_there_is_no_first_step():
    assert compiled({"id": "day", "step": "on_date", "field": "due"}, DONE)["first"] is None


def test_settings_are_written_out_and_what_was_not_said_has_its_default():
    plain, full = (
        compiled(ENTER, DONE),
        compiled(
            ENTER,
            DONE,
            re_entry={"after": "30 days"},
            goal={"kind": "order_placed", "within": "1 week", "value": "value"},
            exit_when=[
                "opted_out",
                {
                    "kind": "order_placed",
                    "where": {"property": "value", "op": "at_least", "value": 9},
                    "outcome": "paid",
                },
                {"if": {"segment": "Regulars"}, "outcome": "regular"},
            ],
            exclusive_group="promotion",
            holdout_percent=5,
        ),
    )

    assert plain["re_entry"] == "never"
    assert (plain["exit_when"], plain["exit_on"], plain["exit_if"]) == (["opted_out"], [], [])
    assert (plain["priority"], plain["frequency_class"], plain["quiet_hours"]) == (50, "normal", "defer")
    assert (plain["version_policy"], plain["holdout_percent"]) == ("pin", 0)
    assert (full["re_entry"], full["re_entry_seconds"]) == ("after", 2_592_000)
    assert full["goal"] == {"kind": "order_placed", "within_seconds": 604_800, "value": "value"}
    assert full["exit_on"] == [
        {"kind": "order_placed", "where": {"property": "value", "op": "at_least", "value": 9}, "outcome": "paid"}
    ]
    assert full["exit_if"] == [{"if": {"segment": "Regulars"}, "outcome": "regular"}]
    assert (full["exclusive_group"], full["holdout_percent"]) == ("promotion", 5)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            {"step": "score_branch", "score": "fit", "bands": [{"at_least": 60, "to": "it"}]},
            {
                "step": "score_branch",
                "score": "fit",
                "next": [{"if": {"score": "fit", "op": "at_least", "value": 60}, "to": "it"}, {"to": "done"}],
            },
        ),
        (
            {
                "step": "call",
                "flow": "talk",
                "patience": "1 day",
                "unreached": "done",
                "attempts": 2,
                "apart": "4 hours",
            },
            {
                "step": "call",
                "flow": "talk",
                "channels": ["voice"],
                "purpose": "marketing",
                "seconds": 86_400,
                "ways": {},
                "unreached": "done",
                "attempts": 2,
                "apart_seconds": 14_400,
                "next": [{"to": "done"}],
            },
        ),
        (
            {"step": "update", "set": {"plan": None}, "withdraw": ["marketing/email"]},
            {
                "step": "update",
                "set": {"plan": None},
                "add": [],
                "remove": [],
                "withdraw": ["marketing/email"],
                "next": [{"to": "done"}],
            },
        ),
        (
            {"step": "consent_gate", "channels": ["sms"], "not_allowed": "done"},
            {
                "step": "consent_gate",
                "channels": ["sms"],
                "purpose": "marketing",
                "not_allowed": "done",
                "next": [{"to": "done"}],
            },
        ),
        (
            {
                "step": "branch",
                "next": [
                    {
                        "if": {"not": {"happened": "order_placed", "within": "1 day", "at_least": 2}},
                        "to": "it",
                    },
                    {"to": "done"},
                ],
            },
            {
                "step": "branch",
                "next": [
                    {"if": {"not": {"happened": "order_placed", "within_seconds": 86_400, "at_least": 2}}, "to": "it"},
                    {"to": "done"},
                ],
            },
        ),
    ],
)
def test_a_step_compiles_to_what_outreach_reads(written, read):
    assert step_of(written) == read


def test_an_experiment_goes_on_by_its_variants_only():
    variants = [{"name": "a", "weight": 1, "to": "done"}, {"name": "b", "weight": 3, "to": "done"}]

    step = step_of({"step": "experiment", "variants": variants, "goal": {"kind": "order_placed"}})

    assert step == {
        "step": "experiment",
        "variants": variants,
        "goal": {"kind": "order_placed"},
        "stop": {"error": 0.05, "minimum": 100, "winner": "automatic"},
        "next": [],
    }


@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
def test_a_text_for_one_channel_stands_beside_the_text_for_all(language):
    words = compile_journeys(load_content())["satisfaction_follow_up"]["wording"][language]["better_now"]

    assert set(words) == {"subject", "text", "by_channel"}
    assert set(words["by_channel"]) == {"telegram"}
    assert set(compile_journeys(load_content())["win_back"]["wording"][language]["mail_news"]) == {"subject", "text"}


def test_every_step_and_every_field_of_it_is_in_the_protocol():
    rows = dict(
        re.findall(r"^\| `(\w+)` \| (.+) \|$", PROTOCOLS.read_text(encoding="utf-8").split("## 6.")[1], re.MULTILINE)
    )
    models = step_models(JourneyStep)

    assert set(models) == set(rows) - {"step"}
    renamed = {"within", "duration", "deadline", "patience", "timeout", "bands", "due", "apart", "only_if"}
    inherited = {"id", "next", "step", "purpose", "channels", "ways", "unreached", "flow"}
    for name, model in models.items():
        for field in set(model.model_fields) - renamed - inherited:
            assert f"`{field}" in rows[name], (name, field)


@pytest.mark.parametrize("name", READY)
def test_every_ready_journey_is_written_in_four_languages_and_has_tests(name):
    content = load_content()
    folder = content.journeys[name]

    assert set(folder.wording) == (set() if name == "re_permission" else {"en", "es", "fr", "de"})
    assert len(content.journey_tests[name].tests.root) >= 2
    assert folder.model.owner in content.library.teams


def test_the_ready_journeys_name_only_kinds_of_events_and_scores_that_ship():
    kinds = {name: frozenset(kind.properties) for name, kind in read_kinds().items()}

    content = load_content(
        outside=Outside(kinds=kinds, segments=frozenset(), scores=frozenset({"fit", "engagement", "intent"}))
    )

    assert set(READY) <= set(content.journeys)


def test_every_event_in_a_test_is_one_that_may_be_sent():
    kinds = read_kinds()
    tests = [(name, test) for name, file in load_content().journey_tests.items() for test in file.tests.root]
    events = [(name, one) for name, test in tests for one in test.happens if one.event]

    assert len(events) > 15
    for name, one in events:
        kind = kinds[one.event]
        assert kind.senders, (name, one.event)
        assert set(kind.required) <= set(one.data) <= set(kind.properties), (name, one.event)


def test_nobody_is_in_two_ready_journeys_that_promote_at_once_but_for_a_reward():
    promoting = {
        name: folder.model
        for name, folder in load_content().journeys.items()
        if name in READY and folder.model.purpose == "marketing"
    }

    assert {name for name, model in promoting.items() if model.exclusive_group != "promotion"} == {"loyalty_reward"}
