"""Checks that what a journey names exists: teams, journeys, and what stands outside of the content."""

from __future__ import annotations

from collections.abc import Iterator

from flows.conditions import Leaf, PropertyIs, ScoreIs, SegmentIs, leaves_of
from flows.content import Content, JourneyFolder, Outside
from flows.errors import FlowError
from flows.graph import StepGraph, closure, find_loop
from flows.journey_compiler import by_hand
from flows.journey_places import Place, conditions_in, events_in
from flows.journey_steps import AdjustScoreStage, Exit, OnSegment, ScoreBranch, TaskOrNotify, WebhookConnector
from flows.steps import StepBase

TOTAL = "total"

Fault = tuple[str, str, str]
"""The rule, what is wrong and what to do."""


def check_journey_teams(folder: JourneyFolder, content: Content) -> Iterator[FlowError]:
    """Refuse an owner, or somebody to tell, that is no team."""
    if content.library is None:
        return
    named = [(Place(None, ("owner",)), folder.model.owner)] if folder.model.owner else []
    for index, step in enumerate(folder.model.steps):
        if isinstance(step, TaskOrNotify):
            named.append((Place(index, ("team",)), step.team))
    for place, team in named:
        if team not in content.library.teams:
            problem = f"there is no team {team}"
            yield place.fault(folder, "team.unknown", problem, "Name it under `teams` in library.yml")


def check_journey_links(folder: JourneyFolder, content: Content) -> Iterator[FlowError]:
    """Refuse to put somebody into a journey that does not exist, or that nobody can be put into."""
    for index, step in enumerate(folder.model.steps):
        if isinstance(step, Exit) and step.link_journey:
            for rule, problem, remedy in way_in_faults(step.link_journey, content):
                yield folder.step_fault(index, rule, problem, remedy, "link_journey")


def way_in_faults(journey: str, content: Content) -> Iterator[Fault]:
    """Say what is wrong with putting somebody into a journey."""
    if journey in content.unread:
        return
    target = content.journeys.get(journey)
    if target is None:
        yield "journey.unknown", f"the journey {journey} does not exist", "Name a folder of journeys/"
    elif by_hand(target.model) is None:
        problem = f"nobody can be put into the journey {journey}"
        yield "journey.no_way_in", problem, "Give it a step `manual_or_api`"


def check_linked_loops(content: Content) -> Iterator[FlowError]:
    """Refuse journeys that lead on to each other without ever waiting."""
    edges = {name: sorted(set(_links_at_once(folder))) for name, folder in content.journeys.items()}
    loop = find_loop({name: [to for to in found if to in edges] for name, found in edges.items()})
    if loop:
        folder = content.journeys[min(loop)]
        ends = (index for index, step in enumerate(folder.model.steps) if isinstance(step, Exit) and step.link_journey)
        problem = f"the journeys {', '.join(sorted(loop))} lead on to each other without ever waiting"
        yield folder.step_fault(next(ends), "loop.endless", problem, "Put a wait into one of them", "link_journey")


def check_journey_outside(folder: JourneyFolder, content: Content) -> Iterator[FlowError]:
    """Refuse kinds of events, properties, segments, connectors and scores that nobody made; as far as is known here."""
    yield from _kind_faults(folder, content.outside)
    for place, condition in conditions_in(folder):
        for leaf in leaves_of(condition):
            for rule, problem, remedy in _leaf_faults(leaf, content.outside):
                yield place.fault(folder, rule, problem, remedy)
    for index, step in enumerate(folder.model.steps):
        for field, (rule, problem, remedy) in _step_faults(step, content.outside):
            yield folder.step_fault(index, rule, problem, remedy, field)


def _step_faults(step: StepBase, outside: Outside) -> Iterator[tuple[str, Fault]]:
    if isinstance(step, OnSegment) and _is_missing(step.segment, outside.segments):
        yield "segment", _segment(step.segment)
    if isinstance(step, WebhookConnector) and _is_missing(step.connector, outside.connectors):
        problem = f"there is no connector {step.connector}"
        yield "connector", ("connector.unknown", problem, "Add it with `parley connectors add`, or correct the name")
    if isinstance(step, AdjustScoreStage) and step.points and step.score == TOTAL:
        problem = "the score total is the sum of the others"
        yield "score", ("score.total", problem, "Name one of those it is made of")
    if isinstance(step, ScoreBranch | AdjustScoreStage) and _is_no_score(step.score, outside):
        yield "score", _score(step.score, outside)


def _kind_faults(folder: JourneyFolder, outside: Outside) -> Iterator[FlowError]:
    if outside.kinds is None:
        return
    for place, event in events_in(folder):
        properties = outside.kinds.get(event.kind)
        if properties is None:
            problem = f"there is no kind of event {event.kind}"
            remedy = "Correct the name, or make the kind first"
            yield place.fault(folder, "event.unknown", problem, remedy)
            continue
        compared = (
            {leaf.name for leaf in leaves_of(event.where) if isinstance(leaf, PropertyIs)} if event.where else set()
        )
        for name in sorted((compared | set(event.names)) - properties):
            problem = f"events of the kind {event.kind} have no property {name}"
            remedy = f"Name one of {', '.join(sorted(properties))}" if properties else "They have none"
            yield place.fault(folder, "event.property", problem, remedy)


def _leaf_faults(leaf: Leaf, outside: Outside) -> Iterator[Fault]:
    if isinstance(leaf, SegmentIs) and _is_missing(leaf.segment, outside.segments):
        yield _segment(leaf.segment)
    elif isinstance(leaf, ScoreIs) and _is_no_score(leaf.score, outside):
        yield _score(leaf.score, outside)


def _is_missing(name: str, known: frozenset[str] | None) -> bool:
    return known is not None and name not in known


def _is_no_score(name: str, outside: Outside) -> bool:
    return name != TOTAL and _is_missing(name, outside.scores)


def _segment(name: str) -> Fault:
    return "segment.unknown", f"there is no segment {name}", "Make it first, or correct the name"


def _score(name: str, outside: Outside) -> Fault:
    known = ", ".join(sorted({TOTAL, *(outside.scores or ())}))
    return "score.unknown", f"there is no score {name}", f"Name one of {known}"


def _links_at_once(folder: JourneyFolder) -> Iterator[str]:
    """List the journeys this one leads on to without any time passing."""
    first = by_hand(folder.model)
    if first is None:
        return
    steps = {step.id: step for step in folder.model.steps}
    edges = StepGraph.of(folder.model.steps).restless(lambda name: steps[name].pauses)
    for name in closure([first], lambda name: edges[name]):
        step = steps[name]
        if isinstance(step, Exit) and step.link_journey:
            yield step.link_journey
