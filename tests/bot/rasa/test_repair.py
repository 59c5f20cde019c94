"""Digressions, corrections, small talk and the time after a flow."""

from __future__ import annotations

import pytest

from conversation import acted, effects, texts


def test_a_question_in_the_middle_is_answered_with_its_source_and_the_open_one_asked_again(talk):
    talk.start()
    answer = talk.say("what does it cost", "ask_pricing")
    assert texts(answer) == ["It costs 29 a month.", "Back to our question.", "What brings you here?"]
    assert answer["replies"][0]["source"] == {"title": "What does it cost?", "link": "https://example.com/pricing"}
    assert (acted(answer), answer["effects"]) == ("question_answered", [])


def test_an_answer_without_a_link_still_has_a_source_of_strings(talk):
    talk.start()
    assert talk.say("is it safe", "ask_security")["replies"][0]["source"] == {"title": "Is it safe?", "link": ""}


def test_a_digression_is_no_miss(talk):
    talk.start()
    for _ in range(3):
        answer = talk.say("what does it cost", "ask_pricing")
    assert answer["state"]["stack"][0]["misses"] == 0


def test_an_unsure_question_is_a_miss(talk):
    talk.start()
    assert acted(talk.say("colour of money", "ask_pricing", 0.1)) == "missed"


@pytest.mark.parametrize(
    "text",
    ["no, my mail is new@b.example", "sorry, it's new@b.example", "new@b.example", "actually new@b.example is better"],
)
def test_another_address_corrects_the_one_given_before(talk, text):
    answer = talk.at("ask_marketing", email="old@b.example").say(text)
    assert acted(answer) == "correction"
    assert effects(answer, "capture_lead") == [
        {"effect": "capture_lead", "field": "email", "value": "new@b.example", "slot": "email"}
    ]
    assert texts(answer)[0] == "Changed your e-mail address to new@b.example."
    assert answer["replies"][-1]["step"] == "lead/ask_marketing"


def test_another_phone_number_corrects_the_one_given_before(talk):
    answer = talk.at("ask_marketing", phone="+442079460958").say("sorry, the phone is +44 20 7946 0000")
    assert (acted(answer), talk.slots["phone"]) == ("correction", "+442079460000")


def test_the_same_address_again_is_no_correction(talk):
    answer = talk.at("ask_marketing", email="a@b.example").say("a@b.example")
    assert (acted(answer), answer["effects"]) == ("missed", [])


@pytest.mark.parametrize(
    "text", ["actually it's 10 to 49", "sorry, 10-49", "no, I meant 10 to 49", "wait, we are about 30 people"]
)
def test_an_earlier_choice_is_corrected_when_the_text_says_it_takes_something_back(talk, text):
    talk.start()
    talk.tap("demo")
    talk.tap("small")
    answer = talk.say(text)
    assert (acted(answer), talk.slots["size"]) == ("correction", "medium")
    assert texts(answer) == ["Changed your team size to 10 to 49.", "What is your name?"]


def test_the_open_questions_answer_is_not_mistaken_for_a_correction(talk):
    talk.start()
    talk.tap("demo")
    assert acted(talk.say("actually, about 30 people")) == "answer_given"


@pytest.mark.parametrize(
    "text", ["my name is actually Grace", "change my first name to Grace", "no, my name is Grace."]
)
def test_a_name_is_corrected_by_its_label(talk, text):
    answer = talk.at("ask_email", first_name="Ada", problem="x").say(text)
    assert (acted(answer), talk.slots["first_name"]) == ("correction", "Grace")


def test_the_last_text_answer_is_corrected_by_restating_it(talk):
    talk.at("ask_problem", first_name="Ada").say("Nobody pays in time")
    answer = talk.say("sorry, I meant nobody pays at all")
    assert (acted(answer), talk.slots["problem"]) == ("correction", "nobody pays at all")


def test_a_text_question_is_not_answered_by_a_correction(talk):
    talk.at("ask_problem", first_name="Ada").say("my name is actually Grace")
    assert talk.slots == {"first_name": "Grace"}


@pytest.mark.parametrize(("intent", "said"), [("greet", "Hello."), ("thanks", "You are welcome.")])
def test_small_talk_is_returned_and_the_question_asked_again(talk, intent, said):
    talk.start()
    assert texts(talk.say("…hello", intent)) == [said, "What brings you here?"]


def test_a_goodbye_is_not_followed_by_a_question(talk):
    talk.start()
    assert texts(talk.say("bye then", "goodbye")) == ["Bye."]


@pytest.fixture
def ended(talk):
    talk.at("ask_marketing", email="a@b.example", first_name="Ada").tap("no")
    return talk


def test_after_the_end_questions_are_still_answered(ended):
    assert texts(ended.say("is it safe", "ask_security")) == ["It is encrypted."]


def test_after_the_end_corrections_are_still_accepted(ended):
    answer = ended.say("sorry, my mail is new@b.example")
    assert (acted(answer), texts(answer)) == ("correction", ["Changed your e-mail address to new@b.example."])


def test_after_the_end_an_intent_can_start_a_flow(ended):
    answer = ended.say("send me the newsletter", "want_newsletter")
    assert (acted(answer), texts(answer)) == ("flow_started", ["A newsletter it is.", "About what?"])


def test_after_the_end_nothing_is_open(ended):
    assert texts(ended.say("blue", "out_of_scope")) == ["Nothing is open."]
    assert texts(ended.start()) == ["Hello again."]


def test_a_flow_started_in_the_middle_gives_way_to_the_first_one_when_it_ends(talk):
    talk.start()
    talk.say("send me the newsletter", "want_newsletter")
    answer = talk.say("Finance")
    assert texts(answer) == ["Subscribed.", "Back to our question.", "What brings you here?"]
    assert acted(talk.say("demo")) == "answer_given"


def test_a_running_flow_is_not_started_again_by_its_own_trigger(talk):
    talk.start()
    assert len(talk.say("I want something", "request_demo")["state"]["stack"]) == 1


def test_a_visitor_who_speaks_first_gets_the_notice_before_the_answer(talk):
    answer = talk.say("what does it cost", "ask_pricing")
    assert texts(answer) == ["Hello, I am an automated assistant.", "It costs 29 a month.", "What brings you here?"]
    assert acted(answer) == "flow_started"


def test_a_visitor_who_speaks_first_can_start_another_flow(talk):
    assert texts(talk.say("the newsletter please", "want_newsletter"))[0] == "A newsletter it is."


def test_a_visitor_who_comes_back_is_asked_the_open_question_again(talk):
    talk.start()
    talk.tap("demo")
    assert texts(talk.start()) == ["Welcome back.", "So how many?"]
