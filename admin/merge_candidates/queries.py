"""Pairs with the two contacts they are about, in a fixed number of queries per page. Reads only."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import CursorInvalid
from admin.leads.names import name_from, text_of
from admin.merge_candidates.shapes import (
    AlikeContact,
    MergeCandidate,
    MergeCandidatePage,
    MergeCandidateQuery,
    MergeReason,
)
from base.encryption import KeyRing
from crm.contacts.models import Contact
from crm.contacts.service import read_addresses
from crm.resolution.candidates import CandidateState, in_words, list_candidates
from crm.resolution.models import MergeCandidate as Row

_PACKED = struct.Struct(">d16s")  # probability, id


async def read_page(session: AsyncSession, keys: KeyRing, query: MergeCandidateQuery) -> MergeCandidatePage:
    """One page, the most probable first.

    Raises:
        CursorInvalid: the cursor is not one of ours.
    """
    rows = await list_candidates(
        session,
        state=query.state,
        contact_id=query.contact_id,
        after=_decode(query.cursor) if query.cursor else None,
        limit=query.limit + 1,
    )
    shown = rows[: query.limit]
    return MergeCandidatePage(
        items=await show(session, keys, shown),
        next_cursor=_encode(shown[-1]) if len(rows) > query.limit else None,
    )


async def show(session: AsyncSession, keys: KeyRing, rows: Sequence[Row]) -> list[MergeCandidate]:
    """The rows with their contacts."""
    ids = {one for row in rows for one in (row.first_id, row.second_id)}
    contacts = {one.id: one for one in await session.scalars(select(Contact).where(Contact.id.in_(ids)))}
    addresses = await read_addresses(session, keys, ids)
    alike = {
        contact_id: AlikeContact(
            id=contact_id,
            name=name_from(contact.fields),
            company=text_of(contact.fields, "company"),
            email=addresses[contact_id].get("email"),
            phone=addresses[contact_id].get("phone"),
            stage=contact.stage,
            created_at=contact.created_at,
        )
        for contact_id, contact in contacts.items()
    }
    return [
        MergeCandidate(
            id=row.id,
            contacts=[alike[one] for one in (row.first_id, row.second_id) if one in alike],
            probability=row.probability,
            reasons=[
                MergeReason(**reason, words=words)
                for reason, words in zip(row.reasons, in_words(row.reasons), strict=True)
            ],
            state=cast("CandidateState", row.state),  # held to it by the table's check constraint
            found_at=row.found_at,
            decided_at=row.decided_at,
            decided_by=row.decided_by,
        )
        for row in rows
    ]


def _encode(row: Row) -> str:
    return base64.urlsafe_b64encode(_PACKED.pack(row.probability, row.id.bytes)).decode()


def _decode(text: str) -> tuple[float, UUID]:
    try:
        probability, id_bytes = _PACKED.unpack(base64.b64decode(text, altchars=b"-_", validate=True))
    except (ValueError, struct.error) as error:
        raise CursorInvalid from error
    if not math.isfinite(probability):
        raise CursorInvalid
    return probability, UUID(bytes=id_bytes)
