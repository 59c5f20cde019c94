"""Moves sealed addresses to the newest key, a batch at a time. Never changes an address or its blind index."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.contacts.models import SEALED_COLUMN, ContactPoint


async def reencrypt_addresses(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """Seals up to `batch` addresses anew; returns how many. Call it, committing, until it returns 0.

    Safe to run in several processes at once and to stop at any time.
    """
    older = [key_id for key_id in keys.roots if key_id != keys.newest]
    rows = await session.execute(
        select(ContactPoint.id, ContactPoint.value_sealed)
        .where(ContactPoint.key_id.in_(older))
        .order_by(ContactPoint.key_id, ContactPoint.id)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    renewed = [
        {
            "id": point_id,
            "key_id": keys.newest,
            "value_sealed": keys.seal(
                keys.unseal(sealed, column=SEALED_COLUMN, row=point_id), column=SEALED_COLUMN, row=point_id
            ),
        }
        for point_id, sealed in rows
    ]
    if renewed:
        await session.execute(update(ContactPoint), renewed)
    return len(renewed)
