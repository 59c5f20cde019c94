"""PostgreSQL ends every session, has no connection left, or leaves a transaction open: sends go on by themselves."""

from __future__ import annotations

import asyncio
import contextlib

import psycopg
import pytest

from base.database import libpq_url
from outreach.models import OutboxMessage  # noqa: F401  # its table
from tests.faults.test_kills import check, scene


@pytest.mark.long
@pytest.mark.parametrize(("messages", "rounds"), [(60, 3), (1_000, 30)])
async def test_sends_go_on_after_every_session_was_ended_and_no_connection_was_to_be_had(
    fresh_database_url: str, oracle, messages: int, rounds: int
) -> None:
    async with scene(fresh_database_url, messages) as here:
        url = libpq_url(fresh_database_url)
        with psycopg.connect(url, autocommit=True) as admin:
            name = admin.info.dbname
            async with here.worker():
                for _ in range(rounds):
                    await asyncio.sleep(0.3)
                    with everything_taken(admin, name):
                        end_all(admin)
                        await asyncio.sleep(0.3)
                    # What was on the wire then may be in doubt: four messages in each of two lanes.
                    here.kills += 8
            await here.settle(within=120)
        await check(here, messages, oracle)


def end_all(admin: psycopg.Connection) -> None:
    """As an operator does, or a server that fails over."""
    admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


@contextlib.contextmanager
def everything_taken(admin: psycopg.Connection, name: str):
    """Nobody else gets a connection to the database meanwhile."""
    admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
    try:
        yield
    finally:
        admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')


async def test_a_transaction_that_somebody_left_open_is_ended_and_holds_nothing_up(fresh_database_url: str) -> None:
    """A colleague's console that locks a contact and goes to lunch; `idle_in_transaction_session_timeout` ends it."""
    async with scene(fresh_database_url, 10) as here:
        with psycopg.connect(libpq_url(fresh_database_url)) as idle:
            idle.execute("SET idle_in_transaction_session_timeout = '1s'")
            idle.execute("SELECT id FROM contacts ORDER BY id LIMIT 1 FOR UPDATE")
            async with here.worker(), asyncio.timeout(60):
                while (await here.states()).get("planned", 0) > 1:
                    await asyncio.sleep(0.05)
                while (await here.states()).keys() & {"planned", "sending"}:
                    await asyncio.sleep(0.05)
            with pytest.raises(psycopg.Error, match="idle-in-transaction"):
                idle.execute("SELECT 1")
