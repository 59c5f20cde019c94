"""Puts proofs together from the ledger, the outbox, the gate's answers and the talk. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.proofs.shapes import (
    CarrierProof,
    CarrierQuery,
    GateAnswer,
    Happening,
    MessageInPerson,
    MessageProof,
    OptIn,
    PersonProof,
    ProvenConsent,
    SaidInTalk,
    SentMessage,
    ShownText,
    Stopped,
)
from base.errors import NotFound
from bot.models import Conversation, Message
from crm.consent.ledger import consent_for, consent_states, list_consent_events, to_entries
from crm.consent.models import ConsentEvent, ConsentNotice
from crm.consent.receipts import Issuer, as_kantara, make_receipt
from crm.consent.rules import GRANTING, ConsentState, fold
from crm.consent.signing import Signer
from crm.consent.suppression import find_suppressions
from crm.timeline.models import TimelineEvent
from outreach.models import GateDecision, OutboxMessage

MOST_MESSAGES = 1_000
_TALK = 20
"""Messages of the talk that are shown with one that was sent."""

Told = Sequence[tuple[ConsentEvent, str | None]]


async def prove_message(session: AsyncSession, outbox_id: UUID, issuer: Issuer, signer: Signer) -> MessageProof:
    """Why a message was sent, or not.

    Raises:
        NotFound: there is no such message.
    """
    row = await session.get(OutboxMessage, outbox_id)
    if row is None:
        raise NotFound("There is no such message.")
    events = await list_consent_events(session, row.contact_id)
    decisions = await _read_decisions(session, [row.id])
    state = _standing_at(events, row, decisions.get(row.id, []))
    return MessageProof(
        message=_message(row),
        basis=state.event_id,
        standing=state.state,
        decisions=[_decision(one) for one in decisions.get(row.id, [])],
        consent=[prove_consent(event, text, issuer, signer) for event, text in events],
        happened=await _read_happened(session, row),
        talk=await _read_talk(session, row),
    )


async def prove_person(
    session: AsyncSession, contact_id: UUID, issuer: Issuer, signer: Signer, now: datetime
) -> PersonProof:
    """Everything about a person's consent. Of an erased one the ledger is what is left.

    Raises:
        NotFound: nothing is known under this id.
    """
    events = await list_consent_events(session, contact_id)
    rows = (
        await session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.contact_id == contact_id)
            .order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc())
            .limit(MOST_MESSAGES)
        )
    ).all()
    suppressions = await find_suppressions(session, contact_id)
    if not (events or rows or suppressions):
        raise NotFound("Nothing about consent is known of this person.")
    decisions = await _read_decisions(session, [row.id for row in rows])
    states = (await consent_states(session, [contact_id], now))[contact_id]
    return PersonProof(
        contact_id=contact_id,
        standing={f"{purpose}/{channel}": state.state for (purpose, channel), state in sorted(states.items())},
        consent=[prove_consent(event, text, issuer, signer) for event, text in events],
        stopped=[Stopped(channel=channel, reason=reason) for channel, reason in sorted(set(suppressions.values()))],
        messages=[
            MessageInPerson(message=_message(row), decisions=[_decision(one) for one in decisions.get(row.id, [])])
            for row in rows
        ],
    )


async def prove_opt_ins(session: AsyncSession, query: CarrierQuery, company: str) -> CarrierProof:
    """What a carrier wants to see of how people opted in: the texts, and a sample of the latest. No addresses."""
    about = (ConsentEvent.purpose == query.purpose, ConsentEvent.channel == query.channel)
    granted = (*about, ConsentEvent.event.in_(GRANTING))
    people = select(func.count(ConsentEvent.principal_ref.distinct()))
    opted_in = await session.scalar(people.where(*granted))
    opted_out = await session.scalar(
        people.where(
            ConsentEvent.event == "withdrawn",
            ConsentEvent.purpose.in_((query.purpose, "all")),
            ConsentEvent.channel.in_((query.channel, "all")),
        )
    )
    return CarrierProof(
        company=company,
        channel=query.channel,
        purpose=query.purpose,
        opted_in=opted_in or 0,
        opted_out=opted_out or 0,
        texts=await _read_texts(session, granted),
        opt_ins=await _read_opt_ins(session, granted, query.limit),
    )


def prove_consent(event: ConsentEvent, text: str | None, issuer: Issuer, signer: Signer) -> ProvenConsent:
    """An event with its text and receipt."""
    return ProvenConsent(
        seq=event.seq,
        id=event.id,
        event=event.event,
        purpose=event.purpose,
        channel=event.channel,
        brand=event.brand,
        controller=event.controller,
        lawful_basis=event.lawful_basis,
        jurisdiction=event.jurisdiction,
        text=text,
        language=event.language,
        method=event.method,
        evidence=event.evidence,
        actor=event.actor,
        effective_at=event.effective_at,
        recorded_at=event.recorded_at,
        valid_until=event.valid_until,
        hash=event.hash,
        receipt=make_receipt(event, text, issuer, signer),
        kantara=as_kantara(event, text, issuer, signer),
    )


def _standing_at(events: Told, row: OutboxMessage, decisions: Sequence[GateDecision]) -> ConsentState:
    """How consent stood when the gate was asked last, by the events that were there then."""
    asked = decisions[-1] if decisions else None
    # Keys are made in the order of time on one machine; the database's clock orders the ledger.
    until = None if asked is None else _made_at(asked.id)
    entries = to_entries(one for one, _ in events if until is None or one.recorded_at.timestamp() * 1_000 < until + 1)
    at = row.updated_at if asked is None else asked.decided_at
    return consent_for(fold(entries), row.purpose, row.channel).at(at)


def _made_at(key: UUID) -> int:
    """Milliseconds of the epoch in a UUIDv7."""
    return key.int >> 80


async def _read_decisions(session: AsyncSession, outbox_ids: Sequence[UUID]) -> Mapping[UUID, list[GateDecision]]:
    found: dict[UUID, list[GateDecision]] = {}
    rows = await session.scalars(
        select(GateDecision).where(GateDecision.outbox_id.in_(outbox_ids)).order_by(GateDecision.id)
    )
    for one in rows:
        found.setdefault(one.outbox_id, []).append(one)
    return found


async def _read_happened(session: AsyncSession, row: OutboxMessage) -> list[Happening]:
    events = await session.scalars(
        select(TimelineEvent)
        .where(TimelineEvent.contact_id == row.contact_id, TimelineEvent.data["outbox_id"].astext == str(row.id))
        .order_by(TimelineEvent.id)
    )
    return [Happening(kind=one.kind, at=one.occurred_at, data=one.data) for one in events]


async def _read_talk(session: AsyncSession, row: OutboxMessage) -> list[SaidInTalk]:
    """What was said last in the talk up to when the message was planned."""
    if row.conversation_id is None:
        return []
    said = await session.scalars(
        select(Message)
        .where(
            Message.conversation_id == row.conversation_id,
            Message.author != "system",
            Message.kind != "start",
            Message.created_at <= row.created_at,
        )
        .order_by(Message.seq.desc())
        .limit(_TALK)
    )
    return [SaidInTalk(id=one.id, author=one.author, text=one.text, at=one.created_at) for one in reversed(said.all())]


async def _read_texts(session: AsyncSession, granted: Sequence[object]) -> list[ShownText]:
    rows = await session.execute(
        select(
            ConsentNotice.text,
            ConsentNotice.language,
            func.count().label("opt_ins"),
            func.min(ConsentEvent.effective_at).label("first_at"),
            func.max(ConsentEvent.effective_at).label("last_at"),
        )
        .join(ConsentEvent, ConsentEvent.notice_sha256 == ConsentNotice.sha256)
        .where(*granted)  # type: ignore[arg-type]
        .group_by(ConsentNotice.sha256)
        .order_by(func.max(ConsentEvent.effective_at).desc())
    )
    return [ShownText.model_validate(row._asdict()) for row in rows]


async def _read_opt_ins(session: AsyncSession, granted: Sequence[object], limit: int) -> list[OptIn]:
    rows = await session.execute(
        select(ConsentEvent, ConsentNotice.text, Conversation.page_url, Conversation.channel)
        .outerjoin(ConsentNotice, ConsentNotice.sha256 == ConsentEvent.notice_sha256)
        .outerjoin(
            Conversation,
            func.cast(Conversation.id, ConsentEvent.method.type) == ConsentEvent.evidence["conversation_id"].astext,
        )
        .where(*granted)  # type: ignore[arg-type]
        .order_by(ConsentEvent.seq.desc())
        .limit(limit)
    )
    return [
        OptIn(
            event_id=event.id,
            at=event.effective_at,
            method=event.method,
            url=url or event.evidence.get("page_url"),
            where=where,
            language=event.language,
            text=text,
            hash=event.hash,
        )
        for event, text, url, where in rows
    ]


def _message(row: OutboxMessage) -> SentMessage:
    return SentMessage(**{name: getattr(row, name) for name in SentMessage.model_fields})


def _decision(row: GateDecision) -> GateAnswer:
    return GateAnswer(**{name: getattr(row, name) for name in GateAnswer.model_fields})
