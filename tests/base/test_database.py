"""Connections: lost ones are replaced without a restart of the process."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from base import database as module
from base.database import create_engine, create_sessions, libpq_url, transaction
from tests.conftest import Database


async def test_a_connection_that_broke_while_it_rested_is_replaced_unseen(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REST", 0.0)
    await asyncio.gather(*(_use(database) for _ in range(5)))
    _end_all_connections(database.url)
    for _ in range(10):
        assert await _use(database) == 1


def _end_all_connections(url: str) -> None:
    with psycopg.connect(libpq_url(url), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def _use(database: Database) -> int:
    async with transaction(database.sessions) as session:
        await asyncio.sleep(0.01)
        return int(await session.scalar(text("SELECT 1")))


async def test_what_was_prepared_stays_so_when_a_session_that_only_read_is_closed_and_after_an_error(
    postgres_url: str,
) -> None:
    engine = create_engine(postgres_url, pool_size=1)
    sessions = create_sessions(engine)
    try:
        for _ in range(6):
            async with sessions() as session:
                assert await session.scalar(text("SELECT 41 + 1")) == 42
        with pytest.raises(DBAPIError):
            async with transaction(sessions) as session:
                await session.execute(text("SELECT 1 / 0"))
        async with sessions() as session:
            assert await session.scalar(text("SELECT 41 + 1")) == 42
            prepared = await session.execute(
                text(
                    "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement = 'SELECT 41 + 1'"
                )
            )
            # Of seven executions the fourth prepared it.
            assert list(prepared.scalars()) == [4]
    finally:
        await engine.dispose()
