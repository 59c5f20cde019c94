"""Checks of what flows compare: slots and facts that exist, with values they can have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, get_args

from flows.conditions import Comparison, Condition, FactIs, Leaf, SlotIs, leaves_of
from flows.content import Content, FlowFolder
from flows.errors import FlowError
from flows.parts import OUTCOMES, QUALIFICATIONS, Channel, Stage
from flows.steps import AskChoice, CallFlow, CardList, Http, Qualify, SetSlot, StepBase, WaitCallback

TAG_FACTS = "tag_"
_CHANNELS: tuple[str, ...] = get_args(Channel)
_STAGES: tuple[str, ...] = get_args(Stage)
# What a flow may know of the contact and the conversation; the values where they are few, else their kind.
FACTS: Mapping[str, tuple[str, ...] | type] = {
    "channel": _CHANNELS,
    "language": str,
    "score": float,
    "qualification": QUALIFICATIONS,
    "stage": _STAGES,
    "known_contact": bool,
}


class Placed(NamedTuple):
    """A condition and where in its step it stands."""

    condition: Condition
    within: tuple[str | int, ...]


def conditions_of(step: StepBase) -> Iterator[Placed]:
    """List the conditions of a step."""
    for number, option in enumerate(step.next or ()):
        if option.condition:
            yield Placed(option.condition, ("next", number, "if"))
    if isinstance(step, Qualify):
        for number, points in enumerate(step.points):
            yield Placed(points.condition, ("points", number, "if"))
    if isinstance(step, CardList):
        for number, card in enumerate(step.cards):
            if card.condition:
                yield Placed(card.condition, ("cards", number, "if"))


def check_conditions(folder: FlowFolder, content: Content) -> Iterator[FlowError]:
    """Refuse conditions on unknown slots or facts, or on values they never have."""
    possible = _possible_values(folder, content)
    for index, step in enumerate(folder.model.steps):
        for condition, within in conditions_of(step):
            for leaf in leaves_of(condition):
                for rule, problem, remedy in _faults(folder, leaf, possible):
                    yield folder.step_fault(index, rule, problem, remedy, *within)
    for leaf in leaves_of(folder.model.guard) if folder.model.guard else ():
        for rule, problem, remedy in _faults(folder, leaf, possible):
            yield folder.fault(rule, problem, remedy, "guard")


def _faults(folder: FlowFolder, leaf: Leaf, possible: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str, str]]:
    name = leaf.name
    if isinstance(leaf, FactIs):
        yield from _fact_faults(leaf)
    elif not isinstance(leaf, SlotIs):
        problem = f"a flow asks about {name}, of which only journeys know"
        yield "condition.journey", problem, "Compare a slot or a fact"
    elif name not in folder.model.slots:
        yield "slot.unknown", f"the slot {name} does not exist", "Add it under `slots`, or correct the name"
    elif values := possible.get(name):
        for value in _wanted(leaf):
            if value not in values:
                remedy = f"Compare with one of {', '.join(sorted(values))}"
                yield "condition.value", f"the slot {name} is never {value}", remedy


def _fact_faults(comparison: FactIs) -> Iterator[tuple[str, str, str]]:
    name = comparison.fact
    values = bool if name.startswith(TAG_FACTS) and name != TAG_FACTS else FACTS.get(name)
    if values is None:
        remedy = f"Compare one of {', '.join(FACTS)} or {TAG_FACTS}<tag>; what the visitor said is a slot"
        yield "fact.unknown", f"flows do not know the fact {name}", remedy
        return
    for value in _wanted(comparison):
        if isinstance(values, tuple) and value not in values:
            yield "condition.value", f"the fact {name} is never {value}", f"Compare with one of {', '.join(values)}"
        elif isinstance(values, type) and not _is_a(value, values):
            kind = {bool: "true or false", float: "a number", str: "a text"}[values]
            yield "condition.value", f"the fact {name} is never {value}", f"Compare with {kind}"


def _wanted(comparison: Comparison) -> tuple[object, ...]:
    value = comparison.value
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _is_a(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind)


def _possible_values(folder: FlowFolder, content: Content) -> dict[str, frozenset[str]]:
    """Give the values of the slots whose values are all written in the flows."""
    slots = folder.model.slots
    values: dict[str, set[str]] = {
        name: {"given", "refused"} if slot.type == "consent" else set() for name, slot in slots.items()
    }
    open_ended: set[str] = set()
    for other in content.flows.values() if folder.name in content.flows else (folder,):
        for step in other.model.steps:
            for slot in _filled_from_outside(step):
                open_ended.add(slot)
            for slot, found in _filled_with(step, content):
                values.setdefault(slot, set()).update(found)
    closed = ("choice", "consent")
    return {
        name: frozenset(found)
        for name, found in values.items()
        if name in slots and slots[name].type in closed and name not in open_ended
    }


def _filled_from_outside(step: StepBase) -> Iterator[str]:
    if isinstance(step, Http | WaitCallback):
        yield from step.save


def _filled_with(step: StepBase, content: Content) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(step, AskChoice):
        yield step.slot, step.choices
    elif isinstance(step, Qualify):
        yield step.slot, QUALIFICATIONS
    elif isinstance(step, SetSlot) and isinstance(step.value, str):
        yield step.slot, (step.value,)
    elif isinstance(step, CallFlow) and step.outcome:
        called = content.flows.get(step.flow)
        yield step.outcome, (*OUTCOMES, *(called.model.outcomes if called else ()))
