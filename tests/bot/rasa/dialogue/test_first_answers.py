"""What the words that start a flow answer of its first questions, and what goes with a question or a request."""

from __future__ import annotations

import pytest

from compiled import ask, document
from conversation import Conversation, acted, texts

HELLO = {
    "slots": {"size": {"type": "choice"}},
    "steps": {"ask_size": ask("size", "ask_choice", choices=["small", "big"])},
}
GUIDE = {
    "nlu_triggers": ["request_guide"],
    "slots": {"guide": {"type": "choice", "lasts": "flow"}, "copies": {"type": "number", "lasts": "flow"}, "name": {}},
    "steps": {
        "ask_guide": ask("guide", "ask_choice", choices=["cash_flow", "switching"], next="ask_copies"),
        "ask_copies": ask("copies", "ask_number", minimum=1, maximum=100, next="ask_note"),
        "ask_note": ask("note"),
    },
    "wording": {
        "ask_guide": {"choices": {"cash_flow": {"default": "Cash flow"}, "switching": {"default": "Switching"}}},
    },
}  # fmt: skip
HELP = {
    "nlu_triggers": ["report_problem"],
    "slots": {"trouble": {}, "part": {"type": "choice"}},
    "steps": {
        "route": {"step": "intent_route", "retries": 2, "slot": "trouble", "routes": {}, "next": "ask_part"},
        "ask_part": ask("part", "ask_choice", choices=["bank", "login"], next="ask_more"),
        "ask_more": ask("more"),
    },
    "wording": {"ask_part": {"also": {"login": ["log in"]}}},
}  # fmt: skip


@pytest.fixture
def talk():
    conversation = Conversation(document(hello=HELLO, guide=GUIDE, help=HELP))
    conversation.start()
    return conversation


@pytest.mark.parametrize("text", ["do you have a guide on cash flow?", "I'd like the cash flow guide"])
def test_a_choice_named_with_the_request_is_not_asked_for(talk, text):
    assert texts(talk.say(text, "request_guide")) == ["ask_copies"]
    assert talk.slots["guide"] == "cash_flow"


def test_a_number_of_people_named_with_the_request_is_taken_too(talk):
    talk.say("please send the cash flow guide to our team of 8", "request_guide")
    assert (talk.slots.get("copies"), talk.open_step) == (8, "guide/ask_note")


def test_a_number_that_counts_something_else_is_asked_for_all_the_same(talk):
    talk.say("can I get the cash flow guide in 2 months?", "request_guide")
    assert talk.open_step == "guide/ask_copies"


def test_a_text_question_is_never_answered_by_the_request(talk):
    talk.say("the cash flow guide for a team of 8 please", "request_guide")
    assert talk.open_step == "guide/ask_note"


def test_a_problem_told_at_once_is_not_asked_for_nor_the_part_it_names(talk):
    text = "the bank import is broken since yesterday"
    assert texts(talk.say(text, "report_problem")) == ["ask_more"]
    assert (talk.slots["trouble"], talk.slots["part"]) == (text, "bank")


def test_that_there_is_a_problem_does_not_say_which(talk):
    assert texts(talk.say("I have a problem", "report_problem")) == ["route"]


def test_the_answer_to_what_is_the_trouble_may_name_the_part(talk):
    talk.say("I have a problem", "report_problem")
    talk.say("I can't log in")
    assert (talk.slots["part"], talk.open_step) == ("login", "help/ask_more")


def test_while_a_choice_is_asked_a_few_words_must_be_clear_to_start_another_flow(talk):
    assert acted(talk.say("twice today", "report_problem", 0.6)) == "missed"
    assert acted(talk.say("the import is broken", "report_problem", 0.9)) == "flow_started"


@pytest.mark.parametrize("text", ["10/10", "2.5", "1 - 2"])
def test_a_text_without_words_starts_nothing_and_asks_nothing(talk, text):
    assert acted(talk.say(text, "request_guide")) == "missed"
    assert acted(talk.say(text, "ask_pricing")) == "missed"


def test_a_question_is_the_answer_where_questions_are_asked_for():
    steps = {"ask_it": ask("it", takes_questions=True, next="over"), "over": {"step": "end", "outcome": "completed"}}
    talk = Conversation(document(speaker={"slots": {"it": {}}, "steps": steps}, guide=GUIDE))
    talk.start()
    talk.say("what does it cost small shops?", "ask_pricing")
    assert (talk.slots["it"], talk.state["ended"]) == ("what does it cost small shops?", "completed")


@pytest.mark.parametrize(
    ("text", "intent"), [("next week?", "goodbye"), ("is there something in the afternoon at all", "greet")]
)
def test_a_question_is_no_small_talk_while_something_is_asked(talk, text, intent):
    assert acted(talk.say(text, intent)) == "missed"


@pytest.mark.parametrize(
    ("text", "is_handed_off"),
    [("i dont want a meeting, i want to talk to someone now", True), ("can I speak to a colleague please", True),
     ("I'd rather talk to a real person first", True), ("I don't want to talk to someone", False),
     ("can my customers talk to a person who is not there", False)],
)  # fmt: skip
def test_whoever_says_they_want_to_talk_to_somebody_gets_somebody_however_sure_the_model_is(talk, text, is_handed_off):
    talk.say(text)
    assert talk.state["handed_off"] is is_handed_off


@pytest.mark.parametrize(("text", "intent"), [("tomorrow", "goodbye"), ("continue", "start_over"), ("now", "goodbye")])
def test_a_word_that_only_resembles_a_goodbye_or_a_new_start_is_neither_while_something_is_asked(talk, text, intent):
    assert acted(talk.say(text, intent)) == "missed"
    assert acted(talk.say("bye then", "goodbye")) == "global"
