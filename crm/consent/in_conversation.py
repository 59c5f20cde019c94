"""Consent as somebody gives it in a conversation: whose it is, for which address, and how far it is believed.

An address that was typed proves nothing: a conversation that only named a contact's address cannot undo that
contact's no. Runs in the caller's transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.consent.ledger import ConsentFact, list_consent_events, record_consent_event
from crm.consent.models import ConsentEvent
from crm.consent.rules import ConsentState, EventName, LedgerEntry, Scope, consent_for, fold
from crm.contacts.addresses import ADDRESS_KINDS, AddressKind
from crm.contacts.models import ContactPoint
from crm.contacts.service import lock_contact, speaks_for_contact

Told = tuple[ConsentEvent, str | None]
"""An event of the ledger and the text that was shown."""


async def record_answer(session: AsyncSession, fact: ConsentFact, *, conversation_id: UUID, now: datetime) -> EventName:
    """Records what was answered to a notice, with the address it is about; returns what it was recorded as.

    A yes that may not count is kept as `requested`, which changes nothing.

    Raises:
        InvalidConsent: see `record_consent_event`.
    """
    if fact.event == "given" and not await _may_say_yes(session, fact, conversation_id):
        fact = replace(fact, event="requested")
    address = await _address_hmac(session, fact.principal_ref, fact.channel)
    await record_consent_event(session, replace(fact, address_hmac=address), now)
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
    for scope, state in _states(events).items():
        if state.state != "given" or state.event_id is None or ADDRESS_KINDS.get(scope[1]) != kind:
            continue
        event, text = by_id[state.event_id]
        if event.evidence.get("conversation_id") != str(conversation_id):
            continue
        address = await _address_hmac(session, after, scope[1])
        if before == after and event.address_hmac in (None, address):
            continue
        evidence = {**event.evidence, "corrected_by_message_id": str(message_id)}
        await record_consent_event(session, _ended(event, evidence, now), now)
        again = replace(_given_again(event, text, evidence), principal_ref=after)
        if await record_answer(session, again, conversation_id=conversation_id, now=now) == "given":
            moved.append(scope)
    return moved


async def _may_say_yes(session: AsyncSession, fact: ConsentFact, conversation_id: UUID) -> bool:
    if await speaks_for_contact(session, fact.principal_ref, conversation_id):
        return True
    events = await list_consent_events(session, fact.principal_ref)
    others = [told for told in events if told[0].evidence.get("conversation_id") != str(conversation_id)]
    return consent_for(_states(others), fact.purpose, fact.channel).state not in ("refused", "withdrawn")


def _states(events: list[Told]) -> dict[Scope, ConsentState]:
    return fold(
        LedgerEntry(one.seq, one.id, one.event, one.purpose, one.channel, one.effective_at, one.valid_until, one.brand)
        for one, _ in events
    )


def _ended(event: ConsentEvent, evidence: dict[str, Any], now: datetime) -> ConsentFact:
    return ConsentFact(
        event="superseded",
        principal_ref=event.principal_ref,
        purpose=event.purpose,
        channel=event.channel,
        controller=event.controller,
        language=event.language,
        method="address_corrected",
        actor=event.actor,
        effective_at=now,
        evidence=evidence,
        address_hmac=event.address_hmac,
        brand=event.brand,
        jurisdiction=event.jurisdiction,
    )


def _given_again(event: ConsentEvent, text: str | None, evidence: dict[str, Any]) -> ConsentFact:
    return ConsentFact(
        event="given",
        principal_ref=event.principal_ref,
        purpose=event.purpose,
        channel=event.channel,
        controller=event.controller,
        language=event.language,
        method=event.method,
        actor=event.actor,
        effective_at=event.effective_at,
        lawful_basis=event.lawful_basis,
        notice_text=text,
        evidence=evidence,
        valid_until=event.valid_until,
        brand=event.brand,
        jurisdiction=event.jurisdiction,
    )


async def _address_hmac(session: AsyncSession, contact_id: UUID, channel: str) -> str | None:
    """The blind index (hex) of the address the contact is reached at on a channel; None when there is none."""
    latest = (
        select(ContactPoint.blind_index)
        .where(ContactPoint.contact_id == contact_id, ContactPoint.kind == ADDRESS_KINDS.get(channel))
        .order_by(ContactPoint.verified_at.desc().nulls_last(), ContactPoint.id.desc())
        .limit(1)
    )
    blind_index = await session.scalar(latest)
    return None if blind_index is None else blind_index.hex()
