"""Stores a set of prepared rows with COPY: who is known already is found first, and nobody's row is changed.

Runs in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection, AsyncCursor
from psycopg.errors import UniqueViolation
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict
from crm.contacts.addresses import AddressKind
from crm.imports.preparing import Prepared
from crm.imports.rows import Problem

_KNOWN = """
SELECT p.kind, p.blind_index, i.row_number FROM contact_points p
LEFT JOIN imported_contacts i ON i.contact_id = p.contact_id AND i.import_id = %b
WHERE p.kind = %b AND p.blind_index = ANY(%b::bytea[])
"""
_STOPPED = "SELECT blind_index, channel FROM suppressions WHERE blind_index = ANY(%b::bytea[])"
_CONTACTS = "COPY contacts (id, stage, language, time_zone, fields, tags, created_at, updated_at) FROM STDIN"
_POINTS = "COPY contact_points (id, contact_id, kind, value_sealed, key_id, blind_index, created_at) FROM STDIN"
_IMPORTED = "COPY imported_contacts (contact_id, import_id, row_number, created_at) FROM STDIN"
_PIECE = 500
"""Rows handed over at once."""
_KNOWN_REASON = "Somebody with this address is a contact already: they stay as they are."
_ATTEMPTS = 10  # each time somebody else had stored one of the addresses since we looked

_Cursor = AsyncCursor[tuple[Any, ...]]
Stopped = dict[int, frozenset[str]]
"""By number of a row the channels that are stopped for its addresses."""


async def store_new(
    session: AsyncSession, import_id: UUID, rows: Sequence[Prepared]
) -> tuple[list[Prepared], list[Problem]]:
    """Makes contacts of the rows whose addresses nobody has; returns those, and why the others are refused.

    Raises:
        Conflict: others kept storing the same addresses.
    """
    driver = await _driver_of(session)
    async with driver.cursor() as cursor:
        for _ in range(_ATTEMPTS):
            fresh, refused = _part(rows, await _find_known(cursor, import_id, rows))
            try:
                async with driver.transaction():
                    await _copy_all(cursor, fresh)
            except UniqueViolation as error:
                if error.diag.table_name != "contact_points":
                    raise
            else:
                return fresh, refused
    raise Conflict("Others are storing the same people at the same time: import the file again.")


async def find_stopped(session: AsyncSession, rows: Sequence[Prepared]) -> Stopped:
    """What is stopped for the rows' addresses."""
    rows_of = {point.blind_index: one.number for one in rows for point in one.points}
    stopped: dict[int, set[str]] = {}
    driver = await _driver_of(session)
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(_STOPPED, [list(rows_of)])
        async for index, channel in cursor:
            stopped.setdefault(rows_of[index], set()).add(channel)
    return {number: frozenset(channels) for number, channels in stopped.items()}


def _part(
    rows: Sequence[Prepared], known: dict[tuple[AddressKind, bytes], str]
) -> tuple[list[Prepared], list[Problem]]:
    """In the order of the rows: of two with the same address the first is imported, unless it is refused itself."""
    known, fresh, refused = {**known}, [], []
    for one in rows:
        taken = [(point.kind, point.blind_index) for point in one.points if (point.kind, point.blind_index) in known]
        if taken:
            refused.append(Problem(one.number, taken[0][0], known[taken[0]], refused=True))
        else:
            same = _same_as(one.number)
            known.update({(point.kind, point.blind_index): same for point in one.points})
            fresh.append(one)
    return fresh, refused


async def _find_known(
    cursor: _Cursor, import_id: UUID, rows: Sequence[Prepared]
) -> dict[tuple[AddressKind, bytes], str]:
    indexes: dict[AddressKind, list[bytes]] = {}
    for one in rows:
        for point in one.points:
            indexes.setdefault(point.kind, []).append(point.blind_index)
    known = {}
    for kind, some in indexes.items():
        await cursor.execute(_KNOWN, (import_id, kind, some), binary=True)
        async for found, index, row_number in cursor:
            known[found, index] = _KNOWN_REASON if row_number is None else _same_as(row_number)
    return known


async def _copy_all(cursor: _Cursor, rows: Sequence[Prepared]) -> None:
    await _copy(cursor, _CONTACTS, [one.contact for one in rows])
    # In one order, so that two imports with the same people wait for each other and never both.
    points = sorted((point.kind, point.blind_index, point.stored) for one in rows for point in one.points)
    await _copy(cursor, _POINTS, [stored for _, _, stored in points])
    await _copy(cursor, _IMPORTED, [one.imported for one in rows])


async def _copy(cursor: _Cursor, statement: LiteralString, lines: Sequence[str]) -> None:
    async with cursor.copy(statement) as copy:
        for begin in range(0, len(lines), _PIECE):
            await copy.write("".join(lines[begin : begin + _PIECE]))


async def _driver_of(session: AsyncSession) -> AsyncConnection[tuple[Any, ...]]:
    raw = await (await session.connection()).get_raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, AsyncConnection)
    return driver


def _same_as(row_number: int) -> str:
    return f"Row {row_number} of this file has the same address: only that one was imported."
