"""Treat a visitor who asks why a question is asked, or will not answer it. Never decides a consent."""

from __future__ import annotations

from typing import Any

from parley_rasa.dialogue import questions, steps
from parley_rasa.dialogue.turn import Turn
from parley_rasa.question_talk import asks_about_messages, asks_about_question, has_none, refuses
from parley_rasa.typed_answers import read_yes_no


def is_about_question(turn: Turn) -> bool:
    """Tell whether the text is about the open question itself, so that no intent may be read from it."""
    step = turn.waiting
    if step is None or turn.moved or step["step"] == "wait_callback":
        return False
    # A plain "no" is not looked at here: "no more messages" begins with one, and is a stop.
    return refuses(turn.message.text, turn.language) or _has_none(turn, step) or _asks_why(turn)


def explain(turn: Turn) -> bool:
    """Say what the open question is for, when the visitor asks; tell whether that was so."""
    if turn.waiting is None or turn.moved or not _asks_why(turn):
        return False
    reason = turn.wording("help")
    if not reason:
        return False
    turn.acted_as = "question_answered"
    turn.say(reason)
    questions.ask_shortly(turn)
    return True


def accept_refusal(turn: Turn) -> bool:
    """Leave out an optional question that the visitor declines; tell whether that was so."""
    question = turn.question
    if question is None or turn.moved or not question.get("optional") or not _declines(turn, question):
        return False
    answer = questions.read_text(turn, question)
    if answer is not None and answer.certain:
        return False  # "not yet" is an answer to "when?", and a plain no is one where agreement is asked for
    turn.acted_as = "answer_given"
    leave_out(turn)
    return True


def leave_out(turn: Turn) -> None:
    """Go on without an answer; the question is not asked again on the way through this flow."""
    question = turn.question
    if question is None:
        return
    if question["step"] == "ask_consent":
        # Nothing was agreed, and nothing is recorded: only the flow is told not to count on it.
        turn.slots[question["slot"]] = questions.CONSENT["no"]
    else:
        turn.state["declined"].append(question["slot"])
    turn.say(turn.pattern("left_out"))
    steps.go_on(turn)


def _declines(turn: Turn, question: dict[str, Any]) -> bool:
    text = turn.message.text
    return refuses(text, turn.language) or read_yes_no(text, turn.language) is False or _has_none(turn, question)


def _has_none(turn: Turn, question: dict[str, Any]) -> bool:
    return question["step"] in ("ask_email", "ask_phone", "ask_text", "ask_file") and has_none(
        turn.message.text, turn.language
    )


def _asks_why(turn: Turn) -> bool:
    text = turn.message.text
    is_consent = turn.waiting is not None and questions.asks_consent(turn, turn.waiting) is not None
    return asks_about_question(text, turn.language) or (is_consent and asks_about_messages(text, turn.language))
