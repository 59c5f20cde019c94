"""The graph a list of steps makes, and the questions asked of it. Knows what leads where, not what a step does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple, TypeVar

from flows.conditions import Condition
from flows.steps import Option, StepBase

NodeT = TypeVar("NodeT")

# Ways that are taken only after a time of waiting, and ways that are taken although the step was to wait.
_AFTER_WAITING = ("no_reply_after", "timed_out")
_WITHOUT_WAITING = ("none_free", "unreached")


class Way(NamedTuple):
    """One way on from a step.

    Attributes:
        within: where in the step it is written; empty when it is the step that follows.
        side: whether it is taken otherwise than by `next`.
    """

    to: str
    within: tuple[str | int, ...]
    condition: Condition | None = None
    side: bool = False

    @property
    def after_waiting(self) -> bool:
        return self.side and self.within[0] in _AFTER_WAITING

    def waits(self, *, pauses: bool) -> bool:
        """Tell whether time passes before this way is taken, given whether its step pauses."""
        return self.after_waiting or (pauses and not (self.side and self.within[0] in _WITHOUT_WAITING))


def options_of(steps: Sequence[StepBase]) -> dict[str, tuple[Option, ...]]:
    """Give the ways on from each step by `next`; where none is written, the next step in the list that is no entry."""
    ways: dict[str, tuple[Option, ...]] = {}
    following: tuple[Option, ...] = ()
    for step in reversed(steps):
        default = following if step.falls_through else ()
        ways[step.id] = step.next or default
        following = following if step.enters else (Option(to=step.id),)
    return {step.id: ways[step.id] for step in steps}


def entries_of(steps: Sequence[StepBase]) -> tuple[str, ...]:
    """Give the steps it may begin with: those made for that, else the first one."""
    return tuple(dict.fromkeys(step.id for step in steps if step.enters)) or (steps[0].id,)


def ways_of(steps: Sequence[StepBase]) -> dict[str, tuple[Way, ...]]:
    """Give all ways on from each step, side ways included, also those to steps that do not exist."""
    options = options_of(steps)
    ways: dict[str, tuple[Way, ...]] = {}
    for step in steps:
        if step.id not in ways:
            ways[step.id] = (*_ways_by_next(step, options[step.id]), *_side_ways(step))
    return ways


def closing_steps(steps: Sequence[StepBase]) -> frozenset[str]:
    """Give the steps at which the flow may be over: those made to end it, and those from which `next` leads nowhere."""
    options = options_of(steps)
    return frozenset(step.id for step in steps if step.ends or (step.falls_through and not options[step.id]))


def _ways_by_next(step: StepBase, options: tuple[Option, ...]) -> Iterator[Way]:
    for number, option in enumerate(options):
        yield Way(option.to, ("next", number) if step.next else (), option.condition)


def _side_ways(step: StepBase) -> Iterator[Way]:
    for within, to in step.side_ways():
        yield Way(to, within, side=True)


@dataclass(frozen=True)
class StepGraph:
    """Which step leads to which, by `next` or a side way. Targets that do not exist are left out."""

    entries: tuple[str, ...]
    ways: Mapping[str, tuple[Way, ...]]
    edges: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, steps: Sequence[StepBase]) -> StepGraph:
        ways = {
            name: tuple(way for way in found if way.to in known)
            for known in [{step.id for step in steps}]
            for name, found in ways_of(steps).items()
        }
        return cls(entries_of(steps), ways, {name: tuple(way.to for way in found) for name, found in ways.items()})

    def reachable(self) -> frozenset[str]:
        """Give the steps that some path from the beginning meets."""
        return closure(self.entries, lambda name: self.edges[name])

    def leading_to(self, targets: Iterable[str]) -> frozenset[str]:
        """Give the steps from which one of the targets can be met, the targets included."""
        before: dict[str, list[str]] = {name: [] for name in self.edges}
        for name, following in self.edges.items():
            for target in following:
                before[target].append(name)
        return closure(targets, lambda name: before[name])

    def restless(self, pauses: Callable[[str], bool]) -> dict[str, list[str]]:
        """Give the part of the graph that is gone through without any time passing.

        Args:
            pauses: tells the steps that always stop and wait.
        """
        return {
            name: [way.to for way in found if not way.waits(pauses=pauses(name))] for name, found in self.ways.items()
        }


def find_loop(edges: Mapping[NodeT, Iterable[NodeT]]) -> tuple[NodeT, ...]:
    """Give the nodes of a loop, or nothing."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return tuple(error.args[1][:-1])
    return ()


def closure(start: Iterable[NodeT], following: Callable[[NodeT], Iterable[NodeT]]) -> frozenset[NodeT]:
    """Give everything that is met from `start`, itself included."""
    met = set(start)
    waiting = list(met)
    while waiting:
        fresh = [name for name in following(waiting.pop()) if name not in met]
        met.update(fresh)
        waiting.extend(fresh)
    return frozenset(met)
