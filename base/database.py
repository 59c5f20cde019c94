"""Engine and sessions: SQLAlchemy async over psycopg 3. A session is opened by the use case, never kept."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from psycopg._preparing import PrepareManager
from psycopg.errors import DeadlockDetected
from sqlalchemy import Engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from base.metrics import part_of_turn
from base.tracing import span

_REST = 2.0  # seconds

_DEADLOCKS = 3

POOL_SIZE = 10
"""Connections that a process keeps; it may open as many again while it needs them."""

T = TypeVar("T")
Sessions = async_sessionmaker[AsyncSession]


def driver_url(url: str) -> str:
    """Any `postgres://` or `postgresql://` address, with psycopg 3 named as its driver."""
    return (
        make_url(url.replace("postgres://", "postgresql://", 1))
        .set(drivername="postgresql+psycopg")
        .render_as_string(False)
    )


def libpq_url(url: str) -> str:
    """The same address as psycopg and Procrastinate read it."""
    return make_url(url.replace("postgres://", "postgresql://", 1)).set(drivername="postgresql").render_as_string(False)


def create_engine(url: str, *, pool_size: int = POOL_SIZE) -> AsyncEngine:
    """An engine whose statements give up after 30 s and whose idle transactions are ended after 30 s."""
    engine = create_async_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        hide_parameters=True,  # errors are logged, and parameters are what people typed
        pool_recycle=1_800,
        connect_args={
            "connect_timeout": 5,
            "options": "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=30000 -c timezone=UTC",
        },
    )
    _ping_after_rest(engine.sync_engine)
    event.listen(engine.sync_engine, "connect", _keep_prepared)
    return engine


class _KeptStatements(PrepareManager):
    """Prepared statements outlive a rollback, as they do in PostgreSQL.

    psycopg forgets all of a connection's at each, since what they name may have been made by what is rolled back. Each
    session that only reads ends by one, so that three of four statements were parsed and planned anew. What serves
    makes and drops no table; what a migration changes meanwhile psycopg does not hear of either way.
    """

    prepare_threshold = 3
    prepared_max = 300

    def clear(self) -> bool:
        return False


def _keep_prepared(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # There is no public way: a test sees that it works with the version of the lock file.
    connection.driver_connection._prepared = _KeptStatements()  # noqa: SLF001


def _ping_after_rest(engine: Engine) -> None:
    """Tries a connection before it is used again, but only after a rest: under load a ping a use costs more than it
    saves, and a broken connection in use empties the pool by itself.
    """

    @event.listens_for(engine, "checkin")
    def note_time(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def try_out(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        if time.monotonic() - record.info.get("rests_since", time.monotonic()) < _REST:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


def create_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions whose rows stay readable after commit."""
    return async_sessionmaker(engine, expire_on_commit=False, autoflush=False)


@asynccontextmanager
async def transaction(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """One session, one transaction: commits at the end, rolls back on any error."""
    with part_of_turn("database"), span("transaction", inside=True):
        async with sessions() as session, session.begin():
            yield session


@asynccontextmanager
async def one_statement(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """A session for one statement that is whole or not at all and commits by itself: one way there and back.

    A transaction around it would be three.
    """
    with part_of_turn("database"), span("statement", inside=True):
        async with sessions() as session:
            await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
            yield session


async def repeat_on_deadlock(work: Callable[[], Awaitable[T]]) -> T:
    """Does a whole transaction again when PostgreSQL ended it to resolve a deadlock; for work nobody else repeats."""
    for _ in range(_DEADLOCKS - 1):
        try:
            return await work()
        except OperationalError as error:
            if not isinstance(error.orig, DeadlockDetected):
                raise
    return await work()
