"""Keep what a visitor tells unasked: address, number, name, job, company, size, budget. Changes no known value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from parley_rasa.amounts import range_of
from parley_rasa.dialogue.choices import offered
from parley_rasa.dialogue.conditions import is_known
from parley_rasa.dialogue.flows import QUESTION_INPUT
from parley_rasa.dialogue.limits import is_within
from parley_rasa.dialogue.turn import Turn
from parley_rasa.personal_facts import find_personal_facts
from parley_rasa.talk_words.by_language import talk_in

VALUE_KINDS = ("email", "phone")
TOLD = {"first_name": "first_name", "company": "company", "role": "role", "team_size": "people", "budget": "budget"}
"""Contact fields, in the order they are said, and what tells each of them."""
_IN_WORDS = ("first_name", "company", "role")


@dataclass(frozen=True)
class Noted:
    """A value for a slot and how to say it."""

    slot: str
    value: Any
    shown: str


def capture(turn: Turn) -> list[Noted]:
    """Capture what was given without being asked for; what the open question asks is left to that question."""
    noted = [*_new_facts(turn), *_new_values(turn)]
    for one in noted:
        turn.set_slot(one.slot, one.value)
    turn.told.update(one.slot for one in noted)
    return noted


def say_noted(turn: Turn, noted: list[Noted]) -> None:
    """Say what was captured, so that a misunderstanding can be corrected at once."""
    if noted:
        facts = ", ".join(f"{turn.label(one.slot)} {one.shown}" for one in noted)
        turn.say(turn.pattern("noted", facts=facts))


def facts_in_text(turn: Turn) -> list[Noted]:
    """List the facts of the text that have a slot, whether or not it is known."""
    facts = find_personal_facts(turn.message.text, turn.language)
    found = []
    for field, fact in TOLD.items():
        slot, told = turn.flows.slot_of_field(field), getattr(facts, fact)
        if slot is None or told is None:
            continue
        if field in _IN_WORDS:
            found.append(Noted(slot, told, told))
        elif _is_of_company(turn) if field == "team_size" else _is_ours(turn):
            found += _in_choices(turn, slot, told) or _as_number(turn, slot, told)
    return found


def _is_of_company(turn: Turn) -> bool:
    """Tell whether people in the text may be all who work there: not those a place is booked for, or a count asked."""
    if turn.question is not None and not turn.moved and turn.question["step"] == "ask_number":
        return False
    text = turn.message.text
    if any(words.for_people.search(text) or words.places.search(text) for words in talk_in(turn.language)):
        return False
    return _is_ours(turn)


def _is_ours(turn: Turn) -> bool:
    """Tell whether a number in the text is the visitor's own, and not one that they only ask about."""
    return not turn.is_asking or any(words.ourselves.search(turn.message.text) for words in talk_in(turn.language))


def for_open_question(turn: Turn) -> Noted | None:
    """Return what answers the open question although the text asks something."""
    question = turn.question
    if question is None or turn.moved:
        return None
    facts = find_personal_facts(turn.message.text, turn.language)
    told = facts.budget if turn.flows.slot(question["slot"]).get("field") == "budget" else facts.people
    if told is None:
        return None
    if question["step"] == "ask_number":
        return Noted(question["slot"], told, str(told)) if is_within(told, question) else None
    if question["step"] != "ask_choice":
        return None
    return next(iter(_in_choices(turn, question["slot"], told)), None)


def _in_choices(turn: Turn, slot: str, number: int | float) -> list[Noted]:
    place = turn.flows.choice_step(slot)
    if place is None or number != int(number):
        return []
    choices = offered(turn, place, turn.flows.step(place["flow"], place["step"]))
    value = range_of(int(number), choices)
    return [Noted(slot, value, choice["label"]) for choice in choices if choice["value"] == value]


def _as_number(turn: Turn, slot: str, number: int | float) -> list[Noted]:
    """Take a number for a slot that a question for a number fills, when it keeps within its bounds."""
    place = turn.flows.question_step(slot)
    step = turn.flows.step(place["flow"], place["step"]) if place else None
    taken = step is not None and step["step"] == "ask_number" and is_within(number, step)
    return [Noted(slot, number, str(number))] if taken else []


def _new_values(turn: Turn) -> list[Noted]:
    asked = "" if turn.question is None or turn.moved else QUESTION_INPUT[turn.question["step"]]
    noted = []
    for kind in VALUE_KINDS:
        value = turn.understood.values.get(kind)
        if value is None or kind == asked:
            continue
        slots = turn.flows.slots_of_type(kind, turn.frame["flow"] if turn.frame else None)
        if slots and not any(is_known(turn.slots.get(slot)) for slot in slots):
            noted.append(Noted(slots[0], value, str(value)))
    return noted


def _new_facts(turn: Turn) -> list[Noted]:
    asked = None if turn.question is None or turn.moved else turn.question["slot"]
    return [fact for fact in facts_in_text(turn) if fact.slot != asked and not is_known(turn.slots.get(fact.slot))]
