"""Conversations at intent_route, extract and answer_kb."""

from __future__ import annotations

import pytest

from compiled import ask, document
from conversation import Conversation, acted, texts

ROUTED = {
    "slots": {"said": {}},
    "steps": {
        "route": {"step": "intent_route", "slot": "said", "routes": {"bank_broken": "bank", "app_broken": "app"},
                  "retries": 2, "next": "other"},
        "bank": {"step": "end", "outcome": "completed"}, "app": {"step": "end", "outcome": "completed"},
        "other": {"step": "end", "outcome": "completed"},
    },
    "wording": {"bank": {"text": {"default": "Bank."}}, "app": {"text": {"default": "App."}},
                "other": {"text": {"default": "Other."}},
                "route": {"choices": {"bank_broken": {"default": "The bank"}, "app_broken": {"default": "The app"}}}},
}  # fmt: skip
EXTRACTED = {
    "slots": {"text": {}, "email": {"type": "email", "field": "email"}, "day": {"type": "date"},
              "budget": {"type": "number"}, "people": {"type": "number"}, "name": {}, "firm": {}},
    "steps": {
        "ask_text": ask("text", next="read"),
        "read": {"step": "extract", "slots": {"email": "email", "day": "date", "budget": "money", "people": "people",
                                              "name": "first_name", "firm": "company"}},
    },
}  # fmt: skip
ASKED = {
    "steps": {
        "kb": {"step": "answer_kb", "not_found": "unknown", "retries": 2, "next": "done"},
        "done": {"step": "end", "outcome": "answered"}, "unknown": {"step": "end", "outcome": "not_answered"},
    },
    "wording": {"done": {"text": {"default": "Good."}}, "unknown": {"text": {"default": "I do not know."}},
                "kb": {"retry": {"default": "What is it?"}}},
}  # fmt: skip
CHANNELS = ["web", "sms", "voice"]


@pytest.fixture(params=CHANNELS)
def routed(request):
    conversation = Conversation(document(triage=ROUTED), channel=request.param)
    conversation.asked = conversation.start()
    return conversation


def test_a_route_is_taken_by_the_intent_and_what_was_said_is_kept(routed):
    assert routed.asked["replies"][-1]["input"] == "text"
    answer = routed.say("my account is not connected", "bank_broken")
    assert (texts(answer), routed.slots["said"]) == (["Bank."], "my account is not connected")


def test_a_route_is_taken_by_its_label_too(routed):
    assert texts(routed.say("the app")) == ["App."]


@pytest.mark.parametrize(("intent", "confidence"), [("bank_broken", 0.2), ("unheard_of", 0.9), (None, 0.0)])
def test_what_fits_no_route_goes_on_to_next(routed, intent, confidence):
    assert texts(routed.say("something else entirely", intent, confidence)) == ["Other."]


def test_a_question_from_the_articles_is_answered_first(routed):
    answer = routed.say("what does it cost?", "ask_pricing")
    assert (acted(answer), texts(answer)[0], routed.open_step) == ("question_answered", "29 a month.", "triage/route")


def test_a_text_without_a_letter_is_a_miss(routed):
    assert (acted(routed.say("?!")), routed.open_step) == ("missed", "triage/route")


@pytest.mark.parametrize(("intent", "said"), [("app_broken", "App."), ("ask_weather", "Other.")])
def test_without_a_text_it_goes_by_what_was_said_last(intent, said):
    flow = {
        **ROUTED,
        "slots": {"said": {}, "problem": {}},
        "steps": {"ask": ask("problem", next="route"), **ROUTED["steps"]},
    }
    compiled = document(triage=flow)
    del compiled["wording"]["en"]["triage"]["route"]["text"]
    talk = Conversation(compiled)
    talk.start()
    assert texts(talk.say("It crashes on my phone", intent)) == [said]


@pytest.mark.parametrize("channel", CHANNELS)
def test_values_of_the_text_are_read_into_their_slots(channel):
    talk = Conversation(document(reading=EXTRACTED), channel=channel)
    talk.start()
    text = "I'm Ada from Acme, we are 12 people, budget $1,500, start on 2027-03-04, ada@acme.example please"
    talk.say(text)
    assert {name: value for name, value in talk.slots.items() if name != "text"} == {
        "email": "ada@acme.example", "day": "2027-03-04", "budget": 1500, "people": 12, "name": "Ada", "firm": "Acme"
    }  # fmt: skip


def test_what_is_not_in_the_text_leaves_its_slot_as_it_was():
    talk = Conversation(document(reading=EXTRACTED))
    talk.facts = {"budget": 7}
    talk.start()
    talk.say("Nobody pays in time")
    assert talk.slots == {"text": "Nobody pays in time", "budget": 7}


@pytest.fixture(params=CHANNELS)
def asked(request):
    conversation = Conversation(document(help=ASKED), channel=request.param)
    conversation.start()
    return conversation


@pytest.mark.parametrize("confidence", [0.9, 0.3])
def test_the_question_asked_for_is_answered_once_from_the_likeliest_article(asked, confidence):
    answer = asked.say("what will it cost us", "ask_pricing", confidence)
    assert texts(answer) == ["29 a month.", "Good."]
    assert answer["replies"][0]["source"]["title"] == "What does it cost?"


@pytest.mark.parametrize("text", ["how is the weather in Rome?", "something about dragons", "no thanks"])
def test_a_question_without_an_article_goes_the_other_way(asked, text):
    assert texts(asked.say(text)) == ["I do not know."]


def test_a_word_that_asks_nothing_is_a_miss(asked):
    assert texts(asked.say("hm")) == ["What is it?"]


def test_a_stop_is_a_stop_though_a_question_was_asked_for(asked):
    assert asked.say("stop")["effects"][0] == {"effect": "opt_out", "scope": "everything"}
