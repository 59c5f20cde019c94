"""Mark a turn in which the visitor was not understood, for the gaps list (protocols.md §2). Says and changes nothing.

Answers are no gaps, not even mistyped ones; nor is what may be an opt-out or a privacy request.
"""

from __future__ import annotations

from typing import Any

from parley_rasa.dialogue import questions
from parley_rasa.dialogue.turn import Turn, Understood
from parley_rasa.quantities import find_numbers

MISSED, CLARIFIED, BELOW_BAR = "missed", "clarified", "below_bar"
RIGHTS = frozenset(("opt_out", "delete_me", "what_do_you_know", "why_me"))
_ADDRESSES = {"ask_email": "@", "ask_phone": "0123456789"}
_WORDS_OF_A_SENTENCE = 5


def mark(turn: Turn, reason: str) -> None:
    """Note that this text was not understood; the first reason given counts."""
    if turn.gap is None and turn.has_words and not is_try(turn) and not may_mean_a_right(turn):
        turn.gap = reason


def mark_first_words(turn: Turn, reason: str = MISSED) -> None:
    """Note that the words a talk began with were passed over: a flow began, but not because of them.

    The question that is open now was not when they were written.
    """
    if turn.has_words and means_nothing(turn) and not may_mean_a_right(turn):
        turn.gap = reason


def means_nothing(turn: Turn) -> bool:
    """Tell whether no intent is likely enough to begin anything."""
    return turn.understood.confidence < turn.thresholds.trigger or turn.understood.is_out_of_scope


def gap_of(turn: Turn, understood: Understood) -> dict[str, Any] | None:
    """Return the gap as the answer tells it; None without a meaning to group it by."""
    if turn.gap is None or understood.vector is None or understood.encoder is None:
        return None
    return {"reason": turn.gap, "vector": understood.vector, "encoder": understood.encoder}


def is_try(turn: Turn) -> bool:
    """Tell whether the text tries to be the value that is asked for, however wrong."""
    step = None if turn.moved else turn.question
    if step is None:
        return False
    text, kind = turn.message.text, step["step"]
    if kind in _ADDRESSES:
        return any(sign in text for sign in _ADDRESSES[kind])
    if kind in questions.MEASURED or kind == "book_meeting":
        return any(map(str.isdigit, text)) or bool(find_numbers(text, turn.language))
    if kind == "ask_text":
        asks = turn.is_asking or turn.is_requesting
        return not asks and not (questions.asks_a_name(turn, step) and len(text.split()) >= _WORDS_OF_A_SENTENCE)
    return False


def may_mean_a_right(turn: Turn) -> bool:
    understood = turn.understood
    return understood.intent in RIGHTS and understood.confidence >= turn.thresholds.likely
