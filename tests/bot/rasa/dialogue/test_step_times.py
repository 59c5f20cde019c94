"""Conversations at ask_date with a time, and at questions for a team size, a budget and a job."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from compiled import ask, document
from conversation import Conversation, acted, effects, texts

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 16, 0, tzinfo=BERLIN)
FLOW = {
    "slots": {"visit": {"type": "date", "label": "visit"},
              "size": {"type": "number", "field": "team_size", "label": "team size"},
              "budget": {"type": "number", "field": "budget", "label": "budget"},
              "job": {"type": "text", "field": "role", "label": "job"}},
    "steps": {
        "ask_visit": ask("visit", "ask_date", earliest="today", latest="+150", time=True, next="ask_size"),
        "ask_size": ask("size", "ask_number", minimum=1, whole=True, next="ask_budget"),
        "ask_budget": ask("budget", "ask_number", minimum=0, whole=False, next="ask_job"),
        "ask_job": ask("job", min_length=1, max_length=60),
    },
    "wording": {"ask_visit": {"retry": {"default": "Which day and what time?"}}},
}  # fmt: skip
EXTRACTED = {
    "slots": {"text": {}, "at": {"type": "date"}, "budget": {"type": "number"}, "people": {"type": "number"},
              "name": {}, "firm": {}, "job": {}},
    "steps": {
        "ask_text": ask("text", next="read"),
        "read": {"step": "extract", "slots": {"at": "datetime", "budget": "budget", "people": "people", "job": "role",
                                              "name": "first_name", "firm": "company"}},
    },
}  # fmt: skip


def talk_in(language: str = "en", now: datetime = MONDAY) -> Conversation:
    talk = Conversation(document(survey=FLOW), language=language)
    talk.now = now
    return talk


@pytest.fixture
def talk():
    talk = talk_in()
    talk.start()
    return talk


def test_a_day_with_a_time_is_kept_in_the_visitors_zone_and_said_back():
    talk = talk_in()
    asked = talk.start()["replies"][-1]
    assert (asked["input"], asked["limits"]) == (
        "date", {"earliest": "2026-11-23", "latest": "2027-04-22", "time": True}
    )  # fmt: skip
    answer = talk.say("next Tuesday at 3")
    assert talk.slots["visit"] == "2026-11-24T15:00:00+01:00"
    assert acted(answer) == "answer_given"
    assert len(texts(answer)) == 2, "what was understood, then the next question"


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [("en", "next Tuesday at 3", "Tuesday 24 November 2026, 15:00 (Central European Time)"),
     ("es", "el martes a las 3 de la tarde", "martes, 24 de noviembre de 2026, 15:00 (hora de Europa central)"),
     ("fr", "mardi à 15h", "mardi 24 novembre 2026, 15:00 (heure d’Europe centrale)"),
     ("de", "Dienstag um 15 Uhr", "Dienstag, 24. November 2026, 15:00 (Mitteleuropäische Zeit)")],
)  # fmt: skip
def test_what_was_understood_is_shown_in_the_visitors_language_with_the_zone(language, text, said):
    talk = talk_in(language)
    talk.flows._wording["en"]["patterns"]["noted"] = {"text": {"default": "{{ facts }}"}}
    talk.start()
    assert texts(talk.say(text))[0] == f"visit {said}"


def test_a_day_without_a_time_is_kept_and_the_time_asked_for(talk):
    answer = talk.say("on Friday")
    assert (acted(answer), texts(answer)) == ("answer_given", ["Which day and what time?"])
    assert talk.state["stack"][-1]["data"] == {"day": "2026-11-27"}
    talk.say("3:30")
    assert talk.slots["visit"] == "2026-11-27T15:30:00+01:00"


def test_a_time_without_a_day_is_kept_and_the_day_asked_for(talk):
    assert texts(talk.say("at 10 am")) == ["Which day and what time?"]
    talk.say("tomorrow")
    assert talk.slots["visit"] == "2026-11-24T10:00:00+01:00"


def test_another_day_before_the_time_replaces_the_first(talk):
    talk.say("on Friday")
    talk.say("no, on Thursday")
    talk.say("at 9")
    assert talk.slots["visit"] == "2026-11-26T09:00:00+01:00"


def test_the_same_day_once_more_is_a_miss_so_that_nobody_is_asked_for_ever(talk):
    talk.say("on Friday")
    assert acted(talk.say("on Friday")) == "missed"


@pytest.mark.parametrize("text", ["today at 9am", "yesterday at 3pm", "in a year at 10am", "whenever"])
def test_what_is_over_or_out_of_bounds_is_a_miss(talk, text):
    assert (acted(talk.say(text)), "visit" in talk.slots) == ("missed", False)


def test_a_time_corrected_keeps_its_day_and_a_day_corrected_keeps_its_time(talk):
    talk.say("next Tuesday at 3")
    assert acted(talk.say("sorry, I meant 4 pm")) == "correction"
    assert talk.slots["visit"] == "2026-11-24T16:00:00+01:00"
    talk.say("no, Wednesday")
    assert talk.slots["visit"] == "2026-11-25T16:00:00+01:00"


def test_after_the_clocks_change_a_time_has_the_distance_of_that_day(talk):
    talk.say("1 April at 10 am")
    assert talk.slots["visit"] == "2027-04-01T10:00:00+02:00"


def test_a_picked_moment_is_taken_as_it_is(talk):
    talk.say("2026-11-26T14:30")
    assert talk.slots["visit"] == "2026-11-26T14:30:00+01:00"


@pytest.mark.parametrize(
    ("language", "text", "size"),
    [("en", "10-20", 10), ("en", "we are twelve", 12), ("es", "entre 10 y 20", 10), ("fr", "une douzaine", 12),
     ("de", "zu zwölft", 12), ("de", "10 bis 20", 10), ("es", "solo yo", 1)],
)  # fmt: skip
def test_an_answer_for_the_team_size_is_read_as_people_and_a_range_is_said_back(language, text, size):
    talk = talk_in(language)
    talk.start()
    talk.say("2026-11-26T14:30")
    answer = talk.say(text)
    assert talk.slots["size"] == size
    assert ("<noted>" in texts(answer)) is (size == 10)


@pytest.mark.parametrize(
    ("language", "text", "budget"),
    [("en", "between 5 and 10k", 5000), ("en", "20k euros", 20000), ("es", "unos 20 mil euros", 20000),
     ("fr", "1 500,50 €", 1500.5), ("de", "20 Tsd. Euro", 20000), ("en", "3 weeks", None)],
)  # fmt: skip
def test_an_answer_for_the_budget_is_read_as_money(language, text, budget):
    talk = talk_in(language)
    talk.start()
    for said in ("2026-11-26T14:30", "12", text):
        talk.say(said)
    assert talk.slots.get("budget") == budget


@pytest.mark.parametrize(
    ("language", "text", "job"),
    [("en", "I'm head of finance at Acme", "head of finance"), ("es", "directora de compras", "directora de compras"),
     ("fr", "je suis fleuriste", "fleuriste"), ("de", "ich bin Geschäftsführerin", "Geschäftsführerin"),
     ("en", "yes", None)],
)  # fmt: skip
def test_an_answer_for_the_job_is_read_as_one(language, text, job):
    talk = talk_in(language)
    talk.start()
    for said in ("2026-11-26T14:30", "12", "5000", text):
        talk.say(said)
    assert talk.slots.get("job") == job


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "12 of us, and the budget is 20k euros"), ("es", "somos 12, y el presupuesto es de 20 mil euros"),
     ("fr", "on est 12, avec un budget de 20 k€"), ("de", "wir sind 12, das Budget liegt bei 20 Tsd. Euro")],
)  # fmt: skip
def test_the_answer_that_was_asked_for_goes_before_the_other_number(language, text):
    talk = talk_in(language)
    talk.start()
    talk.say("2026-11-26T14:30")
    answer = talk.say(text)
    assert (talk.slots["size"], talk.slots["budget"]) == (12, 20000)
    assert [one["field"] for one in effects(answer, "capture_lead")] == ["budget", "team_size"]


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "I'm Ana, head of sales at Acme, 12 people, our budget is 20k, call me next Tuesday at 3"),
     ("es", "soy Ana, jefa de ventas en Acme, somos 12, presupuesto 20 mil, llámame el martes a las 3"),
     ("fr", "je suis Ana, cheffe des ventes chez Acme, on est 12, budget 20k, appelez-moi mardi à 15h"),
     ("de", "ich bin Ana, Leiterin Vertrieb bei Acme, wir sind 12, Budget 20k, gerne Dienstag um 15 Uhr")],
)  # fmt: skip
def test_everything_is_extracted_from_one_text_in_every_language(language, text):
    talk = Conversation(document(reading=EXTRACTED), language=language)
    talk.now = MONDAY
    talk.start()
    talk.say(text)
    jobs = {"en": "head of sales", "es": "jefa de ventas", "fr": "cheffe des ventes", "de": "Leiterin Vertrieb"}
    assert talk.slots == {
        "text": text, "name": "Ana", "firm": "Acme", "people": 12, "budget": 20000,
        "job": jobs[language], "at": "2026-11-24T15:00:00+01:00",
    }  # fmt: skip
