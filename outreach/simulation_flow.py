"""A population through a journey in virtual time, and the way it went as text.

Who they are is drawn by chance, or given. Chance has a seed: the same seed draws the same people, and time is virtual,
so it comes out alike each time but for the ids that decide about holdouts and experiments.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import transaction
from base.ids import new_id
from flows.journey_test_models import Person
from outreach.definitions import TALKS, JourneyDefinition
from outreach.drop_off import read_passed
from outreach.entry_models import EntryRefusal
from outreach.models import Enrolment, OutboxMessage
from outreach.prices import PriceList, read_prices
from outreach.simulation import Place, Simulation, happened
from outreach.simulation_people import put_people, put_segments, segments_of

_AGREED = 0.8
_DID_IT = 0.3
"""Of those who are waited for, or could reach the goal."""
_ANSWERED = 0.5
_LONG_AGO, _FAR_AHEAD = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
_ZONES = (("Europe/London", "GB"), ("Europe/Berlin", "DE"), ("Europe/Paris", "FR"), ("Europe/Madrid", "ES"))


@dataclass(frozen=True)
class Flowed:
    """What became of a population: the steps in their order, how often each way was gone, who left where and how,
    which messages left, and which did not by which rule.

    Attributes:
        arrived: how often somebody came to each step.
        stayed_out: who did not come in, by the rule.
        goals: who did what the journey is for.
        costs: what the messages of each channel cost.
        load: how many messages left by channel on each day, UTC.
        busiest: the hour in which most left, and how many.
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
    arrived: Mapping[str, int]
    stayed_out: Mapping[str, int]
    goals: int
    costs: Mapping[str, float]
    load: Mapping[tuple[date, str], int]
    busiest: tuple[datetime, int] | None


async def simulate(
    place: Place, compiled: Mapping[str, Any], people: int, begins: datetime, lasts: timedelta, *, seed: int = 1
) -> Flowed:
    """Lets so many people through a journey. The place must be empty: what happens stays there."""
    definition = JourneyDefinition.model_validate(compiled)
    return await let_through(place, compiled, make_up(definition, people, seed=seed), begins, lasts, seed=seed)


def make_up(definition: JourneyDefinition, people: int, *, seed: int = 1) -> dict[UUID, Person]:
    """So many people, drawn by chance, with ids of their own."""
    chance = _chance(seed)
    return {new_id(): _draw(definition, chance) for _ in range(people)}


async def let_through(
    place: Place,
    compiled: Mapping[str, Any],
    drawn: Mapping[UUID, Person],
    begins: datetime,
    lasts: timedelta,
    *,
    seed: int = 1,
    prices: PriceList | None = None,
) -> Flowed:
    """Lets these people through a journey; what they do in it is drawn by chance. The place must be empty."""
    definition = JourneyDefinition.model_validate(compiled)
    simulation, chance = Simulation(place, begins), _chance(seed)
    async with transaction(place.sessions) as session:
        await put_people(session, simulation, drawn)
        await put_segments(session, segments_of(drawn.values()), begins)
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
        return await _read(session, definition, len(drawn), prices or read_prices())


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


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # not about secrets


async def _read(session: AsyncSession, definition: JourneyDefinition, people: int, prices: PriceList) -> Flowed:
    enrolments = await _count(session, Enrolment.state, Enrolment.step, Enrolment.exit_reason)
    messages = await _count(
        session, OutboxMessage.step, OutboxMessage.channel, OutboxMessage.state, OutboxMessage.reason_rule
    )
    passed = await read_passed(session, definition.journey, _LONG_AGO, _FAR_AHEAD)
    load = await _count(session, _left_in("day"), OutboxMessage.channel, where=OutboxMessage.state == "accepted")
    by_hour = await _count(session, _left_in("hour"), where=OutboxMessage.state == "accepted")
    busiest = max(by_hour, key=lambda row: (row[1], -row[0].timestamp()), default=None)
    return Flowed(
        people=people,
        entered=sum(number for state, _, _, number in enrolments if state != "held_out"),
        held_out=sum(number for state, _, _, number in enrolments if state == "held_out"),
        steps={name: step.step for name, step in definition.steps.items()},
        edges={(edge.step, edge.to): edge.people for edge in passed.edges},
        exits={(step, how): number for state, step, how, number in enrolments if state == "exited"},
        sends={(step, channel): number for step, channel, state, _, number in messages if state == "accepted"},
        refusals={
            (step, channel, rule): number for step, channel, state, rule, number in messages if state == "skipped"
        },
        standing={step: number for state, step, _, number in enrolments if state == "active"},
        arrived={step.step: step.arrived for step in passed.steps},
        stayed_out=dict(map(tuple, await _count(session, EntryRefusal.rule))),
        goals=await session.scalar(select(func.count()).where(Enrolment.goal_at.is_not(None))) or 0,
        costs=await _read_costs(session, prices),
        load={(day.date(), channel): number for day, channel, number in load},
        busiest=None if busiest is None else (busiest[0].replace(tzinfo=UTC), busiest[1]),
    )


async def _read_costs(session: AsyncSession, prices: PriceList) -> dict[str, float]:
    """What all that left cost, by channel."""
    costs: dict[str, float] = {}
    texts = await _count(session, OutboxMessage.channel, OutboxMessage.text, where=OutboxMessage.state == "accepted")
    for channel, said, number in texts:
        costs[channel] = costs.get(channel, 0.0) + prices.cost_of(channel, said) * number
    return costs


def _left_in(unit: Literal["day", "hour"]) -> Any:
    """The day or hour in which a message left, by the clock of Greenwich."""
    return func.date_trunc(literal_column(f"'{unit}'"), func.timezone("UTC", OutboxMessage.claimed_at))


async def _count(session: AsyncSession, *columns: Any, where: Any = None) -> Sequence[Any]:
    """How many rows there are of each combination of these."""
    named = [column.label(f"c{number}") for number, column in enumerate(columns)]
    asked = select(*named) if where is None else select(*named).where(where)
    rows = asked.subquery()
    return (await session.execute(select(*rows.c, func.count()).group_by(*rows.c))).all()
