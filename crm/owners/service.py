"""Gives contacts to colleagues. In the caller's transaction; knows no colleague."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.contacts.service import lock_contact
from crm.owners.models import ContactOwner
from crm.timeline.service import record


async def assign_owner(
    session: AsyncSession, contact_id: UUID, user_id: UUID | None, *, by: str, now: datetime
) -> None:
    """Gives a contact to a colleague, or to nobody; the same again changes nothing.

    Args:
        by: who decided: `user:` and their id.

    Raises:
        NotFound: there is no such contact.
    """
    await lock_contact(session, contact_id)
    if (await list_owners(session, [contact_id])).get(contact_id) == user_id:
        return
    if user_id is None:
        await session.execute(delete(ContactOwner).where(ContactOwner.contact_id == contact_id))
    else:
        row = {"user_id": user_id, "assigned_by": by, "assigned_at": now}
        assigned = insert(ContactOwner).values(contact_id=contact_id, **row)
        await session.execute(assigned.on_conflict_do_update(index_elements=["contact_id"], set_=row))
    data = {"user_id": None if user_id is None else str(user_id), "by": by}
    await record(session, kind="owner_assigned", contact_id=contact_id, conversation_id=None, data=data, now=now)


async def list_owners(session: AsyncSession, contact_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """The colleague of each contact; who has none is absent."""
    wanted = ContactOwner.contact_id.in_(list(contact_ids))
    rows = await session.execute(select(ContactOwner.contact_id, ContactOwner.user_id).where(wanted))
    return dict(rows.all())
