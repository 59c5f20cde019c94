"""Moves what a table holds sealed to the newest key, a batch at a time. Never changes what was sealed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from base.encryption import KeyRing
from base.tables import table_of


async def reseal(
    session: AsyncSession, keys: KeyRing, sealed: InstrumentedAttribute[Any], *, column: str, batch: int
) -> int:
    """Seals up to `batch` values anew; returns how many. Call it, committing, until it returns 0.

    Safe to run in several processes at once and to stop at any time.

    Args:
        sealed: the column of a table that names the key of each row in `key_id` and the row by one id.
        column: what it was sealed as.
    """
    model = sealed.class_
    assert isinstance(model, type), "a table's own column"
    table = table_of(model)
    (own_id,), value = table.primary_key, table.c[sealed.key]
    older = [key_id for key_id in keys.roots if key_id != keys.newest]
    rows = await session.execute(
        select(own_id, value)
        .where(table.c.key_id.in_(older), value.is_not(None))
        .order_by(table.c.key_id, own_id)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    renewed = [
        {"row": row, "renewed": keys.seal(keys.unseal(held, column=column, row=row), column=column, row=row)}
        for row, held in rows
    ]
    if renewed:
        moved = update(table).where(own_id == bindparam("row"))
        await session.execute(moved.values({value: bindparam("renewed"), table.c.key_id: keys.newest}), renewed)
    return len(renewed)
