"""Moves sealed addresses and ids of other systems to the newest key, a batch at a time.

Never changes one, or its blind index.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.contacts.models import SEALED_COLUMN, SEALED_EXTERNAL_ID, ContactPoint, ExternalId


async def reencrypt_addresses(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """Seals up to `batch` addresses anew; returns how many. Call it, committing, until it returns 0.

    Safe to run in several processes at once and to stop at any time.
    """
    return await _reseal(session, keys, ContactPoint, SEALED_COLUMN, batch)


async def reseal_external_ids(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """The same for the ids that other systems know contacts by."""
    return await _reseal(session, keys, ExternalId, SEALED_EXTERNAL_ID, batch)


async def _reseal(
    session: AsyncSession, keys: KeyRing, table: type[ContactPoint | ExternalId], column: str, batch: int
) -> int:
    older = [key_id for key_id in keys.roots if key_id != keys.newest]
    rows = await session.execute(
        select(table.id, table.value_sealed)
        .where(table.key_id.in_(older))
        .order_by(table.key_id, table.id)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    renewed = [
        {
            "id": row_id,
            "key_id": keys.newest,
            "value_sealed": keys.seal(keys.unseal(sealed, column=column, row=row_id), column=column, row=row_id),
        }
        for row_id, sealed in rows
    ]
    if renewed:
        await session.execute(update(table), renewed)
    return len(renewed)
