"""Moves sealed addresses and ids of other systems to the newest key, a batch at a time.

Never changes one, or its blind index.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.resealing import reseal
from crm.contacts.models import SEALED_COLUMN, SEALED_EXTERNAL_ID, ContactPoint, ExternalId


async def reencrypt_addresses(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """Seals up to `batch` addresses anew; returns how many. Call it, committing, until it returns 0."""
    return await reseal(session, keys, ContactPoint.value_sealed, column=SEALED_COLUMN, batch=batch)


async def reseal_external_ids(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """The same for the ids that other systems know contacts by."""
    return await reseal(session, keys, ExternalId.value_sealed, column=SEALED_EXTERNAL_ID, batch=batch)
