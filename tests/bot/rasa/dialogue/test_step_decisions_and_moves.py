"""Conversations at branch with facts, split, set, handoff with hours and move_channel."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiled import ask, document
from conversation import Conversation, acted, effects, texts
from parley_rasa.dialogue.step_decide import variant_for

CHANNELS = ["web", "sms", "voice"]
END = {"step": "end", "outcome": "completed"}


def said(**more):
    return {name: {"text": {"default": text}} for name, text in more.items()}


def conversation(channel="web", teams=None, **flow):
    made = document(main=flow)
    made["teams"] = teams or {}
    return Conversation(made, channel=channel)


BRANCH = {
    "steps": {"by": {"step": "branch", "next": [
        {"if": {"fact": "channel", "op": "is", "value": "sms"}, "to": "texting"},
        {"if": {"any": [{"fact": "score", "op": "at_least", "value": 40},
                        {"fact": "tag_vip", "op": "is", "value": True}]}, "to": "hot"}, {"to": "cold"}]},
              "texting": END, "hot": END, "cold": END},
    "wording": said(texting="Texting.", hot="Hot.", cold="Cold."),
}  # fmt: skip


@pytest.mark.parametrize(
    ("result", "text"),
    [({"score": 40, "tags": []}, "Hot."), ({"tags": ["vip"]}, "Hot."), ({}, "Cold."), (None, "Cold.")],
)
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_branch_on_what_the_platform_knows_asks_for_it_once(channel, result, text):
    talk = conversation(channel, **BRANCH)
    assert talk.start()["need"] == {"need": "facts", "step": "main/by"}
    assert texts(talk.result(result)) == (["Texting."] if channel == "sms" else [text])


def test_a_branch_on_channel_and_slots_asks_the_platform_nothing():
    flow = {"steps": {"by": {"step": "branch", "next": [BRANCH["steps"]["by"]["next"][0], {"to": "cold"}]},
                      "texting": END, "cold": END}}  # fmt: skip
    assert conversation("sms", **flow, wording=BRANCH["wording"] | said()).start()["need"] is None


SPLIT = {
    "slots": {"x": {}},
    "steps": {"try": {"step": "split", "goal": "bought", "variants": [
        {"name": "short", "weight": 1, "to": "ask_a"}, {"name": "long", "weight": 1, "to": "ask_b"},
        {"name": "off", "weight": 0, "to": "ask_a"}]},
              "ask_a": ask("x", next="again"), "ask_b": ask("x", next="again"),
              "again": {"step": "set", "slot": "x", "value": None, "next": "try"}},
}  # fmt: skip


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_split_assigns_once_and_sends_the_same_way_again(channel):
    talk = conversation(channel, **SPLIT)
    answer = talk.start()
    variant = effects(answer, "assign_variant")[0]
    assert variant == {"effect": "assign_variant", "step": "main/try", "variant": variant["variant"], "goal": "bought"}
    before, talk.subject = talk.open_step, "somebody known by now"
    again = talk.say("Blue is nice")
    assert (effects(again, "assign_variant"), talk.open_step) == ([], before)


def test_setting_nothing_forgets_a_slot_even_one_that_was_left_out():
    talk = conversation(**SPLIT)
    talk.start()
    talk.state["declined"] = ["x"]
    talk.say("Blue is nice")
    assert ("x" in talk.slots, talk.state["declined"]) == (False, [])


@given(st.uuids(), st.lists(st.integers(0, 5), min_size=2, max_size=4).filter(any))
@settings(max_examples=50)
def test_the_same_subject_always_gets_the_same_variant_and_never_one_without_weight(subject, weights):
    variants = [{"name": str(index), "weight": weight} for index, weight in enumerate(weights)]
    chosen = [variant_for(str(subject), "flow/step", variants) for _ in range(2)]
    assert chosen[0] == chosen[1]
    assert weights[int(chosen[0])] > 0


def test_variants_are_shared_out_by_their_weights():
    variants = [{"name": "a", "weight": 3}, {"name": "b", "weight": 1}]
    shares = Counter(variant_for(f"contact {number}", "flow/step", variants) for number in range(4000))
    assert 2850 < shares["a"] < 3150


def test_a_split_without_any_weight_is_an_error():
    with pytest.raises(ValueError, match="weight"):
        variant_for("s", "flow/step", [{"name": "a", "weight": 0}])


TEAMS = {"sales": {"zone": "Europe/Berlin", "hours": {"mon": ["09:00-17:00"]}, "closed": []}}
HANDOFF = {"steps": {"over": {"step": "handoff", "team": "sales"}},
           "wording": {"over": {"text": {"default": "Here they are."},
                                "closed": {"default": "They answer tomorrow."}}}}  # fmt: skip
EVENING = datetime(2026, 11, 23, 19, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize("channel", CHANNELS)
def test_within_its_hours_the_team_takes_over(channel):
    answer = conversation(channel, TEAMS, **HANDOFF).start()
    assert texts(answer) == ["Here they are."]
    assert effects(answer, "hand_off") == [{"effect": "hand_off", "team": "sales", "reason": "flow", "open": True}]


@pytest.mark.parametrize("channel", CHANNELS)
def test_outside_its_hours_the_visitor_is_told_and_handed_off_all_the_same(channel):
    talk = conversation(channel, TEAMS, **HANDOFF)
    talk.now = EVENING
    answer = talk.start()
    assert texts(answer) == ["They answer tomorrow."]
    assert effects(answer, "hand_off")[0]["open"] is False
    assert answer["state"]["handed_off"]


@pytest.mark.parametrize("channel", CHANNELS)
def test_outside_its_hours_a_fallback_is_taken_instead(channel):
    flow = {"slots": {"mail": {"type": "email"}},
            "steps": {"over": {"step": "handoff", "team": "sales", "fallback": "leave"},
                      "leave": ask("mail", "ask_email")}}  # fmt: skip
    talk = conversation(channel, TEAMS, **flow)
    talk.now = EVENING
    answer = talk.start()
    assert (effects(answer, "hand_off"), texts(answer)) == ([], ["leave"])


def test_who_asks_for_a_person_outside_hours_is_told_so():
    flow = {"slots": {"x": {}}, "steps": {"ask_x": ask("x", next="over"), **HANDOFF["steps"]}}
    talk = conversation("web", TEAMS, **flow)
    talk.start()
    talk.now = EVENING
    answer = talk.say("person")
    assert (texts(answer), effects(answer, "hand_off")[0]["open"]) == (["<closed>"], False)


MOVE = {"slots": {"x": {}},
        "steps": {"move": {"step": "move_channel", "channels": ["sms"], "retries": 2, "next": "ask_x"},
                  "ask_x": ask("x")},
        "wording": {"move": {"text": {"default": "Code {{ code }}, {{ link | no link }}."}, "again": {"default": "?"},
                             "choices": {"stay": {"default": "Stay here"}},
                             "retry": {"default": "Stay or move?"}}}}  # fmt: skip


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_code_is_asked_for_and_shown_and_who_stays_goes_on(channel):
    talk = conversation(channel, **MOVE)
    assert talk.start()["need"] == {"need": "resume_code", "step": "main/move", "channels": ["sms"]}
    answer = talk.result({"code": "K7M2QX", "link": None})
    assert (texts(answer), answer["replies"][0]["choices"]) == (
        ["Code K7M2QX, no link."], [{"value": "stay", "label": "Stay here"}]
    )  # fmt: skip
    assert texts(talk.say("banana")) == ["Stay or move?"]
    assert texts(talk.say("no, stay here")) == ["ask_x"]


def test_a_question_in_between_shows_the_code_again():
    talk = conversation(**MOVE)
    talk.start()
    talk.result({"code": "K7M2QX", "link": "https://example.com/r"})
    assert texts(talk.say("what does it cost?", "ask_pricing"))[-1] == "Code K7M2QX, https://example.com/r."


def test_on_the_other_channel_the_talk_goes_on_behind_the_code():
    talk = conversation(**MOVE)
    talk.start()
    talk.result({"code": "K7M2QX", "link": None})
    talk.channel = "sms"
    answer = talk.push("resume")
    assert (acted(answer), texts(answer)) == ("resumed", ["<welcome_back>", "ask_x"])


@pytest.mark.parametrize("result", [None, {}, {"code": ""}])
def test_without_a_code_the_talk_goes_on_here(result):
    talk = conversation(**MOVE)
    talk.start()
    assert texts(talk.result(result)) == ["ask_x"]
