"""The rules that count now: the shipped ones, or the latest that somebody edited. Scores nobody.

Rules of a number never change, so each are read and checked once in a process; which count now is asked each time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, cast, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict
from base.nested_rows import nested
from base.tables import table_of
from crm.scoring.models import ScoreBookVersion
from crm.scoring.rules import ScoreBook, load_rules

SHIPPED = 1
"""The number of the shipped rules."""
_REMEMBERED = 16

_BOOKS = table_of(ScoreBookVersion)
_latest = (
    # With the transaction that wrote it: a database that was restored, or another one, may have others of the number.
    select(_BOOKS.c.number, _BOOKS.c.made_at, cast(literal_column("score_books.xmin"), Text()).label("written_by"))
    .order_by(_BOOKS.c.number.desc())
    .limit(literal_column("1"))
)
NEWEST: ColumnElement[list[list[Any]]] = nested(_latest).label("newest_book")
"""Which rules count now, as a column of any statement, for `book_named`; None for the shipped ones."""
_NEWEST = select(NEWEST)
_NUMBERED = select(_BOOKS.c.number, _BOOKS.c.book, _BOOKS.c.made_by, _BOOKS.c.made_at).where(
    _BOOKS.c.number == bindparam("number", type_=_BOOKS.c.number.type)
)


@dataclass(frozen=True, slots=True, eq=False)
class LiveBook:
    """The rules and their number, which every edit raises."""

    number: int
    book: ScoreBook
    made_by: str | None = None
    made_at: datetime | None = None


_known: OrderedDict[tuple[Any, ...], LiveBook] = OrderedDict()


async def read_book(session: AsyncSession) -> LiveBook:
    """The rules that count now."""
    connection = await session.connection()
    return await book_named(session, (await connection.execute(_NEWEST)).scalar_one())


async def book_named(session: AsyncSession, newest: Sequence[Sequence[Any]] | None) -> LiveBook:
    """The rules that `NEWEST` names: the same object each time, as long as it is remembered."""
    if not newest:
        return _shipped()
    name = tuple(newest[0])
    if name not in _known:
        connection = await session.connection()
        row = (await connection.execute(_NUMBERED, {"number": name[0]})).one()
        _known[name] = LiveBook(row.number, ScoreBook.model_validate(row.book), row.made_by, row.made_at)
        while len(_known) > _REMEMBERED:
            _known.popitem(last=False)
    return _known[name]


@cache
def _shipped() -> LiveBook:
    return LiveBook(SHIPPED, load_rules())


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
