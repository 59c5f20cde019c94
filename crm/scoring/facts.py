"""Collects the facts that score rules speak of (their names stand in rules.yml). Gives no points itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Uuid, any_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.companies.models import Company, ContactCompany
from crm.consent.ledger import consent_states
from crm.contacts.addresses import is_business_email
from crm.contacts.models import Contact
from crm.contacts.service import read_addresses
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


async def read_facts(
    session: AsyncSession, keys: KeyRing, contact_ids: Sequence[UUID], now: datetime
) -> dict[UUID, dict[str, Any]]:
    """All that the rules may ask about contacts; who is gone is absent. A fixed number of queries for all of them."""
    among = any_(cast(list(contact_ids), ARRAY(Uuid())))
    addresses = await read_addresses(session, keys, contact_ids)
    consents = await consent_states(session, contact_ids, now)
    days = await _days_active(session, contact_ids)
    companies = await _companies(session, contact_ids)
    facts: dict[UUID, dict[str, Any]] = {}
    for row in await session.execute(select(Contact.id, Contact.fields, Contact.language).where(Contact.id == among)):
        email = addresses[row.id].get("email")
        facts[row.id] = (
            {"language": row.language}
            | companies.get(row.id, {})
            | dict(row.fields)
            | {f"consent_{purpose}_{channel}": one.state for (purpose, channel), one in consents[row.id].items()}
            | {
                "days_active": days.get(row.id, 0),
                "phone_known": True if "phone" in addresses[row.id] else None,
                "email_kind": email and ("business" if is_business_email(email) else "private"),
            }
        )
    return facts


async def _companies(session: AsyncSession, contact_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """The company of each, and what is known of it under names that begin with `company_`."""
    rows = await session.execute(
        select(ContactCompany.contact_id, Company.name, Company.fields)
        .join(Company, Company.id == ContactCompany.company_id)
        .where(ContactCompany.contact_id == any_(cast(list(contact_ids), ARRAY(Uuid()))))
    )
    return {
        contact_id: {"company": name} | {f"company_{field}": value for field, value in fields.items()}
        for contact_id, name, fields in rows
    }


async def _days_active(session: AsyncSession, contact_ids: Sequence[UUID]) -> dict[UUID, int]:
    day = cast(func.timezone("UTC", TimelineEvent.occurred_at), Date)
    rows = await session.execute(
        select(TimelineEvent.contact_id, func.count(day.distinct()))
        .where(
            TimelineEvent.contact_id == any_(cast(list(contact_ids), ARRAY(Uuid()))),
            TimelineEvent.kind.in_(PERSONS_ACTS),
        )
        .group_by(TimelineEvent.contact_id)
    )
    return {contact_id: count for contact_id, count in rows if contact_id is not None}
