"""Checks of journeys beyond their shape: what they compare, and when they must stop. Not whether a send may go out."""

from __future__ import annotations

from collections.abc import Iterator

from flows.condition_checks import conditions_of
from flows.conditions import FactIs, SlotIs, leaves_of
from flows.content import Content, JourneyFolder
from flows.errors import FlowError
from flows.parts import PURPOSES_NEEDING_CONSENT
from flows.steps import Qualify

# Facts that the platform itself has of every contact, beside the fields that flows capture.
PLATFORM_FACTS = frozenset({"score", "stage"})


def facts_of(content: Content) -> frozenset[str]:
    """Give the facts that journeys may compare and name: fields some flow captures, outcomes, the platform's own."""
    fields = {slot.field for flow in content.flows.values() for slot in flow.model.slots.values() if slot.field}
    outcomes = {"qualification"} if any(_qualifies(content)) else set()
    return PLATFORM_FACTS | fields | outcomes


def check_journey_facts(folder: JourneyFolder, facts: frozenset[str]) -> Iterator[FlowError]:
    """Refuse conditions on slots or on facts nobody provides."""
    for index, step in enumerate(folder.model.steps):
        for condition, within in conditions_of(step):
            for leaf in leaves_of(condition):
                if isinstance(leaf, SlotIs):
                    problem = f"a journey compares the slot {leaf.name}; slots belong to flows"
                    yield folder.step_fault(index, "condition.slot", problem, "Compare a fact with `fact:`", *within)
                elif isinstance(leaf, FactIs) and leaf.name not in facts:
                    problem = f"no flow captures the fact {leaf.name}"
                    remedy = f"Compare one of {', '.join(sorted(facts))}"
                    yield folder.step_fault(index, "fact.unknown", problem, remedy, *within)


def check_journey_exit(folder: JourneyFolder) -> Iterator[FlowError]:
    """Refuse a journey that runs off its end, or goes on after the contact said stop."""
    last = len(folder.model.steps) - 1
    step = folder.model.steps[last]
    if not step.ends and not step.next:
        yield folder.step_fault(last, "exit.missing", "the journey runs off its end", "Add an `exit` step", "id")
    needs_consent = folder.model.purpose in PURPOSES_NEEDING_CONSENT
    if needs_consent and "opted_out" not in folder.model.exit_when:
        problem = f"a journey for {folder.model.purpose} goes on after the contact opted out"
        yield folder.fault("exit.opt_out", problem, "Add opted_out to `exit_when`", "exit_when")


def _qualifies(content: Content) -> Iterator[bool]:
    for flow in content.flows.values():
        yield from (isinstance(step, Qualify) for step in flow.model.steps)
