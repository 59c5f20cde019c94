"""The colleagues of contacts with their names. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.models import AdminUser
from admin.owners.shapes import Owner
from crm.owners.models import ContactOwner


async def read_owners(session: AsyncSession, contact_ids: Collection[UUID]) -> dict[UUID, Owner]:
    """The colleague of each contact; who has none is absent."""
    rows = await session.execute(
        select(ContactOwner.contact_id, ContactOwner.user_id, AdminUser.name)
        .outerjoin(AdminUser, AdminUser.id == ContactOwner.user_id)
        .where(ContactOwner.contact_id.in_(contact_ids))
    )
    return {contact_id: Owner(user_id=user_id, name=name) for contact_id, user_id, name in rows}
