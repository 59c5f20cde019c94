"""Reads what the gate has to know about a set of messages, in a fixed number of queries. Decides nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, case, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.encryption import KeyRing
from crm.consent.double_opt_in import list_open_confirmations
from crm.consent.ledger import ENTRY_COLUMNS, ConsentState, Scope, consent_for, fold
from crm.consent.models import ConsentEvent
from crm.consent.suppression import list_suppressions
from crm.contacts.addresses import ADDRESS_KINDS
from crm.contacts.models import SEALED_COLUMN, Contact, ContactPoint
from crm.contacts.service import list_claims
from crm.places.rules import UNKNOWN, Whereabouts, find_whereabouts
from crm.privacy.limits import list_asking
from outreach.basis_rules import BasisEntry, fold_bases
from outreach.decisions import RIGHTS, SERVICE_PURPOSES, Basis, ConsentName, PastSend, Snapshot
from outreach.models import OutboxMessage
from outreach.neighbours import conversations
from outreach.ports import Sender
from outreach.rule_pack import MessageClass

_A_WEEK = timedelta(days=7)
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
    def journey(self) -> str | None: ...
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
    clock_skew: timedelta
    bases: Mapping[UUID, Mapping[Scope, tuple[Basis, ...]]]
    confirming: Mapping[UUID, Mapping[Scope, datetime]]
    address_kinds: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    numbers: dict[UUID, list[str | None]] = field(default_factory=lambda: defaultdict(list))
    """Phone numbers; None for one that cannot be read."""
    sends: dict[UUID, list[tuple[UUID, PastSend]]] = field(default_factory=lambda: defaultdict(list))
    talks: dict[UUID, list[Any]] = field(default_factory=lambda: defaultdict(list))
    claims: set[tuple[UUID, UUID]] = field(default_factory=set)
    asking: set[UUID] = field(default_factory=set)
    """Who has an open request about their own data."""


async def take_snapshots(
    session: AsyncSession,
    queued: Sequence[Queued],
    now: datetime,
    *,
    senders: Mapping[str, Sender],
    default_zones: tuple[str, ...],
    keys: KeyRing | None = None,
    machine: Clock | None = None,
    remember: timedelta = _A_WEEK,
) -> dict[UUID, Snapshot]:
    """A snapshot per message, by its id.

    Args:
        keys: open the phone numbers, by which it is told where somebody may be.
        machine: the clock to compare with the database's; None compares nothing.
        remember: how far back what was sent still counts.
    """
    if not queued:
        return {}
    contact_ids = sorted({message.contact_id for message in queued})
    known = await _read(session, contact_ids, now, keys=keys, machine=machine, remember=remember)
    if answering := {message.contact_id for message in queued if message.purpose == RIGHTS}:
        known.asking = await list_asking(session, answering)
    missing = {channel: sender.configured() for channel, sender in senders.items()}
    return {
        message.id: _snapshot_of(message, known, missing.get(message.channel, "no such channel."), default_zones)
        for message in queued
    }


async def _read(
    session: AsyncSession,
    contact_ids: Sequence[UUID],
    now: datetime,
    *,
    keys: KeyRing | None,
    machine: Clock | None,
    remember: timedelta,
) -> _Known:
    asked_at = None if machine is None else machine.now()
    found = select(
        Contact.id, Contact.stage, Contact.time_zone, Contact.fields, func.clock_timestamp().label("at")
    ).where(_among(Contact.id, contact_ids))
    contacts = (await session.execute(found)).all()
    events = await _read_ledger(session, contact_ids)
    known = _Known(
        contacts={row.id: row for row in contacts},
        consents={
            contact_id: {scope: state.at(now) for scope, state in fold(own).items()}
            for contact_id, own in events.items()
        },
        suppressed=await list_suppressions(session, contact_ids),
        clock_skew=_skew(asked_at, machine, [row.at for row in contacts]),
        bases={contact_id: fold_bases(own) for contact_id, own in events.items()},
        confirming=await list_open_confirmations(session, contact_ids, now),
    )
    await _read_points(session, known, contact_ids, keys)
    sends = select(
        OutboxMessage.id,
        OutboxMessage.contact_id,
        OutboxMessage.channel,
        OutboxMessage.claimed_at,
        OutboxMessage.journey,
        OutboxMessage.purpose,
    ).where(
        _among(OutboxMessage.contact_id, contact_ids),
        OutboxMessage.state.in_(_LEFT),
        OutboxMessage.purpose.not_in(SERVICE_PURPOSES),
        OutboxMessage.claimed_at > now - remember,
    )
    for row in await session.execute(sends):
        if row.claimed_at is not None:
            known.sends[row.contact_id].append(
                (row.id, PastSend(row.channel, row.claimed_at, row.journey or row.purpose))
            )
    talks = select(conversations).where(_among(conversations.c.contact_id, contact_ids))
    for talk in await session.execute(talks):
        known.talks[talk.contact_id].append(talk)
    known.claims = await list_claims(session, contact_ids)
    return known


def _skew(asked_at: datetime | None, machine: Clock | None, told: Sequence[datetime]) -> timedelta:
    """How far outside of the time it took to ask the database's clock was."""
    if asked_at is None or machine is None or not told:
        return timedelta(0)
    return max(asked_at - min(told), max(told) - machine.now(), timedelta(0))


async def _read_ledger(session: AsyncSession, contact_ids: Sequence[UUID]) -> dict[UUID, list[BasisEntry]]:
    """Every event of theirs, read once: what somebody agreed to and what that rests on come from the same rows."""
    entries: dict[UUID, list[BasisEntry]] = defaultdict(list)
    events = select(ConsentEvent.principal_ref, *ENTRY_COLUMNS, ConsentEvent.lawful_basis).where(
        _among(ConsentEvent.principal_ref, contact_ids)
    )
    rows: Iterable[Any] = await session.execute(events)
    for contact_id, *entry in rows:
        entries[contact_id].append(BasisEntry(*entry))
    return entries


def _among(column: Any, ids: Sequence[UUID]) -> ColumnElement[bool]:
    """One parameter however many they are: the statement stays the same, and PostgreSQL keeps it prepared."""
    matched: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(Uuid())))
    return matched


async def _read_points(session: AsyncSession, known: _Known, contact_ids: Sequence[UUID], keys: KeyRing | None) -> None:
    sealed = case((ContactPoint.kind == "phone", ContactPoint.value_sealed))
    points = select(ContactPoint.id, ContactPoint.contact_id, ContactPoint.kind, sealed).where(
        _among(ContactPoint.contact_id, contact_ids)
    )
    for point_id, contact_id, kind, number in await session.execute(points):
        known.address_kinds[contact_id].add(kind)
        if number is not None:
            told = None if keys is None else keys.unseal(number, column=SEALED_COLUMN, row=point_id)
            known.numbers[contact_id].append(told)


def _whereabouts(contact: Any, numbers: Sequence[str | None], zones: Sequence[str | None]) -> Whereabouts:
    readable = [number for number in numbers if number is not None]
    # A browser may send anything as its zone; what is no zone is not known.
    found = find_whereabouts(contact.fields if contact else {}, numbers=readable, zones=zones)
    if len(readable) == len(numbers):
        return found
    # A number that cannot be read may be of anywhere.
    return replace(found | Whereabouts((UNKNOWN,), (UNKNOWN,)), zones=())


def _snapshot_of(
    message: Queued, known: _Known, missing_setting: str | None, default_zones: tuple[str, ...]
) -> Snapshot:
    contact = known.contacts.get(message.contact_id)
    talks = known.talks.get(message.contact_id, [])
    own = next((talk for talk in talks if talk.id == message.conversation_id), None)
    told = (contact.time_zone if contact else None, own.time_zone if own else None)
    where = _whereabouts(contact, known.numbers.get(message.contact_id, ()), told)
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
        bases=known.bases.get(message.contact_id, {}),
        confirming=known.confirming.get(message.contact_id, {}),
        countries=where.countries,
        states=where.states,
        zones=where.zones,
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
        topic=message.journey or message.purpose,
        clock_skew=known.clock_skew,
        has_request=message.contact_id in known.asking,
    )


def _consents(states: Mapping[Scope, ConsentState], message: Queued) -> dict[Scope, ConsentName]:
    """Every state there is, and the one that counts for this message, wider refusals included."""
    asked = (message.purpose, message.channel)
    return {scope: state.state for scope, state in states.items()} | {asked: consent_for(states, *asked).state}
