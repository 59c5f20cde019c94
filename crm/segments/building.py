"""Finds the members of a new or changed segment in sets, in the order of the contacts' ids, and says how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.contacts.models import Contact
from crm.segments.locks import lock_members
from crm.segments.models import Segment
from crm.segments.refreshing import ask_of

_MANY = 100_000
"""Contacts from which on an estimate will do."""


@dataclass(frozen=True, slots=True)
class Built:
    """What one set came to."""

    segment_id: UUID
    contacts: int
    is_done: bool


async def build_next(session: AsyncSession, now: datetime, limit: int) -> Built | None:
    """Asks the segment that waits longest about the next contacts; None when none is being built.

    A change of its rule meanwhile begins anew. What happens to contacts meanwhile is asked beside it.
    """
    await lock_members(session)
    segment = await session.scalar(
        select(Segment)
        .where(Segment.state == "building")
        .order_by(Segment.updated_at, Segment.id)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    if segment is None:
        return None
    ids = select(Contact.id).order_by(Contact.id).limit(limit)
    if segment.built_to is not None:
        ids = ids.where(Contact.id > segment.built_to)
    contact_ids = (await session.scalars(ids)).all()
    if contact_ids:
        await ask_of(session, segment.id, contact_ids, now)
    is_done = len(contact_ids) < limit
    await session.execute(
        update(Segment)
        .where(Segment.id == segment.id)
        .values(
            built=Segment.built + len(contact_ids),
            built_to=contact_ids[-1] if contact_ids else segment.built_to,
            state="live" if is_done else "building",
            built_at=now if is_done else None,
        )
        .execution_options(synchronize_session=False)
    )
    return Built(segment.id, len(contact_ids), is_done)


async def build_anew(session: AsyncSession, segment_id: UUID, now: datetime) -> None:
    """Has a worker ask a segment about every contact once more."""
    await session.execute(
        update(Segment)
        .where(Segment.id == segment_id)
        .values(state="building", built=0, built_to=None, built_at=None, updated_at=now)
        .execution_options(synchronize_session=False)
    )


async def count_contacts(session: AsyncSession) -> int:
    """How many contacts there are, to tell progress by; of very many about."""
    about = await session.scalar(text("SELECT reltuples FROM pg_class WHERE oid = 'contacts'::regclass")) or 0
    if about > _MANY:
        return int(about)
    return await session.scalar(select(func.count()).select_from(Contact)) or 0
