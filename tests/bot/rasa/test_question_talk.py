"""Refusing a question, and asking about it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_rasa.question_talk import asks_about_messages, asks_about_question, has_none, refuses


@pytest.mark.parametrize(
    "text",
    ["I'd rather not say", "none of your business", "That's none of your business!", "skip",
     "can we skip this question",
     "I don't want to give it", "I'd rather not give my email", "prefer not to", "I won't tell you", "no idea",
     "I don't know yet", "no name please", "no email", "nothing really", "I'm not sure what to say",
     "I'd rather keep that to myself", "private", "stop asking", "that's all", "weiß nicht", "keine Ahnung"],
)  # fmt: skip
def test_an_answer_is_declined_in_many_ways(text):
    assert refuses(text)


@pytest.mark.parametrize(
    "text",
    ["I don't know who has paid", "I don't want to chase people", "I'd rather not get any mails", "leave me alone",
     "I don't want to be contacted", "we can't see who has paid", "no more messages", "stop", "Ada", "next week", "",
     "I rather like invoices", "nobody pays in time"],
)  # fmt: skip
def test_an_answer_or_a_stop_is_no_refusal_to_answer(text):
    assert not refuses(text)


@pytest.mark.parametrize(
    "text",
    ["why do you ask?", "why do u need that", "where do i find that?", "what's the difference",
     "why?", "WHY", "what?", "huh", "?", "???", "what do you mean?", "what for?",
     "why do you need my name",
     "why do you need to know that", "what will you do with it?", "what is this for", "I don't understand", "help"],
)  # fmt: skip
def test_a_question_about_the_question_is_recognised(text):
    assert asks_about_question(text)


@pytest.mark.parametrize(
    "text",
    ["why are you contacting me", "what do you know about me", "what does it cost", "why is it so expensive",
     "what can it do",
     "why did I get this message", "how often", "", "Ada", "whatever"],
)  # fmt: skip
def test_a_question_about_something_else_is_not(text):
    assert not asks_about_question(text)


@pytest.mark.parametrize(
    "text", ["how often?", "what kind of e-mails?", "can I unsubscribe later", "what will you send"]
)
def test_questions_about_the_messages_of_a_consent_are_recognised(text):
    assert asks_about_messages(text)
    assert not asks_about_question(text)


def test_having_no_such_thing_is_recognised():
    assert has_none("I don't use email") and has_none("we don't have a company")
    assert not has_none("we don't have a clue who owes us money and when they will ever pay")


@given(st.text(max_size=500))
def test_any_text_can_be_judged(text):
    assert {refuses(text), asks_about_question(text), asks_about_messages(text), has_none(text)} <= {True, False}


@pytest.mark.parametrize("piece", ["no ", "i dont ", "please just ", "but and ", "why ", "what kind of "])
def test_a_hostile_text_takes_no_time(piece):
    started = time.perf_counter()
    for length in (60, 400, 4000):
        text = (piece * 4000)[:length]
        refuses(text)
        asks_about_question(text)
        asks_about_messages(text)
        has_none(text)
    assert time.perf_counter() - started < 0.5
