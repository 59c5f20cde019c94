"""Reads what the gate has to know about a set of messages, in a fixed number of queries. Decides nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.consent.ledger import ConsentState, Scope, consent_for, consent_states
from crm.consent.suppression import list_suppressions
from crm.contacts.addresses import ADDRESS_KINDS
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.service import list_claims
from outreach.decisions import SERVICE_PURPOSES, ConsentName, PastSend, Snapshot
from outreach.models import OutboxMessage
from outreach.neighbours import conversations
from outreach.ports import Sender
from outreach.quiet_hours import find_zone
from outreach.rule_pack import MessageClass

_DAY = timedelta(hours=24)
_LEFT = ("sending", "accepted", "delivered", "unknown")


class Queued(Protocol):
    """A message as far as the gate needs it: a row of the outbox, or one that may become a row."""

    @property
    def id(self) -> UUID: ...
    @property
    def contact_id(self) -> UUID: ...
    @property
    def conversation_id(self) -> UUID | None: ...
    @property
    def channel(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def message_class(self) -> MessageClass: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def message_id(self) -> UUID | None: ...


@dataclass
class _Known:
    """What was read, by contact."""

    contacts: dict[UUID, Any]
    consents: Mapping[UUID, Mapping[Scope, ConsentState]]
    suppressed: Mapping[UUID, Mapping[str, str]]
    address_kinds: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    sends: dict[UUID, list[tuple[UUID, PastSend]]] = field(default_factory=lambda: defaultdict(list))
    talks: dict[UUID, list[Any]] = field(default_factory=lambda: defaultdict(list))
    claims: set[tuple[UUID, UUID]] = field(default_factory=set)


async def take_snapshots(
    session: AsyncSession,
    queued: Sequence[Queued],
    now: datetime,
    *,
    senders: Mapping[str, Sender],
    default_zones: tuple[str, ...],
) -> dict[UUID, Snapshot]:
    """A snapshot per message, by its id."""
    if not queued:
        return {}
    known = await _read(session, sorted({message.contact_id for message in queued}), now)
    missing = {channel: sender.configured() for channel, sender in senders.items()}
    return {
        message.id: _snapshot_of(message, known, missing.get(message.channel, "no such channel."), default_zones)
        for message in queued
    }


async def _read(session: AsyncSession, contact_ids: Sequence[UUID], now: datetime) -> _Known:
    contacts = await session.execute(
        select(Contact.id, Contact.stage, Contact.time_zone).where(Contact.id.in_(contact_ids))
    )
    known = _Known(
        contacts={row.id: row for row in contacts.all()},
        consents=await consent_states(session, contact_ids, now),
        suppressed=await list_suppressions(session, contact_ids),
    )
    points = select(ContactPoint.contact_id, ContactPoint.kind).where(ContactPoint.contact_id.in_(contact_ids))
    for contact_id, kind in await session.execute(points):
        known.address_kinds[contact_id].add(kind)
    sends = select(OutboxMessage.id, OutboxMessage.contact_id, OutboxMessage.channel, OutboxMessage.claimed_at).where(
        OutboxMessage.contact_id.in_(contact_ids),
        OutboxMessage.state.in_(_LEFT),
        OutboxMessage.purpose.not_in(SERVICE_PURPOSES),
        OutboxMessage.claimed_at > now - _DAY,
    )
    for outbox_id, contact_id, channel, claimed_at in await session.execute(sends):
        if claimed_at is not None:
            known.sends[contact_id].append((outbox_id, PastSend(channel, claimed_at)))
    talks = select(conversations).where(conversations.c.contact_id.in_(contact_ids))
    for talk in await session.execute(talks):
        known.talks[talk.contact_id].append(talk)
    known.claims = await list_claims(session, contact_ids)
    return known


def _snapshot_of(
    message: Queued, known: _Known, missing_setting: str | None, default_zones: tuple[str, ...]
) -> Snapshot:
    contact = known.contacts.get(message.contact_id)
    talks = known.talks.get(message.contact_id, [])
    own = next((talk for talk in talks if talk.id == message.conversation_id), None)
    told = {contact.time_zone if contact else None, own.time_zone if own else None}
    kind = ADDRESS_KINDS.get(message.channel)
    return Snapshot(
        contact_id=message.contact_id,
        channel=message.channel,
        purpose=message.purpose,
        message_class=message.message_class,
        due_at=message.due_at,
        created_at=message.created_at,
        contact_exists=contact is not None,
        stage=contact.stage if contact else "visitor",
        has_address=kind in known.address_kinds.get(message.contact_id, set()),
        consents=_consents(known.consents.get(message.contact_id, {}), message),
        suppressed=known.suppressed.get(message.contact_id, {}),
        # A browser may send anything as its zone; what is no zone is not known.
        zones=tuple(sorted(zone for zone in told if zone and find_zone(zone))),
        default_zones=default_zones,
        past_sends=tuple(
            sorted(
                (send for outbox_id, send in known.sends.get(message.contact_id, []) if outbox_id != message.id),
                key=lambda send: send.at,
            )
        ),
        with_a_person=any(talk.status == "handed_off" for talk in talks),
        own_conversation=own is not None
        and own.channel == message.channel
        # Who only typed this contact's address must not read in the chat what is known of the contact.
        and (message.contact_id, own.id) not in known.claims,
        missing_setting=missing_setting,
        in_talk=message.message_id is not None,
    )


def _consents(states: Mapping[Scope, ConsentState], message: Queued) -> dict[Scope, ConsentName]:
    """Every state there is, and the one that counts for this message, wider refusals included."""
    asked = (message.purpose, message.channel)
    return {scope: state.state for scope, state in states.items()} | {asked: consent_for(states, *asked).state}
