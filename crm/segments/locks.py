"""The two locks of segments, each held until the caller's transaction ends. Who takes both takes them in this order."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

_EDITING, _MEMBERS = 7_274_004, 7_274_005  # pg_advisory_xact_lock


async def lock_rules(session: AsyncSession) -> None:
    """Nobody else edits segments: of two edits at once neither would see that the other closes a circle."""
    await session.execute(select(func.pg_advisory_xact_lock(_EDITING)))


async def lock_members(session: AsyncSession) -> None:
    """Nobody else changes who is in a segment: of two that saw different things the later one writes last."""
    await session.execute(select(func.pg_advisory_xact_lock(_MEMBERS)))
