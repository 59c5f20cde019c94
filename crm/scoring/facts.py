"""Collects the facts that score rules speak of (their names stand in rules.yml). Gives no points itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.consent.ledger import consent_states
from crm.contacts.addresses import is_business_email
from crm.contacts.service import get_contact, read_addresses
from crm.timeline.models import TimelineEvent

PERSONS_ACTS = (
    "conversation_started",
    "lead_captured",
    "address_added",
    "consent_given",
    "consent_refused",
    "qualified",
    "flow_ended",
)
"""Kinds of events that the person caused by talking to us; our own messages to them are no engagement."""


async def read_facts(session: AsyncSession, keys: KeyRing, contact_id: UUID, now: datetime) -> dict[str, Any]:
    """All that the rules may ask about a contact.

    Raises:
        NotFound: there is no such contact.
    """
    contact = await get_contact(session, contact_id)
    addresses = (await read_addresses(session, keys, [contact_id]))[contact_id]
    consents = (await consent_states(session, [contact_id], now))[contact_id]
    facts: dict[str, Any] = dict(contact.fields)
    facts |= {f"consent_{purpose}_{channel}": state.state for (purpose, channel), state in consents.items()}
    facts["days_active"] = await _days_active(session, contact_id)
    facts["phone_known"] = True if "phone" in addresses else None
    email = addresses.get("email")
    facts["email_kind"] = email and ("business" if is_business_email(email) else "private")
    return facts


async def _days_active(session: AsyncSession, contact_id: UUID) -> int:
    day = cast(func.timezone("UTC", TimelineEvent.occurred_at), Date)
    return (
        await session.scalar(
            select(func.count(day.distinct())).where(
                TimelineEvent.contact_id == contact_id, TimelineEvent.kind.in_(PERSONS_ACTS)
            )
        )
        or 0
    )
