"""Runs the tests of journeys (`flows.journey_test_models`) in a simulation and says in words what came otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import transaction
from base.ids import new_id
from crm.consent.ledger import consent_for, consent_states
from crm.consent.withdrawal import withdraw, withdraw_consent
from crm.contacts.models import Contact
from crm.tasks.models import Task
from flows.journey_test_models import Happening, JourneyTest, Outcome, Person, Sent
from outreach.definitions import JourneyDefinition
from outreach.models import Enrolment, OutboxMessage
from outreach.simulation import AnsweringConnector, Place, Simulation, happened
from outreach.simulation_people import (
    CONTROLLER,
    WrittenTalks,
    draw_id,
    put_people,
    put_segments,
    segment_tag,
    segments_of,
)

_LEFT = ("accepted", "delivered", "read")
_A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class _Message:
    """A message as it left, or did not."""

    step: str | None
    channel: str
    state: str
    rule: str | None
    left_at: datetime | None
    words: str


async def run_test(place: Place, talks: WrittenTalks, compiled: Mapping[str, Any], test: JourneyTest) -> list[str]:
    """Everything that came otherwise than expected; nothing when all came as it should.

    The place must be empty: what happens stays there.
    """
    definition = JourneyDefinition.model_validate(compiled)
    answers = {name: answer.model_dump(mode="json", by_alias=True) for name, answer in test.connectors.items()}
    simulation = Simulation(place, test.begins, AnsweringConnector(answers))
    ids = {name: draw_id(definition, person) for name, person in test.people.items()}
    play = Play(simulation, talks, definition, test, ids)
    await play.begin(compiled)
    await simulation.run(test.begins + test.lasts, after_each=play.answer)
    async with place.sessions() as session:
        return [
            f"{name}: {fault}"
            for name, outcome in test.expect.items()
            for fault in await _faults(session, play, name, outcome)
        ]


class Play:
    """One test on its way."""

    def __init__(
        self,
        simulation: Simulation,
        talks: WrittenTalks,
        definition: JourneyDefinition,
        test: JourneyTest,
        ids: Mapping[str, UUID],
    ) -> None:  # fmt: skip
        self.simulation = simulation
        self.definition = definition
        self.test = test
        self.ids = ids
        self._talks = talks
        self._answered: set[UUID] = set()

    async def begin(self, compiled: Mapping[str, Any]) -> None:
        """Puts everybody where they are at the beginning, and notes what is to happen."""
        simulation, test = self.simulation, self.test
        sessions, now = simulation.place.sessions, simulation.clock.now()
        people = {self.ids[name]: person for name, person in test.people.items()}
        joined = {one.joins or one.leaves for one in test.happens} - {None}
        async with transaction(sessions) as session:
            await put_people(session, simulation, people)
            await put_segments(session, segments_of(people.values()) | {str(one) for one in joined}, now)
            for contact_id, person in people.items():
                if "web" in person.addresses:
                    await self._talks.open(session, contact_id, "web", now)
            for reaction in simulation.place.reactions:
                await reaction(session, sorted(people), now)
        await simulation.settle()
        await simulation.publish(compiled)
        zones = [person.zone for person in test.people.values()]
        simulation.look_at_dates(self.definition, zones, test.begins + test.lasts)
        for happening in test.happens:
            moment = test.begins + (happening.after or timedelta(0))
            simulation.at(moment, partial(self._happen, happening))

    async def answer(self) -> None:
        """Whoever was spoken to, and answers, will end that talk after a while."""
        wanted = {(self.ids[name], step) for name, person in self.test.people.items() for step in person.answers}
        if not wanted:
            return
        async with self.simulation.place.sessions() as session:
            rows = await session.execute(
                select(
                    OutboxMessage.id,
                    OutboxMessage.contact_id,
                    OutboxMessage.step,
                    OutboxMessage.conversation_id,
                    OutboxMessage.claimed_at,
                ).where(OutboxMessage.state.in_(_LEFT), OutboxMessage.journey == self.definition.journey)
            )
            for row in rows:
                if (row.contact_id, row.step) in wanted and row.id not in self._answered:
                    self._answered.add(row.id)
                    answered = self._person(row.contact_id).answers[row.step]
                    moment = (row.claimed_at or self.simulation.clock.now()) + answered.after
                    flow = self.definition.steps[row.step].flow
                    data = {"flow": flow, "outcome": answered.outcome}
                    self.simulation.at(moment, partial(_end_talk, row.contact_id, row.conversation_id, data))

    def _person(self, contact_id: UUID) -> Person:
        return next(self.test.people[name] for name, one in self.ids.items() if one == contact_id)

    async def _happen(self, happening: Happening, session: AsyncSession, now: datetime) -> None:
        contact_id, person = self.ids[happening.person], self.test.people[happening.person]
        if happening.event is not None:
            await happened(session, happening.event, contact_id, now, data=happening.data)
        elif happening.put_in:
            await self.simulation.put_in(self.definition.journey, [contact_id])
        elif happening.conversation is not None:
            talk = await self._talks.open(session, contact_id, person.addresses[0] if person.addresses else "web", now)
            data = happening.conversation.model_dump(mode="json")
            await happened(session, "flow_ended", contact_id, now, data=data, conversation_id=talk)
        elif happening.joins is not None or happening.leaves is not None:
            await self._move(session, contact_id, happening, now)
        elif happening.sets:
            row = (await session.execute(select(Contact.fields).where(Contact.id == contact_id))).one()
            await session.execute(
                update(Contact).where(Contact.id == contact_id).values(fields={**row.fields, **happening.sets})
            )
        else:
            await self._speak(session, contact_id, happening, now)

    async def _move(self, session: AsyncSession, contact_id: UUID, happening: Happening, now: datetime) -> None:
        tags = set((await session.execute(select(Contact.tags).where(Contact.id == contact_id))).scalar_one())
        tag = segment_tag(happening.joins or happening.leaves or "")
        tags = tags | {tag} if happening.joins else tags - {tag}
        await session.execute(update(Contact).where(Contact.id == contact_id).values(tags=sorted(tags)))
        kind = "tag_added" if happening.joins else "tag_removed"
        await happened(session, kind, contact_id, now, data={"tag": tag})

    async def _speak(self, session: AsyncSession, contact_id: UUID, happening: Happening, now: datetime) -> None:
        """They take a consent back, stop everything, answer, or get somebody to talk to."""
        person, evidence = self.test.people[happening.person], {"id": str(new_id())}
        if happening.withdraws is not None:
            purpose, _, channel = happening.withdraws.partition("/")
            await withdraw_consent(
                session, contact_id=contact_id, purpose=purpose, channel=channel, method="simulation",
                evidence=evidence, controller=CONTROLLER, language=person.language, now=now,
            )  # fmt: skip
        elif happening.opts_out:
            await withdraw(
                session, contact_id=contact_id, method="simulation", evidence=evidence, actor="subject", now=now
            )
        else:
            talk = await self._talks.open(session, contact_id, person.addresses[0] if person.addresses else "web", now)
            if happening.replies:
                await self._talks.say(session, talk, now)
                await happened(session, "message_received", contact_id, now, conversation_id=talk)
            else:
                await self._talks.hand_over(session, talk)
                await happened(session, "handed_off", contact_id, now, conversation_id=talk)


async def _end_talk(
    contact_id: UUID, conversation_id: UUID | None, data: Mapping[str, Any], session: AsyncSession, now: datetime
) -> None:
    await happened(session, "flow_ended", contact_id, now, data=data, conversation_id=conversation_id)


async def _faults(session: AsyncSession, play: Play, name: str, wanted: Outcome) -> list[str]:
    contact_id, test = play.ids[name], play.test
    messages = await _messages(session, contact_id, play.definition.journey)
    faults = list(_fault_of_sends(test, test.people[name], wanted.sends, [one for one in messages if one.left_at]))
    refused = {(one.step, one.rule) for one in messages if one.state == "skipped"}
    for refusal in wanted.not_sent:
        if (refusal.step, refusal.rule) not in refused:
            told = ", ".join(f"{step}: {rule}" for step, rule in sorted(refused, key=str)) or "nothing"
            faults.append(f"{refusal.step} was not refused by {refusal.rule}; refused was {told}")
    faults += await _fault_of_end(session, contact_id, play.definition.journey, wanted)
    contact = (await session.execute(select(Contact).where(Contact.id == contact_id))).scalar_one()
    for field, value in wanted.fields.items():
        if contact.fields.get(field) != value:
            faults.append(f"the field {field} is {contact.fields.get(field)!r}, not {value!r}")
    faults += [f"the tag {tag} is missing" for tag in wanted.tags if tag not in contact.tags]
    states = (await consent_states(session, [contact_id], play.simulation.clock.now())).get(contact_id, {})
    for key, standing in wanted.consents.items():
        purpose, _, channel = key.partition("/")
        found = consent_for(states, purpose, channel).state
        if found != standing:
            faults.append(f"the consent {key} is {found}, not {standing}")
    return faults + await _fault_of_tasks(session, contact_id, play.definition.journey, wanted)


def _fault_of_sends(
    test: JourneyTest, person: Person, wanted: Sequence[Sent], found: Sequence[_Message]
) -> Iterator[str]:
    for expected, message in zip(wanted, found, strict=False):
        local = (message.left_at or test.begins).astimezone(ZoneInfo(person.zone)).strftime("%Y-%m-%d %H:%M")
        told = f"{message.step} by {message.channel} at {local}"
        if (message.step, message.channel) != (expected.step, expected.channel):
            yield f"{told} left, not {expected.step} by {expected.channel}"
            continue
        if expected.at is not None and local != expected.at:
            yield f"{told} left, not at {expected.at}"
        passed = (message.left_at or test.begins) - test.begins
        if expected.after is not None and abs(passed - expected.after) >= _A_MINUTE:
            yield f"{told} left after {passed}, not after {expected.after}"
        yield from (
            f"{told} does not say {words!r}" for words in expected.says if words.casefold() not in message.words
        )
    yield from (f"{one.step} by {one.channel} did not leave" for one in wanted[len(found) :])
    for message in found[len(wanted) :]:
        local = (message.left_at or test.begins).astimezone(ZoneInfo(person.zone)).strftime("%Y-%m-%d %H:%M")
        yield f"{message.step} by {message.channel} left at {local}, and nobody expected it"


async def _fault_of_end(session: AsyncSession, contact_id: UUID, journey: str, wanted: Outcome) -> list[str]:
    found = (
        await session.execute(
            select(Enrolment.state, Enrolment.step, Enrolment.exit_reason)
            .where(Enrolment.contact_id == contact_id, Enrolment.journey == journey, Enrolment.state != "held_out")
            .order_by(Enrolment.entered_at.desc(), Enrolment.id.desc())
        )
    ).first()
    if found is None:
        return [] if wanted.stays_out else ["never entered"]
    stands = f"stands on {found.step}" if found.state == "active" else f"left by {found.exit_reason} on {found.step}"
    if wanted.stays_out:
        return [f"entered, and {stands}"]
    if wanted.outcome is not None and (found.state, found.exit_reason) != ("exited", wanted.outcome):
        return [f"{stands}, instead of leaving by {wanted.outcome}"]
    if wanted.stands_on is not None and (found.state, found.step) != ("active", wanted.stands_on):
        return [f"{stands}, instead of standing on {wanted.stands_on}"]
    return []


async def _fault_of_tasks(session: AsyncSession, contact_id: UUID, journey: str, wanted: Outcome) -> list[str]:
    own = (Task.contact_id == contact_id, Task.data["journey"].astext == journey)
    titles = list(await session.scalars(select(Task.title).where(*own).order_by(Task.made_at, Task.id)))
    if len(titles) == len(wanted.tasks) and all(
        part.casefold() in title.casefold() for part, title in zip(wanted.tasks, titles, strict=True)
    ):
        return []
    return [f"colleagues were told {titles}, not {list(wanted.tasks)}"]


async def _messages(session: AsyncSession, contact_id: UUID, journey: str) -> list[_Message]:
    rows = await session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.contact_id == contact_id, OutboxMessage.journey == journey)
        .order_by(OutboxMessage.claimed_at, OutboxMessage.id)
    )
    return [
        _Message(
            row.step,
            row.channel,
            row.state,
            row.reason_rule,
            row.claimed_at if row.state in _LEFT else None,
            f"{row.subject or ''}\n{row.text}".casefold(),
        )
        for row in rows
    ]
