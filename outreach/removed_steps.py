"""Where people on steps that a new version removes are put, when an operator says so. Moves nobody: `landing` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import InvalidInput
from outreach.definitions import JourneyDefinition
from outreach.landing import Impact, Places, preview
from outreach.library import Library


class PeopleOnRemovedSteps(InvalidInput):
    """People stand on steps that the new version removes: say where they go on."""

    code = "people_on_removed_steps"


@dataclass(frozen=True, slots=True)
class Told:
    """Whoever stands on a step goes on from another; in one journey, or in each that removes such a step."""

    step: str
    to: str
    journey: str | None = None

    def is_about(self, definition: JourneyDefinition) -> bool:
        """Whether it may be meant for this journey."""
        return self.journey in (None, definition.journey) and self.step not in definition.steps

    def __str__(self) -> str:
        return f"{'' if self.journey is None else f'{self.journey}:'}{self.step}={self.to}"


async def choose_places(
    session: AsyncSession, compiled: Mapping[str, Mapping[str, Any]], told: Sequence[Told]
) -> Places:
    """By journey and version, where people on removed steps land once these journeys are live.

    Raises:
        PeopleOnRemovedSteps: somebody stands on a removed step and nothing is told of it; all such steps are listed.
        InvalidInput: it is told of a step that none of the journeys removes, or to one that there is not.
    """
    library = Library()
    definitions = [JourneyDefinition.model_validate(content) for _, content in sorted(compiled.items())]
    impacts = {one.journey: await preview(session, library, one) for one in definitions}
    removed = [
        line
        for one in definitions
        for line in impacts[one.journey]
        if line.how in ("nearest", "ends") and line.step not in one.steps
    ]
    _check_told(told, definitions, removed)
    places: dict[str, dict[str, dict[str, str]]] = {}
    untold: list[tuple[Impact, JourneyDefinition]] = []
    for one in definitions:
        mine = {each.step: each.to for each in told if each.is_about(one)}
        # Of every version that somebody is on, also for steps that they have yet to come to.
        places[one.journey] = {line.version: mine for line in impacts[one.journey]} if mine else {}
        untold += [(line, one) for line in removed if line.journey == one.journey and line.step not in mine]
    if untold:
        refused = PeopleOnRemovedSteps(_in_words(untold))
        refused.details = {"stranded": [_as_json(*one) for one in untold]}
        raise refused
    return places


def _check_told(told: Iterable[Told], definitions: Sequence[JourneyDefinition], removed: Sequence[Impact]) -> None:
    for each in told:
        about = {line.journey for line in removed if line.step == each.step}
        meant = [one for one in definitions if each.is_about(one) and one.journey in about]
        if not meant:
            raise InvalidInput(f"--place {each}: nobody stands on a step {each.step} that is removed. Leave it out.")
        for one in meant:
            if each.to not in one.steps:
                raise InvalidInput(f"--place {each}: {one.journey} has no step {each.to}. {_steps_of(one)}")


def _in_words(untold: Sequence[tuple[Impact, JourneyDefinition]]) -> str:
    lines = ["People stand on steps that are removed; nothing was published. Say where they go on, for each of these:"]
    listed: set[str] = set()
    for line, definition in untold:
        what = f"{line.people} on {line.step} of {line.journey} {line.version}"
        if line.lands_on is not None:
            advice = f"--place {line.journey}:{line.step}={line.lands_on}   (the nearest step ahead)"
        else:
            advice = f"--place {line.journey}:{line.step}=STEP   (none is ahead; an exit lets them leave)"
        lines.append(f"  {what}: {advice}")
        if line.lands_on is None and line.journey not in listed:
            listed.add(line.journey)
            lines.append(f"  {_steps_of(definition)}")
    return "\n".join(lines)


def _as_json(line: Impact, definition: JourneyDefinition) -> dict[str, Any]:
    """For whoever shows it without a terminal."""
    return {
        "journey": line.journey,
        "step": line.step,
        "people": line.people,
        "nearest": line.lands_on,
        "steps": list(definition.steps),
    }


def _steps_of(definition: JourneyDefinition) -> str:
    return f"The steps of {definition.journey} are {', '.join(definition.steps)}."
