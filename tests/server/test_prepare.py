"""`parley prepare` as a unit or a container runs it before the others: an empty database and folder, then once more."""

from __future__ import annotations

import asyncio
import stat
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from base.database import libpq_url
from server.prepare import wait_for_database
from server.settings import ROOT, read_settings
from tests.contracts.house import free_port
from tests.faults.tcp_shim import address_at, shim, socket_of
from tests.server.command_line import CommandLine

needs_setup = pytest.mark.skipif(not (ROOT / "var" / "encoder" / "meta.json").exists(), reason="needs make setup")


@needs_setup
async def test_everything_is_in_place_once_the_database_is_there_and_the_second_time_changes_nothing(
    fresh_database_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(libpq_url(fresh_database_url), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    data, port = tmp_path / "data", free_port()
    settings = {"DATABASE_URL": address_at(fresh_database_url, port), "PARLEY_DATA_DIR": str(data)}
    prepare = CommandLine(tmp_path, settings, "prepare")
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
