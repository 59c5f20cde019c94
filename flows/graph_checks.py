"""Checks that hold for any list of steps, flow or journey: it hangs together and comes to an end."""

from __future__ import annotations

from collections.abc import Iterator

from flows.content import Folder, Sequenced, Worded
from flows.errors import FlowError
from flows.graph import StepGraph, closing_steps, find_loop, ways_of
from flows.steps import AnswerKB, CallFlow, IntentRoute, StepBase

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
    """Refuse a way to a step that does not exist."""
    known = {step.id for step in folder.model.steps}
    ways = ways_of(folder.model.steps)
    for index, step in enumerate(folder.model.steps):
        for way in ways[step.id]:
            if way.to not in known:
                problem = f"it goes to {way.to}, which does not exist"
                yield folder.step_fault(index, "target.missing", problem, "Name a step of this file", *way.within)


def check_entries(folder: AnyFolder) -> Iterator[FlowError]:
    """Refuse a way back to a step that a journey begins with, and one that leads nowhere."""
    steps = folder.model.steps
    entries = {step.id for step in steps if step.enters}
    ways = ways_of(steps)
    for index, step in enumerate(steps):
        for way in ways[step.id]:
            if way.to in entries:
                problem = f"it goes to {way.to}, with which the journey begins"
                yield folder.step_fault(index, "target.entry", problem, "Lead to the step after it", *way.within)
        if step.enters and not ways[step.id]:
            problem = "who begins here has nothing to go on to"
            yield folder.step_fault(index, "entry.leads_nowhere", problem, "Write a step after it", "id")


def check_options(folder: AnyFolder) -> Iterator[FlowError]:
    """Refuse options of which the last may not hold, or another always does."""
    for index, step in enumerate(folder.model.steps):
        options = step.next or ()
        for number, option in enumerate(options):
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
    trapped = graph.reachable() - graph.leading_to(closing_steps(folder.model.steps))
    if trapped:
        names = [step.id for step in folder.model.steps if step.id in trapped]
        problem = f"from here no end can be reached (trapped: {', '.join(names)})"
        yield folder.step_fault(folder.index_of(names[0]), "end.unreachable", problem, "Lead one way to an end", "id")


def check_loops(folder: AnyFolder) -> Iterator[FlowError]:
    """Refuse a loop in which nothing waits: it would run for ever. Whether a called flow waits is judged elsewhere."""
    pausing = {step.id for step in folder.model.steps if pauses_in(folder, step) or isinstance(step, CallFlow)}
    loop = find_loop(StepGraph.of(folder.model.steps).restless(pausing.__contains__))
    if loop:
        first = min(folder.index_of(name) for name in loop)
        problem = f"the steps {', '.join(sorted(loop))} can go round without ever waiting"
        remedy = "Put a wait, or a question with `skip_if_known: false`, into the loop"
        yield folder.step_fault(first, "loop.endless", problem, remedy, "id")


def pauses_in(folder: AnyFolder, step: StepBase) -> bool:
    """Tell whether a step always stops and waits, with the wording it has here."""
    if isinstance(step, IntentRoute | AnswerKB):
        # Without a text it reads what was said last; with one it asks and waits.
        entries = [wording.entries.get(step.id) for wording in folder.wording.values()]
        return bool(entries) and all(entry is not None and entry.text for entry in entries)
    return step.pauses


GRAPH_CHECKS = (check_ids, check_targets, check_entries, check_options, check_reached, check_ends, check_loops)
