"""Visitors who will not answer, or want to know why they are asked."""

from __future__ import annotations

import pytest

from conversation import acted, effects, texts


@pytest.mark.parametrize("text", ["none of your business", "I'd rather not say", "no", "skip"])
def test_an_optional_question_declined_is_left_out_and_the_next_one_asked(talk, text):
    answer = talk.at("ask_first_name").say(text)
    assert (acted(answer), texts(answer)) == ("answer_given", ["We leave that out.", "What troubles you most, friend?"])
    assert "first_name" not in talk.slots


def test_what_was_left_out_is_not_asked_again(talk):
    talk.at("ask_first_name").say("skip")
    talk.state["stack"][0]["step"] = "ask_size"
    assert texts(talk.say("1 to 9")) == ["What troubles you most, friend?"]


def test_what_was_left_out_may_still_be_told(talk):
    talk.at("ask_first_name").say("skip")
    answer = talk.say("my name is Ada")
    assert (talk.slots["first_name"], answer["state"]["declined"]) == ("Ada", [])


def test_starting_over_asks_what_was_left_out_again(talk):
    talk.at("ask_first_name").say("skip")
    assert talk.say("start again", "start_over")["state"]["declined"] == []


def test_a_question_that_must_be_answered_is_not_left_out(talk):
    answer = talk.at("ask_email").say("none of your business")
    assert (acted(answer), talk.open_step) == ("missed", "lead/ask_email")


def test_an_optional_question_missed_after_the_offer_of_a_person_is_left_out(talk):
    talk.at("ask_first_name").say("!?!")
    assert "Shall I get a person?" in texts(talk.say("!?!"))
    assert texts(talk.say("!?!"))[0] == "We leave that out."


def test_a_question_that_must_be_answered_offers_a_person_once_and_then_fetches_one(talk):
    said = [texts(talk.at("ask_email").say("hm")), *(texts(talk.say("hm")) for _ in range(2))]
    assert ["Shall I get a person?" in lines for lines in said] == [False, True, False]
    answer = talk.say("hm")
    assert (texts(answer), effects(answer, "hand_off")[0]["reason"]) == (["A person takes over."], "misses")


def test_a_no_to_the_person_offered_is_no_miss(talk):
    talk.at("ask_email").say("hm")
    talk.say("hm")
    answer = talk.say("no")
    assert (acted(answer), answer["state"]["stack"][0]["misses"]) == ("global", 2)


@pytest.mark.parametrize("text", ["why do you ask?", "what?", "what for", "why do you need my name"])
def test_a_visitor_who_asks_why_is_told(talk, text):
    answer = talk.at("ask_first_name").say(text, "why_me", 1.0)
    assert (acted(answer), texts(answer)) == ("question_answered", ["So that I can address you.", "What is your name?"])
    assert (answer["effects"], answer["state"]["stack"][0]["misses"]) == ([], 0)


def test_where_no_reason_is_worded_asking_why_is_a_miss(talk):
    assert acted(talk.at("ask_email").say("why?")) == "missed"


def test_a_lukewarm_ok_does_not_bring_the_person_offered(talk):
    talk.start()
    talk.say("blue")
    talk.say("green")
    assert effects(talk.say("ok", "affirm"), "hand_off") == []
