"""Find a correction of an earlier answer ("no, my mail is …", "actually we are 10 to 49") and carry it out.

Consent is never corrected here: who takes it back says stop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from parley_rasa.choice_matching import match_choice
from parley_rasa.dialogue import questions, repair, steps
from parley_rasa.dialogue.conditions import is_known
from parley_rasa.dialogue.flows import QUESTION_INPUT
from parley_rasa.dialogue.turn import Turn
from parley_rasa.typed_answers import clean_text, taken_back, without_lead_in

_LONGEST_VALUE = 200  # characters


@dataclass(frozen=True)
class Correction:
    """A new value for a slot that already had one; ``shown`` is how to say it."""

    slot: str
    value: Any
    shown: str


def find_correction(turn: Turn) -> Correction | None:
    """Return the correction that the visitor's text makes, if it makes one."""
    return _of_value(turn) or _by_label(turn) or _of_lately_answered(turn)


def carry_out(turn: Turn, correction: Correction) -> None:
    """Store the new value with its effects, say so and ask the open question again."""
    turn.acted_as = "correction"
    turn.set_slot(correction.slot, correction.value)
    label = str(turn.flows.slot(correction.slot).get("label") or correction.slot.replace("_", " "))
    turn.say(turn.pattern("corrected", value=correction.shown, label=label))
    if turn.moved:
        steps.run(turn)
    else:
        questions.ask(turn)


def _of_value(turn: Turn) -> Correction | None:
    """Another address or phone number than the one known is a correction, with or without a "sorry"."""
    asked = "" if turn.question is None or turn.moved else QUESTION_INPUT[turn.question["step"]]
    for kind in repair.VALUE_KINDS:
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
    taken = taken_back(text)
    text = taken.rest if taken else text
    for slot in turn.flows.slot_names():
        declared = turn.flows.slot(slot)
        if declared.get("type") not in ("text", "choice") or not is_known(turn.slots.get(slot)):
            continue
        for label in _labels(slot, declared.get("label")):
            match = re.match(
                rf"(?:please )?(?:change |update |correct )?(?:my|our|the) {re.escape(label)}"
                rf"(?: (?:is|was|should be|must be|to)(?: actually| really)?|'s)[: ]+(.{{1,{_LONGEST_VALUE}}})$",
                text,
                re.IGNORECASE,
            )
            found = match and _value_for(turn, slot, match.group(1).strip(" .!"))
            if found:
                return found
    return None


def _labels(slot: str, label: str | None) -> list[str]:
    names = [name for name in (label, slot.replace("_", " ")) if name]
    return names + (["name"] if slot == "first_name" else [])


def _value_for(turn: Turn, slot: str, text: str) -> Correction | None:
    if turn.flows.slot(slot).get("type") == "text":
        return Correction(slot, text, text) if text != turn.slots[slot] else None
    for flow, step_id in _choice_steps(turn, slot):
        return _choice(turn, flow, step_id, text)
    return None


def _choice_steps(turn: Turn, slot: str) -> Iterator[tuple[str, str]]:
    for name in turn.flows.document["flows"]:
        for step_id, step in turn.flows.flow(name)["steps"].items():
            if step["step"] == "ask_choice" and step["slot"] == slot:
                yield name, step_id


def _choice(turn: Turn, flow: str, step_id: str, text: str) -> Correction | None:
    step = turn.flows.step(flow, step_id)
    values = [str(value) for value in step["choices"]]
    labels = questions.labels_of(turn, {"flow": flow, "step": step_id}, values)
    match = match_choice(text, [{"value": value, "label": labels[value] or value} for value in values])
    if match is None or turn.slots.get(step["slot"]) == match.value:
        return None
    return Correction(step["slot"], match.value, labels[match.value] or match.value)


def _of_lately_answered(turn: Turn) -> Correction | None:
    """ "Actually …", "no, I meant …": takes back one of the last answers, unless it answers the open question."""
    taken = taken_back(clean_text(turn.message.text))
    if taken is None:
        return None
    question = turn.question
    if question is not None and question["step"] != "ask_text" and questions.read_text(turn, question) is not None:
        return None
    for flow, step_id in repair.answered_steps(turn):
        step = turn.flows.step(flow, step_id)
        if step["step"] == "ask_choice":
            found = _choice(turn, flow, step_id, taken.value)
            if found is not None:
                return found
        elif step["step"] == "ask_text" and taken.restated and (question is None or question["step"] != "ask_text"):
            value = without_lead_in(taken.value, str(turn.flows.slot(step["slot"]).get("field") or ""))
            return Correction(step["slot"], value, value)
    return None
