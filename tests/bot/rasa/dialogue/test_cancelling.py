"""Breaking off a flow, and requests that no flow can take away."""

from __future__ import annotations

import pytest
from test_stack import ADDRESS, NEWS, ORDER, ended, shop

from compiled import ask, document
from conversation import Conversation, acted, effects, texts


@pytest.mark.parametrize("text", ["never mind", "Forget it.", "cancel", "oh, cancel that please", "nevermind, thanks"])
def test_plain_words_break_off_the_only_flow_and_nothing_is_open_then(text):
    talk = shop()
    talk.start()
    answer = talk.say(text)
    assert (acted(answer), texts(answer), ended(answer)) == ("cancelled", ["<cancelled>"], [("order", "cancelled")])
    assert (talk.state["stack"], talk.state["ended"]) == ([], "cancelled")


@pytest.mark.parametrize(
    ("text", "breaks_off"),
    [("please cancel the order", True), ("cancel the order please", True), ("cancel my contract", False)],
)
def test_naming_the_running_flow_breaks_it_off_naming_something_else_does_not(text, breaks_off):
    talk = shop()
    talk.start()
    assert (acted(talk.say(text)) == "cancelled") is breaks_off


def test_the_intent_does_so_too_when_it_is_sure_enough():
    talk = shop()
    talk.start()
    assert acted(talk.say("let us drop the whole thing", "cancel", 0.8)) == "cancelled"
    talk = shop()
    talk.start()
    assert acted(talk.say("let us drop the whole thing", "cancel", 0.5)) != "cancelled"


def test_cancelling_an_interruption_resumes_what_it_interrupted():
    talk = shop()
    talk.start()
    talk.say("send me the newsletter", "want_news")
    answer = talk.say("never mind")
    assert texts(answer) == ["<cancelled>", "<resume>", "ask_item"]
    assert (ended(answer), talk.open_step) == ([("news", "cancelled")], "order/ask_item")


def test_cancelling_a_called_flow_cancels_its_caller_as_well():
    talk = shop()
    talk.start()
    talk.say("a lamp")
    answer = talk.say("never mind")
    assert ended(answer) == [("address", "cancelled"), ("order", "cancelled")]
    assert talk.state["stack"] == []


def test_at_a_question_that_may_be_left_out_the_same_words_leave_it_out():
    flow = {
        "slots": {"name": {}, "topic": {}},
        "steps": {"ask_name": ask("name", optional=True, next="ask_topic"), "ask_topic": ask("topic")},
    }
    talk = Conversation(document(talk=flow))
    talk.start()
    assert texts(talk.say("never mind")) == ["<left_out>", "ask_topic"]


def test_a_choice_that_is_called_so_is_an_answer_and_breaks_nothing_off():
    flow = {
        "slots": {"what": {"type": "choice"}},
        "steps": {
            "ask_what": ask("what", "ask_choice", choices=["change", "cancel"], next="noted"),
            "noted": {"step": "message"},
        },
    }
    talk = Conversation(document(talk=flow))
    talk.start()
    assert (texts(talk.say("cancel")), talk.slots["what"]) == (["noted"], "cancel")


def test_by_phone_the_carriers_word_stays_an_opt_out():
    talk = Conversation(document(order=ORDER, address=ADDRESS, news=NEWS), channel="sms")
    talk.start()
    assert effects(talk.say("CANCEL"), "opt_out")
    talk = Conversation(document(order=ORDER, address=ADDRESS, news=NEWS), channel="sms")
    talk.start()
    assert acted(talk.say("cancel that")) == "cancelled"


def test_when_nothing_is_open_there_is_nothing_to_break_off():
    talk = shop()
    talk.start()
    talk.say("never mind")
    answer = talk.say("never mind")
    assert (texts(answer), answer["effects"], talk.state["ended"]) == (["<cancelled>"], [], "cancelled")


def test_starting_over_inside_a_called_flow_starts_with_the_flow_that_called_it():
    talk = shop()
    talk.start()
    talk.say("a lamp")
    assert texts(talk.say("again from the top", "start_over")) == ["<start_over>", "ask_item"]
    assert [frame["flow"] for frame in talk.state["stack"]] == ["order"]


def test_who_has_opted_out_is_told_so_when_they_say_it_again():
    talk = shop()
    talk.start()
    assert texts(talk.say("stop")) == ["<stopped>"]
    answer = talk.say("stop!")
    assert (texts(answer), len(effects(answer, "opt_out"))) == (["<stopped_already>"], 1)


WAITS = {
    "steps": {
        "wait": {"step": "wait_callback", "seconds": 600, "timed_out": "late", "save": {}, "next": "came"},
        "late": {"step": "message"},
        "came": {"step": "message"},
    }
}


@pytest.mark.parametrize(
    ("intent", "effect"),
    [("opt_out", "opt_out"), ("talk_to_person", "hand_off"), ("delete_me", "privacy_request"), ("cancel", "end_flow"),
     ("why_me", "privacy_request"), ("what_do_you_know", "privacy_request")],
)  # fmt: skip
def test_whatever_works_at_any_time_works_while_another_system_is_waited_for(intent, effect):
    talk = Conversation(document(order=WAITS))
    talk.start()
    assert effects(talk.say("please do what I want", intent, 0.95), effect)


def test_no_route_of_a_flow_can_take_over_an_opt_out_but_a_request_to_start_over_it_can():
    flow = {
        "steps": {
            "which": {"step": "intent_route", "routes": {"opt_out": "trap", "start_over": "trap"}, "next": "other"},
            "trap": {"step": "message"},
            "other": {"step": "message"},
        }
    }
    for intent, said in (("opt_out", ["<stopped>"]), ("start_over", ["trap"])):
        talk = Conversation(document(talk=flow))
        talk.start()
        assert texts(talk.say("please do what I want", intent, 0.95)) == said
