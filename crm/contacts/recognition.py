"""Who it is that writes from an address which a provider vouches for. Runs in the caller's transaction.

What a person typed proves nothing (`crm.contacts.identity`); a message that came from the address does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.contacts.addresses import AddressKind, normalise_address
from crm.contacts.identity import CLAIM, list_claims
from crm.contacts.models import ContactPoint
from crm.contacts.points import attach_address
from crm.contacts.records import create_contact, lock_contact
from crm.timeline.models import TimelineEvent
from crm.timeline.service import record


@dataclass(frozen=True, slots=True)
class Recognised:
    """The contact who wrote, and the row of the address they wrote from."""

    contact_id: UUID
    contact_point_id: UUID
    is_new: bool


async def recognise_sender(
    session: AsyncSession, keys: KeyRing, *, kind: AddressKind, value: str, proven: bool, language: str, now: datetime
) -> Recognised:
    """The contact an address belongs to, made now where there is none.

    A proven sender makes the address proven. Had somebody only typed it before, in talks that may have been another's,
    those talks speak for the contact no longer: they may add to it, but are told nothing of it and change nothing.
    A contact who is proven by another address loses one that they only typed: its owner is somebody by themselves.

    Raises:
        InvalidAddress: `value` is no address.
    """
    normalised = normalise_address(kind, value)
    index = keys.blind_index(normalised, kind=kind)
    found = select(ContactPoint.id, ContactPoint.contact_id, ContactPoint.verified_at).where(
        ContactPoint.kind == kind, ContactPoint.blind_index == index
    )
    point = (await session.execute(found)).first()
    if proven and point is not None and point.verified_at is None and await _is_proven(session, point.contact_id):
        await session.execute(delete(ContactPoint).where(ContactPoint.id == point.id))
        point = None
    is_new = point is None
    if point is None:
        contact_id = await create_contact(session, language=language, time_zone=None, now=now)
        # Somebody else may have made it meanwhile; then the contact just made stays a visitor of whom nothing is known.
        await attach_address(session, keys, contact_id, kind=kind, value=normalised, now=now)
        point = (await session.execute(found)).one()
    await lock_contact(session, point.contact_id)
    if proven and point.verified_at is None:
        await session.execute(update(ContactPoint).where(ContactPoint.id == point.id).values(verified_at=now))
        if not is_new:
            await _disown_talks(session, point.contact_id, kind, now)
    return Recognised(point.contact_id, point.id, is_new)


async def prove_address(
    session: AsyncSession, keys: KeyRing, contact_id: UUID, *, kind: AddressKind, value: str, now: datetime
) -> bool:
    """Keeps an address that a provider vouches for beside the one the contact wrote from.

    Somebody else who only typed it loses it; somebody else who proved it keeps it, for a person to look at.

    Returns:
        Whether it is the contact's.

    Raises:
        InvalidAddress: `value` is no address.
    """
    normalised = normalise_address(kind, value)
    meant = (ContactPoint.kind == kind, ContactPoint.blind_index == keys.blind_index(normalised, kind=kind))
    await session.execute(
        delete(ContactPoint).where(*meant, ContactPoint.contact_id != contact_id, ContactPoint.verified_at.is_(None))
    )
    attached = await attach_address(session, keys, contact_id, kind=kind, value=normalised, now=now)
    if attached.is_owned:
        await session.execute(
            update(ContactPoint).where(*meant, ContactPoint.verified_at.is_(None)).values(verified_at=now)
        )
    return attached.is_owned


async def _is_proven(session: AsyncSession, contact_id: UUID) -> bool:
    proven = select(ContactPoint.id).where(ContactPoint.contact_id == contact_id, ContactPoint.verified_at.is_not(None))
    return await session.scalar(proven.limit(1)) is not None


async def _disown_talks(session: AsyncSession, contact_id: UUID, kind: AddressKind, now: datetime) -> None:
    """Every talk that the contact had so far only claims it from here on, see `crm.contacts.identity`."""
    talks = select(TimelineEvent.conversation_id).where(
        TimelineEvent.contact_id == contact_id, TimelineEvent.conversation_id.is_not(None)
    )
    claimed = {conversation_id for _, conversation_id in await list_claims(session, [contact_id])}
    own = {one for one in await session.scalars(talks.distinct()) if one is not None} - claimed
    if not own:
        return
    # Whoever typed it becomes a visitor of whom nothing is known, where a corrected address can lead them back to.
    visitor = await create_contact(session, time_zone=None, now=now)
    for conversation_id in sorted(own):
        await record(
            session,
            kind=CLAIM,
            contact_id=contact_id,
            conversation_id=conversation_id,
            data={"address": kind, "visitor_contact_id": str(visitor)},
            now=now,
        )
