"""Keeps what arrives, before it is acknowledged: many at once in one statement. Processes nothing.

Webhooks come in bursts. Each waits for the commit of its own row, but those that arrive while one commit is under way
share the next.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from base.database import Sessions, transaction
from bot.intake.models import InboundEvent

MOST_AT_ONCE = 500
"""Rows of one statement."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: dict[str, Any]
    kept: asyncio.Future[bool]


class Keeper:
    """Inserts rows of `inbound_events`, each of them once."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, row: dict[str, Any]) -> bool:
        """Commits the row; False when its provider's id was there before.

        Raises:
            SQLAlchemyError: it was not kept, so it must not be acknowledged.
        """
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(row, kept))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await kept

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
        statement = (
            insert(InboundEvent).values(rows).on_conflict_do_nothing(index_elements=["account_id", "provider_id"])
        )
        async with transaction(self._sessions) as session:
            return set(await session.scalars(statement.returning(InboundEvent.id)))
