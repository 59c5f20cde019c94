"""A worker as it is started imports what was asked for: what waited for it, and what it is woken for."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from base.clock import SystemClock
from base.database import transaction
from base.encryption import create_key_file
from crm.imports import jobs
from crm.imports.models import ContactImport
from crm.imports.options import Options
from crm.imports.service import get_import, plan_file
from crm.imports.uploads import save_upload
from outreach.alarm import create_alarm, create_connector
from server.settings import ROOT
from server.woken_jobs import IMPORTS, wake_worker

WITHIN = 90.0  # seconds


@pytest.fixture
def worker(database, tmp_path) -> Iterator[subprocess.Popen[bytes]]:
    create_key_file(tmp_path / "keys" / "root.json")
    yours = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "worker"],
        cwd=ROOT,
        env={**yours, "DATABASE_URL": database.url, "PARLEY_DATA_DIR": str(tmp_path)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    yield process
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(60) == 0
    finally:
        process.kill()


async def ask(database, folder: Path, rows: int):
    async def pieces():
        yield b"Email\n" + b"".join(f"p{rows}x{number}@company.com\n".encode() for number in range(rows))

    saved = await save_upload(folder, pieces(), ".csv", "utf-8-sig")
    now, options = SystemClock().now(), Options()
    plan = plan_file(saved.path, options.map, options, made_by="user:1", controller="Northwind")
    async with transaction(database.sessions) as session:
        one = await jobs.add_upload(session, saved, file_name="p.csv", encoding="utf-8-sig", made_by="user:1", now=now)
        await jobs.start(session, await get_import(session, one.id), plan, now)
    return one.id


async def until_done(database, import_id) -> ContactImport:
    deadline = time.monotonic() + WITHIN
    while True:
        async with database.sessions() as session:
            one = await session.get(ContactImport, import_id)
        # Its file goes once it is done.
        if (one.state == "done" and one.stored_as is None) or time.monotonic() > deadline:
            return one
        await asyncio.sleep(0.2)


async def test_what_waited_is_imported_at_the_start_and_what_comes_when_the_worker_is_woken(
    database, tmp_path, worker
) -> None:
    waited = await until_done(database, await ask(database, tmp_path / "imports", 3))
    assert (waited.state, waited.created) == ("done", 3)
    woken = await ask(database, tmp_path / "imports", 5)
    alarm = create_alarm(create_connector(database.url))
    async with alarm.open_async():
        began = time.monotonic()
        await wake_worker(alarm, IMPORTS)
        await wake_worker(alarm, IMPORTS)
    done = await until_done(database, woken)
    assert (done.state, done.created) == ("done", 5)
    # Not by the look of each minute.
    assert time.monotonic() - began < 30
    deadline = time.monotonic() + WITHIN
    while list((tmp_path / "imports").iterdir()) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    assert list((tmp_path / "imports").iterdir()) == []
