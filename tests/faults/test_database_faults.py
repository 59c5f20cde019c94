"""PostgreSQL ends every session, has no connection left, or leaves a transaction open: sends go on by themselves."""

from __future__ import annotations

import asyncio
import contextlib

import psycopg
import pytest

from base.database import libpq_url
from outreach.models import OutboxMessage  # noqa: F401  # its table
from tests.faults.test_kills import Scene, check, scene


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


async def waiting(here: Scene) -> int:
    """Messages that have not left."""
    states = await here.states()
    return states["planned"] + states["deferred"] + states["sending"]


async def test_a_transaction_that_somebody_left_open_is_ended_and_holds_nothing_up(fresh_database_url: str) -> None:
    """Two colleagues' consoles that lock a contact each and go to lunch. One has what its server is set to, as an
    operator sets it (docs/runbooks/transaction_open.md), and is ended; what the other holds up is one message.
    """
    async with scene(fresh_database_url, 10) as here:
        url = libpq_url(fresh_database_url)
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE \"{admin.info.dbname}\" SET idle_in_transaction_session_timeout = '1s'")
        with psycopg.connect(url) as ended, psycopg.connect(url) as keeps:
            keeps.execute("SET idle_in_transaction_session_timeout = 0")
            ended.execute("SELECT id FROM contacts ORDER BY id LIMIT 1 FOR UPDATE")
            keeps.execute("SELECT id FROM contacts ORDER BY id DESC LIMIT 1 FOR UPDATE")
            async with here.worker(), asyncio.timeout(60):
                while await waiting(here) > 1:
                    await asyncio.sleep(0.05)
                with pytest.raises(psycopg.Error, match="idle-in-transaction"):
                    ended.execute("SELECT 1")
                assert await waiting(here) == 1
                keeps.rollback()
                while await waiting(here):
                    await asyncio.sleep(0.05)
