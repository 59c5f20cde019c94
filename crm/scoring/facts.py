"""Reads what decides about scoring people, in one statement: whether they may be, and the facts that the rules speak of
(their names stand in rules.yml). Gives no points itself.

Which rules count is read with it, at the same moment. An address is opened only for rules that ask about it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Text, any_, bindparam, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.nested_rows import Ids, nested
from base.tables import table_of
from crm.companies.models import Company, ContactCompany
from crm.consent.ledger import ConsentState, Scope
from crm.contacts.addresses import is_business_email
from crm.contacts.models import SEALED_COLUMN, Contact, ContactPoint
from crm.profiling.rules import Refusal
from crm.profiling.service import Judge, grounds
from crm.scoring.books import NEWEST
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

_CONTACTS, _POINTS, _EVENTS = table_of(Contact), table_of(ContactPoint), table_of(TimelineEvent)
_COMPANIES, _WORKS_AT = table_of(Company), table_of(ContactCompany)


@dataclass(frozen=True, slots=True)
class Judged:
    """Why some may not be scored, and the facts about the others; who is gone is in neither."""

    refusals: Mapping[UUID, Refusal]
    facts: Mapping[UUID, Mapping[str, Any]]


async def read_people(session: AsyncSession, contact_ids: Sequence[UUID]) -> Sequence[Any]:
    """What there is to know of contacts, for `judge`; who is gone is absent. Each row says which rules count now
    (`newest_book`, for `books.book_named`), too.
    """
    connection = await session.connection()
    if len(contact_ids) == 1:
        return (await connection.execute(_OF_ONE, {"contact_id": contact_ids[0], "purposes": None})).all()
    return (await connection.execute(_OF_SEVERAL, {"contact_ids": list(contact_ids), "purposes": None})).all()


def judge(people: Iterable[Any], keys: KeyRing | None, names: Collection[str], now: datetime) -> Judged:
    """Who of them may be scored, and what the rules ask about those.

    Args:
        keys: open addresses and numbers; without them these tell nothing, nor what they would change.
        names: the facts that are asked; others may be told, too.
    """
    by = Judge("scoring", keys, now)
    refusals: dict[UUID, Refusal] = {}
    facts: dict[UUID, dict[str, Any]] = {}
    opened = keys if "email_kind" in names else None
    for row in people:
        states = by.states_of(row)
        refusal = by.refusal_of(row, states)
        if refusal is None:
            facts[row.id] = _facts_of(row, opened, states) if names else {}
        else:
            refusals[row.id] = refusal
    return Judged(refusals, facts)


def _facts_of(row: Any, keys: KeyRing | None, states: Mapping[Scope, ConsentState]) -> dict[str, Any]:
    company: dict[str, Any] = {}
    for name, fields in row.companies or ():
        company = {"company": name} | {f"company_{field}": value for field, value in fields.items()}
    return {
        "language": row.language,
        **company,
        **row.fields,
        **{f"consent_{purpose}_{channel}": one.state for (purpose, channel), one in states.items()},
        "days_active": row.days_active,
        "phone_known": True if row.numbers else None,
        "email_kind": None if keys is None else _email_kind(row.emails, keys),
    }


def _email_kind(emails: Sequence[Sequence[str]] | None, keys: KeyRing) -> str | None:
    for point_id, sealed in emails or ():
        email = keys.unseal(bytes.fromhex(sealed), column=SEALED_COLUMN, row=UUID(point_id))
        return "business" if is_business_email(email) else "private"
    return None


def _statement(named: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    emails = (
        select(_POINTS.c.id, func.encode(_POINTS.c.value_sealed, "hex"))
        .where(_POINTS.c.contact_id == _CONTACTS.c.id, _POINTS.c.kind == "email")
        # As `crm.contacts.points.read_addresses` finds the one to write to.
        .order_by(_POINTS.c.verified_at.desc().nulls_last(), _POINTS.c.id.desc())
        .limit(literal_column("1"))
    )
    companies = (
        select(_COMPANIES.c.name, _COMPANIES.c.fields)
        .join(_WORKS_AT, _WORKS_AT.c.company_id == _COMPANIES.c.id)
        .where(_WORKS_AT.c.contact_id == _CONTACTS.c.id)
    )
    day = cast(func.timezone("UTC", _EVENTS.c.occurred_at), Date)
    acts = literal_column("'{" + ",".join(PERSONS_ACTS) + "}'", ARRAY(Text()))
    days = select(func.count(day.distinct())).where(
        _EVENTS.c.contact_id == _CONTACTS.c.id, _EVENTS.c.kind == any_(acts)
    )
    return select(
        *grounds(),
        NEWEST,
        _CONTACTS.c.language,
        nested(emails.correlate(_CONTACTS)).label("emails"),
        nested(companies.correlate(_CONTACTS)).label("companies"),
        days.correlate(_CONTACTS).scalar_subquery().label("days_active"),
    ).where(named)


_OF_ONE = _statement(_CONTACTS.c.id == bindparam("contact_id", type_=_CONTACTS.c.id.type))
_OF_SEVERAL = _statement(_CONTACTS.c.id == any_(bindparam("contact_ids", type_=Ids())))
