"""Checks that tests of journeys name only what exists. Runs none of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from zoneinfo import available_timezones

from flows.content import Content, JourneyFolder, JourneyTestFile
from flows.errors import FlowError
from flows.journey_steps import Call, Converse, Experiment
from flows.journey_talk_checks import outcomes_of
from flows.journey_test_models import JourneyTest

Within = tuple[str | int, ...]


def check_journey_tests(content: Content) -> Iterator[FlowError]:
    """Refuse tests of unknown steps, of outcomes a talk never has, and of people in places that do not exist."""
    for name, file in content.journey_tests.items():
        folder = content.journeys.get(name)
        for number, test in enumerate(file.tests.root) if folder else ():
            if folder:
                yield from _check_steps(folder, file, number, test)
                yield from _check_answers(folder, content, file, number, test)
                yield from _check_people(file, number, test)


def _check_steps(folder: JourneyFolder, file: JourneyTestFile, number: int, test: JourneyTest) -> Iterator[FlowError]:
    known = {step.id for step in folder.model.steps}
    for within, step in _steps_named(test):
        if step not in known:
            yield file.fault("test.unknown", f"there is no step {step}", "Name a step of the journey", number, *within)


def _steps_named(test: JourneyTest) -> Iterator[tuple[Within, str]]:
    for name, person in test.people.items():
        yield from ((("people", name, "answers", step), step) for step in person.answers)
        yield from ((("people", name, "variants", step), step) for step in person.variants)
    for name, outcome in test.expect.items():
        yield from ((("expect", name, "sends", index), sent.step) for index, sent in enumerate(outcome.sends))
        yield from ((("expect", name, "not_sent", index), sent.step) for index, sent in enumerate(outcome.not_sent))
        if outcome.stands_on:
            yield ("expect", name, "stands_on"), outcome.stands_on


def _check_answers(
    folder: JourneyFolder, content: Content, file: JourneyTestFile, number: int, test: JourneyTest
) -> Iterator[FlowError]:
    talks = {step.id: step for step in folder.model.steps if isinstance(step, Converse | Call)}
    splits = {step.id: step for step in folder.model.steps if isinstance(step, Experiment)}
    for name, person in test.people.items():
        for step, answered in person.answers.items():
            talk = talks.get(step)
            if talk and answered.outcome not in outcomes_of(talk.flow, content):
                problem = f"the talk of {step} never ends with {answered.outcome}"
                within = (number, "people", name, "answers", step)
                yield file.fault("test.unknown", problem, "Use an outcome of its flow", *within)
        for step, variant in person.variants.items():
            split = splits.get(step)
            if split and variant not in {"holdout", *(one.name for one in split.variants)}:
                problem = f"the experiment {step} has no variant {variant}"
                yield file.fault("test.unknown", problem, "Correct it", number, "people", name, "variants", step)


@cache
def _zones() -> frozenset[str]:
    """All there are; finding them reads a thousand files."""
    return frozenset(available_timezones())


def _check_people(file: JourneyTestFile, number: int, test: JourneyTest) -> Iterator[FlowError]:
    for name, person in test.people.items():
        if person.zone not in _zones():
            problem = f"there is no time zone {person.zone}"
            yield file.fault("test.unknown", problem, "Write it like Europe/Berlin", number, "people", name, "zone")
