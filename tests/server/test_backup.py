"""`parley backup`, `restore` and `quarantine` as operators run them (F14): whole or not at all, nothing sent twice."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
from pathlib import Path

import psycopg
import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import text

from base.database import create_engine, create_sessions, libpq_url, transaction
from base.encryption import create_key_file, read_key_file
from crm.contacts.models import Contact
from crm.contacts.service import attach_address, create_contact, read_addresses
from server.backup import check_folder
from server.backup_manifest import BackupProblem, list_files, read_manifest, write_manifest
from server.database_access import name_database
from server.settings import read_settings
from tests.conftest import Database, fresh_database
from tests.contracts.house import free_port
from tests.server.command_line import CommandLine
from tests.server.test_worker_stop import _count, _plan_mails, _start_worker, _until

SOMEBODY = 12_345
"""The number of a user, whether there is one or not."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "var"
    create_key_file(folder / "keys" / "root.json")
    (folder / "imports").mkdir()
    (folder / "imports" / "people.csv").write_text("email\nann@example.com\n")
    (folder / "log").mkdir()
    (folder / "log" / "web.log").write_text("no part of it")
    return folder


def parley(folder: Path, database_url: str, group: str, data: Path) -> CommandLine:
    return CommandLine(folder, {"DATABASE_URL": database_url, "PARLEY_DATA_DIR": str(data)}, group)


def put(database_url: str, statement: str) -> None:
    with psycopg.connect(libpq_url(database_url), autocommit=True) as connection:
        connection.execute(statement)


def name_of(database_url: str) -> str:
    return name_database(read_settings(database_url=database_url))


@pytest.fixture
async def backed_up(database: Database, data: Path, tmp_path: Path, now) -> tuple[Path, object]:
    """A contact with an address, in a back-up."""
    keys = read_key_file(data / "keys" / "root.json")
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, language="en", time_zone=None, now=now)
        await attach_address(session, keys, contact_id, kind="email", value="ann@example.com", now=now)
        await session.execute(text("INSERT INTO rate_buckets VALUES ('address', 1, 1, now())"))
    done = await parley(tmp_path, database.url, "backup", data)(str(tmp_path / "kept"))
    assert done.code == 0, done.err
    assert f"Database: {name_of(database.url)}" in done.out
    return tmp_path / "kept", contact_id


async def test_what_was_backed_up_is_there_again_on_another_machine_and_readable_by_its_keys(
    backed_up, postgres_url: str, tmp_path: Path
) -> None:
    folder, contact_id = backed_up
    manifest = json.loads((folder / "manifest.json").read_text())
    names = {file["path"] for file in manifest["files"]}
    assert {"database.dump", "files/keys/root.json", "files/imports/people.csv", "content/library/library.yml"} <= names
    assert not any("log" in name.split("/") for name in names)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o600}
    other = tmp_path / "other"
    other.mkdir()
    owner = SOMEBODY if os.geteuid() == 0 else os.geteuid()
    os.chown(other, owner, -1)
    with fresh_database(postgres_url) as url:
        put(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        done = await parley(tmp_path, url, "restore", other)(str(folder), "--yes")
        assert done.code == 0, done.err
        assert "in quarantine" in done.out
        assert {path.stat().st_uid for path in other.rglob("*")} == {owner}, "who runs Parley reads what root put back"
        engine = create_engine(url)
        async with create_sessions(engine)() as session:
            keys = read_key_file(other / "keys" / "root.json")
            assert await read_addresses(session, keys, [contact_id]) == {contact_id: {"email": "ann@example.com"}}
            assert await session.scalar(text("SELECT count(*) FROM rate_buckets")) == 0, (
                "no copy of whom limits counted"
            )
        await engine.dispose()
        assert (other / "imports" / "people.csv").exists()
        shown = await parley(tmp_path, url, "quarantine", other)("show")
        assert "Nothing waits." in shown.out
        audited = await parley(tmp_path, url, "audit", other)()
        assert audited.code == 0, audited.out


async def test_a_back_up_that_was_touched_is_refused_and_nothing_is_changed(
    backed_up, database: Database, data: Path, tmp_path: Path
) -> None:
    folder, _ = backed_up
    restore = parley(tmp_path, database.url, "restore", data)
    (folder / "files" / "imports" / "people.csv").write_text("email\nbob@example.com\n")
    touched = await restore(str(folder), "--replace", "--yes")
    assert (touched.code, "digest differs" in touched.err) == (1, True)
    (folder / "files" / "imports" / "people.csv").unlink()
    assert "is missing" in (await restore(str(folder), "--replace", "--yes")).err
    (folder / "manifest.json").unlink()
    assert "no finished back-up" in (await restore(str(folder), "--replace", "--yes")).err
    async with database.sessions() as session:
        assert await session.scalar(Contact.__table__.select().with_only_columns(Contact.id)) is not None


async def test_what_is_there_is_replaced_only_when_that_is_said(
    backed_up, database: Database, data: Path, tmp_path: Path
) -> None:
    folder, contact_id = backed_up
    await database.engine.dispose()
    restore = parley(tmp_path, database.url, "restore", data)
    put(
        database.url,
        "INSERT INTO contacts (id, fields, created_at, updated_at) VALUES (gen_random_uuid(), '{}', now(), now())",
    )
    assert "--replace" in (await restore(str(folder), "--yes")).err
    asked = await restore(str(folder), "--replace", typed="n\n")
    assert (asked.code, f"gone from the database {name_of(database.url)}. Restore?" in asked.out) == (1, True)
    with psycopg.connect(libpq_url(database.url)):
        assert "1 others are connected" in (await restore(str(folder), "--replace", "--yes")).err
    assert _count(database, "SELECT count(*) FROM contacts") == 2
    assert (await restore(str(folder), "--replace", "--yes")).code == 0
    with psycopg.connect(libpq_url(database.url)) as connection:
        assert [one for (one,) in connection.execute("SELECT id FROM contacts")] == [contact_id]


async def test_a_dump_that_breaks_off_leaves_the_database_as_it_was(
    backed_up, database: Database, data: Path, tmp_path: Path
) -> None:
    folder, _ = backed_up
    await database.engine.dispose()
    dump = folder / "database.dump"
    manifest = read_manifest(folder)
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size * 2 // 3])
    write_manifest(folder, manifest.model_copy(update={"files": list_files(folder)}))
    done = await parley(tmp_path, database.url, "restore", data)(str(folder), "--replace", "--yes")
    assert (done.code, "pg_restore ended" in done.err) == (1, True), done.err
    assert _count(database, "SELECT count(*) FROM contacts") == 1
    assert _count(database, "SELECT count(*) FROM site_facts WHERE name = 'quarantine'") == 0


async def test_another_key_file_that_is_there_is_kept_beside(
    backed_up, database: Database, data: Path, tmp_path: Path
) -> None:
    folder, _ = backed_up
    await database.engine.dispose()
    (data / "keys" / "root.json").unlink()
    create_key_file(data / "keys" / "root.json")
    other = (data / "keys" / "root.json").read_bytes()
    assert (
        "is there already and differs"
        in (await parley(tmp_path, database.url, "restore", data)(str(folder), "--yes")).err
    )
    assert (await parley(tmp_path, database.url, "restore", data)(str(folder), "--replace", "--yes")).code == 0
    kept = [path for path in (data / "keys").iterdir() if ".before-" in path.name]
    assert [path.read_bytes() for path in kept] == [other]
    assert (data / "keys" / "root.json").read_bytes() == (folder / "files" / "keys" / "root.json").read_bytes()


async def test_a_back_up_without_keys_needs_them_in_their_place(
    database: Database, data: Path, tmp_path: Path, postgres_url: str
) -> None:
    done = await parley(tmp_path, database.url, "backup", data)(str(tmp_path / "kept"), "--without-keys")
    assert done.code == 0
    assert not (tmp_path / "kept" / "files" / "keys").exists()
    other = tmp_path / "other"
    with fresh_database(postgres_url) as url:
        put(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        restore = parley(tmp_path, url, "restore", other)
        assert "put the key file in its place" in (await restore(str(tmp_path / "kept"), "--yes")).err
        (other / "keys").mkdir(parents=True, exist_ok=True)
        shutil.copy(data / "keys" / "root.json", other / "keys" / "root.json")
        assert (await restore(str(tmp_path / "kept"), "--yes")).code == 0


async def test_a_folder_that_is_not_empty_is_left_alone(database: Database, data: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "letter.txt").write_text("mine")
    done = await parley(tmp_path, database.url, "backup", data)(str(tmp_path / "kept"))
    assert (done.code, "is not empty" in done.err) == (1, True)
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["letter.txt"]


async def test_a_folder_that_would_be_copied_into_itself_is_refused_and_nothing_is_made(
    database: Database, data: Path, tmp_path: Path
) -> None:
    done = await parley(tmp_path, database.url, "backup", data)(str(data / "back-ups" / "today"))
    assert (done.code, "which is copied itself" in done.err) == (1, True)
    assert not (data / "back-ups").exists()
    (tmp_path / "content").mkdir()
    (tmp_path / "nlu").mkdir()
    (tmp_path / "link").symlink_to(data)
    settings = read_settings(data_dir=data, content_dir=tmp_path / "content", nlu_dir=tmp_path / "nlu")
    for folder in (data, tmp_path / "link" / "today", tmp_path / "content" / "today", tmp_path / "nlu" / ".." / "nlu"):
        with pytest.raises(BackupProblem, match="lies in"):
            check_folder(settings, folder)
    check_folder(settings, tmp_path / "contents")


async def test_where_no_database_is_set_an_empty_one_is_not_begun_and_called_a_back_up(
    data: Path, tmp_path: Path
) -> None:
    done = await CommandLine(tmp_path, {"PARLEY_DATA_DIR": str(data)}, "backup")(str(tmp_path / "kept"))
    assert (done.code, "DATABASE_URL is not set" in done.err) == (1, True)
    assert not (data / "postgres").exists()
    assert not (tmp_path / "kept").exists()


def test_a_database_is_called_by_name_and_host_or_by_its_folder_and_never_by_its_password(data: Path) -> None:
    def name(address: str | None) -> str:
        return name_database(read_settings(data_dir=data, database_url=address))

    assert name("postgresql://parley:hunter2@db.example:6432/site") == "site at db.example, port 6432"
    assert name("postgres://parley:hunter2@db.example") == "parley at db.example"
    assert name(None) == f"embedded in {data / 'postgres'}"
    (data / "postgres").mkdir()
    (data / "postgres" / "postmaster.pid").write_text(f"1\n{data / 'postgres'}\n2\n5432\n/run/x\n\n3 4\nready\n")
    assert name("postgresql://postgres:@/postgres?host=/run/x") == f"embedded in {data / 'postgres'}"
    assert name("postgresql://postgres:@/postgres?host=/run/y") == "postgres at /run/y"


class Counting:
    """A mail server that remembers to whom it took mail."""

    def __init__(self) -> None:
        self.to: list[str] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:
        self.to += envelope.rcpt_tos
        return "250 OK"


@pytest.fixture
def smtp():
    server, port = Counting(), free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    yield server, port
    controller.stop()


@pytest.mark.long  # in short: `tests/outreach/test_quarantine.py`
async def test_after_a_restore_a_worker_sends_nothing_until_the_quarantine_is_lifted_and_then_nothing_twice(
    database: Database, data: Path, tmp_path: Path, smtp, postgres_url: str
) -> None:
    """Mails are planned, a back-up is made, the mails go out; then the machine is lost and the back-up restored."""
    server, port = smtp
    await _plan_mails(database, data, count=3)
    assert (await parley(tmp_path, database.url, "backup", data)(str(tmp_path / "kept"))).code == 0
    await _work_until(database.url, data, port, lambda: len(server.to) == 3)
    with fresh_database(postgres_url) as url:
        put(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        other = tmp_path / "other"
        restored = await parley(tmp_path, url, "restore", other)(str(tmp_path / "kept"), "--yes")
        assert "3 messages were due since" in restored.out
        engine = create_engine(url)
        beside = Database(url, engine, create_sessions(engine))
        shutil.rmtree(tmp_path / "kept")
        await _plan_mails(beside, other, count=5, first=3)
        await _work_until(url, other, port, lambda: _count(beside, _PUT_OFF) == 2)
        assert len(server.to) == 3, "nothing leaves in quarantine"
        lifted = await parley(tmp_path, url, "quarantine", other)("lift", typed="y\n")
        assert lifted.code == 0, lifted.err
        assert "email" in lifted.out
        await _work_until(url, other, port, lambda: len(server.to) == 5)
        assert len(set(server.to)) == 5, "nobody got anything twice"
        assert _count(beside, "SELECT count(*) FROM outbox WHERE state = 'unknown' AND reason_rule = 'restored'") == 3
        assert (await parley(tmp_path, url, "audit", other)()).code == 0
        assert "no quarantine" in (await parley(tmp_path, url, "quarantine", other)("show")).err
        await engine.dispose()


_PUT_OFF = "SELECT count(*) FROM outbox WHERE state = 'deferred' AND reason_rule = 'quarantine'"


async def _work_until(url: str, data: Path, port: int, done) -> None:
    engine = create_engine(url)
    worker = _start_worker(Database(url, engine, create_sessions(engine)), data, port)
    try:
        await _until(done, seconds=45)
        await asyncio.sleep(1)
    finally:
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 40) == 0
        await engine.dispose()
