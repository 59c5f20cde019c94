"""Conversations at http, wait_callback and tag_stage."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiled import ask, document
from conversation import Conversation, acted, effects, texts
from parley_rasa.dialogue.step_do import body_value, find_value, path_for

FLOW = {
    "slots": {"number": {}, "plan": {"field": "plan"}, "seats": {"type": "number"}, "agent": {}},
    "steps": {
        "look": {"step": "http", "connector": "crm", "method": "POST", "path": "/customers/{{ number }}/plans",
                 "query": {"q": "{{ number }}!"}, "callback": True, "failed": "sorry", "next": "tag",
                 "body": {"seats": "{{ seats }}", "text": "No. {{ number }}", "fixed": 3, "new": "{{ agent }}"},
                 "save": {"plan": "/data/0/plan", "seats": "/data/0/seats"}},
        "tag": {"step": "tag_stage", "add": ["known"], "remove": ["new"], "stage": "lead", "next": "wait"},
        "wait": {"step": "wait_callback", "seconds": 900, "timed_out": "nobody", "save": {"agent": "/agent"},
                 "next": "done"},
        "done": {"step": "end", "outcome": "completed"},
        "nobody": {"step": "end", "outcome": "no_reply"},
        "sorry": {"step": "end", "outcome": "failed"},
    },
    "wording": {"done": {"text": {"default": "{{ agent | Somebody }} is here."}},
                "nobody": {"text": {"default": "All busy."}}, "sorry": {"text": {"default": "No luck."}}},
}  # fmt: skip
NEWS = {"nlu_triggers": ["want_news"], "slots": {"topic": {}}, "steps": {"ask_topic": ask("topic")}}
FOUND = {"ok": True, "status": 200, "json": {"data": [{"plan": "pro", "seats": 12}]}}


@pytest.fixture(params=["web", "sms", "voice"])
def talk(request):
    conversation = Conversation(document(ticket=FLOW, news=NEWS), channel=request.param)
    conversation.facts = {"number": "A/7 ?", "seats": 4}
    conversation.started = conversation.start()
    return conversation


def test_a_call_is_asked_for_with_slots_quoted_in_the_path_and_typed_in_the_body(talk):
    assert talk.started["need"] == {
        "need": "http", "step": "ticket/look", "connector": "crm", "method": "POST",
        "path": "/customers/A%2F7%20%3F/plans", "query": {"q": "A/7 ?!"},
        "body": {"seats": 4, "text": "No. A/7 ?", "fixed": 3, "new": None}, "callback": True,
    }  # fmt: skip


def test_what_the_answer_holds_is_saved_captured_and_the_contact_tagged(talk):
    answer = talk.result(FOUND)
    assert (talk.slots["plan"], talk.slots["seats"]) == ("pro", 12)
    assert [effect for effect in answer["effects"] if effect["effect"] != "capture_lead"] == [
        {"effect": "tag", "add": ["known"], "remove": ["new"]}, {"effect": "set_stage", "stage": "lead"}
    ]  # fmt: skip
    assert effects(answer, "capture_lead")[0]["value"] == "pro"


@pytest.mark.parametrize(
    "result",
    [None, "broken", {"ok": False, "problem": "timeout"}, {"ok": True, "status": 200, "json": None},
     {"ok": True, "status": 200, "json": {"data": [{"plan": "pro"}]}},
     {"ok": True, "status": 200, "json": {"data": [{"plan": {"name": "pro"}, "seats": 1}]}},
     {"ok": True, "status": 200, "json": {"data": [{"plan": "x" * 1001, "seats": 1}]}}],
)  # fmt: skip
def test_a_call_that_fails_or_lacks_a_value_goes_the_other_way_and_saves_nothing(talk, result):
    answer = talk.result(result)
    assert (texts(answer), "plan" in talk.slots, talk.slots["seats"]) == (["No luck."], False, 4)


@pytest.mark.parametrize("number", ["..", None])
def test_a_path_that_lacks_its_slot_or_would_be_led_elsewhere_is_not_called(number):
    talk = Conversation(document(ticket=FLOW))
    talk.facts = {"number": number}
    assert texts(talk.start()) == ["No luck."]


def test_the_waiting_says_its_text_and_sets_a_timer(talk):
    answer = talk.result(FOUND)
    assert (texts(answer), answer["replies"][0]["input"]) == (["wait"], None)
    assert answer["timer"] == {"kind": "timed_out", "step": "ticket/wait", "seconds": 900}


def test_words_meanwhile_answer_nothing_and_do_not_prolong_the_wait(talk):
    talk.result(FOUND)
    talk.now += timedelta(minutes=5)
    answer = talk.say("hm")
    assert (texts(answer), answer["timer"]["seconds"]) == (["wait"], 600)
    assert texts(talk.say("what does it cost?", "ask_pricing"))[0] == "29 a month."


def test_the_call_back_is_saved_and_the_flow_goes_on(talk):
    talk.result(FOUND)
    answer = talk.push("callback", "ticket/wait", {"agent": "Ada"})
    assert (acted(answer), texts(answer)) == ("callback", ["Ada is here."])


def test_a_call_back_that_lacks_the_value_leaves_it_unknown(talk):
    talk.result(FOUND)
    assert texts(talk.push("callback", "ticket/wait", ["?"])) == ["Somebody is here."]


def test_when_the_time_is_over_the_flow_goes_the_other_way(talk):
    talk.result(FOUND)
    answer = talk.push("timed_out", "ticket/wait")
    assert (acted(answer), texts(answer)) == ("timer", ["All busy."])


@pytest.mark.parametrize("kind", ["callback", "timed_out"])
def test_what_comes_for_a_step_that_does_not_wait_is_ignored(talk, kind):
    talk.result(FOUND)
    before = talk.state
    for step in ("ticket/look", "ticket/unheard_of", "news/ask_topic"):
        answer = talk.push(kind, step, {"agent": "Mallory"})
        assert (acted(answer), answer["replies"], answer["state"]) == ("ignored", [], before)


def test_a_call_back_during_another_flow_is_kept_until_that_has_ended(talk):
    talk.result(FOUND)
    talk.say("I want the newsletter", "want_news")
    answer = talk.push("callback", "ticket/wait", {"agent": "Ada"})
    assert (acted(answer), texts(answer), talk.open_step) == ("callback", [], "news/ask_topic")
    assert texts(talk.say("Products and prices"))[-1] == "Ada is here."


def test_a_wait_that_ran_out_during_another_flow_is_over_when_that_has_ended(talk):
    talk.result(FOUND)
    talk.say("I want the newsletter", "want_news")
    talk.now += timedelta(hours=1)
    assert texts(talk.say("Products and prices"))[-1] == "All busy."


@given(st.text(max_size=40))
@settings(max_examples=60)
def test_no_value_leads_a_path_elsewhere(value):
    path = path_for("/a/{{ x }}/b", {"x": value})
    assert path is None or (path.count("/") == 3 and not {"?", "#", "\\", " "} & set(path) and "/../" not in path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(JSON, st.text(max_size=8))
@settings(max_examples=60)
def test_any_pointer_into_any_answer_finds_a_scalar_or_nothing(answer, pointer):
    assert isinstance(find_value(answer, f"/{pointer}"), (str, int, float, bool, type(None)))


def test_a_pointer_is_followed_as_the_standard_says():
    answer = {"a/b": [{"m~n": 0}], "no": False}
    assert [find_value(answer, pointer) for pointer in ("/a~1b/0/m~0n", "/no", "/a~1b", "/a~1b/1", "/a~1b/-1")] == [
        0, False, None, None, None
    ]  # fmt: skip


def test_a_body_value_that_only_names_a_slot_keeps_its_type():
    slots = {"n": 4, "yes": True, "zero": 0}
    values = [
        body_value(text, slots) for text in ("{{ n }}", "{{ yes }}", "n={{ n }}", "{{ zero }}", "{{ no | 5 }}", 7)
    ]
    assert values == [4, True, "n=4", 0, "5", 7]
