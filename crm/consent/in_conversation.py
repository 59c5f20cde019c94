"""Consent as somebody gives it in a conversation: whose it is, for which address, and how far it is believed.

An address that was typed proves nothing: a conversation that only named a contact's address cannot undo that
contact's no. Runs in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.consent.double_opt_in import ask_to_confirm, end_open_confirmations, find_countries
from crm.consent.double_opt_in_rules import read_double_opt_in
from crm.consent.ledger import ConsentFact, follow_up, list_consent_events, record_consent_event, to_entries
from crm.consent.models import ConsentEvent
from crm.consent.principals import list_links
from crm.consent.rules import GRANTING, ConsentState, EventName, Scope, consent_for, fold
from crm.consent.weaving import weave
from crm.contacts.addresses import ADDRESS_KINDS, AddressKind
from crm.contacts.models import ContactPoint
from crm.contacts.service import lock_contact, speaks_for_contact
from crm.places.rules import UNKNOWN

Told = tuple[ConsentEvent, str | None]
"""An event of the ledger and the text that was shown."""


async def record_answer(
    session: AsyncSession,
    fact: ConsentFact,
    *,
    conversation_id: UUID,
    now: datetime,
    keys: KeyRing | None = None,
    zone: str | None = None,
) -> EventName | Literal["unconfirmed"]:
    """Records what was answered to a notice, with the address it is about; returns what it was recorded as.

    A yes that may not count is kept as `requested`, which changes nothing; so is one that must be confirmed by a mail
    to its address first, which is asked for: that is told as `unconfirmed`. A yes that answers our mail from that very,
    proven address is `confirmed`.

    Args:
        keys: to tell a country by phone numbers; without them a number may be from anywhere.
        zone: the time zone of the talk, when it is known.

    Raises:
        InvalidConsent: see `record_consent_event`.
    """
    if fact.event == "given" and not await _may_say_yes(session, fact, conversation_id):
        fact = replace(fact, event="requested")
    address = await _find_address(session, fact.principal_ref, fact.channel)
    countries = await find_countries(session, fact.principal_ref, keys, zone=zone)
    known = countries[0] if len(countries) == 1 and countries[0] != UNKNOWN else None
    hmac = None if address is None else address.hmac
    fact = replace(fact, address_hmac=hmac, jurisdiction=fact.jurisdiction or known)
    if fact.event == "given" and read_double_opt_in().demands(fact.purpose, fact.channel, countries):
        came_from_it = address is not None and address.proven and fact.evidence.get("channel") == fact.channel
        evidence = {**fact.evidence, "double_opt_in": read_double_opt_in().version}
        fact = replace(fact, event="confirmed" if came_from_it else "requested", evidence=evidence)
        event = await record_consent_event(session, fact, now)
        if came_from_it:
            return "confirmed"
        await ask_to_confirm(session, event, conversation_id=conversation_id, now=now)
        return "unconfirmed"
    await record_consent_event(session, fact, now)
    return fact.event


async def follow_address(
    session: AsyncSession,
    *,
    conversation_id: UUID,
    before: UUID,
    after: UUID,
    kind: AddressKind,
    message_id: UUID,
    now: datetime,
    keys: KeyRing | None = None,
    zone: str | None = None,
) -> list[Scope]:
    """Lets what was agreed to in a conversation go with an address that was corrected in it.

    The consent ends where it was, because that address was disowned, and is given where the conversation stands now,
    pointing to the notice, the answer and the correction.

    Args:
        before: the contact the conversation belonged to.
        after: the one it belongs to now; the same when only the address changed.
        message_id: the message that corrected the address.

    Returns:
        Purposes and channels that now stand for the new address.
    """
    events = await list_consent_events(session, before)
    by_id = {event.id: (event, text) for event, text in events}
    # Before the ledger's own lock: everybody takes contacts first.
    await lock_contact(session, after)
    moved: list[Scope] = []
    for scope, state in (await _states(session, before, events)).items():
        if state.state != "given" or state.event_id is None or ADDRESS_KINDS.get(scope[1]) != kind:
            continue
        event, text = by_id[state.event_id]
        if event.evidence.get("conversation_id") != str(conversation_id):
            continue
        address = await _find_address(session, after, scope[1])
        if before == after and event.address_hmac in (None, None if address is None else address.hmac):
            continue
        evidence = {**event.evidence, "corrected_by_message_id": str(message_id)}
        await record_consent_event(session, _ended(event, evidence, now), now)
        again = replace(_given_again(event, text, evidence), principal_ref=after)
        recorded = await record_answer(session, again, conversation_id=conversation_id, now=now, keys=keys, zone=zone)
        if recorded in GRANTING:
            moved.append(scope)
    await _ask_new_address(
        session, by_id, conversation_id=conversation_id, after=after, kind=kind, now=now, keys=keys, zone=zone
    )
    return moved


async def _ask_new_address(
    session: AsyncSession,
    events: Mapping[UUID, Told],
    *,
    conversation_id: UUID,
    after: UUID,
    kind: AddressKind,
    now: datetime,
    keys: KeyRing | None,
    zone: str | None,
) -> None:
    """What still waits to be confirmed by the old address is asked of the new one instead."""
    for requested_id in await end_open_confirmations(session, conversation_id, now):
        if requested_id not in events or ADDRESS_KINDS.get(events[requested_id][0].channel) != kind:
            continue
        event, text = events[requested_id]
        again = replace(_given_again(event, text, dict(event.evidence)), principal_ref=after)
        await record_answer(session, again, conversation_id=conversation_id, now=now, keys=keys, zone=zone)


async def _may_say_yes(session: AsyncSession, fact: ConsentFact, conversation_id: UUID) -> bool:
    if await speaks_for_contact(session, fact.principal_ref, conversation_id):
        return True
    events = await list_consent_events(session, fact.principal_ref)
    others = [told for told in events if told[0].evidence.get("conversation_id") != str(conversation_id)]
    states = await _states(session, fact.principal_ref, others)
    return consent_for(states, fact.purpose, fact.channel).state not in ("refused", "withdrawn")


async def _states(session: AsyncSession, contact_id: UUID, events: list[Told]) -> dict[Scope, ConsentState]:
    links = (await list_links(session, [contact_id])).get(contact_id, [])
    entries = zip((event.principal_ref for event, _ in events), to_entries(event for event, _ in events), strict=True)
    return fold(weave(contact_id, entries, links))


def _ended(event: ConsentEvent, evidence: dict[str, Any], now: datetime) -> ConsentFact:
    return follow_up(
        event, "superseded", method="address_corrected", actor=event.actor, effective_at=now, evidence=evidence
    )


def _given_again(event: ConsentEvent, text: str | None, evidence: dict[str, Any]) -> ConsentFact:
    """The same yes, not yet about any address."""
    again = follow_up(
        event,
        "given",
        method=event.method,
        actor=event.actor,
        effective_at=event.effective_at,
        evidence=evidence,
    )
    return replace(
        again,
        lawful_basis=event.lawful_basis,
        notice_text=text,
        valid_until=event.valid_until,
        address_hmac=None,
    )


@dataclass(frozen=True, slots=True)
class _Address:
    hmac: str
    """Its blind index (hex)."""
    proven: bool


async def _find_address(session: AsyncSession, contact_id: UUID, channel: str) -> _Address | None:
    """The address the contact is reached at on a channel; None when there is none."""
    latest = (
        select(ContactPoint.blind_index, ContactPoint.verified_at)
        .where(ContactPoint.contact_id == contact_id, ContactPoint.kind == ADDRESS_KINDS.get(channel))
        .order_by(ContactPoint.verified_at.desc().nulls_last(), ContactPoint.id.desc())
        .limit(1)
    )
    found = (await session.execute(latest)).first()
    return None if found is None else _Address(found.blind_index.hex(), found.verified_at is not None)
