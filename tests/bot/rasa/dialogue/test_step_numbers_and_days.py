"""Conversations at ask_number, ask_date, rating and patterned ask_text."""

from __future__ import annotations

import pytest

from compiled import ask, document
from conversation import Conversation, acted, effects, texts

CHANNELS = ("web", "sms", "voice")
FLOW = {
    "slots": {"seats": {"type": "number", "field": "seats"}, "day": {"type": "date"}, "stars": {"type": "number"},
              "order": {}},
    "steps": {
        "ask_seats": ask("seats", "ask_number", minimum=1, maximum=500, whole=True, next="ask_day"),
        "ask_day": ask("day", "ask_date", earliest="today", latest="+60", next="rate"),
        "rate": ask("stars", "rating", lowest=1, highest=5, next="ask_order"),
        "ask_order": ask("order", pattern=r"NL-\d{3}", min_length=1, max_length=20),
    },
    "wording": {
        "ask_seats": {"retry": {"default": "Between 1 and 500, please."}},
        "ask_day": {"retry": {"default": "In the next 60 days, please."}},
        "rate": {"choices": {"1": {"default": "Poor"}, "5": {"default": "Great"}}, "retry": {"default": "1 to 5?"}},
        "ask_order": {"retry": {"default": "It looks like NL-123."}},
    },
}  # fmt: skip


@pytest.fixture(params=CHANNELS)
def talk(request):
    return Conversation(document(survey=FLOW), channel=request.param)


def test_a_survey_in_numbers_and_days_is_answered_in_words(talk):
    asked = talk.start()["replies"][-1]
    assert (asked["input"], asked["limits"]) == ("number", {"minimum": 1, "maximum": 500})
    asked = talk.say("we need twenty-five seats")["replies"][-1]
    assert (asked["input"], asked["limits"]) == ("date", {"earliest": "2026-11-23", "latest": "2027-01-22"})
    asked = talk.say("next Tuesday please")["replies"][-1]
    assert (asked["input"], asked["choices"]) == ("rating", [])
    assert asked["limits"] == {"lowest": 1, "highest": 5, "low_label": "Poor", "high_label": "Great"}
    talk.say("four stars")
    answer = talk.say("nl-204")
    assert talk.slots == {"seats": 25, "day": "2026-11-24", "stars": 4, "order": "nl-204"}
    assert effects(answer, "end_flow")[0]["outcome"] == "completed"


def test_a_number_is_captured_to_its_contact_field(talk):
    talk.start()
    assert effects(talk.say("1,000 divided by two is... 40"), "capture_lead") == []
    assert effects(talk.say("40"), "capture_lead") == [
        {"effect": "capture_lead", "field": "seats", "value": 40, "slot": "seats"}
    ]


@pytest.mark.parametrize("text", ["0", "501", "2.5", "3 or 4", "plenty"])
def test_a_number_out_of_bounds_is_a_miss_with_the_retry_text(talk, text):
    talk.start()
    answer = talk.say(text)
    assert (acted(answer), texts(answer)) == ("missed", ["Between 1 and 500, please."])
    assert answer["replies"][0]["limits"] == {"minimum": 1, "maximum": 500}


@pytest.mark.parametrize("text", ["yesterday", "in a year", "3 or 4 December", "soon"])
def test_a_day_out_of_bounds_is_a_miss_with_the_retry_text(talk, text):
    talk.start()
    talk.say("5")
    answer = talk.say(text)
    assert (acted(answer), texts(answer)) == ("missed", ["In the next 60 days, please."])


@pytest.mark.parametrize("text", ["6", "8/10", "3.5", "not bad"])
def test_a_rating_off_the_scale_is_a_miss(talk, text):
    talk.start()
    talk.say("5")
    talk.say("tomorrow")
    assert texts(talk.say(text)) == ["1 to 5?"]


@pytest.mark.parametrize(("text", "stars"), [("Great", 5), ("poor", 1), ("4/5", 4), ("a 3", 3)])
def test_a_rating_is_named_by_the_label_of_an_end_or_a_digit(talk, text, stars):
    talk.start()
    talk.say("5")
    talk.say("tomorrow")
    talk.say(text)
    assert talk.slots["stars"] == stars


def test_a_rating_is_tapped_and_a_tap_off_the_scale_is_none(talk):
    talk.start()
    talk.say("5")
    talk.say("tomorrow")
    assert acted(talk.tap("9")) == "stale_choice"
    assert acted(talk.tap("5")) == "choice"
    assert talk.slots["stars"] == 5


@pytest.mark.parametrize("text", ["204", "NL-204 or NL-205", "my number is on the invoice"])
def test_an_answer_in_which_nothing_or_more_than_one_thing_matches_the_pattern_is_a_miss(talk, text):
    talk.start()
    for answer in ("5", "tomorrow", "4"):
        talk.say(answer)
    assert texts(talk.say(text)) == ["It looks like NL-123."]


@pytest.mark.parametrize("text", ["NL-204", "it is NL-204 I think", "It's: NL-204."])
def test_what_matches_the_pattern_is_taken_out_of_the_words_around_it(talk, text):
    talk.start()
    for answer in ("5", "tomorrow", "4"):
        talk.say(answer)
    talk.say(text)
    assert talk.slots["order"] == "NL-204"


def test_a_question_about_something_else_is_no_answer_though_it_names_a_number(talk):
    talk.start()
    answer = talk.say("how much is it for 40?", "ask_pricing")
    assert (acted(answer), texts(answer)[0]) == ("question_answered", "29 a month.")
    assert "seats" not in talk.slots


def test_an_optional_number_is_left_out_when_declined(talk):
    talk.flows.step("survey", "ask_seats")["optional"] = True
    talk.start()
    assert texts(talk.say("none of your business")) == ["<left_out>", "ask_day"]
    assert talk.state["declined"] == ["seats"]
