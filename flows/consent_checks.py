"""Proves over all paths that marketing starts only after a given consent, and that what is special is asked only so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flows.consent_standing import ConsentRules, Kept, Need, Standing
from flows.content import Content, FlowFolder, JourneyFolder
from flows.errors import FlowError
from flows.journey_consent_checks import ungated_needs
from flows.path_walk import Meeting, PathWalk, joined_with
from flows.steps import Http, SetSlot, StartJourney, StepBase
from flows.wording import names_in

_SPECIAL = Need("special_category", None)
_SURE = Kept("given", "asked")


def check_marketing(root: str, content: Content) -> Iterator[FlowError]:
    """Refuse a path that starts a journey whose messages need a consent not asked for, or refused, on that path."""
    flows = joined_with(content.flows, root)
    starts = {
        (name, step.id): step.journey
        for name, folder in flows.items()
        for step in folder.model.steps
        if isinstance(step, StartJourney) and step.journey in content.journeys
    }
    needs = {journey: _needs(content.journeys[journey]) for journey in starts.values()}
    for need in sorted(set().union(*needs.values())):
        needing = {place: journey for place, journey in starts.items() if need in needs[journey]}
        walk = _walk(flows, root, need)
        for (flow, step), meetings in _by_place(walk, needing).items():
            yield from _check_start(walk, flows[flow], need, needing[flow, step], meetings)


def check_special(root: str, content: Content) -> Iterator[FlowError]:
    """Refuse a path that asks for a datum of a special category, or hands one on, without explicit consent."""
    flows = joined_with(content.flows, root)
    using = {
        (name, step.id): tuple(slots)
        for name, folder in flows.items()
        for step in folder.model.steps
        if (slots := _special_slots(folder, step))
    }
    if not using:
        return
    walk = _walk(flows, root, _SPECIAL)
    for (flow, step), meetings in _by_place(walk, using).items():
        unsure = [meeting for meeting in meetings if _SURE not in meeting.state]
        if unsure:
            named = ", ".join(using[flow, step])
            problem = f"some path uses {named}, of a special category, without explicit consent ({_path(walk, unsure)})"
            remedy = "Ask before it with an `ask_consent` for special_category, and go on only when it was given"
            yield flows[flow].step_fault(flows[flow].index_of(step), "special.no_consent", problem, remedy, "id")


def _walk(flows: Mapping[str, FlowFolder], root: str, need: Need) -> PathWalk[Standing]:
    rules = ConsentRules(need, flows)
    return PathWalk(flows, root, rules, rules.start)


def _by_place(
    walk: PathWalk[Standing], places: Iterable[tuple[str, str]]
) -> Mapping[tuple[str, str], list[Meeting[Standing]]]:
    found: dict[tuple[str, str], list[Meeting[Standing]]] = {place: [] for place in places}
    for meeting in walk.met:
        if (place := (meeting.frame.flow, meeting.step)) in found:
            found[place].append(meeting)
    return found


def _needs(journey: JourneyFolder) -> set[Need]:
    return {Need(purpose, channel) for purpose, channel in ungated_needs(journey)}


def _check_start(
    walk: PathWalk[Standing], folder: FlowFolder, need: Need, journey: str, meetings: list[Meeting[Standing]]
) -> Iterator[FlowError]:
    index = folder.index_of(meetings[0].step) if meetings else 0
    unasked = [meeting for meeting in meetings if all(kept.backed == "never" for kept in meeting.state)]
    unsure = [meeting for meeting in meetings if _SURE not in meeting.state]
    if unasked:
        problem = f"some path starts {journey} without asking for consent to {need} ({_path(walk, unasked)})"
        remedy = "Put an `ask_consent` for that purpose and channel on every path before it"
        yield folder.step_fault(index, "consent.not_asked", problem, remedy, "id")
    elif unsure:
        problem = f"{journey} also starts when consent to {need} was refused or taken back ({_path(walk, unsure)})"
        yield folder.step_fault(index, "consent.refused", problem, "Branch on the consent slot before it", "id")


def _special_slots(folder: FlowFolder, step: StepBase) -> list[str]:
    """Give the special slots that a step fills or sends away."""
    slots = folder.model.slots
    named = [] if isinstance(step, SetSlot) and step.value is None else [name for _, name in step.filled_slots()]
    if isinstance(step, Http):
        named += [name for _, text in step.templates() for name in names_in(text)]
    return sorted({name for name in named if name in slots and slots[name].sensitivity == "special"})


def _path(walk: PathWalk[Standing], meetings: list[Meeting[Standing]]) -> str:
    return f"for example {walk.example(meetings[0])}"
