"""The list of leads, the latest first, in a fixed number of queries per page. Reads only.

Ordered by when a lead was first known: that never changes, so a page begun stays whole while people go on chatting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from admin.leads.filters import band_for, conditions_of
from admin.leads.latest import read_latest
from admin.leads.names import name_from, text_of
from admin.leads.shapes import ConsentState, ContactSearch, LeadPage, LeadQuery, LeadRow
from admin.owners.queries import read_owners
from base.encryption import KeyRing
from bot.models import Conversation
from crm.consent.ledger import ConsentState as LedgerState
from crm.consent.ledger import Scope, consent_states
from crm.contacts.models import Contact
from crm.contacts.service import read_addresses
from crm.scoring.books import read_book
from crm.scoring.rules import Bands
from crm.segments.compiling import compile_tree
from crm.segments.counting import find_latest


class LatestTalk(NamedTuple):
    channel: str
    last_message_at: datetime | None


async def list_leads(session: AsyncSession, keys: KeyRing, query: LeadQuery, now: datetime) -> LeadPage:
    """One page.

    Raises:
        CursorInvalid: the cursor is not one of ours.
    """
    bands = (await read_book(session)).book.bands
    found = await read_latest(
        session, conditions_of(keys, query, bands), after=_decode(query.cursor), limit=query.limit + 1
    )
    return await _show_page(session, keys, found, query.limit, now, bands=bands)


async def search_contacts(session: AsyncSession, keys: KeyRing, wanted: ContactSearch, now: datetime) -> LeadPage:
    """One page of those for whom a rule holds.

    Raises:
        CursorInvalid: the cursor is not one of ours.
    """

    async def among_all(those: ColumnElement[bool], limit: int) -> Sequence[UUID]:
        return await find_latest(session, wanted.tree, now, those, limit)

    found = await read_latest(
        session,
        [compile_tree(wanted.tree, now)],
        after=_decode(wanted.cursor),
        limit=wanted.limit + 1,
        among_all=among_all,
    )
    return await _show_page(session, keys, found, wanted.limit, now)


def _decode(cursor: str | None) -> Cursor | None:
    return Cursor.decode(cursor) if cursor else None


async def _show_page(
    session: AsyncSession,
    keys: KeyRing,
    contacts: Sequence[Contact],
    limit: int,
    now: datetime,
    *,
    bands: Bands | None = None,
) -> LeadPage:
    """A page of what was found, one more than it holds if there are more."""
    shown = contacts[:limit]
    last = shown[-1] if len(contacts) > limit else None
    return LeadPage(
        items=await read_rows(session, keys, shown, now, bands),
        next_cursor=Cursor(last.created_at, last.id).encode() if last else None,
    )


async def read_rows(
    session: AsyncSession, keys: KeyRing, contacts: Sequence[Contact], now: datetime, bands: Bands | None = None
) -> list[LeadRow]:
    """The contacts as rows, with all that stands elsewhere read for all of them together; the bands, unless given."""
    ids = [contact.id for contact in contacts]
    addresses = await read_addresses(session, keys, ids)
    consents = await consent_states(session, ids, now)
    talks = await _latest_talks(session, ids)
    owners = await read_owners(session, ids)
    if bands is None:
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
