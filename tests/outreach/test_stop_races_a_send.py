"""STOP races a send: two sessions, stepped by advisory locks, through every order of their steps (F7).

Each order ten times belongs to every test run; `make test-long` goes through a thousand races.

Whoever is first, the message is cancelled or skipped, or it had been handed over when the STOP was recorded, and then
the timeline says so; later it is never sent.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, text

from base.database import transaction
from base.ids import new_id
from crm.consent.ledger import ConsentFact, record_consent_events
from crm.consent.withdrawal import withdraw
from crm.contacts.models import Contact, ContactPoint
from outreach.claiming import claim_due
from outreach.follow_ups import JourneyFollowUps
from outreach.models import OutboxMessage

STOP, SEND = "stop", "send"
ORDERS = sorted(set(itertools.permutations((STOP, STOP, STOP, SEND, SEND, SEND))))
"""Every order of: withdraw, cancel, commit; and: claim, commit, hand over."""
BLOCKED = 0.003
"""Seconds after which a step that has not ended is taken to wait for a row the other side holds: the next begins."""


@dataclass
class Race:
    """One contact's STOP and send in one order of their steps. Each step waits for its own advisory lock."""

    site: object
    number: int
    order: tuple[str, ...]
    contact_id: UUID
    outbox_id: UUID
    ends: list[asyncio.Event] = field(default_factory=lambda: [asyncio.Event() for _ in ORDERS[0]])
    told: list[str] = field(default_factory=list)

    async def run(self, conductor) -> None:
        every = "SELECT pg_advisory_lock(:race, turn) FROM generate_series(0, :turn) AS turn"
        await conductor.execute(text(every), self._key(len(self.order) - 1))
        sides = [asyncio.create_task(self._stop()), asyncio.create_task(self._send())]
        for turn in range(len(self.order)):
            await conductor.execute(text("SELECT pg_advisory_unlock(:race, :turn)"), self._key(turn))
            await self._until_ended(turn)
        await asyncio.gather(*sides)

    async def _until_ended(self, turn: int) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ends[turn].wait(), BLOCKED)

    def _key(self, turn: int) -> dict[str, int]:
        return {"race": self.number, "turn": turn}

    @asynccontextmanager
    async def _step(self, session, side: str, place: int):
        turn = [turn for turn, one in enumerate(self.order) if one == side][place]
        await session.execute(text("SELECT pg_advisory_xact_lock(:race, :turn)"), self._key(turn))
        yield
        self.ends[turn].set()

    async def _stop(self) -> None:
        site, now = self.site, self.site.clock.now()
        said = {"id": str(new_id())}
        async with site.sessions() as session:
            async with self._step(session, STOP, 0):
                await withdraw(
                    session, contact_id=self.contact_id, method="keyword", evidence=said, actor="subject", now=now
                )
            async with self._step(session, STOP, 1):
                await JourneyFollowUps().stop(session, contact_id=self.contact_id, reason="opted_out", now=now)
            async with self._step(session, STOP, 2):
                await session.commit()
                self.told.append("stopped")

    async def _send(self) -> None:
        site = self.site
        async with site.sessions() as session:
            async with self._step(session, SEND, 0):
                claim = await claim_due(session, site.gatekeeper, site.clock.now(), limit=8)
            async with self._step(session, SEND, 1):
                await session.commit()
        assert [message.id for message in claim.messages] in ([], [self.outbox_id])
        async with transaction(site.sessions) as session, self._step(session, SEND, 2):
            self.told.append("hands over")
            if claim.messages:
                await site.delivery.deliver(claim.messages, site.clock)


async def prepare(site, interleavings: int) -> list[Race]:
    """A contact with an address, a consent and one message for each race, due one after another."""
    chance = random.Random(7)
    orders = [ORDERS[number % len(ORDERS)] for number in range(interleavings)]
    chance.shuffle(orders)
    now = site.clock.now()
    races = [Race(site, number, order, new_id(), new_id()) for number, order in enumerate(orders)]
    people = [
        {"id": one.contact_id, "time_zone": "Europe/London", "fields": {}, "created_at": now, "updated_at": now}
        for one in races
    ]
    points = [
        {"id": new_id(), "contact_id": one.contact_id, "kind": "email", "key_id": site.keys.newest, "created_at": now}
        for one in races
    ]
    for point in points:
        address = f"{point['contact_id'].hex}@customer.example"
        point["value_sealed"] = site.keys.seal(address, column="contact_points.value_sealed", row=point["id"])
        point["blind_index"] = site.keys.blind_index(address, kind="email")
    consents = [
        ConsentFact(
            event="given", principal_ref=one.contact_id, purpose="marketing", channel="email", controller="Northwind",
            language="en", method="chat", actor="subject", effective_at=now, notice_text="May we write to you?",
        )
        for one in races
    ]  # fmt: skip
    messages = [
        {
            "id": one.outbox_id, "occurrence": str(one.outbox_id), "contact_id": one.contact_id, "channel": "email",
            "purpose": "marketing", "message_class": "promotional", "subject": "Hello", "text": "Good day",
            "state": "planned", "due_at": now + timedelta(seconds=one.number), "created_at": now, "updated_at": now,
        }
        for one in races
    ]  # fmt: skip
    async with transaction(site.sessions) as session:
        await session.execute(insert(Contact), people)
        await session.execute(insert(ContactPoint), points)
        await record_consent_events(session, consents, now)
        await session.execute(insert(OutboxMessage), messages)
    return races


@pytest.mark.parametrize("interleavings", [10 * len(ORDERS), pytest.param(1_000, marks=pytest.mark.long)])
async def test_of_a_stop_and_a_send_in_any_interleaving_none_is_sent_after_the_stop(site, interleavings):
    races = await prepare(site, interleavings)
    async with site.engine.connect() as conductor:
        for race in races:
            await race.run(conductor)
            site.clock.forward(seconds=1)
    # Whatever was left is looked at once more, and by then everybody has stopped.
    sent_in_race = {envelope.outbox_id for envelope in site.email.sent}
    site.clock.forward(minutes=1)
    await site.delivery.deliver_due(site.clock)
    assert {envelope.outbox_id for envelope in site.email.sent} == sent_in_race
    assert len(site.email.sent) == len(sent_in_race)

    rows = {row.id: row for row in await site.outbox()}
    under_way = await _under_way(site)
    outcomes = {"sent before the stop": 0, "under way at the stop": 0, "stopped": 0}
    for race in races:
        state = rows[race.outbox_id].state
        stopped_first = race.told.index("stopped") < race.told.index("hands over")
        if race.outbox_id in sent_in_race:
            assert state == "accepted"
            assert not stopped_first, race.order
            outcomes["under way at the stop" if race.outbox_id in under_way else "sent before the stop"] += 1
        else:
            assert state in ("cancelled", "skipped")
            outcomes["stopped"] += 1
    # Of what left, the stop found some gone and some under way; and it stopped some: the orders were worth the name.
    assert all(outcomes.values()), outcomes
    assert await _sent_without_a_trace(site) == 0


async def _under_way(site) -> set[UUID]:
    async with site.engine.connect() as connection:
        found = await connection.execute(
            text("SELECT data->>'outbox_id' FROM timeline_events WHERE kind = 'message_under_way'")
        )
        return {UUID(one) for one in found.scalars()}


async def _sent_without_a_trace(site) -> int:
    """Messages that left though a withdrawal was recorded before their claim (I1), by the rows alone."""
    async with site.engine.connect() as connection:
        counted = await connection.execute(
            text(
                "SELECT count(*) FROM outbox o JOIN gate_decisions g ON g.outbox_id = o.id AND g.stage = 'wire' "
                "AND g.answer = 'allow' JOIN suppressions s ON s.contact_id = o.contact_id "
                "WHERE o.state = 'accepted' AND s.created_at < g.decided_at"
            )
        )
        return counted.scalar_one()
