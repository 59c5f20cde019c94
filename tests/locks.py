"""Waits until one statement waits for another's lock, so that a test may go on in between."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from base.database import Sessions

_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)  # fmt: skip


async def until_a_lock_is_waited_for(sessions: Sessions) -> None:
    """Raises TimeoutError after 20 seconds."""
    async with asyncio.timeout(20), sessions() as session:
        while not await session.scalar(_WAITING):
            await session.rollback()  # in one transaction it is asked of who was there at first
            await asyncio.sleep(0.01)
