"""Keeps what arrives, before it is acknowledged: many at once in one statement. Processes nothing.

Webhooks come in bursts. Each waits for the commit of its own row, but those that arrive while one commit is under way
share the next.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql.dml import ReturningInsert

from base.database import Sessions, transaction
from base.tables import table_of
from bot.intake.models import InboundEvent

MOST_AT_ONCE = 500
"""Rows of one statement."""
CROWD = 4
"""Arrivals that wait to be kept at the same time from which on it is a crowd."""
_COLUMNS = (
    "id", "account_id", "channel", "provider_id", "sender_index", "sealed", "key_id", "state", "received_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: dict[str, Any]
    kept: asyncio.Future[bool]


class Keeper:
    """Inserts rows of `inbound_events`, each of them once."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._waiting: list[_Waiting] = []
        self._arriving = 0
        self._writing: asyncio.Task[None] | None = None

    def is_crowded(self) -> bool:
        """Whether many wait to be kept."""
        return self._arriving > CROWD

    async def keep(self, row: dict[str, Any]) -> bool:
        """Commits the row; False when its provider's id was there before.

        Raises:
            SQLAlchemyError: it was not kept, so it must not be acknowledged.
        """
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(row, kept))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        self._arriving += 1
        try:
            return await kept
        finally:
            self._arriving -= 1

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            try:
                new = await self._insert([one.row for one in batch])
            except BaseException as error:
                for one in batch:
                    if not one.kept.done():
                        one.kept.set_exception(error if isinstance(error, Exception) else ConnectionError("stopped"))
                if not isinstance(error, Exception):
                    raise
                continue
            for one in batch:
                if not one.kept.done():
                    one.kept.set_result(one.row["id"] in new)

    async def _insert(self, rows: list[dict[str, Any]]) -> set[UUID]:
        columns = {name: [row[name] for row in rows] for name in _COLUMNS}
        async with transaction(self._sessions) as session:
            connection = await session.connection()
            return {row.id for row in await connection.execute(_INSERT, columns)}


def _build_insert() -> ReturningInsert[tuple[UUID]]:
    """One statement for any number of rows, so that it is built and prepared once: a column is an array."""
    table = table_of(InboundEvent)
    types = {name: table.c[name].type for name in _COLUMNS}
    arrays = (bindparam(name, type_=ARRAY(kind)) for name, kind in types.items())
    rows = func.unnest(*arrays).table_valued(*(column(name, kind) for name, kind in types.items())).render_derived()
    told = select(*(rows.c[name] for name in _COLUMNS))
    insertion = insert(table).from_select(list(_COLUMNS), told, include_defaults=False)
    return insertion.on_conflict_do_nothing(index_elements=["account_id", "provider_id"]).returning(table.c.id)


_INSERT = _build_insert()
