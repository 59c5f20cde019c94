"""Follow-ups from the outbox, and those that journeys will put there, as one list: the latest due first.

Both kinds are paged by (due_at, id), each by its own query, and merged. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from admin.api.cursors import Cursor
from admin.follow_ups.outlook import JourneyOutlooks, Outlook, Version
from admin.follow_ups.shapes import FollowUp, FollowUpLead, FollowUpPage, FollowUpQuery, FollowUpReason, FollowUpState
from admin.leads.names import name_from
from base.encryption import KeyRing
from crm.contacts.models import Contact
from crm.contacts.service import read_addresses
from outreach.models import Enrolment, OutboxMessage
from outreach.reasons import refusal_in_words

Leads = Mapping[UUID, FollowUpLead]
Outlooks = Mapping[Version, Mapping[str, Outlook | None]]
Key = InstrumentedAttribute[Any]
Row = TypeVar("Row")

_UNREADABLE = Outlook(None, None, "This step is not in the journey's version, so nothing can be said of it.")


async def list_follow_ups(
    session: AsyncSession, keys: KeyRing, outlooks: JourneyOutlooks, query: FollowUpQuery, language: str
) -> FollowUpPage:
    """One page; why something was not sent is told in `language`.

    Raises:
        CursorInvalid: the cursor is not one of ours.
    """
    after = Cursor.decode(query.cursor) if query.cursor else None
    known = await outlooks.read(session)
    rows: list[OutboxMessage | Enrolment] = [*await session.scalars(_outbox_page(query, after))]
    rows += await _list_coming(session, known, query, after)
    rows.sort(key=_sorts_by, reverse=True)
    shown = rows[: query.limit]
    leads = await _read_leads(session, keys, {row.contact_id for row in shown})
    items = [
        _from_outbox(row, leads, language) if isinstance(row, OutboxMessage) else _from_enrolment(row, known, leads)
        for row in shown
    ]
    last = items[-1] if len(rows) > query.limit else None
    return FollowUpPage(items=items, next_cursor=Cursor(last.due_at, last.id).encode() if last else None)


def _sorts_by(row: OutboxMessage | Enrolment) -> tuple[datetime, UUID]:
    assert row.due_at is not None  # an enrolment is active, and then due, by the table's check constraint
    return row.due_at, row.id


async def _list_coming(
    session: AsyncSession, known: Outlooks, query: FollowUpQuery, after: Cursor | None
) -> Sequence[Enrolment]:
    """Active enrolments that a message still lies ahead of."""
    if query.state not in (None, "planned"):
        return []
    statement = _page(select(Enrolment), (Enrolment.due_at, Enrolment.id), query, after)
    statement = statement.where(Enrolment.state == "active")
    done = [(*version, step) for version, steps in known.items() for step, outlook in steps.items() if outlook is None]
    if done:
        standing = tuple_(Enrolment.journey, Enrolment.version, Enrolment.step)
        statement = statement.where(standing.not_in(done))
    if query.contact is not None:
        statement = statement.where(Enrolment.contact_id == query.contact)
    return (await session.scalars(statement)).all()


def _outbox_page(query: FollowUpQuery, after: Cursor | None) -> Select[OutboxMessage]:
    statement = _page(select(OutboxMessage), (OutboxMessage.due_at, OutboxMessage.id), query, after)
    if query.state is not None:
        statement = statement.where(OutboxMessage.state == query.state)
    if query.contact is not None:
        statement = statement.where(OutboxMessage.contact_id == query.contact)
    return statement


def _page(statement: Select[Row], key: tuple[Key, Key], query: FollowUpQuery, after: Cursor | None) -> Select[Row]:
    """The rows behind the cursor, the latest first, and one more to tell whether there are more."""
    if after is not None:
        statement = statement.where(tuple_(*key) < (after.at, after.id))
    return statement.order_by(*(column.desc() for column in key)).limit(query.limit + 1)


async def _read_leads(session: AsyncSession, keys: KeyRing, contact_ids: set[UUID]) -> Leads:
    addresses = await read_addresses(session, keys, contact_ids)
    rows = await session.execute(select(Contact.id, Contact.fields).where(Contact.id.in_(contact_ids)))
    return {
        contact_id: FollowUpLead(id=contact_id, name=name_from(fields), email=addresses[contact_id].get("email"))
        for contact_id, fields in rows
    }


def _from_outbox(row: OutboxMessage, leads: Leads, language: str) -> FollowUp:
    reason = None
    if row.reason_rule is not None:
        text = refusal_in_words(row.reason_rule, row.reason or "", language)
        reason = FollowUpReason(rule=row.reason_rule, text=text, until=row.deferred_until)
    return FollowUp(
        id=row.id,
        lead=leads[row.contact_id],
        channel=row.channel,
        journey=row.journey or "",
        step=row.step,
        subject=row.subject,
        text=row.text,
        state=cast("FollowUpState", row.state),  # held to these by the table's check constraint
        due_at=row.due_at,
        reason=reason,
        attempts=row.attempts,
        updated_at=row.updated_at,
    )


def _from_enrolment(row: Enrolment, known: Outlooks, leads: Leads) -> FollowUp:
    outlook = known.get((row.journey, row.version), {}).get(row.step) or _UNREADABLE
    assert row.due_at is not None
    return FollowUp(
        id=row.id,
        lead=leads[row.contact_id],
        channel=outlook.channel,
        journey=row.journey,
        step=outlook.step,
        subject=None,
        text=outlook.text,
        state="planned",
        due_at=row.due_at,
        reason=None,
        attempts=0,
        updated_at=row.updated_at,
    )
