"""`parley doctor`: each thing that can be wrong is found, and what to do is said; on a site in order nothing is."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr

from base.clock import SystemClock
from base.database import create_engine, libpq_url
from base.encryption import create_key_file
from outreach.alarm import create_connector
from server.doctor.database import CONNECTIONS, check_database
from server.doctor.findings import Finding
from server.doctor.machine import OPEN_FILES, check_disk, check_key_file, check_open_files, check_zone_data
from server.doctor.services import check_dialogue, check_mail_server
from server.settings import ROOT, Settings, read_settings
from tests.bot.scripted_dialogue import SECRET, ScriptedDialogue
from tests.conftest import Database
from tests.contracts.house import free_port
from tests.server.command_line import CommandLine
from tests.server.test_web import publish_something
from tests.time_zones import Clock


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = read_settings(data_dir=tmp_path)
    create_key_file(made.key_file)
    return made


def do(database: Database, statement: str) -> None:
    with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
        connection.execute(statement)


async def found(database: Database, check: str, clock=None) -> Finding:
    return next(one for one in await check_database(database.engine, clock or SystemClock()) if one.check == check)


def test_a_full_disk_is_wrong_and_a_filling_one_worth_a_look(settings: Settings) -> None:
    levels = [check_disk(settings, free=lambda _path, left=left: left).level for left in (2**28, 2**30, 2**40)]
    assert levels == ["wrong", "warning", "ok"]


def test_a_key_file_that_others_may_read_or_that_is_gone_is_wrong(settings: Settings) -> None:
    assert check_key_file(settings).level == "ok"
    settings.key_file.chmod(0o644)
    opened = check_key_file(settings)
    assert (opened.level, opened.remedy) == ("wrong", f"chmod 600 {settings.key_file}")
    settings.key_file.chmod(0o600)
    settings.key_file.write_text("no keys")
    assert check_key_file(settings).level == "wrong"
    settings.key_file.unlink()
    assert "is missing" in check_key_file(settings).says


def test_a_low_limit_of_open_files_is_worth_a_look() -> None:
    assert check_open_files(lambda: (1_024, 4_096)).level == "warning"
    assert check_open_files(lambda: (1_024, OPEN_FILES)).level == "ok"
    assert check_open_files(lambda: (-1, -1)).level == "ok"


def test_zone_data_older_than_what_was_tested_or_than_two_years_is_worth_a_look(tmp_path: Path) -> None:
    (tmp_path / "tzdata.zi").write_text("# version 2019c\n")
    assert check_zone_data(date(2026, 11, 28), (str(tmp_path),)).level == "warning"
    assert check_zone_data(date(2026, 11, 28), ()).level == "ok"
    assert check_zone_data(date(2029, 1, 1), ()).level == "warning"


async def test_a_database_that_cannot_be_used_is_one_line_and_the_rest_is_skipped(database: Database) -> None:
    engine = create_engine(database.url.replace("parley_test_", "no_such_"))
    findings = await check_database(engine, SystemClock())
    await engine.dispose()
    assert findings[0].level == "wrong"
    assert {one.level for one in findings[1:]} == {"skipped"}


async def test_a_schema_that_does_not_fit_is_wrong(database: Database) -> None:
    do(database, "UPDATE alembic_version SET version_num = '0001'")
    schema = await found(database, "schema")
    assert (schema.level, "parley migrate" in schema.says) == ("wrong", True)


async def test_clocks_more_than_five_seconds_apart_are_wrong(database: Database) -> None:
    assert (await found(database, "clock")).level == "ok"
    for by in (timedelta(seconds=7), timedelta(seconds=-7)):
        assert (await found(database, "clock", Clock(by))).level == "wrong"


def test_how_many_connections_a_process_may_use_is_one_figure_and_that_of_its_pools() -> None:
    pool = create_engine("postgresql://nowhere/at_all").pool
    alarm = create_connector("postgresql://nowhere/at_all")._pool_args["max_size"]
    assert 0 < CONNECTIONS - (pool.size() + pool._max_overflow + alarm) < 10
    assert f"up to {CONNECTIONS} connections" in (ROOT / "docs" / "howto" / "running.md").read_text()


async def test_workers_that_are_silent_or_never_were_are_wrong(database: Database) -> None:
    assert (await found(database, "workers")).level == "wrong"
    do(database, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '5 minutes')")
    assert "5 minutes ago" in (await found(database, "workers")).says
    do(database, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
    assert (await found(database, "workers")).says.startswith("1 alive")


async def test_jobs_of_a_worker_that_ended_and_jobs_that_nobody_takes_are_stuck(database: Database) -> None:
    assert (await found(database, "jobs")).level == "ok"
    do(database, "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('q', 't', 'doing')")
    assert "1 were left by a worker" in (await found(database, "jobs")).says
    do(
        database,
        "UPDATE procrastinate_jobs SET status = 'todo'; "
        "UPDATE procrastinate_jobs SET scheduled_at = now() - interval '1 hour'",
    )
    assert "1 wait" in (await found(database, "jobs")).says


async def test_messages_that_are_late_are_wrong_and_a_quarantine_is_told(database: Database) -> None:
    assert (await found(database, "messages")).level == "ok"
    do(
        database,
        "INSERT INTO contacts (id, fields, created_at, updated_at) VALUES (gen_random_uuid(), '{}', now(), now()); "
        "INSERT INTO outbox (id, occurrence, contact_id, channel, purpose, message_class, text, state, due_at, "
        "created_at, updated_at) SELECT gen_random_uuid(), 'x', id, 'email', 'marketing', 'promotional', 't', "
        "'planned', now() - interval '1 hour', now(), now() FROM contacts; "
        "INSERT INTO site_facts VALUES ('quarantine', '{\"restored_at\": \"2026-11-28T10:00:00+00:00\"}', now())",
    )
    assert (await found(database, "messages")).says.startswith("1 are due")
    assert "2026-11-28T10:00" in (await found(database, "quarantine")).says
    do(database, "UPDATE site_facts SET value = value || '{\"begun\": false}' WHERE name = 'quarantine'")
    assert (await found(database, "quarantine")).level == "wrong"


async def test_a_back_up_that_is_missing_or_old_is_worth_a_look(database: Database) -> None:
    assert (await found(database, "back-up")).level == "warning"
    do(database, "INSERT INTO site_facts VALUES ('backup', '{}', now())")
    assert (await found(database, "back-up")).level == "ok"
    do(database, "UPDATE site_facts SET set_at = now() - interval '5 days'")
    assert "5 days ago" in (await found(database, "back-up")).says


async def test_a_dialogue_process_that_does_not_answer_is_wrong_and_one_that_does_says_what_it_holds(
    database: Database, settings: Settings, dialogue: ScriptedDialogue
) -> None:
    down = f"http://127.0.0.1:{free_port()}"
    there = settings.model_copy(update={"rasa_urls": f"{dialogue.url},{down}", "rasa_secret": SecretStr(SECRET)})
    await publish_something(database)
    first, second = await check_dialogue(there, database.sessions)
    assert (first.level, second.level) == ("ok", "wrong")
    assert "is given the model" in first.says
    dialogue.flows, dialogue.models = {"0" * 12: {}}, {"0" * 64: b""}
    assert "holds what is live" in (await check_dialogue(there, database.sessions))[0].says
    assert (await check_dialogue(settings, database.sessions))[0].level == "wrong"


async def test_a_mail_server_that_lets_us_in_is_fine_and_nothing_is_sent(settings: Settings) -> None:
    class Refusing:
        async def handle_MAIL(self, *_: object) -> str:
            raise AssertionError("nothing is handed over")

    port = free_port()
    controller = Controller(Refusing(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        there = settings.model_copy(update={"smtp_url": SecretStr(f"smtp://127.0.0.1:{port}")})
        assert (await check_mail_server(there)).level == "ok"
        closed = settings.model_copy(update={"smtp_url": SecretStr(f"smtps://user:secret@127.0.0.1:{port}")})
        refused = await check_mail_server(closed)
        assert refused.level == "wrong"
        assert "secret" not in refused.says
    finally:
        controller.stop()
    assert (await check_mail_server(settings)).level == "skipped"


async def test_the_command_says_it_a_line_each_or_as_json_and_its_exit_code_tells_programs(
    database: Database, dialogue: ScriptedDialogue, settings: Settings, tmp_path: Path
) -> None:
    given = {
        "DATABASE_URL": database.url, "PARLEY_DATA_DIR": str(tmp_path), "PARLEY_RASA_URLS": dialogue.url,
        "PARLEY_RASA_SECRET": SECRET,
    }  # fmt: skip
    doctor = CommandLine(tmp_path, given, "doctor")
    await publish_something(database)
    ill = await doctor("--json")
    assert ill.code == 1
    assert {one["check"] for one in json.loads(ill.out) if one["level"] == "wrong"} == {"workers"}
    do(database, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
    well = await doctor("--offline")
    assert well.code == 0, well.out
    assert "✓ workers: 1 alive" in well.out
    assert "back-up: None was made" in well.out


async def test_without_a_database_it_says_how_to_get_one(settings: Settings, tmp_path: Path) -> None:
    done = await CommandLine(tmp_path, {"PARLEY_DATA_DIR": str(tmp_path)}, "doctor")()
    assert done.code == 1
    assert "Start `parley up`, or set DATABASE_URL." in done.out
