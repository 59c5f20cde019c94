"""A site with journeys, contacts and a channel that writes down what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text

from base.database import transaction
from base.encryption import KeyRing
from base.ids import new_id
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.contacts.models import Contact
from crm.contacts.service import attach_address
from crm.timeline.ingesting import NewEvent, Source, ingest
from outreach.claiming import Claim
from outreach.delivery import Delivery
from outreach.enrolment import enrol, publish_journeys
from outreach.gatekeeper import Gatekeeper
from outreach.library import Library
from outreach.models import Enrolment, GateDecision, OutboxMessage
from outreach.planning import Planner
from outreach.ports import Accepted, Envelope, SendOutcome
from outreach.pump import DuePump
from outreach.reacting import Reactor
from outreach.rule_pack import read_rule_pack


@dataclass
class MovableClock:
    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def forward(self, **length: float) -> None:
        self.moment += timedelta(**length)


@dataclass
class WritingSender:
    """A channel that keeps every envelope and answers what it is told to."""

    channel: str
    missing: str | None = None
    answer: Callable[[Envelope], SendOutcome] = lambda envelope: Accepted(f"provider-{envelope.outbox_id}")
    sent: list[Envelope] = field(default_factory=list)

    def configured(self) -> str | None:
        return self.missing

    async def send(self, envelope: Envelope) -> SendOutcome:
        self.sent.append(envelope)
        return self.answer(envelope)


@dataclass
class Site:
    sessions: Any
    engine: Any
    url: str
    keys: KeyRing
    clock: MovableClock
    email: WritingSender
    web: WritingSender
    gatekeeper: Gatekeeper
    planner: Planner
    delivery: Delivery
    pump: DuePump
    reactor: Reactor

    async def publish(self, *journeys: dict[str, Any]) -> None:
        async with transaction(self.sessions) as session:
            await publish_journeys(session, {one["journey"]: one for one in journeys}, self.clock.now())

    async def contact(
        self,
        address: str | None = None,
        *,
        consent: str | None = "given",
        time_zone: str | None = "Europe/London",
        **columns: Any,
    ) -> UUID:
        contact_id, now = new_id(), self.clock.now()
        async with transaction(self.sessions) as session:
            await session.execute(
                insert(Contact).values(
                    id=contact_id, time_zone=time_zone, created_at=now, updated_at=now, **{"fields": {}} | columns
                )
            )
            address = f"{contact_id.hex}@customer.example" if address is None else address
            if address:
                await attach_address(session, self.keys, contact_id=contact_id, kind="email", value=address, now=now)
        if consent:
            await self.consent(contact_id, consent)
        return contact_id

    async def consent(
        self, contact_id: UUID, event: str, *, channel: str = "email", purpose: str = "marketing"
    ) -> None:
        fact = ConsentFact(
            event=event,  # type: ignore[arg-type]
            principal_ref=contact_id,
            purpose=purpose,
            channel=channel,
            controller="Northwind",
            language="en",
            method="chat",
            actor="subject",
            effective_at=self.clock.now(),
            notice_text="May we write to you?",
        )
        async with transaction(self.sessions) as session:
            await record_consent_event(session, fact, self.clock.now())

    async def talk(self, contact_id: UUID, *, status: str = "open", conversation_id: UUID | None = None) -> UUID:
        conversation_id = conversation_id or new_id()
        values = {"id": conversation_id, "contact": contact_id, "status": status, "now": self.clock.now()}
        async with transaction(self.sessions) as session:
            await session.execute(
                text(
                    "INSERT INTO conversations (id, channel, contact_id, status, language, created_at) "
                    "VALUES (:id, 'web', :contact, :status, 'en', :now)"
                ),
                values,
            )
        return conversation_id

    async def enrol(self, contact_id: UUID, journey: str, conversation_id: UUID | None = None) -> bool:
        async with transaction(self.sessions) as session:
            return await enrol(
                session,
                journey=journey,
                contact_id=contact_id,
                conversation_id=conversation_id,
                now=self.clock.now(),
            )

    async def put(self, contact_id: UUID, **columns: Any) -> UUID:
        """A planned message, as a planner leaves it."""
        outbox_id, now = new_id(), self.clock.now()
        values: dict[str, Any] = {
            "id": outbox_id,
            "occurrence": str(outbox_id),
            "contact_id": contact_id,
            "channel": "email",
            "purpose": "marketing",
            "message_class": "promotional",
            "subject": "Hello",
            "text": "Good day",
            "state": "planned",
            "due_at": now,
            "created_at": now,
            "updated_at": now,
        }
        async with transaction(self.sessions) as session:
            await session.execute(insert(OutboxMessage).values(values | columns))
        return outbox_id

    async def claim(self) -> Claim:
        return await self.delivery.claim(self.clock)

    async def outbox(self, contact_id: UUID | None = None) -> list[OutboxMessage]:
        statement = select(OutboxMessage).order_by(OutboxMessage.created_at, OutboxMessage.id)
        if contact_id is not None:
            statement = statement.where(OutboxMessage.contact_id == contact_id)
        async with self.sessions() as session:
            return list(await session.scalars(statement))

    async def message(self, outbox_id: UUID) -> OutboxMessage:
        async with self.sessions() as session:
            return await session.get_one(OutboxMessage, outbox_id)

    async def decisions(self, outbox_id: UUID) -> list[GateDecision]:
        statement = select(GateDecision).where(GateDecision.outbox_id == outbox_id).order_by(GateDecision.id)
        async with self.sessions() as session:
            return list(await session.scalars(statement))

    async def enrolments(self) -> list[Enrolment]:
        async with self.sessions() as session:
            return list(await session.scalars(select(Enrolment).order_by(Enrolment.id)))

    async def happen(self, contact_id: UUID, kind: str, source: Source = "api", **data: Any) -> None:
        """An event of theirs, now; nobody reacts to it yet."""
        async with transaction(self.sessions) as session:
            event = NewEvent(kind, self.clock.now(), source, contact_id=contact_id, data=data)
            await ingest(session, [event], self.clock.now())

    async def go_on(self, **length: float) -> None:
        """Lets time pass, then everybody react and advance."""
        self.clock.forward(**length)
        await self.reactor.react(self.clock.now())
        await self.planner.advance_due(self.clock.now())

    async def enrolment(self, contact_id: UUID, journey: str = "follow_up") -> Enrolment:
        """The latest of somebody's."""
        found = select(Enrolment).where(Enrolment.contact_id == contact_id, Enrolment.journey == journey)
        async with self.sessions() as session:
            return (await session.scalars(found.order_by(Enrolment.id.desc()).limit(1))).one()

    async def known(self, contact_id: UUID) -> Contact:
        """The contact as it stands."""
        async with self.sessions() as session:
            return await session.get_one(Contact, contact_id)

    async def timeline(self, contact_id: UUID) -> list[tuple[str, dict[str, Any]]]:
        async with self.sessions() as session:
            rows = await session.execute(
                text("SELECT kind, data FROM timeline_events WHERE contact_id = :id ORDER BY id"), {"id": contact_id}
            )
            return [(kind, data) for kind, data in rows]


@pytest.fixture
def site(database: Any, keys: KeyRing, now: datetime) -> Site:
    email, web = WritingSender("email"), WritingSender("web")
    clock = MovableClock(now)
    gatekeeper = Gatekeeper(read_rule_pack(), {"email": email, "web": web}, ("Europe/London",), keys=keys)
    planner = Planner(database.sessions, gatekeeper)
    delivery = Delivery(database.sessions, keys, gatekeeper)
    pump = DuePump(database.sessions, planner, delivery, clock)
    return Site(
        database.sessions,
        database.engine,
        database.url,
        keys,
        clock,
        email,
        web,
        gatekeeper,
        planner,
        delivery,
        pump,
        Reactor(database.sessions, Library()),
    )


def _journey(steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    sends = [name for name, step in steps.items() if step["step"] == "send"]
    words = {
        name: {"subject": f"About {name}", "text": f"Hello {{{{ first_name | there }}}}, {name}"} for name in sends
    }
    return {
        "journey": "follow_up",
        "name": "Follow-up",
        "version": "v1",
        "purpose": "marketing",
        "re_entry": "never",
        "exit_when": ["opted_out", "consent_withdrawn", "handed_off"],
        "first": next(iter(steps)),
        "steps": steps,
        "wording": {"en": words},
    } | fields


@pytest.fixture
def journey() -> Callable[..., dict[str, Any]]:
    """Builds a compiled journey of steps, with wording for its sends."""
    return _journey


@pytest.fixture
def long_journey() -> dict[str, Any]:
    """Waits, branches, writes an e-mail, waits two days, writes another, ends."""
    return _journey(
        {
            "settle": {"step": "wait_for", "seconds": 600, "next": [{"to": "fork"}]},
            "fork": {
                "step": "branch",
                "next": [
                    {"if": {"fact": "qualification", "op": "is", "value": "hot"}, "to": "hot_mail"},
                    {"to": "cold_mail"},
                ],
            },
            "hot_mail": {"step": "send", "channels": ["email"], "next": [{"to": "two_days"}]},
            "cold_mail": {"step": "send", "channels": ["email"], "next": [{"to": "two_days"}]},
            "two_days": {"step": "wait_for", "seconds": 172_800, "next": [{"to": "last_mail"}]},
            "last_mail": {"step": "send", "channels": ["email"], "next": [{"to": "done"}]},
            "done": {"step": "exit", "outcome": "completed"},
        }
    )
