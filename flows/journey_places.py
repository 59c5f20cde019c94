"""Where in a journey its conditions, events and texts stand, so that checks can go through all of them alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flows.condition_checks import conditions_of
from flows.conditions import Condition, Happened, leaves_of
from flows.content import JourneyFolder
from flows.errors import FlowError
from flows.journey_models import BecameThis, DidThis
from flows.journey_steps import Entry, Experiment, OnEvent, TaskOrNotify, WaitEvent, WebhookConnector


class Place(NamedTuple):
    """A place in a journey: in the step of that number, or in the settings when that is None."""

    step: int | None
    within: tuple[str | int, ...]

    def fault(self, folder: JourneyFolder, rule: str, problem: str, remedy: str) -> FlowError:
        """Describe a fault here."""
        if self.step is None:
            return folder.fault(rule, problem, remedy, *self.within)
        return folder.step_fault(self.step, rule, problem, remedy, *self.within)


class EventMeant(NamedTuple):
    """An event that something in a journey is about."""

    kind: str
    where: Condition | None
    names: tuple[str, ...]
    """Properties that are named beside `where`."""


def conditions_in(folder: JourneyFolder) -> Iterator[tuple[Place, Condition]]:
    """List the conditions on contacts; not those on events."""
    for number, rule in enumerate(folder.model.exit_when):
        if isinstance(rule, BecameThis):
            yield Place(None, ("exit_when", number, "if")), rule.condition
    for index, step in enumerate(folder.model.steps):
        for condition, within in conditions_of(step):
            yield Place(index, within), condition
        if isinstance(step, Entry) and step.only_if:
            yield Place(index, ("only_if",)), step.only_if


def events_in(folder: JourneyFolder) -> Iterator[tuple[Place, EventMeant]]:
    """List the events that entries, waits, goals, exits and conditions are about."""
    journey = folder.model
    if journey.goal:
        yield Place(None, ("goal",)), EventMeant(journey.goal.kind, journey.goal.where, _value(journey.goal.value))
    for number, rule in enumerate(journey.exit_when):
        if isinstance(rule, DidThis):
            yield Place(None, ("exit_when", number)), EventMeant(rule.kind, rule.where, ())
    for index, step in enumerate(journey.steps):
        if isinstance(step, OnEvent | WaitEvent):
            yield Place(index, ()), EventMeant(step.kind, step.where, tuple(step.remember.values()))
        elif isinstance(step, Experiment):
            goal = step.goal
            yield Place(index, ("goal",)), EventMeant(goal.kind, goal.where, _value(goal.value))
    for place, condition in conditions_in(folder):
        for leaf in leaves_of(condition):
            if isinstance(leaf, Happened):
                yield place, EventMeant(leaf.happened, leaf.where, ())


def remembered_in(folder: JourneyFolder) -> frozenset[str]:
    """Give the names under which properties of events are kept."""
    steps = [step for step in folder.model.steps if isinstance(step, OnEvent | WaitEvent)]
    return frozenset(name for step in steps for name in step.remember)


def texts_in(folder: JourneyFolder) -> Iterator[tuple[Place, str]]:
    """List the texts outside the wording that may name facts."""
    for index, step in enumerate(folder.model.steps):
        if isinstance(step, TaskOrNotify):
            yield Place(index, ("text",)), step.text
        elif isinstance(step, WebhookConnector):
            yield from ((Place(index, within), text) for within, text in step.templates())


def _value(name: str | None) -> tuple[str, ...]:
    return (name,) if name else ()
