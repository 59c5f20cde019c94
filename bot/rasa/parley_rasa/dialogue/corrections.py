"""Find a correction of an earlier answer ("no, my mail is …", "actually we are 10 to 49") and carry it out.

Consent is never corrected here: who takes it back says stop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import Any

from parley_rasa.choice_matching import ChoiceMatch, match_choice
from parley_rasa.dialogue import questions, repair, steps, volunteered
from parley_rasa.dialogue.choices import offered
from parley_rasa.dialogue.conditions import is_known
from parley_rasa.dialogue.flows import QUESTION_INPUT
from parley_rasa.dialogue.landing import nearest_open_step, step_to_redo
from parley_rasa.dialogue.stack import go_to
from parley_rasa.dialogue.turn import Turn
from parley_rasa.introduced import without_own_lead_in
from parley_rasa.personal_facts import find_personal_facts
from parley_rasa.talk_words.by_language import talk_in
from parley_rasa.typed_answers import clean_text, taken_back, without_lead_in

_LONGEST_VALUE = 200  # characters
_LONGEST_RESTATED = 9  # words
_TALK = frozenset(("deny", "affirm", "thanks", "goodbye"))
_BY_LABEL = frozenset(("text", "choice", "number", "date"))


@dataclass(frozen=True)
class Correction:
    """A new value for a slot that already had one; ``shown`` is how to say it."""

    slot: str
    value: Any
    shown: str


def find_correction(turn: Turn) -> Correction | None:
    """Return the correction that the visitor's text makes, if it makes one."""
    return (
        _of_value(turn) or _instead_of(turn) or _by_fact(turn) or _by_label(turn) or _of_lately_answered(turn)
    )  # fmt: skip


def carry_out(turn: Turn, correction: Correction) -> None:
    """Store the new value with its effects, say so and ask the open question again."""
    turn.acted_as = "correction"
    turn.set_slot(correction.slot, correction.value)
    turn.say(turn.pattern("corrected", value=correction.shown, label=turn.label(correction.slot)))
    if turn.moved or _moves_on(turn, correction):
        steps.run(turn)
    else:
        questions.ask_shortly(turn)


def _moves_on(turn: Turn, correction: Correction) -> bool:
    """Follow the flow to where the corrected answer leads ("rather by e-mail": no number is needed).

    What was looked up with the answer before is looked up anew.
    """
    frame, asked = turn.frame, turn.flows.question_step(correction.slot)
    if frame is None or turn.question is None or asked is None or asked["flow"] != frame["flow"]:
        return False
    flow = turn.flows.flow(frame["flow"])
    redo = step_to_redo(flow, turn.slots, correction.slot, asked["step"], frame["step"])
    place = redo or nearest_open_step(flow, turn.slots, turn.state["declined"], start=asked["step"])
    if place == frame["step"] or (redo is None and flow["steps"][place]["step"] not in QUESTION_INPUT):
        return False
    go_to(turn, place)
    return True


def _instead_of(turn: Turn) -> Correction | None:
    """ "Timo, not Tim", "not Tim but Timo": names the value that is known and what to put in its place."""
    pair = _right_and_wrong(turn)
    if pair is None:
        return None
    value, wrong = pair
    for slot, known in turn.slots.items():
        kind = turn.flows.slot(slot).get("type")
        if kind == "text" and str(known).casefold() == wrong.casefold():
            return Correction(slot, value, value)
        if kind in ("number", "date") and questions.read_value_for(turn, slot, wrong) == known:
            return _measured(turn, slot, value)
    return None


def _right_and_wrong(turn: Turn) -> tuple[str, str] | None:
    said = clean_text(turn.message.text).rstrip(" .!")
    for words in talk_in(turn.language):
        if turned := words.not_but.fullmatch(said):
            return turned.group(2).strip(), turned.group(1).strip()
        if match := words.instead_of.fullmatch(said):
            return match.group(1).strip(), match.group(2).strip()
    return None


def _is_small_talk(turn: Turn) -> bool:
    """ "No, that's all" takes nothing back."""
    return turn.understood.intent in _TALK and turn.understood.confidence >= turn.thresholds.small_talk


def _by_fact(turn: Turn) -> Correction | None:
    """ "We're 60 people, not 40": says of themselves something else than before, and nothing much besides."""
    text = turn.message.text
    details = turn.understood.intent == repair.DETAILS and turn.understood.confidence >= turn.thresholds.details
    if taken_back(text, turn.language) is None and (not details or len(text.split()) > _LONGEST_RESTATED):
        return None
    asked = None if turn.question is None or turn.moved else turn.question["slot"]
    for fact in volunteered.facts_in_text(turn):
        known = turn.slots.get(fact.slot)
        if fact.slot != asked and is_known(known) and known != fact.value:
            return Correction(fact.slot, fact.value, fact.shown)
    return None


def _of_value(turn: Turn) -> Correction | None:
    """Another address or phone number than the one known is a correction, with or without a "sorry"."""
    asked = "" if turn.question is None or turn.moved else QUESTION_INPUT[turn.question["step"]]
    for kind in volunteered.VALUE_KINDS:
        value = turn.understood.values.get(kind)
        if value is None or kind == asked:
            continue
        for slot in turn.flows.slots_of_type(kind, turn.frame["flow"] if turn.frame else None):
            if is_known(turn.slots.get(slot)) and turn.slots[slot] != value:
                return Correction(slot, value, str(value))
    return None


def _by_label(turn: Turn) -> Correction | None:
    """ "My company is Acme", "change my name to Ada": names a known slot by its label."""
    text = clean_text(turn.message.text)
    taken = taken_back(text, turn.language)
    text = taken.rest if taken else text
    tongues = [(words, lead) for words in talk_in(turn.language) if (lead := words.ours.match(text))]
    if not tongues:
        return None
    for slot in turn.flows.slot_names():
        declared = turn.flows.slot(slot)
        if declared.get("type") not in _BY_LABEL or not is_known(turn.slots.get(slot)):
            continue
        for label, (words, lead) in product(_labels(turn, slot), tongues):
            pattern = rf"{re.escape(label)}{words.becomes}(.{{1,{_LONGEST_VALUE}}})$"
            match = re.match(pattern, text[lead.end() :], re.IGNORECASE)
            found = match and _value_for(turn, slot, match.group(1).strip(" .!"), text)
            if found:
                return found
    return None


def _labels(turn: Turn, slot: str) -> list[str]:
    names = [name for name in (turn.label(slot), turn.flows.slot(slot).get("label"), slot.replace("_", " ")) if name]
    called = [name for words in talk_in(turn.language) for name in words.first_name] if slot == "first_name" else []
    return [*dict.fromkeys([*names, *called])]


def _value_for(turn: Turn, slot: str, text: str, sentence: str) -> Correction | None:
    if turn.flows.slot(slot).get("type") in ("number", "date"):
        return _measured(turn, slot, text)
    if turn.flows.slot(slot).get("type") == "text":
        facts = find_personal_facts(sentence, turn.language)  # "my name is Adah with h"
        text = {"first_name": facts.first_name, "company": facts.company}.get(slot) or text
        return Correction(slot, text, text) if text != turn.slots[slot] else None
    place = turn.flows.choice_step(slot)
    return None if place is None else _choice(turn, place["flow"], place["step"], text)


def _measured(turn: Turn, slot: str, text: str) -> Correction | None:
    """Another number, day or rating, within the bounds of the question that asked for it."""
    value = questions.read_value_for(turn, slot, text)
    if value is None or value == turn.slots.get(slot):
        return None
    return Correction(slot, value, str(turn.shown(slot, value)))


def _choice(turn: Turn, flow: str, step_id: str, text: str) -> Correction | None:
    step = turn.flows.step(flow, step_id)
    choices = offered(turn, {"flow": flow, "step": step_id}, step)
    match = match_choice(text, choices, language=turn.language)
    if match is None or turn.slots.get(step["slot"]) == match.value:
        return None
    shown = {choice["value"]: choice["label"] for choice in choices}
    return Correction(step["slot"], match.value, shown[match.value])


def restates_choice(turn: Turn) -> bool:
    """Tell whether the text takes back a choice and names another and nothing else ("no, call me instead")."""
    taken = taken_back(clean_text(turn.message.text), turn.language)
    if taken is None:
        return False
    choices = _lately_offered(turn)
    return any(match is not None and match.whole for _, match, _ in _matches(choices, taken.value, turn.language))


def _chosen_anew(turn: Turn, text: str) -> Correction | None:
    """Return the other choice of a late question that the text names, the one it names most clearly."""
    clear = [
        (match.whole, len(shown[match.value].split()), Correction(slot, match.value, shown[match.value]))
        for slot, match, shown in _matches(_lately_offered(turn), text, turn.language)
        if match is not None and turn.slots.get(slot) != match.value
    ]
    return max(clear, key=lambda one: one[:2])[2] if clear else None


def _measured_anew(turn: Turn, text: str) -> Correction | None:
    """Return another value for the number, day or rating given last, when the text is one and little besides."""
    if len(text.split()) > _LONGEST_RESTATED:
        return None
    for flow, step_id in repair.answered_steps(turn):
        step = turn.flows.step(flow, step_id)
        found = _measured(turn, step["slot"], text) if step["step"] in questions.MEASURED else None
        if found is not None:
            return found
    return None


def _last_answered(turn: Turn) -> str | None:
    return next((turn.flows.step(flow, step).get("slot") for flow, step in repair.answered_steps(turn)), None)


def _is_choice(question: dict[str, Any] | None) -> bool:
    return question is not None and question["step"] == "ask_choice"


def _lately_offered(turn: Turn) -> list[tuple[str, list[dict[str, Any]]]]:
    places = [(flow, step_id, turn.flows.step(flow, step_id)) for flow, step_id in repair.answered_steps(turn)]
    return [
        (step["slot"], offered(turn, {"flow": flow, "step": step_id}, step))
        for flow, step_id, step in places
        if step["step"] == "ask_choice"
    ]


def _matches(
    offered: list[tuple[str, list[dict[str, Any]]]], text: str, language: str
) -> list[tuple[str, ChoiceMatch | None, dict[str, str]]]:
    return [
        (slot, match_choice(text, choices, language=language), {choice["value"]: choice["label"] for choice in choices})
        for slot, choices in offered
    ]


def _of_lately_answered(turn: Turn) -> Correction | None:
    """ "Actually …", "no, I meant …": takes back one of the last answers, unless it answers the open question."""
    taken = taken_back(clean_text(turn.message.text), turn.language)
    if taken is None:
        return None
    question = turn.question
    measured = _measured_anew(turn, taken.value)
    answer = None if question is None or question["step"] == "ask_text" else questions.read_text(turn, question)
    # "No, 40" where a choice is asked says no to nothing: it says 40.
    is_number_only = answer is not None and not answer.whole and _is_choice(question) and measured is not None
    if answer is not None and not is_number_only:
        return None
    is_of_last = measured is not None and _last_answered(turn) == measured.slot
    chosen = measured if is_of_last else _chosen_anew(turn, taken.value) or measured
    if chosen is not None:
        return chosen
    restated = taken.restated and not _is_small_talk(turn)
    for flow, step_id in repair.answered_steps(turn):
        step = turn.flows.step(flow, step_id)
        if step["step"] == "ask_text" and restated and (question is None or question["step"] != "ask_text"):
            field = str(turn.flows.slot(step["slot"]).get("field") or "")
            value = without_own_lead_in(taken.value, field, turn.language) or without_lead_in(taken.value, field)
            return Correction(step["slot"], value, value)
    return None
