"""Bring a conversation back on its way: values given early, knowledge questions in between, misses."""

from __future__ import annotations

from typing import Any

from parley_rasa.dialogue import questions, steps
from parley_rasa.dialogue.conditions import is_known
from parley_rasa.dialogue.flows import QUESTION_INPUT
from parley_rasa.dialogue.turn import Turn
from parley_rasa.typed_answers import read_yes_no

DEFAULT_RETRIES = 2
OFFERED_PERSON = "offered_person"
VALUE_KINDS = ("email", "phone")
_SMALL_TALK = {"greet": "greet_again", "thanks": "thanks", "goodbye": "goodbye"}


def back_to_question(turn: Turn) -> None:
    """After something else: say so and ask the open question again."""
    if turn.moved:
        steps.run(turn)
    else:
        questions.ask_again(turn)


def capture_values(turn: Turn) -> bool:
    """Capture an address or number that was given without being asked for; never changes a known one."""
    asked = "" if turn.question is None or turn.moved else QUESTION_INPUT[turn.question["step"]]
    captured = False
    for kind in VALUE_KINDS:
        value = turn.understood.values.get(kind)
        if value is None or kind == asked:
            continue
        slots = turn.flows.slots_of_type(kind, turn.frame["flow"] if turn.frame else None)
        if slots and not any(is_known(turn.slots.get(slot)) for slot in slots):
            turn.set_slot(slots[0], value)
            captured = True
    return captured


def find_knowledge(turn: Turn) -> dict[str, Any] | None:
    """Return the knowledge answer to the visitor's question, when it is clear enough that it is one."""
    if turn.takes_any_text and turn.is_typed_question:
        # It asks something for sure, so the likeliest of the known questions will do.
        candidates = [one for one in turn.understood.ranking if one[0] in turn.flows.answers][:1]
        sure = turn.thresholds.in_typed_question
    else:
        candidates = [(turn.understood.intent or "", turn.understood.confidence)]
        sure = turn.thresholds.in_free_text if turn.takes_any_text else turn.thresholds.answer
    for intent, confidence in candidates:
        if intent in turn.flows.answers and confidence >= sure:
            return turn.flows.answers[intent]
    return None


def say_knowledge(turn: Turn, answer: dict[str, Any]) -> None:
    source = {"title": answer["title"], "link": answer.get("link") or ""}
    turn.say(turn.flows.answer_text(turn.language, answer), source=source)


def small_talk(turn: Turn) -> bool:
    """Return a greeting, thanks or goodbye; tell whether the message was one."""
    intent = turn.understood.intent or ""
    sure = turn.thresholds.in_free_text if turn.takes_any_text else turn.thresholds.small_talk
    if intent not in _SMALL_TALK or turn.understood.confidence < sure:
        return False
    turn.acted_as = "global"
    turn.say(turn.pattern(_SMALL_TALK[intent]))
    if intent != "goodbye":
        if turn.moved:
            steps.run(turn)
        else:
            questions.ask(turn)
    return True


def accepts_person(turn: Turn) -> bool:
    """Hand off when the visitor says yes to the person just offered; a yes to a consent question is never that."""
    question = turn.question
    if question is None or question["step"] == "ask_consent" or turn.state["recent"][-1:] != [OFFERED_PERSON]:
        return False
    if read_yes_no(turn.message.text) is not True:
        return False
    turn.acted_as = "global"
    steps.hand_off_on_request(turn, "misses")
    return True


def miss(turn: Turn) -> None:
    """Nothing fits: say so, ask again; after some misses offer a person and go on waiting."""
    turn.acted_as = "missed"
    frame, question = turn.frame, turn.question
    if frame is None or question is None:
        turn.say(turn.pattern("nothing_open"))
        return
    frame["misses"] += 1
    if frame["misses"] >= question.get("retries", DEFAULT_RETRIES):
        turn.say(turn.pattern("offer_person"))
        turn.remember(OFFERED_PERSON)
        questions.ask(turn)
        return
    retry = turn.pattern("too_long") if _is_too_long(turn, question) else turn.wording("retry")
    if not retry:
        turn.say(turn.pattern("cannot_handle"))
    questions.ask(turn, retry or None)


def _is_too_long(turn: Turn, question: dict[str, Any]) -> bool:
    if question["step"] != "ask_text":
        return False
    return len(turn.message.text.strip()) > (question.get("max_length") or questions.LONGEST_TEXT)


def answered_steps(turn: Turn) -> list[tuple[str, str]]:
    """List the steps (flow, step) answered lately, the latest first."""
    places = [event.partition(" ")[2] for event in reversed(turn.state["recent"]) if event.startswith("answered ")]
    pairs = [(flow, step) for flow, _, step in (place.partition("/") for place in places)]
    return [(flow, step) for flow, step in pairs if flow in turn.flows and turn.flows.has_step(flow, step)]
