"""An upgrade that rolls (F13): the schema is newer already, and a worker of the version before goes on sending.

In short: `tests/base/test_schema_version.py` and `test_expand_contract.py`, and a worker that is stopped, beside this.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import psycopg
import pytest

from base.database import libpq_url
from base.encryption import create_key_file
from tests.conftest import Database
from tests.server.test_worker_stop import SlowServer, _count, _plan_mails, _start_worker, _until, slow_smtp

__all__ = ["slow_smtp"]

EXPANDED = """
CREATE TABLE of_tomorrow (id uuid PRIMARY KEY, outbox_id uuid REFERENCES outbox (id) ON DELETE CASCADE);
ALTER TABLE outbox ADD COLUMN of_tomorrow text NOT NULL DEFAULT 'later';
ALTER TABLE contacts ADD COLUMN of_tomorrow text;
CREATE INDEX ix_outbox_of_tomorrow ON outbox (of_tomorrow);
UPDATE alembic_version SET version_num = '9999';
"""
"""What a migration of a later version may do (`tests/base/test_expand_contract.py`)."""


@pytest.mark.long
async def test_a_worker_of_the_version_before_sends_on_the_newer_schema_and_one_of_now_takes_over(
    database: Database, slow_smtp: tuple[SlowServer, int], tmp_path: Path
) -> None:
    server, port = slow_smtp
    create_key_file(tmp_path / "keys" / "root.json")
    await _plan_mails(database, tmp_path, count=1)
    before = _start_worker(database, tmp_path, port)
    await _until(lambda: server.begun)
    with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
        connection.execute(EXPANDED)
    await _plan_mails_named(database, tmp_path)
    beside = _start_worker(database, tmp_path, port)
    try:
        await _until(lambda: _count(database, "SELECT count(*) FROM procrastinate_workers") == 2)
        before.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(before.wait, 40) == 0
        await _until(lambda: _count(database, "SELECT count(*) FROM outbox WHERE state = 'accepted'") == 4, seconds=60)
    finally:
        beside.terminate()
        assert await asyncio.to_thread(beside.wait, 40) == 0
    assert len(server.begun) == 4, "each was handed over once"


async def _plan_mails_named(database: Database, folder: Path) -> None:
    """Three more, to other people, for the names of the first are taken."""
    with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
        connection.execute("UPDATE outbox SET occurrence = 'before ' || occurrence")
    await _plan_mails(database, folder, count=4, first=1)
