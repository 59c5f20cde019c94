"""The two locks of segments, each held until the caller's transaction ends. Who takes both takes them in this order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

_EDITING, _MEMBERS = 7_274_004, 7_274_005  # pg_advisory_xact_lock


async def lock_rules(session: AsyncSession) -> None:
    """Nobody else edits segments: of two edits at once neither would see that the other closes a circle."""
    await (await session.connection()).execute(_LOCK_RULES)


async def lock_members(session: AsyncSession) -> None:
    """Nobody else changes who is in a segment: of two that saw different things the later one writes last."""
    await (await session.connection()).execute(_LOCK_MEMBERS)


def _locked(number: int) -> ColumnElement[Any]:
    return func.pg_advisory_xact_lock(literal_column(str(number)))


_LOCK_RULES = select(_locked(_EDITING))
MEMBERS_LOCKED = _locked(_MEMBERS)
"""As a column of a statement, the same as `lock_members`."""
_LOCK_MEMBERS = select(MEMBERS_LOCKED)
