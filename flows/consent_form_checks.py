"""Checks how consent is asked: one purpose a question, nothing filled in beforehand. Follows no paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.content import Content, FlowFolder
from flows.errors import FlowError
from flows.parts import PURPOSES_NEEDING_CONSENT
from flows.steps import AskConsent, CheckConsent, Preferences, Question, SetSlot, StepBase


def check_consent_slots(folder: FlowFolder) -> Iterator[FlowError]:
    """Refuse consent that is filled in otherwise than by asking or looking it up, or that is kept as a plain field."""
    slots = folder.model.slots
    for name, slot in slots.items():
        if slot.type == "consent" and slot.field:
            problem = f"the consent slot {name} is captured to a field, from where it would fill in by itself"
            yield folder.fault("consent.forged", problem, "Remove `field`", "slots", name, "field")
    for index, step in enumerate(folder.model.steps):
        for within, name in step.filled_slots():
            if name in slots and slots[name].type == "consent" and _forges(step):
                problem = f"the consent slot {name} is filled without asking"
                remedy = "Let only `ask_consent` fill it; `set` may forget it"
                yield folder.step_fault(index, "consent.forged", problem, remedy, *within)


def check_bundled(content: Content) -> Iterator[FlowError]:
    """Refuse a consent slot that stands for more than one purpose, so that one yes would count for both."""
    purposes: dict[str, tuple[str, str]] = {}
    for flow, folder in content.flows.items():
        for index, step in enumerate(folder.model.steps):
            if not isinstance(step, AskConsent | CheckConsent):
                continue
            purpose, where = purposes.setdefault(step.slot, (step.purpose, f"{flow}/{step.id}"))
            if purpose != step.purpose:
                problem = f"the slot {step.slot} already stands for consent to {purpose} (in {where})"
                remedy = "Ask for each purpose by itself, with a slot of its own"
                yield folder.step_fault(index, "consent.bundled", problem, remedy, "purpose")


def check_preferences(folder: FlowFolder) -> Iterator[FlowError]:
    """Refuse preferences of the same name, or two for the same purpose and channel."""
    for index, step in enumerate(folder.model.steps):
        if not isinstance(step, Preferences):
            continue
        for number, item in enumerate(step.items):
            before = step.items[:number]
            if any(
                one.name == item.name or (one.purpose, one.channel) == (item.purpose, item.channel) for one in before
            ):
                problem = f"the preference {item.name} stands there already"
                remedy = "Keep one of the two"
                yield folder.step_fault(index, "preference.twice", problem, remedy, "items", number)
            if item.name in ("done", "yes", "no"):
                problem = f"a preference cannot be called {item.name}"
                yield folder.step_fault(index, "choice.reserved", problem, "Call it otherwise", "items", number)


def check_preticked(content: Content) -> Iterator[FlowError]:
    """Refuse a marketing consent that is passed over because something else has filled it in."""
    filling = _filled_otherwise(content)
    for folder in content.flows.values():
        for index, step in enumerate(folder.model.steps):
            if not isinstance(step, AskConsent) or not step.skip_if_known or step.slot not in filling:
                continue
            if step.purpose in PURPOSES_NEEDING_CONSENT:
                problem = f"it is not asked when {step.slot} is known, and {filling[step.slot]} fills that in"
                remedy = "Ask always, or let only the visitor's answer fill the slot"
                yield folder.step_fault(index, "consent.preticked", problem, remedy, "skip_if_known")


def _forges(step: StepBase) -> bool:
    """Tell whether a step that fills a consent slot does so without a question; one of another kind is told as such."""
    return not isinstance(step, Question | CheckConsent) and not (isinstance(step, SetSlot) and step.value is None)


def _filled_otherwise(content: Content) -> Mapping[str, str]:
    return {
        name: f"{flow}/{step.id}"
        for flow, folder in content.flows.items()
        for step in folder.model.steps
        for _, name in step.filled_slots()
        if not isinstance(step, AskConsent) and (_forges(step) or isinstance(step, Question))
    }
