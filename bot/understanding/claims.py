"""Claims on work of the gaps list: a row is worked on by one process, and by another when that one dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from base.database import Sessions, transaction
from bot.understanding.models import Grouping, Proposal

log = structlog.get_logger(__name__)

CLAIM = timedelta(minutes=3)
"""How long a claim holds; it is held on to while the work goes on."""
MOST_ATTEMPTS = 3
"""Times a row is worked on before it counts as failed."""
RETRY_AFTER = timedelta(minutes=1)

_HOLD_EVERY = CLAIM / 3

Claimed = TypeVar("Claimed", Grouping, Proposal)


async def claim_oldest(session: AsyncSession, kind: type[Claimed], due: ColumnElement[bool]) -> Claimed | None:
    """Claims the oldest row that is due and that nobody works on; counts the attempt before the work starts."""
    since = Grouping.asked_at if kind is Grouping else Proposal.created_at
    is_free = kind.claimed_until.is_(None) | (kind.claimed_until < func.now())
    row = await session.scalar(
        select(kind).where(due, is_free).order_by(since).limit(1).with_for_update(skip_locked=True)
    )
    if row is not None:
        row.attempts += 1
        await session.execute(
            update(kind)
            .where(kind.id == row.id)
            .values(attempts=row.attempts, claimed_until=func.now() + CLAIM)
            .execution_options(synchronize_session=False)
        )
    return row


@asynccontextmanager
async def held(sessions: Sessions, kind: type[Claimed], row_id: UUID, attempt: int) -> AsyncIterator[None]:
    """Holds on to a claim for as long as the block runs."""
    holding = asyncio.create_task(_hold_on(sessions, kind, row_id, attempt))
    try:
        yield
    finally:
        holding.cancel()
        with suppress(asyncio.CancelledError):
            await holding


async def give_back(sessions: Sessions, kind: type[Claimed], row_id: UUID, attempt: int) -> None:
    """Lets the row rest for a little: what it needed was not there, which counts as no attempt."""
    async with transaction(sessions) as session:
        await session.execute(
            update(kind)
            .where(kind.id == row_id, kind.attempts == attempt)
            .values(attempts=attempt - 1, claimed_until=func.now() + RETRY_AFTER)
        )


async def _hold_on(sessions: Sessions, kind: type[Claimed], row_id: UUID, attempt: int) -> None:
    while True:
        await asyncio.sleep(_HOLD_EVERY.total_seconds())
        try:
            async with transaction(sessions) as session:
                await session.execute(
                    update(kind)
                    .where(kind.id == row_id, kind.attempts == attempt)
                    .values(claimed_until=func.now() + CLAIM)
                )
        except (SQLAlchemyError, OSError) as error:
            # Tried again before the claim has run out.
            log.warning("claim_not_held", error=type(error).__name__)
