"""Checks of journeys beyond their shape: what they compare, and when they must stop. Not whether a send may go out."""

from __future__ import annotations

from collections.abc import Iterator

from flows.conditions import Condition, FactIs, Leaf, PropertyIs, SlotIs, leaves_of
from flows.content import Content, JourneyFolder
from flows.errors import FlowError
from flows.graph import closing_steps
from flows.journey_models import Speaking
from flows.journey_places import Place, conditions_in, events_in, remembered_in, texts_in
from flows.journey_steps import OnDate, Update, WaitUntil, WebhookConnector
from flows.parts import PURPOSES_NEEDING_CONSENT
from flows.steps import Qualify
from flows.wording import has_broken_placeholder, names_in

# Facts that the platform itself has of every contact, beside the fields that flows capture.
PLATFORM_FACTS = frozenset({"score", "stage", "language"})


def facts_of(content: Content) -> frozenset[str]:
    """Give the facts that journeys may compare and name: fields some flow captures, outcomes, the platform's own."""
    fields = {slot.field for flow in content.flows.values() for slot in flow.model.slots.values() if slot.field}
    outcomes = {"qualification"} if any(_qualifies(content)) else set()
    return PLATFORM_FACTS | fields | outcomes


def facts_in(folder: JourneyFolder, facts: frozenset[str]) -> frozenset[str]:
    """Give the facts that this journey may compare: those of all, those it declares, and those it writes itself."""
    written = {name for step in folder.model.steps if isinstance(step, Update) for name in step.set}
    saved = {name for step in folder.model.steps if isinstance(step, WebhookConnector) for name in step.save}
    return facts | set(folder.model.facts) | written | saved


def names_for_wording(folder: JourneyFolder, facts: frozenset[str]) -> frozenset[str]:
    """Give what its wording may name: its facts, and what it remembers of events."""
    return facts_in(folder, facts) | remembered_in(folder)


def check_journey_conditions(folder: JourneyFolder, facts: frozenset[str]) -> Iterator[FlowError]:
    """Refuse conditions on slots, on facts nobody provides, and on an event where there is none."""
    known = facts_in(folder, facts)
    for place, condition in conditions_in(folder):
        for leaf in leaves_of(condition):
            for rule, problem, remedy in _leaf_faults(leaf, known):
                yield place.fault(folder, rule, problem, remedy)
    for place, event in events_in(folder):
        if event.where is not None and _others_than_properties(event.where):
            problem = f"`where` compares something else than the properties of {event.kind}"
            inner = Place(place.step, (*place.within, "where"))
            yield inner.fault(folder, "condition.where", problem, "Compare them with `property:`")


def check_journey_fields(folder: JourneyFolder, facts: frozenset[str]) -> Iterator[FlowError]:
    """Refuse dates and texts that name facts nobody provides."""
    known = facts_in(folder, facts)
    for index, step in enumerate(folder.model.steps):
        usable = known | remembered_in(folder) if isinstance(step, WaitUntil) else known
        if isinstance(step, OnDate | WaitUntil) and step.field and step.field not in usable:
            yield _unknown(folder, Place(index, ("field",)), step.field, usable)
    for place, text in texts_in(folder):
        for name in sorted(names_in(text) - known - remembered_in(folder)):
            yield _unknown(folder, place, name, known)
        if has_broken_placeholder(text):
            remedy = "Write {{ name }} or {{ name | words when it is unknown }}"
            yield place.fault(folder, "wording.braces", "braces are not a placeholder", remedy)


def check_journey_exit(folder: JourneyFolder) -> Iterator[FlowError]:
    """Refuse a journey that runs off its end, or goes on after the contact said stop."""
    for index, step in enumerate(folder.model.steps):
        if step.id in closing_steps(folder.model.steps) and not step.ends:
            yield folder.step_fault(index, "exit.missing", "the journey runs off its end", "Add an `exit` step", "id")
    purposes = {folder.model.purpose_of(step) for step in folder.model.steps if isinstance(step, Speaking)}
    promoting = sorted({folder.model.purpose, *purposes} & PURPOSES_NEEDING_CONSENT)
    if promoting and "opted_out" not in folder.model.exit_when:
        problem = f"a journey for {promoting[0]} goes on after the contact opted out"
        yield folder.fault("exit.opt_out", problem, "Add opted_out to `exit_when`", "exit_when")
    if promoting and folder.model.frequency_class == "essential":
        problem = f"a journey for {promoting[0]} is not essential"
        yield folder.fault("frequency.essential", problem, "Use normal or occasional", "frequency_class")


def _leaf_faults(leaf: Leaf, known: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    if isinstance(leaf, SlotIs):
        problem = f"a journey compares the slot {leaf.name}; slots belong to flows"
        yield "condition.slot", problem, "Compare a fact with `fact:`"
    elif isinstance(leaf, PropertyIs):
        problem = f"it compares the property {leaf.name}, but no event stands here"
        yield "condition.property", problem, "Ask with `happened:` and put it under `where`"
    elif isinstance(leaf, FactIs) and leaf.name not in known:
        yield "fact.unknown", f"no flow captures the fact {leaf.name}", _one_of(known)


def _others_than_properties(where: Condition) -> bool:
    return any(not isinstance(leaf, PropertyIs) for leaf in leaves_of(where))


def _unknown(folder: JourneyFolder, place: Place, name: str, known: frozenset[str]) -> FlowError:
    return place.fault(folder, "fact.unknown", f"no flow captures the fact {name}", _one_of(known))


def _one_of(known: frozenset[str]) -> str:
    return f"Use one of {', '.join(sorted(known))}, or say under `facts` what it means"


def _qualifies(content: Content) -> Iterator[bool]:
    for flow in content.flows.values():
        yield from (isinstance(step, Qualify) for step in flow.model.steps)
