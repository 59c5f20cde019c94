"""The rules that count now: the shipped ones, or the latest that somebody edited. Scores nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict
from crm.scoring.models import ScoreBookVersion
from crm.scoring.rules import ScoreBook, load_rules

SHIPPED = 1
"""The number of the shipped rules."""


@dataclass(frozen=True, slots=True)
class LiveBook:
    """The rules and their number, which every edit raises."""

    number: int
    book: ScoreBook
    made_by: str | None = None
    made_at: datetime | None = None


async def read_book(session: AsyncSession) -> LiveBook:
    """The rules that count now."""
    row = await session.scalar(select(ScoreBookVersion).order_by(ScoreBookVersion.number.desc()).limit(1))
    if row is None:
        return LiveBook(SHIPPED, load_rules())
    return LiveBook(row.number, ScoreBook.model_validate(row.book), row.made_by, row.made_at)


async def save_book(session: AsyncSession, book: ScoreBook, *, based_on: int, made_by: str, now: datetime) -> LiveBook:
    """Makes these the rules that count; everybody is counted anew by and by.

    Raises:
        Conflict: somebody else saved rules since `based_on`.
    """
    number = based_on + 1
    row = {"number": number, "book": book.model_dump(mode="json", by_alias=True), "made_by": made_by, "made_at": now}
    saved = insert(ScoreBookVersion).values(row).on_conflict_do_nothing().returning(ScoreBookVersion.number)
    if (await read_book(session)).number != based_on or await session.scalar(saved) is None:
        raise Conflict("Somebody else changed the rules meanwhile: load them again.")
    return LiveBook(number, book, made_by, now)
