"""Checks that hold for any list of steps, flow or journey: it hangs together and comes to an end."""

from __future__ import annotations

from collections.abc import Iterator

from flows.content import Folder, Sequenced, Worded
from flows.errors import FlowError
from flows.graph import StepGraph, options_of

AnyFolder = Folder[Sequenced, Worded]


def check_ids(folder: AnyFolder) -> Iterator[FlowError]:
    """Refuse two steps of the same name."""
    seen: set[str] = set()
    for index, step in enumerate(folder.model.steps):
        if step.id in seen:
            problem = f"the id {step.id} is used twice"
            yield folder.step_fault(index, "step.twice", problem, "Give each step an id of its own", "id")
        seen.add(step.id)


def check_targets(folder: AnyFolder) -> Iterator[FlowError]:
    """Refuse a way to a step that does not exist, and options of which the last may not hold."""
    known = {step.id for step in folder.model.steps}
    for index, step in enumerate(folder.model.steps):
        options = step.next or ()
        for number, option in enumerate(options):
            if option.to not in known:
                problem = f"it goes to {option.to}, which does not exist"
                yield folder.step_fault(index, "target.missing", problem, "Name a step of this file", "next", number)
            last = number == len(options) - 1
            if last and option.condition:
                problem = "no way is given for when none of the conditions holds"
                remedy = "End the list with an option that has only `to`"
                yield folder.step_fault(index, "next.no_fallback", problem, remedy, "next", number)
            if not last and not option.condition:
                problem = "an option without `if` stands before others, which are never taken"
                yield folder.step_fault(index, "next.early_fallback", problem, "Move it to the end", "next", number)


def check_reached(folder: AnyFolder) -> Iterator[FlowError]:
    """Refuse steps that no path meets."""
    reached = StepGraph.of(folder.model.steps).reachable()
    for index, step in enumerate(folder.model.steps):
        if step.id not in reached:
            problem = "no path leads to this step"
            yield folder.step_fault(index, "step.unreachable", problem, "Lead to it with `next`, or remove it", "id")


def check_ends(folder: AnyFolder) -> Iterator[FlowError]:
    """Refuse steps from which the end cannot be met."""
    graph = StepGraph.of(folder.model.steps)
    closing = {name for name, options in options_of(folder.model.steps).items() if not options}
    trapped = graph.reachable() - graph.leading_to(closing)
    if trapped:
        names = [step.id for step in folder.model.steps if step.id in trapped]
        problem = f"from here no end can be reached (trapped: {', '.join(names)})"
        yield folder.step_fault(folder.index_of(names[0]), "end.unreachable", problem, "Lead one way to an end", "id")


def check_loops(folder: AnyFolder) -> Iterator[FlowError]:
    """Refuse a loop in which nothing waits: it would run for ever."""
    pausing = {step.id for step in folder.model.steps if step.pauses}
    loop = StepGraph.of(folder.model.steps).find_loop(lambda name: name not in pausing)
    if loop:
        first = min(folder.index_of(name) for name in loop)
        problem = f"the steps {', '.join(sorted(loop))} can go round without ever waiting"
        remedy = "Put a wait, or a question with `skip_if_known: false`, into the loop"
        yield folder.step_fault(first, "loop.endless", problem, remedy, "id")


GRAPH_CHECKS = (check_ids, check_targets, check_reached, check_ends, check_loops)
