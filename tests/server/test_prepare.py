"""`parley prepare` as a unit or a container runs it before the others: an empty database and folder, then once more."""

from __future__ import annotations

import asyncio
import stat
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from base.database import libpq_url
from server.prepare import wait_for_database
from server.settings import ROOT, read_settings
from tests.faults.tcp_shim import shim
from tests.server.command_line import CommandLine
from tests.server.test_supervisor import free_port

needs_setup = pytest.mark.skipif(not (ROOT / "var" / "encoder" / "meta.json").exists(), reason="needs make setup")


@needs_setup
async def test_everything_is_in_place_once_the_database_is_there_and_the_second_time_changes_nothing(
    fresh_database_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(libpq_url(fresh_database_url), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    data, port = tmp_path / "data", free_port()
    address = make_url(fresh_database_url).set(host="127.0.0.1", port=port, query={}).render_as_string(False)
    prepare = CommandLine(tmp_path, {"DATABASE_URL": address, "PARLEY_DATA_DIR": str(data)}, "prepare")
    early = asyncio.create_task(prepare())
    await asyncio.sleep(1.5)
    async with shim(socket_of(fresh_database_url), port):
        first = await early
    assert first.code == 0, first.err
    assert first.out.splitlines()[-1] == "ready to start"
    keys = data / "keys" / "root.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert (data / "encoder" / "meta.json").exists()
    held = keys.read_bytes()
    published = "SELECT count(*) FROM publications"
    with psycopg.connect(libpq_url(fresh_database_url)) as connection:
        assert connection.execute(published).fetchone() == (1,)
    prepare.settings["DATABASE_URL"] = fresh_database_url
    again = await prepare()
    assert again.code == 0, again.err
    with psycopg.connect(libpq_url(fresh_database_url)) as connection:
        assert connection.execute(published).fetchone() == (1,)
    assert keys.read_bytes() == held


def test_only_a_database_that_does_not_answer_is_waited_for_and_not_for_ever(postgres_url: str) -> None:
    said: list[str] = []
    refuses = make_url(postgres_url).set(username="nobody_here").render_as_string(False)
    for there in (postgres_url, refuses):
        wait_for_database(read_settings(database_url=there), said.append)
    assert said == []
    begun = time.monotonic()
    wait_for_database(read_settings(database_url="postgresql://127.0.0.1:1/parley"), said.append, patience=1.2)
    assert time.monotonic() - begun > 1
    assert len(said) == 1


def socket_of(database_url: str) -> str | tuple[str, int]:
    """Where the tests' server listens: a Unix socket, or an address and a port."""
    parts = conninfo_to_dict(libpq_url(database_url))
    host, port = str(parts.get("host", "127.0.0.1")), int(parts.get("port") or 5432)
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
