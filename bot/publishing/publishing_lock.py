"""One publication at a time, over all processes: a lock of PostgreSQL that ends with whoever holds it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.publishing.ports import Say

_KEY = 0x7061726C  # "parl"; any number nobody else uses
_STORING = _KEY + 1
_LOOK_EVERY = 0.25  # seconds


@asynccontextmanager
async def publishing_alone(engine: AsyncEngine, say: Say) -> AsyncIterator[None]:
    """Waits until nobody else publishes, then keeps others waiting for as long as the block runs.

    Held on a connection of its own, outside any transaction: the checks may take minutes.
    """
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        try:
            waiting = False
            while not await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY}):
                if not waiting:
                    say("Somebody else is publishing; waiting for them to finish.")
                    waiting = True
                await asyncio.sleep(_LOOK_EVERY)
            yield
        finally:
            # A connection that went back to the pool would hold the lock for ever.
            await connection.invalidate()


async def hold_while_storing(session: AsyncSession) -> None:
    """Keeps others from storing a publication until the transaction ends.

    The other lock is lost with its connection, in which case somebody else may have published meanwhile.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _STORING})
