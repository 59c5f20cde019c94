"""What the gate has to know about a set of messages, put together from one reading of their people. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.encryption import KeyRing
from crm.consent.ledger import ConsentState, Scope, consent_for
from crm.contacts.addresses import ADDRESS_KINDS
from crm.places.numbers import find_destination
from outreach.decisions import ConsentName, FrequencyClass, Snapshot
from outreach.people_known import People, Person, Phone, read_people
from outreach.ports import Sender
from outreach.prices import PriceList, read_prices
from outreach.rule_pack import MessageClass
from outreach.spending.rules import Spent

_A_WEEK = timedelta(days=7)


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
    def frequency_class(self) -> FrequencyClass: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def message_id(self) -> UUID | None: ...
    @property
    def contact_point_id(self) -> UUID | None: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Question:
    """A message that nobody wants to send, or not yet: the gate is only asked whether it might be."""

    id: UUID
    contact_id: UUID
    conversation_id: UUID | None
    journey: str | None
    channel: str
    purpose: str
    message_class: MessageClass
    frequency_class: FrequencyClass
    due_at: datetime
    created_at: datetime
    message_id: UUID | None = None
    contact_point_id: UUID | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fences:
    """What the operator set beside the law: where texts and calls may go, what they cost, and what was spent."""

    countries: frozenset[str] | None = None
    prices: PriceList = field(default_factory=read_prices)
    spent: Spent | None = None


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
    fences: Fences | None = None,
) -> dict[UUID, Snapshot]:
    """A snapshot per message, by its id.

    Args:
        keys: open the phone numbers, by which it is told where somebody may be.
        machine: the clock to compare with the database's; None compares nothing.
        remember: how far back what was sent still counts.
        fences: what the operator set; None sets none.
    """
    if not queued:
        return {}
    fences = fences or Fences()
    contact_ids = sorted({message.contact_id for message in queued})
    people = await read_people(
        session,
        contact_ids,
        now,
        keys=keys,
        machine=machine,
        remember=remember,
        with_waiting=any(message.frequency_class == "occasional" for message in queued),
    )
    missing = {channel: sender.configured() for channel, sender in senders.items()}
    return {
        message.id: _fenced(
            _snapshot_of(message, people, missing.get(message.channel, "no such channel."), default_zones),
            message,
            people.by_id[message.contact_id],
            fences,
        )
        for message in queued
    }


def _snapshot_of(
    message: Queued, people: People, missing_setting: str | None, default_zones: tuple[str, ...]
) -> Snapshot:
    person = people.by_id[message.contact_id]
    own = next((talk for talk in person.talks if talk.id == message.conversation_id), None)
    where = person.whereabouts(own.time_zone if own else None)
    return Snapshot(
        contact_id=message.contact_id,
        channel=message.channel,
        purpose=message.purpose,
        message_class=message.message_class,
        due_at=message.due_at,
        created_at=message.created_at,
        contact_exists=person.exists,
        made_up=person.made_up,
        stage=person.stage,
        has_address=ADDRESS_KINDS.get(message.channel) in person.address_kinds,
        consents=_consents(person.consents, message),
        suppressed=person.suppressed,
        bases=person.bases,
        confirming=person.confirming,
        countries=where.countries,
        states=where.states,
        zones=where.zones,
        default_zones=default_zones,
        past_sends=tuple(
            sorted((send for outbox_id, send in person.sends if outbox_id != message.id), key=lambda send: send.at)
        ),
        frequency_class=message.frequency_class,
        waiting=person.waiting if message.frequency_class == "occasional" else (),
        with_a_person=any(talk.status == "handed_off" for talk in person.talks),
        # Who only typed this contact's address must not read in the chat what is known of the contact.
        own_conversation=own is not None and own.channel == message.channel and not own.is_claimed,
        missing_setting=missing_setting,
        in_talk=message.message_id is not None,
        topic=message.journey or message.purpose,
        clock_skew=people.clock_skew,
        quarantined=people.quarantined,
        has_request=person.has_request,
    )


def _fenced(snapshot: Snapshot, message: Queued, person: Person, fences: Fences) -> Snapshot:
    """The same with what is known of the number, and of what the message would cost."""
    phone = _find_phone(person, message) if ADDRESS_KINDS.get(message.channel) == "phone" else None
    if phone is None or phone.number is None:
        return snapshot
    destination = find_destination(phone.number)
    return replace(
        snapshot,
        destination=destination,
        allowed_countries=fences.countries,
        challenged_at=phone.challenged_at,
        from_web=any(talk.id == message.conversation_id and talk.channel == "web" for talk in person.talks),
        cost=fences.prices.charge_of(message.channel, message.text, destination.country),
        spent=fences.spent,
    )


def _find_phone(person: Person, message: Queued) -> Phone | None:
    """The number it would go to, as `recipients.read_recipients` finds it."""
    own = (phone for phone in person.phones if phone.id == message.contact_point_id)
    return next(own, person.phones[0] if person.phones else None)


def _consents(states: Mapping[Scope, ConsentState], message: Queued) -> dict[Scope, ConsentName]:
    """Every state there is, and the one that counts for this message, wider refusals included."""
    asked = (message.purpose, message.channel)
    return {scope: state.state for scope, state in states.items()} | {asked: consent_for(states, *asked).state}
