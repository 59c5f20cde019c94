"""Checks of flows that call and jump to each other: they exist, wait now and then, and come to an end together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flows.content import Content, FlowFolder
from flows.errors import FlowError
from flows.graph import StepGraph, Way, closing_steps, closure, find_loop
from flows.graph_checks import check_loops, pauses_in
from flows.steps import CallFlow, Handoff, Jump, StepBase

Place = tuple[str, str]


def check_flows_exist(folder: FlowFolder, content: Content) -> Iterator[FlowError]:
    """Refuse a call of, or a jump to, a flow or a step that nobody wrote."""
    for index, step in enumerate(folder.model.steps):
        if not isinstance(step, CallFlow | Jump) or step.flow in content.unread:
            continue
        target = content.flows.get(step.flow)
        if target is None:
            problem = f"the flow {step.flow} does not exist"
            yield folder.step_fault(index, "flow.unknown", problem, "Name a flow of the library", "flow")
        elif isinstance(step, Jump) and step.at and step.at not in {one.id for one in target.model.steps}:
            problem = f"the flow {step.flow} has no step {step.at}"
            yield folder.step_fault(index, "target.missing", problem, f"Name a step of {step.flow}", "at")


def check_joined(content: Content) -> Iterator[FlowError]:
    """Refuse flows that call or jump to each other without ever waiting, or without ever ending."""
    if any(True for folder in content.flows.values() for _ in check_loops(folder)):
        return  # A loop within one flow is told there; it would only be told again.
    joined = _Joined.of(content.flows)
    loop = find_loop(joined.restless())
    moves = [place for place in loop if isinstance(joined.steps[place], CallFlow | Jump)]
    if moves:
        flow, step = min(moves)
        steps = ", ".join(sorted("/".join(place) for place in loop))
        problem = f"the steps {steps} can go round without ever waiting"
        remedy = "Put a question with `skip_if_known: false` into the loop, or a condition out of it"
        folder = content.flows[flow]
        yield folder.step_fault(folder.index_of(step), "loop.endless", problem, remedy, "flow")
    yield from _check_joined_ends(content, joined)


def _check_joined_ends(content: Content, joined: _Joined) -> Iterator[FlowError]:
    ending = joined.ending()
    for name, folder in content.flows.items():
        graph = StepGraph.of(folder.model.steps)
        met = graph.reachable()
        if met - graph.leading_to(closing_steps(folder.model.steps)):
            continue  # The flow is without end by itself, which is told there.
        for index, step in enumerate(folder.model.steps):
            if isinstance(step, CallFlow | Jump) and step.id in met and (name, step.id) not in ending:
                problem = f"the flows that follow by {step.flow} lead on to each other and never end"
                remedy = "Lead one way in one of them to an end"
                yield folder.step_fault(index, "end.unreachable", problem, remedy, "flow")
                break


@dataclass(frozen=True)
class _Joined:
    """All flows as one graph of places."""

    flows: Mapping[str, FlowFolder]
    steps: Mapping[Place, StepBase]
    ways: Mapping[Place, tuple[Way, ...]]
    closing: frozenset[Place]
    pausing: frozenset[Place]

    @classmethod
    def of(cls, flows: Mapping[str, FlowFolder]) -> _Joined:
        steps = {(name, step.id): step for name, folder in flows.items() for step in folder.model.steps}
        graphs = {name: StepGraph.of(folder.model.steps) for name, folder in flows.items()}
        ways = {(name, step): found for name, graph in graphs.items() for step, found in graph.ways.items()}
        closing = {(name, step) for name, folder in flows.items() for step in closing_steps(folder.model.steps)}
        pausing = {place for place, step in steps.items() if pauses_in(flows[place[0]], step)}
        return cls(flows, steps, ways, frozenset(closing), frozenset(pausing))

    def restless(self) -> dict[Place, list[Place]]:
        """Give what follows what without any time passing, into called flows and past those that do not wait."""
        unwaiting = self._least(self._passes_unwaiting)
        edges: dict[Place, list[Place]] = {}
        for place, step in self.steps.items():
            following = [(place[0], way.to) for way in self.ways[place] if not way.waits(pauses=place in self.pausing)]
            target = self._target(step)
            if target and isinstance(step, CallFlow) and not (self._may_skip(step) or target in unwaiting):
                following = []
            edges[place] = following + ([target] if target else [])
        return edges

    def ending(self) -> frozenset[Place]:
        """Give the places from which an end can be met."""
        return self._least(self._ends)

    def _target(self, step: StepBase) -> Place | None:
        if not isinstance(step, CallFlow | Jump) or step.flow not in self.flows:
            return None
        at = (step.at if isinstance(step, Jump) else None) or self.flows[step.flow].model.steps[0].id
        return (step.flow, at) if (step.flow, at) in self.steps else None

    def _may_skip(self, step: CallFlow | Jump) -> bool:
        """Tell whether the flow may be passed over, since it is guarded or nobody wrote it."""
        return step.flow not in self.flows or self.flows[step.flow].model.guard is not None

    def _passes_unwaiting(self, place: Place, found: set[Place]) -> bool:
        step = self.steps[place]
        target = self._target(step)
        if isinstance(step, Jump):
            return target in found or self._may_skip(step)
        if isinstance(step, CallFlow) and not (self._may_skip(step) or target in found):
            return False
        if place in self.closing and not isinstance(step, Handoff) and place not in self.pausing:
            return True
        ways = (way for way in self.ways[place] if not way.waits(pauses=place in self.pausing))
        return any((place[0], way.to) in found for way in ways)

    def _ends(self, place: Place, found: set[Place]) -> bool:
        step = self.steps[place]
        target = self._target(step)
        if isinstance(step, Jump):
            return target is None or target in found or self._may_skip(step)
        if isinstance(step, CallFlow) and not (self._may_skip(step) or target in found):
            return False
        return place in self.closing or any((place[0], way.to) in found for way in self.ways[place])

    def _least(self, holds: Callable[[Place, set[Place]], bool]) -> frozenset[Place]:
        """Give the least set of places for which `holds`, itself resting on the set, comes out true."""
        found: set[Place] = set()
        before: dict[Place, set[Place]] = {}
        for place, step in self.steps.items():
            target = self._target(step)
            for following in [*((place[0], way.to) for way in self.ways[place]), *([target] if target else [])]:
                before.setdefault(following, set()).add(place)

        def resting_on(place: Place) -> list[Place]:
            found.add(place)
            return [one for one in before.get(place, ()) if one not in found and holds(one, found)]

        closure([place for place in self.steps if holds(place, set())], resting_on)
        return frozenset(found)
