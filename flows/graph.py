"""The graph a list of steps makes, and the questions asked of it. Knows what leads where, not what a step does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from flows.steps import Option, StepBase


def options_of(steps: Sequence[StepBase]) -> dict[str, tuple[Option, ...]]:
    """Give the ways on from each step; where none is written, the next step in the list."""
    following = [Option(to=step.id) for step in steps[1:]]
    ways: dict[str, tuple[Option, ...]] = {}
    for index, step in enumerate(steps):
        default = tuple(following[index : index + 1]) if step.falls_through else ()
        ways.setdefault(step.id, step.next or default)
    return ways


@dataclass(frozen=True)
class StepGraph:
    """Which step leads to which. Targets that do not exist are left out."""

    first: str
    edges: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, steps: Sequence[StepBase]) -> StepGraph:
        ways = options_of(steps)
        edges = {name: tuple(option.to for option in options if option.to in ways) for name, options in ways.items()}
        return cls(steps[0].id, edges)

    def reachable(self, *, not_through: Callable[[str], bool] = lambda _: False) -> frozenset[str]:
        """Give the steps that some path from the first one meets.

        Args:
            not_through: tells the steps at which paths stop; they are met, what follows is not.
        """
        return _closure([self.first], lambda name: () if not_through(name) else self.edges[name])

    def leading_to(self, targets: Iterable[str]) -> frozenset[str]:
        """Give the steps from which one of the targets can be met, the targets included."""
        before: dict[str, list[str]] = {name: [] for name in self.edges}
        for name, following in self.edges.items():
            for target in following:
                before[target].append(name)
        return _closure(targets, lambda name: before[name])

    def find_loop(self, among: Callable[[str], bool]) -> tuple[str, ...]:
        """Give the steps of a loop that runs only through steps of the kind told by `among`, or nothing."""
        chosen = {
            name: [target for target in following if among(target)]
            for name, following in self.edges.items()
            if among(name)
        }
        try:
            TopologicalSorter(chosen).prepare()
        except CycleError as error:
            return tuple(error.args[1][:-1])
        return ()


def _closure(start: Iterable[str], following: Callable[[str], Iterable[str]]) -> frozenset[str]:
    met = set(start)
    waiting = list(met)
    while waiting:
        fresh = [name for name in following(waiting.pop()) if name not in met]
        met.update(fresh)
        waiting.extend(fresh)
    return frozenset(met)
