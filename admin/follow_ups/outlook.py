"""What comes next for somebody in a journey, read from its definition. Evaluates no condition, promises nothing.

A step that waits and then sends has one answer. Where a branch lies between, nobody knows the message before the
branch is reached: the step is then open, and the channel too unless every way leads to the same one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from pydantic import ValidationError
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from outreach.definitions import TALKS, JourneyDefinition, Step
from outreach.models import JourneyVersion

log = structlog.get_logger(__name__)

Version = tuple[str, str]
"""Journey and version."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The next message of whoever stands on a step, as far as it is certain. `text` says what is not."""

    channel: str | None
    step: str | None
    text: str


class JourneyOutlooks:
    """Outlooks of every step of every version. A published version never changes, so it is read once and kept."""

    def __init__(self) -> None:
        self._known: dict[Version, Mapping[str, Outlook | None]] = {}

    async def read(self, session: AsyncSession) -> Mapping[Version, Mapping[str, Outlook | None]]:
        """By version and step; None where no message follows any more."""
        columns = (JourneyVersion.journey, JourneyVersion.version)
        published = [(journey, version) for journey, version in await session.execute(select(*columns))]
        fresh = [version for version in published if version not in self._known]
        if fresh:
            rows = await session.execute(select(*columns, JourneyVersion.definition).where(tuple_(*columns).in_(fresh)))
            for journey, version, content in rows:
                self._known[journey, version] = _outlooks_of(journey, version, content)
        return self._known


def outlook_of(definition: JourneyDefinition, standing_on: str) -> Outlook | None:
    """What follows for somebody who waits on this step; None when no message does."""
    waited = timedelta()
    for name, step in _certain_path(definition, standing_on):
        if step.step in TALKS:
            return Outlook(_only(step.channels), name, " ".join(_conditions(step.channels, waited)))
        if len(set(step.leads_to())) > 1:
            channels = _channels_ahead(definition, name)
            if not channels:
                return None
            return Outlook(_only(channels), None, f"Next step decided at {name.replace('_', ' ')}.")
        if name != standing_on:
            waited += timedelta(seconds=step.seconds)
    return None


def _certain_path(definition: JourneyDefinition, start: str) -> Iterator[tuple[str, Step]]:
    """The steps from `start` on that nothing can turn aside."""
    seen: set[str] = set()
    name: str | None = start
    while name is not None and name not in seen and name in definition.steps:
        seen.add(name)
        step = definition.steps[name]
        yield name, step
        ways = set(step.leads_to())
        name = ways.pop() if len(ways) == 1 else None


def _channels_ahead(definition: JourneyDefinition, start: str) -> set[str]:
    """The channels of the sends that come first on each way from `start`."""
    seen, ahead, channels = {start}, [start], set[str]()
    while ahead:
        step = definition.steps[ahead.pop()]
        if step.step in TALKS:
            channels.update(step.channels)
            continue
        fresh = set(step.leads_to()) - seen
        seen |= fresh
        ahead.extend(fresh)
    return channels


def _only(channels: Collection[str]) -> str | None:
    return next(iter(channels)) if len(channels) == 1 else None


def _conditions(channels: Collection[str], waited: timedelta) -> Iterator[str]:
    """What else is to be known of a message that is sure to come."""
    if len(channels) > 1:
        yield f"Goes out on the first of {', '.join(channels)} that is allowed."
    if waited >= timedelta(minutes=1):
        yield f"Goes out after a further wait of {_in_words(waited)}."


def _in_words(waited: timedelta) -> str:
    minutes = int(waited.total_seconds()) // 60
    parts = ((minutes // 1_440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute"))
    return " ".join(f"{count} {unit}{'s' if count > 1 else ''}" for count, unit in parts if count)


def _outlooks_of(journey: str, version: str, content: object) -> Mapping[str, Outlook | None]:
    try:
        definition = JourneyDefinition.model_validate(content)
    except ValidationError:
        log.error("journey_version_unreadable", journey=journey, version=version)
        return {}
    return {name: outlook_of(definition, name) for name in definition.steps}
