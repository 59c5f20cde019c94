"""Keeps what arrives, before it is acknowledged: many at once in one statement. Processes nothing.

Webhooks come in bursts. Each waits for the commit of its own row, but those that arrive while one commit is under way
share the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql.dml import ReturningInsert

from base.database import Sessions, transaction
from base.group_commit import GroupCommit
from base.tables import table_of
from bot.intake.models import InboundEvent

CROWD = 4
"""Arrivals that wait to be kept at the same time from which on it is a crowd."""
_COLUMNS = (
    "id", "account_id", "channel", "provider_id", "sender_index", "sealed", "key_id", "state", "received_at",
)  # fmt: skip


@dataclass(slots=True)
class _Arrival:
    row: dict[str, Any]
    is_new: bool = False


class Keeper:
    """Inserts rows of `inbound_events`, each of them once."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._together = GroupCommit(self._insert)
        self._arriving = 0

    def is_crowded(self) -> bool:
        """Whether many wait to be kept."""
        return self._arriving > CROWD

    async def keep(self, row: dict[str, Any]) -> bool:
        """Commits the row; False when its provider's id was there before.

        Raises:
            SQLAlchemyError: it was not kept, so it must not be acknowledged.
        """
        arrival = _Arrival(row)
        self._arriving += 1
        try:
            await self._together.add(arrival)
        finally:
            self._arriving -= 1
        return arrival.is_new

    async def _insert(self, arrivals: Sequence[_Arrival]) -> None:
        columns = {name: [one.row[name] for one in arrivals] for name in _COLUMNS}
        async with transaction(self._sessions) as session:
            connection = await session.connection()
            new = {row.id for row in await connection.execute(_INSERT, columns)}
        for one in arrivals:
            one.is_new = one.row["id"] in new


def _build_insert() -> ReturningInsert[tuple[UUID]]:
    """One statement for any number of rows, so that it is built and prepared once. A column is an array: JSON, as which
    `base.row_sets` gives rows, has no bytes.
    """
    table = table_of(InboundEvent)
    types = {name: table.c[name].type for name in _COLUMNS}
    arrays = (bindparam(name, type_=ARRAY(kind)) for name, kind in types.items())
    rows = func.unnest(*arrays).table_valued(*(column(name, kind) for name, kind in types.items())).render_derived()
    told = select(*(rows.c[name] for name in _COLUMNS))
    insertion = insert(table).from_select(list(_COLUMNS), told, include_defaults=False)
    return insertion.on_conflict_do_nothing(index_elements=["account_id", "provider_id"]).returning(table.c.id)


_INSERT = _build_insert()
