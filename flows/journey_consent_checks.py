"""Proves over the graph of a journey that its messages are of a kind that may be sent at all, and that a stop is kept.

Whether one message may go to one contact is asked of the gate when it leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flows.content import JourneyFolder
from flows.errors import FlowError
from flows.graph import StepGraph, closure
from flows.journey_models import Journey, Speaking
from flows.journey_steps import Call, ConsentGate, Converse, ReachOut, Send
from flows.parts import PURPOSES_NEEDING_CONSENT, Channel, Purpose
from flows.steps import StepBase

_NO_MESSAGES: frozenset[Purpose] = frozenset({"profiling", "special_category"})
_STOPS = ("opted_out", "wrong_person")


def check_purposes(folder: JourneyFolder) -> Iterator[FlowError]:
    """Refuse messages for a purpose that is none for messages: no channel may ever carry them."""
    for index, step in enumerate(folder.model.steps):
        if isinstance(step, Speaking) and folder.model.purpose_of(step) in _NO_MESSAGES:
            problem = f"on no channel may messages be sent for {folder.model.purpose_of(step)}"
            yield folder.step_fault(index, "send.purpose", problem, "Use marketing or service", "purpose")


def check_stops(folder: JourneyFolder) -> Iterator[FlowError]:
    """Refuse promotion after a talk ended with a stop, or showed that it is somebody else."""
    steps, graph = _by_id(folder), StepGraph.of(folder.model.steps)
    for index, step in enumerate(folder.model.steps):
        for outcome in _STOPS if isinstance(step, Converse | Call) else ():
            target = step.ways.get(outcome) if isinstance(step, Converse | Call) else None
            met = closure([target], lambda name: graph.edges[name]) if target in steps else frozenset()
            promoting = sorted(name for name in met if _promotes(folder.model, steps[name]))
            if promoting:
                problem = f"after {outcome} it still comes to {', '.join(promoting)}, which promotes"
                yield folder.step_fault(index, "promotion.after_stop", problem, "Lead to an `exit`", "ways", outcome)


def check_gates(folder: JourneyFolder) -> Iterator[FlowError]:
    """Refuse promotion by calls without a gate before it, and a gate whose refusal is passed over."""
    steps, graph = _by_id(folder), StepGraph.of(folder.model.steps)
    for index, step in enumerate(folder.model.steps):
        if isinstance(step, Call) and _promotes(folder.model, step) and step.id in _ungated(folder, graph, step):
            problem = "some path calls to promote something without a look whether calls are allowed"
            remedy = "Put a `consent_gate` with channel voice before it"
            yield folder.step_fault(index, "call.no_gate", problem, remedy, "id")
        if isinstance(step, ConsentGate) and step.not_allowed in steps:
            ignoring = sorted(_ignoring(folder, graph, step))
            if ignoring:
                problem = f"{', '.join(ignoring)} would send although this was not allowed"
                remedy = "Lead to a step for which another consent is enough, or to an `exit`"
                yield folder.step_fault(index, "gate.ignored", problem, remedy, "not_allowed")


def channels_of(step: StepBase) -> tuple[Channel, ...]:
    """Give the channels a step speaks on."""
    if isinstance(step, Send | ReachOut | Converse):
        return step.channels
    return ("voice",) if isinstance(step, Call) else ()


def ungated_needs(folder: JourneyFolder) -> Iterator[tuple[Purpose, Channel]]:
    """List the consents its messages need for which no gate of its own looks before, by the way in by hand."""
    graph = StepGraph.of(folder.model.steps)
    for step in folder.model.steps:
        if isinstance(step, Speaking) and folder.model.purpose_of(step) in PURPOSES_NEEDING_CONSENT:
            for channel in channels_of(step):
                if step.id in _reached_without(folder, graph, folder.model.purpose_of(step), channel):
                    yield folder.model.purpose_of(step), channel


def _ungated(folder: JourneyFolder, graph: StepGraph, step: Speaking) -> frozenset[str]:
    return _reached_without(folder, graph, folder.model.purpose_of(step), "voice")


def _reached_without(folder: JourneyFolder, graph: StepGraph, purpose: Purpose, channel: Channel) -> frozenset[str]:
    """Give the steps met without passing a gate for this purpose and channel alone by its allowing way."""
    steps = _by_id(folder)

    def following(name: str) -> Iterable[str]:
        step = steps[name]
        if isinstance(step, ConsentGate) and folder.model.purpose_of(step) == purpose and step.channels == (channel,):
            return [step.not_allowed] if step.not_allowed in steps else []
        return graph.edges[name]

    return closure(graph.entries, following)


def _ignoring(folder: JourneyFolder, graph: StepGraph, gate: ConsentGate) -> Iterator[str]:
    """List the steps behind a refusal, and before any other gate, that would need just what was refused."""
    steps, purpose = _by_id(folder), folder.model.purpose_of(gate)

    def following(name: str) -> Iterable[str]:
        return () if isinstance(steps[name], ConsentGate) else graph.edges[name]

    for name in closure([gate.not_allowed], following):
        step = steps[name]
        same_purpose = isinstance(step, Speaking) and folder.model.purpose_of(step) == purpose
        if same_purpose and _promotes(folder.model, step) and set(channels_of(step)) <= set(gate.channels):
            yield name


def _promotes(journey: Journey, step: StepBase) -> bool:
    return isinstance(step, Speaking) and journey.purpose_of(step) in PURPOSES_NEEDING_CONSENT


def _by_id(folder: JourneyFolder) -> dict[str, StepBase]:
    return {step.id: step for step in folder.model.steps}
