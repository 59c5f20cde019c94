"""Work that only one process of all may do at a time: whoever holds a lock of the database.

The lock goes with its connection, so a process that dies gives it up by itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from base.database import libpq_url

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"


@asynccontextmanager
async def hold_alone(database_url: str, name: str) -> AsyncIterator[psycopg.AsyncConnection[Any] | None]:
    """The connection that holds the lock of this name, None while another process has it.

    Whoever works for long asks the connection something now and then: without it the lock is somebody else's.

    Raises:
        psycopg.Error: the database is away.
    """
    async with await psycopg.AsyncConnection.connect(libpq_url(database_url), autocommit=True) as connection:
        row = await (await connection.execute(_LOCK, (name,))).fetchone()
        yield connection if row is not None and row[0] else None
