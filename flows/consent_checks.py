"""Proves over all paths of a flow that the AI notice comes first and that marketing starts only after a given consent.

Conditions on other slots are taken to go either way, so a flow that passes is safe whatever visitors answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from flows.conditions import AnyOf, Comparison, Condition, Not, condition_holds
from flows.content import FlowFolder, JourneyFolder
from flows.errors import FlowError
from flows.graph import StepGraph, options_of
from flows.journey_models import Send
from flows.parts import PURPOSES_NEEDING_CONSENT, Channel, Purpose
from flows.steps import AINotice, AskConsent, Option, Question, StartJourney, StepBase

Need = tuple[Purpose, Channel]
# For each consent slot that matters: what it holds (None when unknown) and whether it was asked for on this path.
Standing = tuple[tuple[str | None, bool], ...]

_ANSWERS = ("given", "refused")
_HELD = (None, *_ANSWERS)


def check_notice(folder: FlowFolder) -> Iterator[FlowError]:
    """Refuse a flow that can ask, or end, before it has said that it is automated."""
    notices = {step.id for step in folder.model.steps if isinstance(step, AINotice)}
    unnoticed = StepGraph.of(folder.model.steps).reachable(not_through=notices.__contains__) - notices
    ways = options_of(folder.model.steps)
    for index, step in enumerate(folder.model.steps):
        if step.id in unnoticed and (isinstance(step, Question) or not ways[step.id]):
            problem = "some path comes here before the visitor was told that an automated assistant speaks"
            yield folder.step_fault(index, "notice.late", problem, "Put an `ai_notice` before it", "id")
            return


def check_consent(folder: FlowFolder, journeys: Mapping[str, JourneyFolder]) -> Iterator[FlowError]:
    """Refuse a path that starts a journey whose messages need a consent not asked for, or refused, on that path."""
    for index, step in enumerate(folder.model.steps):
        if isinstance(step, StartJourney) and step.journey in journeys:
            for need in sorted(_needs(journeys[step.journey])):
                yield from _check_start(folder, index, step, need)


def _needs(journey: JourneyFolder) -> set[Need]:
    return {
        (journey.model.purpose_of(step), channel)
        for step in journey.model.steps
        if isinstance(step, Send) and journey.model.purpose_of(step) in PURPOSES_NEEDING_CONSENT
        for channel in step.channels
    }


def _check_start(folder: FlowFolder, index: int, step: StartJourney, need: Need) -> Iterator[FlowError]:
    purpose, channel = need
    standings = [standing for name, standing in _standings(folder, need) if name == step.id]
    if any(not any(asked for _, asked in standing) for standing in standings):
        problem = f"some path starts {step.journey} without asking for consent to {purpose} by {channel}"
        remedy = "Put an `ask_consent` for that purpose and channel on every path before it"
        yield folder.step_fault(index, "consent.not_asked", problem, remedy, "id")
    elif any(("given", True) not in standing for standing in standings):
        problem = f"{step.journey} also starts when consent to {purpose} by {channel} was refused"
        yield folder.step_fault(index, "consent.refused", problem, "Branch on the consent slot before it", "id")


def _standings(folder: FlowFolder, need: Need) -> set[tuple[str, Standing]]:
    """Give every step together with every standing of consent in which some path meets it."""
    asking = {step.id: step for step in folder.model.steps if isinstance(step, AskConsent) and _covers(step, need)}
    names = tuple(sorted({step.slot for step in asking.values()}))
    ways = options_of(folder.model.steps)
    # What the platform knows of the contact may fill the slots before the flow begins, but that is not asking.
    start = product(((held, False) for held in _HELD), repeat=len(names))
    met = {(folder.model.steps[0].id, standing) for standing in start}
    waiting = list(met)
    while waiting:
        name, standing = waiting.pop()
        for after in _after(asking.get(name), names, standing):
            held = dict(zip(names, (value for value, _ in after), strict=True))
            fresh = {(to, after) for to in _possible_targets(ways[name], held) if to in ways} - met
            met |= fresh
            waiting.extend(fresh)
    return met


def _covers(step: AskConsent, need: Need) -> bool:
    purpose, channel = need
    return step.purpose == purpose and channel in step.channels


def _after(step: StepBase | None, names: tuple[str, ...], standing: Standing) -> Iterator[Standing]:
    if not isinstance(step, AskConsent):
        yield standing
        return
    place = names.index(step.slot)
    held = standing[place][0]
    for answer in (held,) if step.skip_if_known and held else _ANSWERS:
        yield (*standing[:place], (answer, True), *standing[place + 1 :])


def _possible_targets(options: tuple[Option, ...], held: Mapping[str, str | None]) -> Iterator[str]:
    for option in options:
        truths = _truths(option.condition, held) if option.condition else {True}
        if True in truths:
            yield option.to
        if False not in truths:
            return


def _truths(condition: Condition, held: Mapping[str, str | None]) -> set[bool]:
    """Give what a condition may come to when only the slots in `held` are known."""
    if isinstance(condition, Comparison):
        if condition.name not in held:
            return {True, False}
        return {condition_holds(condition.model_dump(mode="json"), held)}
    if isinstance(condition, Not):
        return {not truth for truth in _truths(condition.negated, held)}
    # One part that may come to `deciding` is enough for that; the other outcome needs every part to allow it.
    parts, deciding = (condition.any, True) if isinstance(condition, AnyOf) else (condition.all, False)
    truths = [_truths(part, held) for part in parts]
    reached = {deciding} if any(deciding in truth for truth in truths) else set()
    return reached | ({not deciding} if all((not deciding) in truth for truth in truths) else set())
