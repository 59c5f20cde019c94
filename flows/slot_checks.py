"""Checks that flows use their slots rightly: they exist, fit the step, and are compared with values they can have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from flows.conditions import Comparison, Condition, FactIs, comparisons_in
from flows.content import FlowFolder
from flows.errors import FlowError
from flows.parts import QUALIFICATIONS
from flows.steps import AskChoice, Qualify, Question, SetSlot, StepBase


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


def check_slots(folder: FlowFolder) -> Iterator[FlowError]:
    """Refuse steps that fill a slot the flow does not have, or one of another type."""
    slots = folder.model.slots
    for index, step in enumerate(folder.model.steps):
        if not isinstance(step, Question | SetSlot | Qualify):
            continue
        slot = slots.get(step.slot)
        if slot is None:
            yield _unknown(folder, index, step.slot, ("slot",))
        elif isinstance(step, Question) and slot.type != step.slot_type:
            problem = f"the slot {step.slot} is of type {slot.type}, the step fills {step.slot_type}"
            yield folder.step_fault(index, "slot.type", problem, f"Use a slot of type {step.slot_type}", "slot")
        elif slot.type == "consent" and not isinstance(step, Question):
            problem = f"the consent slot {step.slot} is filled without asking"
            yield folder.step_fault(index, "consent.forged", problem, "Let only `ask_consent` fill it", "slot")


def check_conditions(folder: FlowFolder) -> Iterator[FlowError]:
    """Refuse conditions on unknown slots, on facts, or on values a slot never has."""
    possible = _possible_values(folder)
    for index, step in enumerate(folder.model.steps):
        for condition, within in conditions_of(step):
            for comparison in comparisons_in(condition):
                yield from _check_comparison(folder, index, comparison, within, possible)


def _check_comparison(
    folder: FlowFolder,
    index: int,
    comparison: Comparison,
    within: tuple[str | int, ...],
    possible: Mapping[str, frozenset[str]],
) -> Iterator[FlowError]:
    name = comparison.name
    if isinstance(comparison, FactIs):
        problem = f"a flow compares the fact {name}; facts belong to journeys"
        yield folder.step_fault(index, "condition.fact", problem, "Compare a slot with `slot:`", *within)
    elif name not in folder.model.slots:
        yield _unknown(folder, index, name, within)
    elif values := possible.get(name):
        wanted = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
        for value in wanted:
            if value is not None and value not in values:
                problem = f"the slot {name} is never {value}"
                remedy = f"Compare with one of {', '.join(sorted(values))}"
                yield folder.step_fault(index, "condition.value", problem, remedy, *within)


def _possible_values(folder: FlowFolder) -> dict[str, frozenset[str]]:
    """Give the values of the slots whose values are all written in the flow."""
    values: dict[str, set[str]] = {
        name: {"given", "refused"} if slot.type == "consent" else set() for name, slot in folder.model.slots.items()
    }
    for step in folder.model.steps:
        if isinstance(step, AskChoice):
            values.setdefault(step.slot, set()).update(step.choices)
        elif isinstance(step, Qualify):
            values.setdefault(step.slot, set()).update(QUALIFICATIONS)
        elif isinstance(step, SetSlot) and isinstance(step.value, str):
            values.setdefault(step.slot, set()).add(step.value)
    closed = ("choice", "consent")
    slots = folder.model.slots
    return {name: frozenset(found) for name, found in values.items() if name in slots and slots[name].type in closed}


def _unknown(folder: FlowFolder, index: int, name: str, within: tuple[str | int, ...]) -> FlowError:
    problem = f"the slot {name} does not exist"
    return folder.step_fault(index, "slot.unknown", problem, "Add it under `slots`, or correct the name", *within)
