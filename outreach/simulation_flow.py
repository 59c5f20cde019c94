"""A population through a journey in virtual time, and the way it went as text. Who they are is drawn by chance.

People are drawn with a seed: the same seed draws the same people, and time is virtual, so it comes out alike each time
but for the ids that decide about holdouts and experiments.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import transaction
from base.ids import new_id
from flows.journey_test_models import Person
from outreach.definitions import TALKS, JourneyDefinition
from outreach.models import Enrolment, OutboxMessage
from outreach.simulation import Place, Simulation, happened
from outreach.simulation_people import put_people

_AGREED = 0.8
_DID_IT = 0.3
"""Of those who are waited for, or could reach the goal."""
_ANSWERED = 0.5
_ZONES = (("Europe/London", "GB"), ("Europe/Berlin", "DE"), ("Europe/Paris", "FR"), ("Europe/Madrid", "ES"))


@dataclass(frozen=True)
class Flowed:
    """What became of a population: the steps in their order, how often each way was gone, who left where and how,
    which messages left, and which did not by which rule.
    """

    people: int
    entered: int
    held_out: int
    steps: Mapping[str, str]
    edges: Mapping[tuple[str, str], int]
    exits: Mapping[tuple[str, str], int]
    sends: Mapping[tuple[str, str], int]
    refusals: Mapping[tuple[str, str, str], int]
    standing: Mapping[str, int]


async def simulate(
    place: Place, compiled: Mapping[str, Any], people: int, begins: datetime, lasts: timedelta, *, seed: int = 1
) -> Flowed:
    """Lets so many people through a journey. The place must be empty: what happens stays there."""
    definition = JourneyDefinition.model_validate(compiled)
    simulation, chance = Simulation(place, begins), random.Random(seed)  # noqa: S311  # not about secrets
    drawn = {new_id(): _draw(definition, chance) for _ in range(people)}
    async with transaction(place.sessions) as session:
        await put_people(session, simulation, drawn)
        for reaction in place.reactions:
            await reaction(session, sorted(drawn), begins)
    await simulation.settle()
    await simulation.publish(compiled)
    entries = definition.entries or ((definition.first,) if definition.first else ())
    by_entry: dict[str, list[UUID]] = {}
    for contact_id in drawn:
        by_entry.setdefault(chance.choice(entries), []).append(contact_id)
    for entry, coming in by_entry.items():
        for start in range(0, len(coming), 500):
            await simulation.put_in(definition.journey, coming[start : start + 500], entry=entry)
    for contact_id in drawn:
        for moment, kind, data in _deeds(definition, chance, begins, lasts):
            simulation.at(moment, partial(_do, kind, contact_id, data))
    talkers = _Talkers(simulation, definition, chance)
    await simulation.run(begins + lasts, after_each=talkers.answer)
    async with place.sessions() as session:
        return await _read(session, simulation, definition, people)


def draw_flow(found: Flowed) -> list[str]:
    """The flow as lines of text: each step with how many left it which way."""
    lines = [f"{found.people} people, {found.entered} entered, {found.held_out} held back for good"]
    for name, kind in found.steps.items():
        told = [(number, f"→ {to}") for (at, to), number in sorted(found.edges.items()) if at == name]
        told += [(number, f"left: {how}") for (at, how), number in sorted(found.exits.items()) if at == name]
        told += [(found.standing[name], "still here")] if name in found.standing else []
        told += [(number, f"sent by {on}") for (at, on), number in sorted(found.sends.items()) if at == name]
        told += [
            (number, f"not sent by {on}: {rule}")
            for (at, on, rule), number in sorted(found.refusals.items())
            if at == name
        ]
        if told:
            lines.append(f"{name} ({kind})")
            lines += [f"  {number:>6} {words}" for number, words in told]
    return lines


class _Talkers:
    """People who end the talks that are begun with them, some by an outcome, some not at all."""

    def __init__(self, simulation: Simulation, definition: JourneyDefinition, chance: random.Random) -> None:
        self._simulation = simulation
        self._definition = definition
        self._chance = chance
        self._seen: set[UUID] = set()

    async def answer(self) -> None:
        steps = {name for name, step in self._definition.steps.items() if step.step == "converse"}
        if not steps:
            return
        async with self._simulation.place.sessions() as session:
            rows = await session.execute(
                select(OutboxMessage.id, OutboxMessage.contact_id, OutboxMessage.step, OutboxMessage.conversation_id)
                .where(OutboxMessage.step.in_(steps), OutboxMessage.state == "accepted")
                .order_by(OutboxMessage.id)
            )
            for row in rows.all():
                if row.id in self._seen:
                    continue
                self._seen.add(row.id)
                if self._chance.random() < _ANSWERED:
                    step = self._definition.steps[row.step]
                    outcome = self._chance.choice([*sorted(step.ways), "completed"])
                    moment = self._simulation.clock.now() + timedelta(minutes=self._chance.randint(1, 24 * 60))
                    data = {"flow": step.flow, "outcome": outcome}
                    self._simulation.at(moment, partial(_do, "flow_ended", row.contact_id, data))


async def _do(kind: str, contact_id: UUID, data: Mapping[str, Any], session: AsyncSession, now: datetime) -> None:
    await happened(session, kind, contact_id, now, data=data)


def _draw(definition: JourneyDefinition, chance: random.Random) -> Person:
    channels = sorted(definition.send_channels() - {"web"}) or ["email"]
    zone, country = chance.choice(_ZONES)
    scores = {step.score for step in definition.steps.values() if step.step == "score_branch"}
    purposes = {definition.purpose_of(step) for step in definition.steps.values() if step.step in TALKS}
    agreed = {f"{purpose}/{channel}": "given" for purpose in sorted(purposes) for channel in channels
              if chance.random() < _AGREED}  # fmt: skip
    return Person.model_validate(
        {
            "language": chance.choice(sorted(definition.wording) or ["en"]),
            "zone": zone,
            "country": country,
            "addresses": channels,
            "consents": agreed,
            "scores": {score: chance.randint(0, 100) for score in sorted(scores)},
        }
    )


def _deeds(
    definition: JourneyDefinition, chance: random.Random, begins: datetime, lasts: timedelta
) -> Iterator[tuple[datetime, str, Mapping[str, Any]]]:
    """What somebody may do of what the journey waits for or hopes for."""
    hoped: list[Any] = [definition.goal] if definition.goal is not None else []
    hoped += [step for step in definition.steps.values() if step.step == "wait_event"]
    for one in hoped:
        if chance.random() < _DID_IT:
            yield begins + lasts * chance.random(), one.kind, _fulfilling(one.where)


def _fulfilling(where: Mapping[str, Any] | None) -> dict[str, Any]:
    """Properties that fulfil a condition, as far as that is simple."""
    if where is None:
        return {}
    if "property" in where:
        return {where["property"]: where.get("value", "something")}
    found: dict[str, Any] = {}
    for part in where.get("all", where.get("any", ())):
        found |= _fulfilling(part)
    return found


async def _read(session: AsyncSession, simulation: Simulation, definition: JourneyDefinition, people: int) -> Flowed:
    enrolments = await _count(session, Enrolment.state, Enrolment.step, Enrolment.exit_reason)
    messages = await _count(
        session, OutboxMessage.step, OutboxMessage.channel, OutboxMessage.state, OutboxMessage.reason_rule
    )
    return Flowed(
        people=people,
        entered=sum(number for state, _, _, number in enrolments if state != "held_out"),
        held_out=sum(number for state, _, _, number in enrolments if state == "held_out"),
        steps={name: step.step for name, step in definition.steps.items()},
        edges=simulation.trace.edges,
        exits={(step, how): number for state, step, how, number in enrolments if state == "exited"},
        sends={(step, channel): number for step, channel, state, _, number in messages if state == "accepted"},
        refusals={
            (step, channel, rule): number for step, channel, state, rule, number in messages if state == "skipped"
        },
        standing={step: number for state, step, _, number in enrolments if state == "active"},
    )


async def _count(session: AsyncSession, *columns: Any) -> Sequence[Any]:
    """How many rows there are of each combination of these."""
    return (await session.execute(select(*columns, func.count()).group_by(*columns))).all()
