"""`parley prepare` as a unit or a container runs it before the others: an empty database and folder, then once more."""

from __future__ import annotations

import stat
from pathlib import Path

import psycopg
import pytest

from base.database import libpq_url
from server.settings import ROOT
from tests.server.command_line import CommandLine

pytestmark = pytest.mark.skipif(not (ROOT / "var" / "encoder" / "meta.json").exists(), reason="needs make setup")


async def test_everything_is_in_place_and_the_second_time_changes_nothing(
    fresh_database_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(libpq_url(fresh_database_url), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    data = tmp_path / "data"
    prepare = CommandLine(tmp_path, {"DATABASE_URL": fresh_database_url, "PARLEY_DATA_DIR": str(data)}, "prepare")
    first = await prepare()
    assert first.code == 0, first.err
    assert first.out.splitlines()[-1] == "ready to start"
    keys = data / "keys" / "root.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert (data / "encoder" / "meta.json").exists()
    held = keys.read_bytes()
    published = "SELECT count(*) FROM publications"
    with psycopg.connect(libpq_url(fresh_database_url)) as connection:
        assert connection.execute(published).fetchone() == (1,)
    again = await prepare()
    assert again.code == 0, again.err
    with psycopg.connect(libpq_url(fresh_database_url)) as connection:
        assert connection.execute(published).fetchone() == (1,)
    assert keys.read_bytes() == held
