"""Whom a publication meets in mid-flow: where they stand now and where they will. Looks only, moves nobody."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.dialogue import Landing
from bot.publishing.ports import Replicas

RECENT = timedelta(days=30)
SAMPLE = 2_000
"""Most conversations of which it is found out where they land."""

Change = Literal["removed", "changed", "same"]

# Of all that stand in a flow that will be another one, the most recent; `people` counts them all.
_STANDING = text(
    """
    SELECT id, state, count(*) OVER () AS people
    FROM conversations
    WHERE status = 'open'
      AND (last_message_at >= :since OR (last_message_at IS NULL AND created_at >= :since))
      AND jsonb_typeof(state -> 'stack') = 'array'
      AND EXISTS (
        SELECT FROM jsonb_array_elements(state -> 'stack') AS frame
        WHERE frame ->> 'version' IS DISTINCT FROM CAST(:versions AS jsonb) ->> (frame ->> 'flow')
      )
    ORDER BY last_message_at DESC NULLS LAST
    LIMIT :sample
    """
)


@dataclass(frozen=True)
class Place:
    """A step on which people stand.

    Attributes:
        step: as `flow/step`.
        change: what the publication does to the step.
        people: how many of the sample stand there.
        lands: where they will stand, with how many; an empty name means nowhere.
    """

    step: str
    change: Change
    people: int
    lands: Mapping[str, int]

    def __str__(self) -> str:
        where = ", ".join(f"{count} on {step or 'no step'}" for step, count in self.lands.items())
        return f"{self.people} stand on {self.step} ({self.change}); they land: {where}"


@dataclass(frozen=True)
class Impact:
    """Whom it concerns.

    Attributes:
        people: open conversations in a flow that changes.
        sampled: how many of them, the most recent, were looked at one by one.
        places: where those stand.
        unknown: why it could not be found out where they land.
    """

    people: int = 0
    sampled: int = 0
    places: tuple[Place, ...] = ()
    unknown: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Standing:
    """Conversations in a flow that changes: how many in all, and the states of the most recent."""

    people: int
    states: list[dict[str, Any]]


async def list_standing(session: AsyncSession, after: Mapping[str, Any], now: datetime) -> Standing:
    """Who stands in a flow whose version is another in the compiled flows `after`."""
    versions = {name: flow["version"] for name, flow in after["flows"].items()}
    given = {"since": now - RECENT, "versions": json.dumps(versions), "sample": SAMPLE}
    rows = (await session.execute(_STANDING, given)).all()
    return Standing(rows[0].people if rows else 0, [row.state for row in rows])


async def find_impact(
    standing: Standing, before: Mapping[str, Any], after: Mapping[str, Any], replicas: Replicas
) -> Impact:
    """Where those people land, asked of the dialogue processes.

    Args:
        before, after: the compiled flows that are live and those that will be.
    """
    if not standing.states:
        return Impact(standing.people)
    landings = await replicas.landings(str(after["version"]), standing.states)
    return Impact(standing.people, len(standing.states), _places(landings, changes_between(before, after)))


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Change]:
    """What happens to each step of `before`, by `flow/step`: its definition and its wording both count."""
    found: dict[str, Change] = {}
    for flow, definition in before["flows"].items():
        there = after["flows"].get(flow, {}).get("steps", {})
        for step, compiled in definition["steps"].items():
            if step not in there:
                found[f"{flow}/{step}"] = "removed"
            else:
                same = there[step] == compiled and _words(before, flow, step) == _words(after, flow, step)
                found[f"{flow}/{step}"] = "same" if same else "changed"
    return found


def _words(compiled: Mapping[str, Any], flow: str, step: str) -> dict[str, Any]:
    said = {language: flows.get(flow, {}).get(step) for language, flows in compiled["wording"].items()}
    return {language: words for language, words in said.items() if words}


def _places(landings: Sequence[Landing], changes: Mapping[str, Change]) -> tuple[Place, ...]:
    lands: dict[str, Counter[str]] = {}
    for landing in landings:
        if landing.before is not None:
            lands.setdefault(landing.before, Counter())[landing.after or ""] += 1
    places = (
        Place(step, changes.get(step, "removed"), counts.total(), dict(counts.most_common()))
        for step, counts in lands.items()
    )
    order = {"removed": 0, "changed": 1, "same": 2}
    return tuple(sorted(places, key=lambda place: (order[place.change], -place.people, place.step)))
