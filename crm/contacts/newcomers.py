"""A sender of whom nothing is known but an address turns out to be somebody we know. Runs in the caller's transaction.

Two contacts of whom things are known are never made one here: that is for a person to confirm.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.consent.models import ConsentEvent
from crm.consent.principals import is_principal_of
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.records import lock_contact
from crm.timeline.models import TimelineEvent
from crm.timeline.service import record


async def join_newcomer(session: AsyncSession, newcomer: UUID, known: UUID, now: datetime) -> bool:
    """Gives a newcomer's proven addresses and what happened to the contact that they showed to be.

    Call it only on proof, such as a code that was told to the one and typed by the other.

    Returns:
        Whether it was one: nothing told, nothing agreed or refused, no score. Else nothing is changed.
    """
    for contact_id in sorted((newcomer, known)):
        await lock_contact(session, contact_id)
    if not await _is_newcomer(session, newcomer):
        return False
    await session.execute(update(ContactPoint).where(ContactPoint.contact_id == newcomer).values(contact_id=known))
    await session.execute(update(TimelineEvent).where(TimelineEvent.contact_id == newcomer).values(contact_id=known))
    await record(
        session,
        kind="contact_recognised",
        contact_id=known,
        conversation_id=None,
        data={"was_contact_id": str(newcomer)},
        now=now,
    )
    return True


async def _is_newcomer(session: AsyncSession, contact_id: UUID) -> bool:
    unproven = exists().where(ContactPoint.contact_id == contact_id, ContactPoint.verified_at.is_(None))
    decided = exists().where(is_principal_of(ConsentEvent.principal_ref, contact_id))
    found = select(Contact.id).where(
        Contact.id == contact_id,
        Contact.fields == {},
        Contact.stage == "visitor",
        Contact.score == 0,
        func.jsonb_array_length(Contact.tags) == 0,
        ~unproven,
        ~decided,
    )
    return await session.scalar(found) is not None
