"""Checks of the talks a journey waits for: their flows exist, and every way one may end has a place to go on."""

from __future__ import annotations

from collections.abc import Iterator

from flows.content import Content, FlowFolder, JourneyFolder
from flows.errors import FlowError
from flows.graph import closing_steps, closure
from flows.journey_models import Journey
from flows.journey_steps import ALWAYS_POSSIBLE, Call, Converse, OnConversationOutcome
from flows.steps import End, Handoff, Jump, Return

# Outcomes of which each needs a way of its own, unless one of these ends the journey before.
_NEEDED = {
    "no_reply": None,
    "wrong_person": None,
    "opted_out": "opted_out",
    "asked_for_person": "handed_off",
}


def check_talks(folder: JourneyFolder, content: Content) -> Iterator[FlowError]:
    """Refuse talks by unknown flows, ways for outcomes they never have, and outcomes that need a way but have none."""
    for index, step in enumerate(folder.model.steps):
        if isinstance(step, OnConversationOutcome):
            flow: str | None = step.flow
            named: dict[str, tuple[str | int, ...]] = {
                outcome: ("outcomes", number) for number, outcome in enumerate(step.outcomes)
            }
        elif isinstance(step, Converse | Call):
            flow = step.flow
            named = {outcome: ("ways", outcome) for outcome in step.ways}
            for outcome in _lacking(folder.model, step, content):
                problem = f"it says not where to go when the talk ends with {outcome}"
                yield folder.step_fault(index, "outcome.no_way", problem, "Give it a way under `ways`", "ways")
        else:
            continue
        if flow in content.unread:
            continue
        if flow is not None and flow not in content.flows:
            problem = f"the flow {flow} does not exist"
            yield folder.step_fault(index, "flow.unknown", problem, "Name a flow of the library", "flow")
            continue
        possible = outcomes_of(flow, content)
        for outcome, within in named.items():
            if outcome not in possible:
                problem = f"the talk never ends with {outcome}"
                remedy = f"Name one of {', '.join(sorted(possible))}"
                yield folder.step_fault(index, "outcome.never", problem, remedy, *within)


def talked_flows(content: Content) -> list[str]:
    """List the flows with which a journey begins a talk: each must stand by itself."""
    steps = (step for folder in content.journeys.values() for step in folder.model.steps)
    named = {step.flow for step in steps if isinstance(step, Converse | Call) and step.flow}
    return sorted(named & set(content.flows))


def outcomes_of(flow: str | None, content: Content) -> frozenset[str]:
    """Give the outcomes a talk may have; of a text that is only spoken, those that need no answer."""
    if flow is None:
        return frozenset({"no_reply"})
    leading = closure([flow], lambda name: _jumps(content.flows.get(name)))
    found = {outcome for name in leading if name in content.flows for outcome in _ends(content.flows[name])}
    return frozenset(found) | set(ALWAYS_POSSIBLE)


def _lacking(journey: Journey, step: Converse | Call, content: Content) -> list[str]:
    if step.flow is None:
        needed = {"no_reply"}
    else:
        needed = {outcome for outcome, rule in _NEEDED.items() if rule not in journey.exit_when}
        needed |= {"declined"} & outcomes_of(step.flow, content)
    return sorted(needed - set(step.ways))


def _jumps(folder: FlowFolder | None) -> list[str]:
    return [step.flow for step in folder.model.steps if isinstance(step, Jump)] if folder else []


def _ends(folder: FlowFolder) -> Iterator[str]:
    closing = closing_steps(folder.model.steps)
    for step in folder.model.steps:
        if isinstance(step, End | Return):
            yield step.outcome
        elif step.id in closing and not isinstance(step, Handoff | Jump):
            yield "completed"
