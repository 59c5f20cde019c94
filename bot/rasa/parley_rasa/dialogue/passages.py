"""Answer what a text asks by a passage of an article, which the platform looks up: once a text, and never needlessly.

Whoever needs the passages raises ``PassagesWanted`` when they are not known yet: the turn is dropped, nothing of it
counts, and the text is taken anew when the platform has found them or none.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from parley_rasa.dialogue import gaps, questions
from parley_rasa.dialogue.found_passages import Passage, read_found
from parley_rasa.dialogue.turn import PATTERNS, Turn
from parley_rasa.question_talk import asks_about_question, refuses
from parley_rasa.turn_request import is_command
from parley_rasa.typed_answers import read_yes_no

STEP = f"{PATTERNS}/knowledge"
NEED = "knowledge"
LONGEST_QUERY = 1000  # characters
_BEST = 1  # passages asked for: one is said
_AWAITS = {"step": STEP, "need": NEED}
_CODE = re.compile(r"(?:[\s-]*[2-9BCDFGHJKMNPQRSTVWXZ]){6}[\s-]*", re.IGNORECASE)  # bot/resume_codes.py
_MOST_KEYWORDS = 5
_WORDS_OF_A_QUESTION = 4


class PassagesWanted(Exception):  # noqa: N818  # no error: the turn goes on when they are known
    """The turn cannot be decided before the articles were searched for its text."""


def ask_for(turn: Turn) -> None:
    """Have the platform search the articles for the text of this turn, which has done nothing so far."""
    understood = turn.understood
    turn.need = {
        "need": NEED, "step": STEP, "query": turn.message.text[:LONGEST_QUERY], "vector": understood.vector,
        "encoder": understood.encoder, "count": _BEST,
    }  # fmt: skip
    turn.state["awaits"] = dict(_AWAITS)


def take_result(turn: Turn) -> bool:
    """Make the result of a search the text that was searched for, its passages known; tell whether it was one."""
    message = turn.message
    if message.kind != "result" or turn.state["awaits"] != _AWAITS or not message.text:
        return False
    if {"step": message.step, "need": message.need} != _AWAITS:
        return False
    turn.state["awaits"] = None
    turn.found = read_found(message.value)
    turn.message = replace(message, kind="text", value=None, step=None, need=None)
    return True


def may_be_searched_for(turn: Turn) -> bool:
    """Tell whether the articles may be searched for the text at all, whatever it says."""
    text, step = turn.message.text, turn.waiting
    if turn.message.kind != "text" or not turn.has_words or is_command(text) or turn.understood.nothing_else:
        return False
    if turn.state["handed_off"] or turn.takes_questions or gaps.may_mean_a_right(turn):
        return False
    if step is not None and questions.asks_consent(turn, step) is not None:
        return False
    is_about_question = step is not None and asks_about_question(text, turn.language)
    is_plain = read_yes_no(text, turn.language) is not None or refuses(text, turn.language)
    return not is_about_question and not is_plain and _CODE.fullmatch(text) is None


def is_question(turn: Turn) -> bool:
    """Tell whether the text asks something for sure: by its mark, or by more than a first word that may be a name."""
    if gaps.is_try(turn):
        return False  # "May 5?"
    return turn.is_typed_question or (turn.asks_by_words and len(turn.message.text.split()) >= _WORDS_OF_A_QUESTION)


def names_a_matter(turn: Turn) -> bool:
    """Tell whether the text is no more than what it is about may be called ("refund policy")."""
    return len(turn.message.text.split()) <= _MOST_KEYWORDS


def find(turn: Turn) -> Passage | None:
    """Return the passage that answers a text which nothing else explains, if it asks or names something.

    Raises:
        PassagesWanted: they are not known yet.
    """
    asks = turn.is_asking or turn.is_requesting or names_a_matter(turn)
    if not asks or gaps.is_try(turn) or _asks_for_a_flow(turn) or not may_be_searched_for(turn):
        return None
    passage = _best(turn)
    return passage if passage is not None and passage.confidence >= _sure(turn) else None


def find_surer(turn: Turn, names: Sequence[str]) -> Passage | None:
    """As ``pick_surer``, when the articles may be searched for the text."""
    return pick_surer(turn, names) if may_be_searched_for(turn) else None


def pick_surer(turn: Turn, names: Sequence[str]) -> Passage | None:
    """Return the passage that is surer than the known question found, if that one is not sure itself.

    Args:
        names: of the known questions found; without any, whatever is above the bar is surer.

    Raises:
        PassagesWanted: they are not known yet.
    """
    sure = max((_confidence_of(turn, name) for name in names), default=0.0)
    if len(names) > 1 or sure >= turn.thresholds.certain:
        return None
    passage = _best(turn)
    if passage is None or passage.confidence <= sure:
        return None
    return None if any(_is_of(turn, passage, name) for name in names) else passage


def find_besides(turn: Turn, step: dict[str, Any]) -> Passage | None:
    """Return the passage for what is asked beside an address or a number ("ada@acme.example. Do you take SEPA?").

    Raises:
        PassagesWanted: they are not known yet.
    """
    is_address = step["step"] in ("ask_email", "ask_phone")
    return _best(turn) if is_address and turn.is_typed_question and may_be_searched_for(turn) else None


def say(turn: Turn, passage: Passage) -> None:
    """Quote the passage with its article; one that was quoted a moment ago is not said again."""
    said = f"said {passage.article} {zlib.crc32(passage.quote.encode()):08x}"
    again = turn.pattern("said_already") if said in turn.state["recent"] else ""
    turn.say(again or passage.quote, source={"title": passage.title, "link": passage.link})
    turn.remember(said)


def _best(turn: Turn) -> Passage | None:
    if turn.found is None:
        raise PassagesWanted
    return turn.found.best


def _asks_for_a_flow(turn: Turn) -> bool:
    """Tell whether the text clearly asks for a flow, though that did not start: its guard does not hold, or it runs."""
    understood = turn.understood
    return bool(turn.flows.triggered_by(understood.intent)) and understood.confidence >= turn.thresholds.certain


def _sure(turn: Turn) -> float:
    """How sure a passage must be besides being above the platform's bar."""
    step = None if turn.moved else turn.waiting
    if step is None or turn.is_typed_question or step["step"] == "answer_kb":
        return 0.0
    if turn.takes_any_text or step["step"] == "intent_route":
        return turn.thresholds.in_free_text
    return 0.0 if turn.is_asking else turn.thresholds.answer


def _confidence_of(turn: Turn, name: str) -> float:
    understood = turn.understood
    scores = [*understood.ranking, *understood.parts, (understood.intent, understood.confidence)]
    return max((confidence for intent, confidence in scores if intent == name), default=0.0)


def _is_of(turn: Turn, passage: Passage, name: str) -> bool:
    """Tell whether the passage is of the article that has the known question's answer, which is then said whole."""
    answer = turn.flows.answers[name]
    return passage.title in (answer["title"], *answer.get("titles", {}).values())
