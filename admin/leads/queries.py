"""The list of leads, the latest first, in a fixed number of queries per page. Reads only.

Ordered by when a lead was first known: that never changes, so a page begun stays whole while people go on chatting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, exists, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from admin.leads.filters import band_for, in_band, is_lead, matches_text
from admin.leads.names import name_from, text_of
from admin.leads.shapes import ConsentState, ContactSearch, LeadPage, LeadQuery, LeadRow
from admin.owners.queries import read_owners
from base.encryption import KeyRing
from bot.models import Conversation
from crm.consent.ledger import ConsentState as LedgerState
from crm.consent.ledger import Scope, consent_states
from crm.contacts.models import Contact
from crm.contacts.service import read_addresses
from crm.owners.models import ContactOwner
from crm.scoring.books import read_book
from crm.segments.compiling import compile_tree
from crm.segments.models import SegmentMember


class LatestTalk(NamedTuple):
    channel: str
    last_message_at: datetime | None


async def list_leads(session: AsyncSession, keys: KeyRing, query: LeadQuery, now: datetime) -> LeadPage:
    """One page.

    Raises:
        CursorInvalid: the cursor is not one of ours.
    """
    statement = _latest(query.limit, query.cursor).where(is_lead())
    if query.q and query.q.strip():
        statement = statement.where(matches_text(keys, query.q.strip()))
    if query.band is not None:
        statement = statement.where(in_band(query.band, (await read_book(session)).book.bands))
    if query.owner is not None:
        owned = exists().where(ContactOwner.contact_id == Contact.id, ContactOwner.user_id == query.owner)
        statement = statement.where(owned)
    if query.segment is not None:
        inside = exists().where(SegmentMember.contact_id == Contact.id, SegmentMember.segment_id == query.segment)
        statement = statement.where(inside)
    if query.stage is not None:
        statement = statement.where(Contact.stage == query.stage)
    if query.tag is not None:
        statement = statement.where(Contact.tags.contains([query.tag]))
    return await _read_page(session, keys, statement, query.limit, now)


async def search_contacts(session: AsyncSession, keys: KeyRing, wanted: ContactSearch, now: datetime) -> LeadPage:
    """One page of those for whom a rule holds, asked of one contact after the other until there are enough.

    Raises:
        CursorInvalid: the cursor is not one of ours.
    """
    statement = _latest(wanted.limit, wanted.cursor).where(compile_tree(wanted.tree, now))
    return await _read_page(session, keys, statement, wanted.limit, now)


def _latest(limit: int, cursor: str | None) -> Select[Contact]:
    """Contacts behind a cursor, and one more than a page holds."""
    key = (Contact.created_at, Contact.id)
    statement = select(Contact).order_by(*(column.desc() for column in key)).limit(limit + 1)
    if cursor:
        after = Cursor.decode(cursor)
        statement = statement.where(tuple_(*key) < (after.at, after.id))
    return statement


async def _read_page(
    session: AsyncSession, keys: KeyRing, statement: Select[Contact], limit: int, now: datetime
) -> LeadPage:
    contacts = (await session.scalars(statement)).all()
    shown = contacts[:limit]
    last = shown[-1] if len(contacts) > limit else None
    return LeadPage(
        items=await read_rows(session, keys, shown, now),
        next_cursor=Cursor(last.created_at, last.id).encode() if last else None,
    )


async def read_rows(session: AsyncSession, keys: KeyRing, contacts: Sequence[Contact], now: datetime) -> list[LeadRow]:
    """The contacts as rows, with all that stands elsewhere read for all of them together."""
    ids = [contact.id for contact in contacts]
    addresses = await read_addresses(session, keys, ids)
    consents = await consent_states(session, ids, now)
    talks = await _latest_talks(session, ids)
    owners = await read_owners(session, ids)
    bands = (await read_book(session)).book.bands
    return [
        LeadRow(
            id=contact.id,
            name=name_from(contact.fields),
            email=addresses[contact.id].get("email"),
            phone=addresses[contact.id].get("phone"),
            company=text_of(contact.fields, "company"),
            stage=contact.stage,
            score=contact.score,
            band=band_for(contact, bands),
            consents=_consents(consents[contact.id]),
            channel=talks[contact.id].channel if contact.id in talks else "unknown",
            owner=owners.get(contact.id),
            created_at=contact.created_at,
            last_message_at=talks[contact.id].last_message_at if contact.id in talks else None,
        )
        for contact in contacts
    ]


async def _latest_talks(session: AsyncSession, contact_ids: Sequence[UUID]) -> Mapping[UUID, LatestTalk]:
    rows = await session.execute(
        select(Conversation.contact_id, Conversation.channel, Conversation.last_message_at)
        .ext(distinct_on(Conversation.contact_id))
        .where(Conversation.contact_id.in_(contact_ids))
        .order_by(Conversation.contact_id, Conversation.last_message_at.desc().nulls_last(), Conversation.id.desc())
    )
    return {contact_id: LatestTalk(channel, at) for contact_id, channel, at in rows if contact_id is not None}


def _consents(states: Mapping[Scope, LedgerState]) -> list[ConsentState]:
    """An expired consent is none."""
    return [
        ConsentState(purpose=purpose, channel=channel, state="none" if state.state == "expired" else state.state)
        for (purpose, channel), state in sorted(states.items(), key=lambda item: item[0])
    ]
