"""Puts a set of cleansed rows through a temporary table: finds who is known, then stores the others in set SQL.

Addresses reach the database only sealed and as blind indexes. Runs in the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.ids import new_id
from crm.contacts.addresses import AddressKind
from crm.contacts.models import SEALED_COLUMN
from crm.imports.rows import CleanRow

_TABLES = (
    """
CREATE TEMPORARY TABLE staged_contacts (
    id uuid, row_number bigint, language text, time_zone text, fields jsonb, tags jsonb
) ON COMMIT DROP
""",
    """
CREATE TEMPORARY TABLE staged_points (
    id uuid, contact_id uuid, row_number bigint, kind text, value_sealed bytea, key_id text, blind_index bytea
) ON COMMIT DROP
""",
)
_ANALYZE = ("ANALYZE staged_contacts", "ANALYZE staged_points")
_KNOWN = """
SELECT s.row_number, s.kind, s.blind_index, i.row_number
FROM staged_points s
JOIN contact_points p ON p.kind = s.kind AND p.blind_index = s.blind_index
LEFT JOIN imported_contacts i ON i.contact_id = p.contact_id AND i.import_id = :import_id
"""
_STOPPED = """
SELECT s.row_number, u.channel FROM staged_points s JOIN suppressions u ON u.blind_index = s.blind_index
"""
_STORE_CONTACTS = """
INSERT INTO contacts (id, stage, language, time_zone, fields, tags, created_at, updated_at)
SELECT id, 'lead', language, time_zone, fields, tags, :now, :now FROM staged_contacts WHERE id = ANY(:ids)
"""
_STORE_POINTS = """
INSERT INTO contact_points (id, contact_id, kind, value_sealed, key_id, blind_index, created_at)
SELECT id, contact_id, kind, value_sealed, key_id, blind_index, :now FROM staged_points WHERE contact_id = ANY(:ids)
ORDER BY kind, blind_index
ON CONFLICT (kind, blind_index) DO NOTHING
"""
# Somebody else stored one of their addresses since we looked.
_OVERTAKEN = """
DELETE FROM contacts c USING staged_points s
WHERE c.id = ANY(:ids) AND s.contact_id = c.id AND NOT EXISTS (SELECT FROM contact_points p WHERE p.id = s.id)
RETURNING c.id
"""
_NOTE_ROWS = """
INSERT INTO imported_contacts (contact_id, import_id, row_number, created_at)
SELECT s.id, :import_id, s.row_number, :now FROM staged_contacts s JOIN contacts c ON c.id = s.id
WHERE s.id = ANY(:ids)
"""

_KNOWN_REASON = "Somebody with this address is a contact already: they stay as they are."


@dataclass(slots=True)
class Staged:
    """A row with the id its contact will have, and the blind indexes of its addresses."""

    contact_id: UUID
    row: CleanRow
    indexes: dict[AddressKind, bytes] = field(default_factory=dict)


async def stage(
    session: AsyncSession, keys: KeyRing, import_id: UUID, rows: Sequence[Staged]
) -> dict[int, frozenset[str]]:
    """Copies the rows to where SQL finds them, and refuses those with an address that another contact or row has.

    Returns:
        By number of a row the channels that are stopped for its addresses.
    """
    for statement in _TABLES:
        await session.execute(text(statement))
    await _copy(
        session,
        "COPY staged_contacts (id, row_number, language, time_zone, fields, tags) FROM STDIN",
        (
            (
                one.contact_id,
                one.row.number,
                one.row.language,
                one.row.time_zone,
                _json(one.row.fields),
                _json(one.row.tags),
            )
            for one in rows
        ),
    )
    await _copy(
        session,
        "COPY staged_points (id, contact_id, row_number, kind, value_sealed, key_id, blind_index) FROM STDIN",
        (point for one in rows for point in _points(one, keys)),
    )
    for statement in _ANALYZE:
        await session.execute(text(statement))
    await _refuse_known(session, import_id, rows)
    stopped: dict[int, set[str]] = {}
    for number, channel in await session.execute(text(_STOPPED)):
        stopped.setdefault(number, set()).add(channel)
    return {number: frozenset(channels) for number, channels in stopped.items()}


async def store(session: AsyncSession, import_id: UUID, rows: Sequence[Staged], now: datetime) -> list[Staged]:
    """Makes contacts of staged rows; returns those that became one. The others were overtaken, and are refused."""
    values = {"ids": [one.contact_id for one in rows], "now": now, "import_id": import_id}
    await session.execute(text(_STORE_CONTACTS), values)
    await session.execute(text(_STORE_POINTS), values)
    overtaken = set(await session.scalars(text(_OVERTAKEN), values))
    await session.execute(text(_NOTE_ROWS), values)
    for one in rows:
        if one.contact_id in overtaken:
            one.row.refuse("", _KNOWN_REASON)
    return [one for one in rows if one.contact_id not in overtaken]


async def _refuse_known(session: AsyncSession, import_id: UUID, rows: Sequence[Staged]) -> None:
    """In the order of the rows: of two with the same address the first is imported, unless it is refused itself."""
    known: dict[tuple[str, bytes], str] = {}
    for _, kind, index, row_number in await session.execute(text(_KNOWN), {"import_id": import_id}):
        known[kind, index] = _KNOWN_REASON if row_number is None else _same_as(row_number)
    for one in rows:
        taken = [kind for kind, index in one.indexes.items() if (kind, index) in known]
        if taken:
            one.row.refuse(taken[0], known[taken[0], one.indexes[taken[0]]])
        else:
            known |= {(kind, index): _same_as(one.row.number) for kind, index in one.indexes.items()}


def _same_as(row_number: int) -> str:
    return f"Row {row_number} of this file has the same address: only that one was imported."


def _points(one: Staged, keys: KeyRing) -> Iterable[tuple[Any, ...]]:
    for kind, value in one.row.addresses.items():
        point_id = new_id()
        one.indexes[kind] = keys.blind_index(value, kind=kind)
        sealed = keys.seal(value, column=SEALED_COLUMN, row=point_id)
        yield point_id, one.contact_id, one.row.number, kind, sealed, keys.newest, one.indexes[kind]


async def _copy(session: AsyncSession, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    raw = await (await session.connection()).get_raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, AsyncConnection)
    async with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            await copy.write_row(row)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
