"""Two questions in one message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation import NOW, texts
from parley_rasa.dialogue.interpreter import take_turn
from parley_rasa.dialogue.turn import Message, Understood
from parley_rasa.understanding.several_questions import MOST_PARTS, questions_in


@pytest.mark.parametrize(
    ("text", "parts"),
    [("how much is it and is there an app?", ["how much is it", "is there an app?"]),
     ("What does it cost? Is it safe?", ["What does it cost?", "Is it safe?"]),
     ("je voudrais une démo et combien ça coûte ?", ["je voudrais une démo", "combien ça coûte ?"]),
     ("c'est sécurisé, et avez-vous une appli ?", ["c'est sécurisé", "avez-vous une appli ?"]),
     ("¿es seguro y cuánto cuesta?", ["¿es seguro", "cuánto cuesta?"]),
     ("was kostet das und gibt es eine App?", ["was kostet das", "gibt es eine App?"]),
     ("moi et mon associé", []), ("Quandt et Wittmann", []), ("clientes y que paguen", []), ("Haus und Hof", []),
     ("what does it cost", []), ("salt and pepper", []), ("", [])],
)  # fmt: skip
def test_a_text_is_taken_apart_where_a_new_question_begins(text, parts):
    assert questions_in(text) == parts


@given(st.text(max_size=500))
def test_parts_stand_in_the_text_and_are_few(text):
    parts = questions_in(text)
    assert len(parts) <= MOST_PARTS and all(part in text for part in parts)


def ask_both(talk, text="what does it cost and is it safe?"):
    parts = [("ask_pricing", 0.9), ("ask_security", 0.9)]
    understood = Understood("ask_pricing", 0.6, [("ask_pricing", 0.6)], parts=parts)
    answer = take_turn(talk.flows, talk.state, Message("text", text), understood, {}, now=NOW)
    talk.state = answer["state"]
    return answer


def test_both_questions_are_answered_and_the_open_one_asked_once(talk):
    talk.start()
    assert texts(ask_both(talk)) == [
        "It costs 29 a month.", "It is encrypted.", "Back to our question.", "What brings you here?",
    ]  # fmt: skip


def test_an_answer_just_given_is_not_said_again_word_for_word(talk):
    talk.start()
    talk.say("what does it cost", "ask_pricing")
    answer = talk.say("what does it cost???", "ask_pricing")
    assert texts(answer)[0] == "I said that."
    assert answer["replies"][0]["source"]["link"] == "https://example.com/pricing"
