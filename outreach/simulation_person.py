"""One person's way through a journey in virtual time: run as a test of it is, and read from the trail it leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import InvalidInput
from crm.timeline.models import TimelineEvent
from flows.journey_test_models import JourneyTest
from outreach.definitions import JourneyDefinition, Step
from outreach.entry_models import EntryRefusal
from outreach.models import Enrolment, GateDecision, OutboxMessage
from outreach.ports import Envelope
from outreach.reasons import entry_rule_in_words, reason_in_words
from outreach.simulation import AnsweringConnector, Place, Simulation
from outreach.simulation_people import WrittenTalks, draw_id
from outreach.simulation_tests import Play
from outreach.trail import WALKED, Move

What = Literal["entered", "stayed_out", "came_to", "message", "sent", "happened", "left", "stands"]

_LEFT = ("accepted", "delivered", "read")


@dataclass(frozen=True)
class Asked:
    """An answer of the gate about a message."""

    at: datetime
    stage: str
    answer: str
    rule: str
    reason: str
    until: datetime | None


@dataclass(frozen=True)
class Written:
    """A message as it was planned, with all the gate's answers; `state` is what became of it."""

    envelope: Envelope
    step: str
    planned_at: datetime
    state: str
    rule: str | None
    reason: str | None
    asked: Sequence[Asked]
    left_at: datetime | None


@dataclass(frozen=True)
class Taken:
    """Why a way was taken: by which part of the step it leads on, and under which condition."""

    by: str
    condition: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Moment:
    """Something that came.

    Attributes:
        step: where they stood or came to; of a message the step it is of.
        came_from: the step before that.
        taken: why they went this way.
        waited: the seconds that they were on the step before.
        rule: why they stayed out, left or what happened, by its code; `words` says it.
    """

    at: datetime
    what: What
    step: str | None = None
    came_from: str | None = None
    taken: Taken | None = None
    waited: int | None = None
    message: Written | None = None
    rule: str | None = None
    words: str | None = None
    until: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Walked:
    """The whole way, in order; `ends_at` is how far it was watched."""

    moments: Sequence[Moment]
    stands_on: str | None
    left_by: str | None
    ends_at: datetime


async def walk_one(
    place: Place, talks: WrittenTalks, compiled: Mapping[str, Any], test: JourneyTest, *, entry: str | None
) -> Walked:
    """Sends the one person of a test through a journey. The place must be empty: what happens stays there.

    Args:
        entry: the step at which they are put in at the beginning; None: only what happens lets them in.

    Raises:
        InvalidInput: nobody can go the ways that were asked for, or come in there.
    """
    definition = JourneyDefinition.model_validate(compiled)
    if entry is not None and entry not in {*definition.entries, definition.first}:
        raise InvalidInput(f"Nobody comes into {definition.journey} at {entry}.")
    ((name, person),) = test.people.items()
    answers = {one: answer.model_dump(mode="json", by_alias=True) for one, answer in test.connectors.items()}
    simulation = Simulation(place, test.begins, AnsweringConnector(answers))
    contact_id = draw_id(definition, person)
    play = Play(simulation, talks, definition, test, {name: contact_id})
    await play.begin(compiled)
    if entry is not None:
        simulation.at(test.begins, partial(_put_in, simulation, definition.journey, contact_id, entry))
    await simulation.run(test.begins + test.lasts, after_each=play.answer)
    async with place.sessions() as session:
        return await _read(session, definition, contact_id, simulation.clock.now(), person.language)


async def _put_in(
    simulation: Simulation, journey: str, contact_id: UUID, entry: str, _session: AsyncSession, _now: datetime
) -> None:
    await simulation.put_in(journey, [contact_id], entry=entry)


async def _read(
    session: AsyncSession, definition: JourneyDefinition, contact_id: UUID, ends_at: datetime, language: str
) -> Walked:
    messages = await _read_messages(session, definition.journey, contact_id, language)
    events = (
        await session.scalars(
            select(TimelineEvent)
            .where((TimelineEvent.kind == WALKED) | (TimelineEvent.contact_id == contact_id))
            .order_by(TimelineEvent.occurred_at, TimelineEvent.id)
        )
    ).all()
    moments = list(_put_together(definition, events, messages))
    refusals = await session.scalars(select(EntryRefusal).where(EntryRefusal.contact_id == contact_id))
    moments += [
        Moment(one.last_at, "stayed_out", rule=one.rule, words=entry_rule_in_words(one.rule)) for one in refusals
    ]
    # In the order of the moments; what came at the same one stays in the order in which it came.
    moments.sort(key=lambda moment: moment.at)
    last = await session.scalar(
        select(Enrolment)
        .where(Enrolment.contact_id == contact_id, Enrolment.journey == definition.journey)
        .order_by(Enrolment.entered_at.desc(), Enrolment.id.desc())
        .limit(1)
    )
    if last is not None and last.state == "held_out":
        moments.append(Moment(last.entered_at, "stayed_out", rule="held_out", words=entry_rule_in_words("held_out")))
    stands = last if last is not None and last.state == "active" else None
    if stands is not None:
        moments.append(Moment(ends_at, "stands", stands.step, until=stands.due_at))
    return Walked(
        moments,
        stands_on=None if stands is None else stands.step,
        left_by=None if last is None or last.state != "exited" else last.exit_reason,
        ends_at=ends_at,
    )


def _put_together(
    definition: JourneyDefinition, events: Sequence[TimelineEvent], messages: Sequence[Written]
) -> Iterator[Moment]:
    waiting = list(messages)
    for event in events:
        if event.kind == WALKED and event.data["journey"] == definition.journey:
            for *move, people in event.data["moves"]:
                for _ in range(people):
                    step, to, seconds, reason = move
                    yield _moved(definition, event.occurred_at, Move(step, to, seconds, reason))
                    # What a step has to say stands where they came to it.
                    for one in [one for one in waiting if one.step == to and one.planned_at <= event.occurred_at]:
                        waiting.remove(one)
                        yield from _said(one)
        elif event.source == "api":
            yield Moment(event.occurred_at, "happened", rule=event.kind, data=event.data)
    for one in waiting:
        yield from _said(one)


def _moved(definition: JourneyDefinition, at: datetime, move: Move) -> Moment:
    if move.step is None:
        return Moment(at, "entered", move.to)
    if move.to is None:
        return Moment(at, "left", move.step, rule=move.reason, words=reason_in_words(move.reason or "completed"))
    taken = why_taken(definition.steps[move.step], move.to, move.seconds)
    return Moment(at, "came_to", move.to, came_from=move.step, taken=taken, waited=move.seconds)


def _said(message: Written) -> Iterator[Moment]:
    yield Moment(message.planned_at, "message", message.step, message=message)
    if message.left_at is not None and message.left_at > message.planned_at:
        yield Moment(message.left_at, "sent", message.step, message=message)


def why_taken(step: Step, to: str, seconds: int | None) -> Taken | None:
    """By which part of a step one goes on to another from it; None where none leads there.

    Where several do, the one that time alone takes is meant only when so much time had passed.
    """
    found = list(_ways_to(step, to))
    if len(found) > 1 and step.step == "wait_event":
        over = seconds is not None and seconds >= step.seconds
        found = [one for one in found if (one.by == "timed_out") == over] or found
    return found[0] if found else None


def _ways_to(step: Step, to: str) -> Iterator[Taken]:
    yield from (Taken("next", way.condition) for way in step.next if way.to == to)
    for side in ("timed_out", "missing", "past", "unreached", "not_allowed", "failed"):
        if getattr(step, side) == to:
            yield Taken(side)
    yield from (Taken(f"way:{outcome}") for outcome, leads in step.ways.items() if leads == to)
    yield from (Taken(f"variant:{variant.name}") for variant in step.variants if variant.to == to)
    if step.holdout is not None and step.holdout.to == to:
        yield Taken("holdout")


async def _read_messages(session: AsyncSession, journey: str, contact_id: UUID, language: str) -> list[Written]:
    rows = (
        await session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.contact_id == contact_id, OutboxMessage.journey == journey)
            .order_by(OutboxMessage.id)
        )
    ).all()
    decided: dict[UUID, list[Asked]] = {}
    found = await session.scalars(
        select(GateDecision)
        .where(GateDecision.outbox_id.in_([row.id for row in rows]))
        .order_by(GateDecision.decided_at, GateDecision.id)
    )
    for one in found:
        asked = Asked(one.decided_at, one.stage, one.answer, one.rule, one.reason, one.until)
        decided.setdefault(one.outbox_id, []).append(asked)
    return [
        Written(
            _envelope(row, language),
            row.step or "",
            row.created_at,
            row.state,
            row.reason_rule,
            row.reason,
            decided.get(row.id, []),
            row.claimed_at if row.state in _LEFT else None,
        )
        for row in rows
    ]


def _envelope(row: OutboxMessage, language: str) -> Envelope:
    """As it would be handed to its channel."""
    return Envelope(
        outbox_id=row.id,
        contact_id=row.contact_id,
        conversation_id=row.conversation_id,
        attempt=1,
        channel=row.channel,
        purpose=row.purpose,
        language=language,
        address=None,
        subject=row.subject,
        text=row.text,
        content=row.content or {},
    )
