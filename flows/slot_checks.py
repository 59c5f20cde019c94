"""Checks that flows use their slots rightly: they exist, fit what fills them, and mean the same in every flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import get_args

from flows.content import Content, FlowFolder
from flows.errors import FlowError
from flows.parts import RESERVED_CHOICES, SlotType
from flows.steps import (
    AskChoice,
    CallFlow,
    CheckConsent,
    Extract,
    Http,
    IntentRoute,
    Qualify,
    Question,
    SetSlot,
    StepBase,
    WaitCallback,
)
from flows.wording import has_broken_placeholder, names_in

_FROM_ELSEWHERE: frozenset[SlotType] = frozenset({"text", "email", "phone", "number", "date", "choice", "flag"})
_WORDS: frozenset[SlotType] = frozenset({"text", "choice"})
_ANY: frozenset[SlotType] = frozenset(get_args(SlotType))
_FILLED_BY: Mapping[type[StepBase], frozenset[SlotType]] = {
    CheckConsent: frozenset({"consent"}),
    Qualify: _WORDS,
    CallFlow: _WORDS,
    IntentRoute: frozenset({"text"}),
    Http: _FROM_ELSEWHERE,
    WaitCallback: _FROM_ELSEWHERE,
}
_OF_ENTITY: Mapping[str, SlotType] = {
    "email": "email",
    "phone": "phone",
    "number": "number",
    "money": "number",
    "budget": "number",
    "people": "number",
    "date": "date",
    "datetime": "date",
    "first_name": "text",
    "company": "text",
    "role": "text",
}


def check_slots(folder: FlowFolder) -> Iterator[FlowError]:
    """Refuse steps that fill a slot the flow does not have, or one of another type."""
    slots = folder.model.slots
    for index, step in enumerate(folder.model.steps):
        for within, name in step.filled_slots():
            if name not in slots:
                yield unknown_slot(folder, index, name, *within)
                continue
            # What fills a consent slot without asking is told by the checks of consent.
            fits = _fitting(step, name)
            if slots[name].type not in fits and (slots[name].type != "consent" or isinstance(step, Question)):
                wanted = " or ".join(sorted(fits))
                problem = f"the slot {name} is of type {slots[name].type}, the step fills {wanted}"
                yield folder.step_fault(index, "slot.type", problem, f"Use a slot of type {wanted}", *within)
        if isinstance(step, SetSlot) and step.slot in slots and not _has_type(step.value, slots[step.slot].type):
            problem = f"the value {step.value} is none for a slot of type {slots[step.slot].type}"
            yield folder.step_fault(index, "slot.value", problem, "Correct the value, or the type of the slot", "value")


def check_choices(folder: FlowFolder) -> Iterator[FlowError]:
    """Refuse choices given twice, or of a value that other steps use for choices of their own."""
    for index, step in enumerate(folder.model.steps):
        if not isinstance(step, AskChoice):
            continue
        for number, value in enumerate(step.choices):
            if value in RESERVED_CHOICES:
                problem = f"the value {value} is reserved for steps that offer it by themselves"
                remedy = "Call it otherwise; its label may stay"
                yield folder.step_fault(index, "choice.reserved", problem, remedy, "choices", number)
            if value in step.choices[:number]:
                problem = f"the choice {value} is given twice"
                yield folder.step_fault(index, "choice.twice", problem, "Remove one of the two", "choices", number)


def check_templates(folder: FlowFolder) -> Iterator[FlowError]:
    """Refuse calls of connectors that name what does not exist, or hold braces that are no placeholder."""
    for index, step in enumerate(folder.model.steps):
        for within, text in step.templates() if isinstance(step, Http) else ():
            for name in sorted(names_in(text) - set(folder.model.slots)):
                yield unknown_slot(folder, index, name, *within)
            if has_broken_placeholder(text):
                remedy = "Write {{ name }} or {{ name | words when it is unknown }}"
                yield folder.step_fault(index, "slot.braces", "braces are not a placeholder", remedy, *within)


def check_shared_slots(content: Content) -> Iterator[FlowError]:
    """Refuse a slot that another flow of the library has with another type, since flows share what they remember."""
    seen: dict[str, tuple[str, SlotType]] = {}
    for flow, folder in content.flows.items():
        for name, slot in folder.model.slots.items():
            other, kind = seen.setdefault(name, (flow, slot.type))
            if kind != slot.type:
                problem = f"the slot {name} is of type {slot.type} here but of type {kind} in the flow {other}"
                remedy = "Flows share their slots: give it the same type, or another name"
                yield folder.fault("slot.differs", problem, remedy, "slots", name, "type")


def unknown_slot(folder: FlowFolder, index: int, name: str, *within: str | int) -> FlowError:
    problem = f"the slot {name} does not exist"
    return folder.step_fault(index, "slot.unknown", problem, "Add it under `slots`, or correct the name", *within)


def _fitting(step: StepBase, slot: str) -> frozenset[SlotType]:
    """Give the types of slot that what the step fills it with fits."""
    if isinstance(step, Question):
        # A question may keep something beside its answer, as words.
        return frozenset({step.slot_type if slot == step.slot else "text"})
    if isinstance(step, Extract):
        return frozenset({_OF_ENTITY[step.slots[slot]]})
    return next((types for kind, types in _FILLED_BY.items() if isinstance(step, kind)), _ANY)


def _has_type(value: object, kind: SlotType) -> bool:
    if value is None or kind == "consent":
        return True
    if isinstance(value, bool) or kind == "flag":
        return isinstance(value, bool) and kind == "flag"
    if isinstance(value, int | float) or kind == "number":
        return isinstance(value, int | float) and kind == "number"
    return kind in ("text", "email", "phone", "choice") or (kind == "date" and _is_day(str(value)))


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
