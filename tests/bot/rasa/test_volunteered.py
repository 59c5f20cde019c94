"""What visitors tell unasked, and corrections of it."""

from __future__ import annotations

import pytest

from conversation import acted, effects, texts


def test_several_facts_in_one_sentence_are_all_kept_and_said_back(talk):
    talk.start()
    answer = talk.say("I'm Ann from Acme, 40 people, ann@acme.example", "give_details", 1.0)
    assert talk.slots == {"first_name": "Ann", "company": "Acme", "size": "medium", "email": "ann@acme.example"}
    assert texts(answer)[0] == (
        "Noted: first name Ann, company Acme, team size 10 to 49, e-mail address ann@acme.example."
    )
    assert [effect["field"] for effect in effects(answer, "capture_lead")] == [
        "first_name", "company", "team_size", "email",
    ]  # fmt: skip
    assert texts(talk.tap("demo")) == ["What troubles you most, Ann?"], "what is known is not asked"


def test_what_was_noted_is_named_in_the_language_of_the_talk(talk):
    noted = {"text": "Anotado: {{ facts }}.", "choices": {"first_name": {"default": "nombre"}}}
    talk.flows.document["wording"]["es"] = {"patterns": {"noted": noted}}
    talk.language = "es"
    talk.start()
    answer = talk.say("me llamo Ana, de Acme", "give_details", 1.0)
    assert texts(answer)[0] == "Anotado: nombre Ana, company Acme.", "a slot without a name there keeps its label"


def test_a_fact_besides_the_answer_is_kept_with_it(talk):
    answer = talk.at("ask_first_name", size="small").say("I'm Ann from Acme", "give_details")
    assert (talk.slots["first_name"], talk.slots["company"]) == ("Ann", "Acme")
    assert texts(answer) == ["Noted: company Acme.", "What troubles you most, Ann?"]


def test_the_first_words_are_heard_out_after_the_notice(talk):
    answer = talk.say("Hi, I'm Ann from Acme and would like to see a demo", "give_details", 0.5)
    assert texts(answer) == [
        "Hello, I am an automated assistant.", "Noted: first name Ann, company Acme.", "How many people are you?",
    ]  # fmt: skip
    assert talk.slots["goal"] == "demo"


def test_a_question_that_tells_a_size_answers_the_question_for_it(talk):
    answer = talk.at("ask_size").say("how much is it for 40 people?", "ask_pricing")
    assert texts(answer)[:2] == ["It costs 29 a month.", "Noted: team size 10 to 49."]
    assert talk.slots["size"] == "medium"


def test_a_size_somebody_only_asks_about_is_not_taken_for_their_own(talk):
    talk.at("ask_first_name").say("can it handle 500 people?", "ask_pricing")
    assert "size" not in talk.slots


@pytest.mark.parametrize("text", ["we're 60 people not 40", "sorry, we are actually 60 people"])
def test_another_size_told_later_corrects_the_first(talk, text):
    answer = talk.at("ask_email", size="medium").say(text, "give_details", 0.95)
    assert (acted(answer), talk.slots["size"]) == ("correction", "large")
    assert texts(answer)[0] == "Changed your team size to 50 or more."


@pytest.mark.parametrize(
    "text", ["I mean Timo not Tim", "it's Timo, not Tim", "my name is Timo", "can you change my name to Timo"]
)
def test_another_name_corrects_the_first(talk, text):
    answer = talk.at("ask_email", first_name="Tim").say(text, "give_details", 0.9)
    assert (acted(answer), talk.slots["first_name"]) == ("correction", "Timo")


def test_thanking_no_takes_nothing_back(talk):
    talk.at("ask_problem", first_name="Ada").say("Nobody pays in time")
    assert acted(talk.say("no that's all", "deny", 0.95)) != "correction"


def test_a_choice_corrected_leads_where_it_should_have_led(talk):
    talk.at("ask_size", goal="demo", first_name="Ada", problem="Nobody pays", email="a@b.example").tap("large")
    assert talk.open_step == "lead/ask_phone"
    answer = talk.say("no, 10 to 49")
    assert (acted(answer), talk.open_step) == ("correction", "lead/ask_marketing")


def test_a_few_words_that_only_tell_a_number_are_no_problem_told(talk):
    assert acted(talk.at("ask_problem").say("50 or so")) == "missed"


def test_who_tells_of_themselves_where_a_choice_is_asked_is_not_told_off(talk):
    talk.start()
    answer = talk.say("the clients always pay late", "give_details", 0.9)
    assert texts(answer) == ["Thanks for telling me.", "What brings you here?"]


@pytest.mark.parametrize(
    "text", ["a table for 4 people please", "I'd like 3 seats for the seminar", "2 tickets at the door"]
)
def test_those_a_place_is_wanted_for_are_not_all_who_work_there(talk, text):
    talk.start()
    assert "team_size" not in talk.say(text)["state"]["slots"]
