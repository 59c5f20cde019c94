"""Withdrawal of consent: ledger, suppressions and timeline together, in the caller's transaction.

`withdraw` stops a channel, `withdraw_purpose` a purpose, `withdraw_consent` takes back a single consent. Errs on the
side of stopping. Cancelling what is queued is the caller's part (outreach).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from base.metrics import count_opt_out
from crm.consent.ledger import ConsentFact, InvalidConsent, lock_ledger, record_consent_event
from crm.consent.models import ConsentEvent
from crm.consent.principals import is_principal_of
from crm.consent.rules import ALL, GRANTING
from crm.consent.suppression import suppress
from crm.contacts.models import Contact, ContactPoint
from crm.timeline.service import record

_UNDETERMINED = "und"  # BCP 47


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The ledger event that stands for this withdrawal; `created` is False when it was there already."""

    event_id: UUID
    created: bool


async def withdraw(
    session: AsyncSession,
    *,
    contact_id: UUID,
    channel: str = ALL,
    purpose: str = ALL,
    method: str,
    evidence: Mapping[str, Any],
    actor: str,
    now: datetime,
    controller: str | None = None,
    language: str | None = None,
    conversation_id: UUID | None = None,
    address_index: bytes | None = None,
) -> Withdrawn:
    """Stops a channel and purpose (`all`: every one) for a contact and for each of its addresses.

    The same evidence again (a link followed twice, a scanner, a message delivered twice) makes no second event,
    unless consent was given in between: then the old link works again. An erased contact's link works too; only its
    timeline, which is gone, gets no event.

    Args:
        evidence: circumstances; `id` names the message or link that asked, and must be there.
        controller: whom the consent was given to; by default the one of the contact's last event.
        address_index: blind index of the address it came from, when known: stopped even if the contact does not have
            it (any more).

    Raises:
        InvalidConsent: the evidence has no id.
    """
    if not evidence.get("id"):
        raise InvalidConsent("A withdrawal needs the id of the message or link that asked for it.")
    await lock_ledger(session, contact_id)
    contact_language = await session.scalar(select(Contact.language).where(Contact.id == contact_id))
    targets: set[UUID | bytes] = {contact_id, *await _blind_indexes(session, contact_id)}
    if address_index is not None:
        targets.add(address_index)
    await suppress(session, targets, channel, method, now)
    known = await _find_same(session, contact_id, purpose, channel, str(evidence["id"]))
    if known is not None:
        return Withdrawn(known, created=False)
    fact = ConsentFact(
        event="withdrawn",
        principal_ref=contact_id,
        purpose=purpose,
        channel=channel,
        controller=controller or await _last_controller(session, contact_id),
        language=language or contact_language or _UNDETERMINED,
        method=method,
        evidence={**evidence, "id": str(evidence["id"])},
        actor=actor,
        effective_at=now,
    )
    event = await record_consent_event(session, fact, now)
    count_opt_out(channel)
    if contact_language is not None:
        data = {"channel": channel, "purpose": purpose, "method": method, "consent_event_id": str(event.id)}
        await record(
            session, kind="opted_out", contact_id=contact_id, conversation_id=conversation_id, data=data, now=now
        )
    return Withdrawn(event.id, created=True)


async def withdraw_consent(
    session: AsyncSession,
    *,
    contact_id: UUID,
    purpose: str,
    channel: str,
    method: str,
    evidence: Mapping[str, Any],
    controller: str,
    language: str,
    now: datetime,
) -> Withdrawn:
    """Takes back one consent and leaves the channel open for everything else: no suppression, no opt-out.

    The same evidence again makes no second event, unless consent was given in between.

    Raises:
        InvalidConsent: the evidence has no id, or purpose or channel is `all` (that is `withdraw`).
    """
    if not evidence.get("id"):
        raise InvalidConsent("A withdrawal needs the id of the message or link that asked for it.")
    if ALL in (purpose, channel):
        raise InvalidConsent("A consent that is taken back by itself must be named: purpose and channel.")
    return await _take_back(
        session,
        contact_id=contact_id,
        purpose=purpose,
        channel=channel,
        method=method,
        evidence=evidence,
        controller=controller,
        language=language,
        now=now,
    )


async def withdraw_purpose(
    session: AsyncSession,
    *,
    contact_id: UUID,
    purpose: str,
    channel: str = ALL,
    method: str,
    evidence: Mapping[str, Any],
    controller: str,
    language: str,
    conversation_id: UUID | None,
    now: datetime,
) -> Withdrawn:
    """Stops one purpose on a channel (`all`: every one) and nothing else: no suppression, so service messages go on.

    The same evidence again makes no second event, unless consent was given in between.

    Raises:
        InvalidConsent: the evidence has no id, or the purpose is `all` (that is `withdraw`).
    """
    if not evidence.get("id"):
        raise InvalidConsent("A withdrawal needs the id of the message or link that asked for it.")
    if purpose == ALL:
        raise InvalidConsent("A purpose that is stopped by itself must be named.")
    withdrawn = await _take_back(
        session,
        contact_id=contact_id,
        purpose=purpose,
        channel=channel,
        method=method,
        evidence=evidence,
        controller=controller,
        language=language,
        now=now,
    )
    if withdrawn.created:
        count_opt_out(channel)
        data = {"channel": channel, "purpose": purpose, "method": method, "consent_event_id": str(withdrawn.event_id)}
        await record(
            session, kind="opted_out", contact_id=contact_id, conversation_id=conversation_id, data=data, now=now
        )
    return withdrawn


async def _take_back(
    session: AsyncSession,
    *,
    contact_id: UUID,
    purpose: str,
    channel: str,
    method: str,
    evidence: Mapping[str, Any],
    controller: str,
    language: str,
    now: datetime,
) -> Withdrawn:
    await lock_ledger(session, contact_id)
    known = await _find_same(session, contact_id, purpose, channel, str(evidence["id"]))
    if known is not None:
        return Withdrawn(known, created=False)
    fact = ConsentFact(
        event="withdrawn",
        principal_ref=contact_id,
        purpose=purpose,
        channel=channel,
        controller=controller,
        language=language,
        method=method,
        evidence={**evidence, "id": str(evidence["id"])},
        actor="subject",
        effective_at=now,
    )
    event = await record_consent_event(session, fact, now)
    return Withdrawn(event.id, created=True)


async def _blind_indexes(session: AsyncSession, contact_id: UUID) -> list[bytes]:
    return list(await session.scalars(select(ContactPoint.blind_index).where(ContactPoint.contact_id == contact_id)))


async def _find_same(
    session: AsyncSession, contact_id: UUID, purpose: str, channel: str, evidence_id: str
) -> UUID | None:
    """The event that this evidence made already, if nothing was consented to since that it would have to stop."""
    later = aliased(ConsentEvent)
    given_since = select(later.seq).where(
        is_principal_of(later.principal_ref, contact_id), later.seq > ConsentEvent.seq, later.event.in_(GRANTING)
    )
    if purpose != ALL:
        given_since = given_since.where(later.purpose == purpose)
    if channel != ALL:
        given_since = given_since.where(later.channel == channel)
    return await session.scalar(
        select(ConsentEvent.id)
        .where(
            is_principal_of(ConsentEvent.principal_ref, contact_id),
            ConsentEvent.event == "withdrawn",
            ConsentEvent.purpose == purpose,
            ConsentEvent.channel == channel,
            ConsentEvent.evidence["id"].astext == evidence_id,
            ~given_since.exists(),
        )
        .limit(1)
    )


async def _last_controller(session: AsyncSession, contact_id: UUID) -> str:
    last = select(ConsentEvent.controller).where(is_principal_of(ConsentEvent.principal_ref, contact_id))
    return await session.scalar(last.order_by(ConsentEvent.seq.desc()).limit(1)) or "unspecified"
