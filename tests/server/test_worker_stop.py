"""A worker that is asked to stop in the middle of a send, and one that loses its database."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from aiosmtpd.controller import Controller

from base.database import libpq_url, transaction
from base.encryption import create_key_file, read_key_file
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.contacts.service import attach_address, create_contact
from server.settings import ROOT
from tests.conftest import Database
from tests.contracts.house import free_port
from tests.time_zones import zone_where_it_is_noon


class SlowServer:
    """Takes a while over each message."""

    def __init__(self) -> None:
        self.begun: list[float] = []

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:
        self.begun.append(time.monotonic())
        await asyncio.sleep(3)
        return "250 OK"


@pytest.fixture
def slow_smtp() -> Iterator[tuple[SlowServer, int]]:
    server, port = SlowServer(), free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    yield server, port
    controller.stop()


async def test_a_send_in_hand_is_finished_and_the_rest_stays_planned(
    database: Database, slow_smtp: tuple[SlowServer, int], tmp_path: Path
) -> None:
    server, port = slow_smtp
    create_key_file(tmp_path / "keys" / "root.json")
    await _plan_mails(database, tmp_path, count=40)
    worker = _start_worker(database, tmp_path, port)
    deadline = time.monotonic() + 30
    while not server.begun and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert server.begun, "the worker sent nothing"
    worker.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait, 30) == 0
    with psycopg.connect(libpq_url(database.url)) as connection:
        states = [state for (state,) in connection.execute("SELECT state FROM outbox ORDER BY state").fetchall()]
    assert set(states) == {"accepted", "planned"}
    assert states.count("accepted") == len(server.begun)


async def test_a_worker_that_lost_its_database_goes_on_by_itself_when_it_is_back(
    database: Database, postgres_url: str, slow_smtp: tuple[SlowServer, int], tmp_path: Path
) -> None:
    server, port = slow_smtp
    create_key_file(tmp_path / "keys" / "root.json")
    worker = _start_worker(database, tmp_path, port)
    try:
        await _until(lambda: _count(database, "SELECT count(*) FROM procrastinate_workers"))
        name = database.engine.url.database
        async with await psycopg.AsyncConnection.connect(libpq_url(postgres_url), autocommit=True) as admin:
            await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            # Long enough for Procrastinate to notice: it asks each second.
            await asyncio.sleep(4)
            await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await _plan_mails(database, tmp_path, count=1)
        await _until(lambda: server.begun, seconds=75)
        assert worker.poll() is None
    finally:
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 60) == 0


def _start_worker(database: Database, folder: Path, smtp_port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "server.cli", "worker"],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")},
            "DATABASE_URL": database.url,
            "PARLEY_DATA_DIR": str(folder),
            "PARLEY_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
            "PARLEY_EMAIL_FROM": "hello@northwind-ledger.example",
            "PARLEY_POSTAL_ADDRESS": "1 Example Street, Example Town",
        },
        stderr=subprocess.DEVNULL,
    )


async def _until(done: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


def _count(database: Database, query: str) -> int:
    with psycopg.connect(libpq_url(database.url)) as connection:
        return int(connection.execute(query).fetchone()[0])


async def _plan_mails(database: Database, folder: Path, *, count: int, first: int = 0) -> None:
    """E-mails to people who agreed, whose quiet hours are never."""
    keys = read_key_file(folder / "keys" / "root.json")
    now = datetime.now().astimezone()
    for number in range(first, count):
        async with transaction(database.sessions) as session:
            contact_id = await create_contact(session, time_zone=zone_where_it_is_noon(), now=now)
            await attach_address(session, keys, contact_id, kind="email", value=f"person{number}@example.com", now=now)
            await record_consent_event(
                session,
                ConsentFact(
                    event="given",
                    principal_ref=contact_id,
                    purpose="marketing",
                    channel="email",
                    controller="Northwind Ledger",
                    language="en",
                    method="test",
                    actor="subject",
                    effective_at=now,
                    notice_text="May we write to you?",
                ),
                now=now,
            )
        with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
            connection.execute(
                "INSERT INTO outbox (id, occurrence, contact_id, channel, purpose, message_class, subject, text, "
                "state, due_at, created_at, updated_at) VALUES (%s, %s, %s, 'email', 'marketing', 'promotional', "
                "'Hello', 'Hello', 'planned', now(), now(), now())",
                (uuid4(), f"by hand {number}", contact_id),
            )
