"""Collects the facts that score rules speak of (their names stand in rules.yml). Gives no points itself.

Only what is asked is read: an address is not opened, nor the ledger folded, for rules that ask neither.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.nested_rows import one_of
from crm.companies.models import Company, ContactCompany
from crm.consent.ledger import consent_states
from crm.contacts.addresses import is_business_email
from crm.contacts.models import Contact, ContactPoint
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
    session: AsyncSession, keys: KeyRing, contact_ids: Sequence[UUID], names: Collection[str], now: datetime
) -> dict[UUID, dict[str, Any]]:
    """What the rules ask about contacts; who is gone is absent. A fixed number of queries for all of them.

    Args:
        names: the facts that are asked; others may be told, too.
    """
    if not names:
        return {contact_id: {} for contact_id in contact_ids}
    emails = await read_addresses(session, keys, contact_ids, kind="email") if "email_kind" in names else {}
    numbers = await _with_number(session, contact_ids) if "phone_known" in names else set()
    purposes = _purposes(names)
    consents = await consent_states(session, contact_ids, now, purposes=purposes) if purposes else {}
    days = await _days_active(session, contact_ids) if "days_active" in names else {}
    asks_of_companies = any(name == "company" or name.startswith("company_") for name in names)
    companies = await _companies(session, contact_ids) if asks_of_companies else {}
    facts: dict[UUID, dict[str, Any]] = {}
    people = select(Contact.id, Contact.fields, Contact.language).where(one_of(Contact.id, contact_ids))
    for contact_id, fields, language in await session.execute(people):
        email = emails[contact_id].get("email") if emails else None
        states = consents.get(contact_id, {})
        facts[contact_id] = {
            "language": language,
            **companies.get(contact_id, {}),
            **fields,
            **{f"consent_{purpose}_{channel}": one.state for (purpose, channel), one in states.items()},
            "days_active": days.get(contact_id, 0),
            "phone_known": True if contact_id in numbers else None,
            "email_kind": email and ("business" if is_business_email(email) else "private"),
        }
    return facts


def _purposes(names: Collection[str]) -> set[str]:
    """The purposes that `consent_<purpose>_<channel>` may speak of: either may have an underscore."""
    purposes: set[str] = set()
    for name in names:
        consent, *words = name.split("_")
        if consent == "consent":
            purposes.update("_".join(words[:end]) for end in range(1, len(words)))
    return purposes


async def _with_number(session: AsyncSession, contact_ids: Sequence[UUID]) -> set[UUID]:
    found = select(ContactPoint.contact_id).where(
        one_of(ContactPoint.contact_id, contact_ids), ContactPoint.kind == "phone"
    )
    return set(await session.scalars(found))


async def _companies(session: AsyncSession, contact_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """The company of each, and what is known of it under names that begin with `company_`."""
    rows = await session.execute(
        select(ContactCompany.contact_id, Company.name, Company.fields)
        .join(Company, Company.id == ContactCompany.company_id)
        .where(one_of(ContactCompany.contact_id, contact_ids))
    )
    return {
        contact_id: {"company": name} | {f"company_{field}": value for field, value in fields.items()}
        for contact_id, name, fields in rows
    }


async def _days_active(session: AsyncSession, contact_ids: Sequence[UUID]) -> dict[UUID, int]:
    day = cast(func.timezone("UTC", TimelineEvent.occurred_at), Date)
    rows = await session.execute(
        select(TimelineEvent.contact_id, func.count(day.distinct()))
        .where(one_of(TimelineEvent.contact_id, contact_ids), TimelineEvent.kind.in_(PERSONS_ACTS))
        .group_by(TimelineEvent.contact_id)
    )
    return {contact_id: count for contact_id, count in rows if contact_id is not None}
