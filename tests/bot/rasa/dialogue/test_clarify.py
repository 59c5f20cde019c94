"""Asking which of two likely meanings is meant."""

from __future__ import annotations

import pytest
from test_stack import NEWS

from compiled import ask, document
from conversation import Conversation, acted, effects, texts

CLOSE = ("ask_security", 0.36)


def choosing(channel="web", **more):
    flow = {
        "slots": {"goal": {"type": "choice"}},
        "steps": {
            "ask_goal": ask("goal", "ask_choice", choices=["demo", "quote"], next="bye"),
            "bye": {"step": "message"},
        },
    }
    talk = Conversation(document(lead=flow, news=NEWS, **more), channel)
    talk.start()
    return talk


def test_two_likely_and_close_meanings_are_offered_by_their_names_with_a_way_out():
    talk = choosing()
    answer = talk.say("how about that", "want_news", 0.41, CLOSE)
    reply = answer["replies"][0]
    assert (reply["text"], reply["step"], reply["input"]) == ("<clarify>", "patterns/clarify", "choice")
    assert [choice["label"] for choice in reply["choices"]] == ["News", "Is it safe?", "<none_of_these>"]
    assert (acted(answer), talk.state["clarify"]) == (
        "clarified",
        [["intent", "want_news"], ["intent", "ask_security"]],
    )


def test_the_meanings_are_named_in_the_language_of_the_talk():
    made = document(lead={"steps": {"hello": {"step": "message"}}}, news=NEWS)
    made["answers"] = {
        "ask_security": {"title": "Is it safe?", "titles": {"es": "¿Es seguro?"}, "text": {"en": "Yes."}}
    }
    patterns = {"clarify": {"text": "¿Cuál?", "choices": {"want_news": {"default": "Novedades"}}}}
    made["wording"]["es"] = {"patterns": patterns}
    talk = Conversation(made, language="es")
    talk.start()
    answer = talk.say("y eso qué", "want_news", 0.41, CLOSE)
    assert [choice["label"] for choice in answer["replies"][0]["choices"]] == [
        "Novedades", "¿Es seguro?", "<none_of_these>",
    ]  # fmt: skip
    assert talk.tap("ask_security", "patterns/clarify")["replies"][0]["source"]["title"] == "¿Es seguro?"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("want_news", 0.62), CLOSE),
        (("want_news", 0.59), ("ask_security", 0.3)),
        (("want_news", 0.41), ("ask_security", 0.2)),
        (("want_news", 0.41), ("greet", 0.4)),
        (("delete_me", 0.41), CLOSE),
    ],
)
def test_a_clear_meaning_an_unlikely_one_and_one_that_files_something_are_not_asked_about(first, second):
    talk = choosing()
    talk.say("how about that", *first, second)
    assert talk.state["clarify"] is None


def test_a_text_that_answers_the_open_question_is_not_asked_about():
    assert acted(choosing().say("a demo", "want_news", 0.41, CLOSE)) == "answer_given"


@pytest.mark.parametrize("said", ["2", "Is it safe?", "the second one"])
def test_a_number_or_a_name_picks_the_meaning(said):
    talk = choosing("sms")
    talk.say("how about that", "want_news", 0.41, CLOSE)
    answer = talk.say(said)
    assert (acted(answer), texts(answer)[0], talk.open_step) == ("clarified", "It is encrypted.", "lead/ask_goal")


def test_a_tap_picks_the_meaning():
    talk = choosing()
    talk.say("how about that", "want_news", 0.41, CLOSE)
    answer = talk.tap("want_news", "patterns/clarify")
    assert (acted(answer), texts(answer), talk.open_step) == ("clarified", ["ask_topic"], "news/ask_topic")


def test_a_request_can_be_one_of_the_meanings():
    talk = choosing()
    talk.say("please break this off", "cancel", 0.43, ("opt_out", 0.32))
    assert effects(talk.tap("opt_out", "patterns/clarify"), "opt_out")


@pytest.mark.parametrize(
    "says", [lambda talk: talk.tap("none", "patterns/clarify"), lambda talk: talk.say("none of these")]
)
def test_none_of_them_is_a_miss(says):
    talk = choosing()
    talk.say("how about that", "want_news", 0.41, CLOSE)
    answer = says(talk)
    assert (acted(answer), texts(answer)) == ("missed", ["<cannot_handle>", "ask_goal"])


def test_it_is_asked_at_most_once_in_a_row():
    talk = choosing()
    talk.say("how about that", "want_news", 0.39, CLOSE)
    answer = talk.say("you know what I mean", "want_news", 0.39, CLOSE)
    assert (acted(answer), talk.state["clarify"]) == ("missed", None)


def test_the_open_question_can_be_answered_instead():
    talk = choosing()
    talk.say("how about that", "want_news", 0.41, CLOSE)
    assert texts(talk.say("a quote")) == ["bye"]


def test_a_tap_on_meanings_that_were_offered_before_changes_nothing():
    talk = choosing()
    talk.say("how about that", "want_news", 0.41, CLOSE)
    talk.say("what does it cost?", "ask_pricing")
    answer = talk.tap("want_news", "patterns/clarify")
    assert (acted(answer), texts(answer), talk.open_step) == ("stale_choice", ["ask_goal"], "lead/ask_goal")


ROUTES = {
    "steps": {
        "which": {
            "step": "intent_route",
            "routes": {"ask_pricing": "price", "want_news": "subscribe"},
            "retries": 2,
            "next": "other",
        },
        "price": {"step": "message"},
        "subscribe": {"step": "message"},
        "other": {"step": "message"},
    },
    "wording": {"which": {"choices": {"ask_pricing": {"default": "Prices"}, "want_news": {"default": "Letters"}}}},
}


def routing():
    talk = Conversation(document(lead=ROUTES, news=NEWS))
    talk.start()
    return talk


@pytest.mark.parametrize(
    ("intent", "said"), [("ask_pricing", ["price"]), ("want_news", ["subscribe"]), (None, ["other"])]
)
def test_routes_go_before_articles_and_triggers(intent, said):
    assert texts(routing().say("tell me all about that", intent)) == said


def test_an_article_that_is_no_route_is_still_an_answer_in_between():
    talk = routing()
    assert texts(talk.say("is it safe?", "ask_security")) == ["It is encrypted.", "<resume>", "which"]


def test_two_likely_routes_are_offered_by_their_labels():
    talk = routing()
    answer = talk.say("about that", "ask_pricing", 0.45, ("want_news", 0.4))
    assert [choice["label"] for choice in answer["replies"][0]["choices"]] == ["Prices", "Letters", "<none_of_these>"]
    assert texts(talk.tap("want_news", "patterns/clarify")) == ["subscribe"]
