"""Which turns are told as gaps, and which are not."""

from __future__ import annotations

import pytest
from test_clarify import CLOSE, choosing
from test_step_understanding import ASKED

from compiled import ask, document
from conversation import ENCODER, VECTOR, Conversation, acted
from parley_rasa.dialogue import gaps, global_intents
from parley_rasa.dialogue.turn import OUT_OF_SCOPE
from parley_rasa.understanding import intent_model


def gap(answer):
    found = answer["understood"]["gap"]
    return None if found is None else found["reason"]


def asking(step="ask_text", slot="problem", field=None, **more):
    """A talk in which this question is open."""
    flow = {
        "slots": {slot: {"field": field} if field else {}},
        "steps": {"question": ask(slot, step, next="bye", **more), "bye": {"step": "end", "outcome": "completed"}},
    }
    talk = Conversation(document(lead=flow))
    talk.start()
    return talk


def test_a_missed_message_is_told_with_what_it_means_and_what_says_so(talk):
    talk.start()
    answer = talk.say("do you ship to the moon", OUT_OF_SCOPE)
    assert acted(answer) == "missed"
    assert answer["understood"]["gap"] == {"reason": "missed", "vector": VECTOR, "encoder": ENCODER}


def test_a_message_of_which_two_meanings_are_offered_is_clarified():
    talk = choosing()
    assert gap(talk.say("how about that", "want_news", 0.41, CLOSE)) == "clarified"


@pytest.mark.parametrize("said", ["none of these", "1", "Is it safe?"])
def test_what_is_said_to_that_offer_is_no_gap(said):
    talk = choosing("sms")
    talk.say("how about that", "want_news", 0.41, CLOSE)
    assert gap(talk.say(said)) is None


def test_a_question_that_no_article_answers_is_below_the_bar():
    talk = Conversation(document(help=ASKED))
    talk.start()
    assert gap(talk.say("who painted this ceiling", OUT_OF_SCOPE)) == "below_bar"


@pytest.mark.parametrize("said", ["no thanks", "I would rather not say"])
def test_who_asks_nothing_leaves_no_gap(said):
    talk = Conversation(document(help=ASKED))
    talk.start()
    assert gap(talk.say(said, OUT_OF_SCOPE)) is None


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("ask_email", "it is ada at@@example"),
        ("ask_phone", "oh one 555 99"),
        ("ask_number", "about 900000 of us"),
        ("ask_date", "the 45th"),
        ("ask_text", "ok"),
    ],
)
def test_a_mistyped_answer_is_no_gap(step, said):
    bounds = {"maximum": 100, "whole": True} if step == "ask_number" else {}
    text = {"min_length": 5} if step == "ask_text" else {}
    answer = asking(step, **bounds, **text).say(said, OUT_OF_SCOPE)
    assert (acted(answer), gap(answer)) == ("missed", None)


@pytest.mark.parametrize(
    ("step", "field", "said", "reason"),
    [
        ("ask_email", None, "the moon is made of cheese", "missed"),
        ("ask_email", None, "why would a moon base want that", "below_bar"),
        ("ask_phone", None, "do you ship to the moon", "below_bar"),
        ("ask_text", None, "do you ship to the moon?", "below_bar"),
        ("ask_text", "first_name", "the weather up there is awful = bad?", "below_bar"),
    ],
)
def test_what_is_said_instead_of_an_answer_is_one(step, field, said, reason):
    answer = asking(step, field=field).say(said, OUT_OF_SCOPE)
    assert (acted(answer), gap(answer)) == ("missed", reason)


def test_an_answer_is_no_gap(talk):
    talk.start()
    answer = talk.say("a demo please", OUT_OF_SCOPE)
    assert (acted(answer), gap(answer)) == ("answer_given", None)


def test_a_message_without_a_word_is_none(talk):
    talk.start()
    answer = talk.say("?!?", OUT_OF_SCOPE)
    assert (acted(answer), gap(answer)) == ("missed", None)


@pytest.mark.parametrize("intent", sorted(gaps.RIGHTS))
def test_what_may_be_an_opt_out_or_a_privacy_request_is_none(talk, intent):
    talk.start()
    answer = talk.say("take me out of that thing", intent, 0.3)
    assert (acted(answer), gap(answer)) == ("missed", None)


def test_nothing_is_told_while_a_person_has_the_talk(talk):
    talk.start()
    talk.say("a person please", "talk_to_person")
    answer = talk.say("do you ship to the moon", OUT_OF_SCOPE)
    assert (acted(answer), gap(answer)) == ("missed", None)


def test_first_words_that_begin_a_flow_without_being_understood_are_a_gap(talk):
    assert gap(talk.say("do you ship to the moon", OUT_OF_SCOPE)) == "missed"


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("what does it cost", "ask_pricing"),
        ("hello", "greet"),
        ("the newsletter please", "want_newsletter"),
        ("my mail is a@b.example", OUT_OF_SCOPE),
        ("I'd like a demo", OUT_OF_SCOPE),
    ],
)
def test_first_words_that_were_understood_are_none(talk, said, intent):
    assert gap(talk.say(said, intent)) is None


def test_the_rights_are_those_that_work_at_any_time():
    assert gaps.RIGHTS == global_intents.WORKS_AFTER_HAND_OFF
    assert OUT_OF_SCOPE == intent_model.OUT_OF_SCOPE
