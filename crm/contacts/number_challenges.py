"""Phone numbers that an unknown visitor left on the web: nothing is sent there until their browser did some work.

Whoever types numbers by the thousand would have us text or call them all. This says which numbers wait; what the work
is, and whether it was done, is the channel's affair.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import SQLCoreOperations

from base.encryption import KeyRing
from crm.contacts.addresses import normalise_phone
from crm.contacts.models import SEALED_COLUMN, ContactPoint, NumberChallenge
from crm.contacts.records import lock_contact

PATIENCE = timedelta(minutes=15)
"""How long messages wait for the work; after that they are refused."""
AFTERMATH = timedelta(hours=1)
"""So much later a message that does not come of a chat on the site is not of whoever left the number."""


async def challenge_number(
    session: AsyncSession, keys: KeyRing, contact_id: UUID, number: str, *, conversation_id: UUID, now: datetime
) -> bool:
    """Demands work for a number that was typed just now and was not known before; else changes nothing.

    Returns:
        Whether the conversation has work to do for this number.
    """
    index = keys.blind_index(normalise_phone(number, None), kind="phone")
    point = (
        await session.execute(
            select(ContactPoint.id, ContactPoint.created_at, NumberChallenge.solved_at, NumberChallenge.asked_at)
            .outerjoin(NumberChallenge, NumberChallenge.contact_point_id == ContactPoint.id)
            .where(
                ContactPoint.kind == "phone",
                ContactPoint.blind_index == index,
                ContactPoint.contact_id == contact_id,
                ContactPoint.verified_at.is_(None),
            )
        )
    ).first()
    if point is None or point.solved_at is not None or (point.asked_at is None and point.created_at != now):
        return False
    values = {"contact_point_id": point.id, "conversation_id": conversation_id, "asked_at": now}
    again = insert(NumberChallenge).values(values)
    await session.execute(
        again.on_conflict_do_update(
            index_elements=["contact_point_id"],
            set_={"conversation_id": again.excluded.conversation_id, "asked_at": again.excluded.asked_at},
            where=NumberChallenge.solved_at.is_(None),
        )
    )
    return True


async def find_challenged(session: AsyncSession, keys: KeyRing, conversation_id: UUID) -> tuple[UUID, str] | None:
    """The number for which a conversation has work to do, with the id of its row; None when there is none."""
    row = (
        await session.execute(
            select(ContactPoint.id, ContactPoint.value_sealed)
            .join(NumberChallenge, NumberChallenge.contact_point_id == ContactPoint.id)
            .where(NumberChallenge.conversation_id == conversation_id, NumberChallenge.solved_at.is_(None))
            .order_by(NumberChallenge.asked_at.desc())
            .limit(1)
        )
    ).first()
    return None if row is None else (row.id, keys.unseal(row.value_sealed, column=SEALED_COLUMN, row=row.id))


async def list_challenged(session: AsyncSession, contact_id: UUID) -> dict[UUID, datetime]:
    """The contact's numbers for which work is still to be done: the ids of their rows, and since when."""
    rows = await session.execute(
        select(ContactPoint.id, NumberChallenge.asked_at)
        .join(NumberChallenge, NumberChallenge.contact_point_id == ContactPoint.id)
        .where(ContactPoint.contact_id == contact_id, NumberChallenge.solved_at.is_(None))
    )
    return dict(rows.all())


async def settle_challenge(
    session: AsyncSession, keys: KeyRing, contact_point_id: UUID, *, conversation_id: UUID | None, now: datetime
) -> tuple[UUID, str] | None:
    """Notes that the work for a number was done, once.

    Args:
        conversation_id: whose work it was; None for a colleague who knows whose number it is, without any work.

    Returns:
        Whose number it is, and the number; None when there was no such work to do for this conversation, or it was
        done before.

    Raises:
        NotFound: the contact was merged into another at this moment: try again.
    """
    point = await session.get(ContactPoint, contact_point_id)
    if point is None:
        return None
    # As an opt-out does: who puts off a message of theirs just now is waited for, or sees that the work is done.
    await lock_contact(session, point.contact_id)
    waiting = update(NumberChallenge).where(
        NumberChallenge.contact_point_id == contact_point_id, NumberChallenge.solved_at.is_(None)
    )
    if conversation_id is not None:
        waiting = waiting.where(NumberChallenge.conversation_id == conversation_id)
    settled = waiting.values(solved_at=now).returning(NumberChallenge.contact_point_id)
    if await session.scalar(settled) is None:
        return None
    return point.contact_id, keys.unseal(point.value_sealed, column=SEALED_COLUMN, row=point.id)


def asked_at_of(contact_point_id: SQLCoreOperations[UUID]) -> Select[datetime]:
    """Since when work is to be done for a number of a statement's row, to be part of it; nothing when there is none."""
    return select(NumberChallenge.asked_at).where(
        NumberChallenge.contact_point_id == contact_point_id,
        NumberChallenge.solved_at.is_(None),
    )
