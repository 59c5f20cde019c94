"""That this process lives, as the others can see it: a lock of the database under its number.

The lock goes with its connection, so it is gone as soon as the process is; see ADR 35. It allows nothing and forbids
nothing: whose lock is missing is only taken for dead.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg

PRESENCE_LOCKS = 7_274_045
"""The first key of the advisory lock; the second is the process's number."""

SETTLING = 2.0
"""Seconds in which whoever has connected again says of nobody that they are dead: they may still be connecting, too."""

_NUMBERS = 2**31
_LOCK = "SELECT pg_try_advisory_lock(%s, %s)"


class Presence:
    """The number of this process; two that live on one database never have the same."""

    def __init__(self) -> None:
        self.number: int | None = None
        """None as long as the lock is not held: what is claimed then names nobody."""
        self._candidate = secrets.randbelow(_NUMBERS)
        self._settling = 0.0
        self._judges_from = 0.0

    @property
    def judge(self) -> int | None:
        """The number, where this process may say of others that they are dead."""
        return self.number if time.monotonic() >= self._judges_from else None

    @asynccontextmanager
    async def shown(self, connection: psycopg.AsyncConnection[Any]) -> AsyncIterator[None]:
        """Holds the lock for as long as the block runs, under the same number as before if nobody else has it.

        Nobody else, or this process's own connection of before, of which the database does not yet know that it broke.

        Raises:
            psycopg.OperationalError: the connection is lost.
        """
        while not await _lock(connection, self._candidate):
            self._candidate = secrets.randbelow(_NUMBERS)
        self._judges_from = time.monotonic() + self._settling
        self._settling = SETTLING
        self.number = self._candidate
        try:
            yield
        finally:
            self.number = None


async def _lock(connection: psycopg.AsyncConnection[Any], number: int) -> bool:
    row = await (await connection.execute(_LOCK, (PRESENCE_LOCKS, number))).fetchone()
    return row is not None and bool(row[0])
