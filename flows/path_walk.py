"""Follows every path of a flow, through the flows it calls and jumps to, with what is established on the way.

Knows calls, returns and jumps; what is established, and what a condition then comes to, is said by the rules given.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

from flows.conditions import Condition
from flows.content import FlowFolder
from flows.graph import Way, closing_steps, ways_of
from flows.steps import CallFlow, Handoff, Jump, StepBase

StateT = TypeVar("StateT", bound=Hashable)

_EITHER = frozenset({True, False})
_LONGEST_EXAMPLE = 8  # steps named in a fault


class Rules(Protocol[StateT]):
    """What one proof is about."""

    def begin(self, folder: FlowFolder, state: StateT) -> StateT:
        """Give what still stands when a flow begins."""
        ...

    def after(self, step: StepBase, state: StateT) -> Iterable[StateT]:
        """Give what may stand when a step has been gone through."""
        ...

    def unanswered(self, step: StepBase, state: StateT) -> StateT:
        """Give what stands when the time of a step ran out."""
        ...

    def truths(self, condition: Condition, state: StateT) -> frozenset[bool]:
        """Give what a condition may come to."""
        ...


class Frame(NamedTuple, Generic[StateT]):
    """One run of a flow: where it began, and in which state. Runs that begin alike are followed once."""

    flow: str
    step: str
    state: StateT


class Meeting(NamedTuple, Generic[StateT]):
    """A step met in a state."""

    frame: Frame[StateT]
    step: str
    state: StateT


@dataclass(frozen=True)
class _Shape:
    folder: FlowFolder
    steps: Mapping[str, StepBase]
    ways: Mapping[str, tuple[Way, ...]]
    closing: frozenset[str]

    @classmethod
    def of(cls, folder: FlowFolder) -> _Shape:
        steps: dict[str, StepBase] = {}
        for step in folder.model.steps:
            steps.setdefault(step.id, step)
        return cls(folder, steps, ways_of(folder.model.steps), closing_steps(folder.model.steps))


class PathWalk(Generic[StateT]):
    """All paths from the beginning of one flow.

    Attributes:
        met: every meeting of a step, each with the one before it on some path.
    """

    def __init__(self, flows: Mapping[str, FlowFolder], root: str, rules: Rules[StateT], start: StateT) -> None:
        self.met: dict[Meeting[StateT], Meeting[StateT] | None] = {}
        self._flows = flows
        self._shapes: dict[str, _Shape] = {}
        self._rules = rules
        self._open: list[Meeting[StateT]] = []
        self._exits: dict[Frame[StateT], dict[StateT, Meeting[StateT]]] = {}
        self._awaiting: dict[Frame[StateT], list[Meeting[StateT]]] = {}
        first = self._shape(root).folder.model.steps[0].id
        self.root = Frame(root, first, rules.begin(flows[root], start))
        self._meet(Meeting(self.root, first, self.root.state), None)
        while self._open:
            self._go_on(self._open.pop())

    def example(self, meeting: Meeting[StateT]) -> str:
        """Name the steps of one path to a meeting, the last ones if there are many."""
        names: list[str] = []
        at: Meeting[StateT] | None = meeting
        while at is not None and len(names) < _LONGEST_EXAMPLE:
            other = at.frame.flow != meeting.frame.flow
            names.append(f"{at.frame.flow}/{at.step}" if other else at.step)
            at = self.met[at]
        return ", ".join((["…"] if at is not None else []) + names[::-1])

    def _shape(self, flow: str) -> _Shape:
        if flow not in self._shapes:
            self._shapes[flow] = _Shape.of(self._flows[flow])
        return self._shapes[flow]

    def _meet(self, meeting: Meeting[StateT], before: Meeting[StateT] | None) -> None:
        if meeting.step in self._shape(meeting.frame.flow).steps and meeting not in self.met:
            self.met[meeting] = before
            self._open.append(meeting)

    def _go_on(self, here: Meeting[StateT]) -> None:
        shape = self._shape(here.frame.flow)
        step = shape.steps[here.step]
        if isinstance(step, CallFlow):
            self._call(here, step)
        elif isinstance(step, Jump):
            self._jump(here, step)
        else:
            self._pass(here, shape, step)

    def _pass(self, here: Meeting[StateT], shape: _Shape, step: StepBase) -> None:
        for state in self._rules.after(step, here.state):
            self._take_ways(here, state, here)
            # A person who took over ends every flow; nobody goes on to what called this one.
            if step.id in shape.closing and not isinstance(step, Handoff):
                self._leave(here.frame, state, here)
        for way in shape.ways[step.id]:
            if way.after_waiting:
                state = self._rules.unanswered(step, here.state)
                self._meet(Meeting(here.frame, way.to, state), here)

    def _take_ways(self, here: Meeting[StateT], state: StateT, before: Meeting[StateT]) -> None:
        """Go on from a step by `next`, and by the side ways that need no waiting."""
        ways = self._shape(here.frame.flow).ways[here.step]
        for way in (*self._possible(ways, state), *(way for way in ways if way.side and not way.after_waiting)):
            self._meet(Meeting(here.frame, way.to, state), before)

    def _possible(self, ways: Iterable[Way], state: StateT) -> Iterator[Way]:
        for way in ways:
            if way.side:
                continue
            truths = self._truths(way.condition, state)
            if True in truths:
                yield way
            if False not in truths:
                return

    def _truths(self, condition: Condition | None, state: StateT) -> frozenset[bool]:
        return self._rules.truths(condition, state) if condition else frozenset({True})

    def _call(self, here: Meeting[StateT], step: CallFlow) -> None:
        callee = self._flows.get(step.flow)
        truths = self._truths(callee.model.guard, here.state) if callee else frozenset({False})
        if False in truths:
            self._back(here, here.state, here)
        if callee and True in truths:
            self._enter(here, callee, callee.model.steps[0].id)

    def _jump(self, here: Meeting[StateT], step: Jump) -> None:
        target = self._flows.get(step.flow)
        truths = self._truths(target.model.guard, here.state) if target else frozenset({False})
        if False in truths:
            self._leave(here.frame, here.state, here)
        if target and True in truths:
            self._enter(here, target, step.at or target.model.steps[0].id)

    def _enter(self, here: Meeting[StateT], folder: FlowFolder, step: str) -> None:
        frame = Frame(folder.name, step, self._rules.begin(folder, here.state))
        self._awaiting.setdefault(frame, []).append(here)
        for state, last in list(self._exits.get(frame, {}).items()):
            self._back(here, state, last)
        self._meet(Meeting(frame, step, frame.state), here)

    def _leave(self, frame: Frame[StateT], state: StateT, last: Meeting[StateT]) -> None:
        exits = self._exits.setdefault(frame, {})
        if state not in exits:
            exits[state] = last
            for caller in list(self._awaiting.get(frame, ())):
                self._back(caller, state, last)

    def _back(self, here: Meeting[StateT], state: StateT, last: Meeting[StateT]) -> None:
        """Go on where a flow was called, or leave the flow that jumped away."""
        shape = self._shape(here.frame.flow)
        if isinstance(shape.steps[here.step], Jump):
            self._leave(here.frame, state, last)
            return
        self._take_ways(here, state, last)
        if here.step in shape.closing:
            self._leave(here.frame, state, last)


def roots_of(flows: Mapping[str, FlowFolder], entry: str | None) -> Iterator[str]:
    """List the flows a conversation may begin with; each other flow begins only where one of these leads to it."""
    led_to = {
        step.flow
        for folder in flows.values()
        for step in folder.model.steps
        if isinstance(step, CallFlow | Jump) and step.flow != folder.name
    }
    roots = [name for name, one in flows.items() if name == entry or one.model.triggers or name not in led_to]
    covered = {name for root in roots for name in joined_with(flows, root)}
    for name in flows:
        # Flows that lead only to each other: one of them must come first.
        if name not in covered:
            roots.append(name)
            covered |= set(joined_with(flows, name))
    yield from roots


def joined_with(flows: Mapping[str, FlowFolder], root: str) -> Mapping[str, FlowFolder]:
    """Give a flow and all that it calls or jumps to, directly or not."""
    found = {root: flows[root]}
    waiting = [root]
    while waiting:
        for step in flows[waiting.pop()].model.steps:
            if isinstance(step, CallFlow | Jump) and step.flow in flows and step.flow not in found:
                found[step.flow] = flows[step.flow]
                waiting.append(step.flow)
    return found
