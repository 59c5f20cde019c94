"""What the tables tell an operator: the right figures, cheaply, from one worker at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from base.clock import SystemClock
from base.database import libpq_url
from server.metrics import tables
from server.metrics.tables import FIGURES, TableFigures, look, look_at_tables
from tests.conftest import Database
from tests.faults.tcp_shim import address_at, shim, socket_of
from tests.time_zones import Clock


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(libpq_url(database.url), autocommit=True) as opened:
        yield opened


def shown(figures: TableFigures) -> Mapping[tuple[str, str], float]:
    """By name and label."""
    return {
        (sample.name.removeprefix("parley_"), next(iter(sample.labels.values()), "")): sample.value
        for family in figures.collect()
        for sample in family.samples
    }


async def seen(connection: psycopg.AsyncConnection[Any], clock: Any = None) -> Mapping[tuple[str, str], float]:
    figures = TableFigures()
    figures.keep(await look(connection, clock or SystemClock()))
    return shown(figures)


class since:  # noqa: N801  # read as a phrase
    """How long ago, as seen a moment later on a busy machine."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __contains__(self, seen_seconds: float) -> bool:
        return self.seconds <= seen_seconds < self.seconds + 60


async def test_an_empty_site_has_nothing_due(connection: psycopg.AsyncConnection[Any]) -> None:
    found = await seen(connection)
    for name in (
        "outbox_oldest_due_seconds",
        "enrolments_due",
        "messages_unanswered",
        "webhooks_out_due",
        "workers_alive",
    ):
        assert found[name, ""] == 0
    assert found["database_sessions", ""] >= 1
    assert found["database_sessions_allowed", ""] >= 10
    assert found["clock_skew_seconds", ""] < 1
    assert {name for name, _ in found} == set(FIGURES) - {"outbox_due", "head_age_seconds", "backup_age_seconds"}


async def test_each_figure_is_what_stands_in_the_tables(connection: psycopg.AsyncConnection[Any]) -> None:
    await fill(connection)
    found = await seen(connection)
    assert found["outbox_due", "sms"] == 2
    assert found["outbox_due", "email"] == 1
    assert found["outbox_oldest_due_seconds", ""] in since(600)
    assert found["outbox_sending", ""] == 1
    assert found["outbox_oldest_sending_seconds", ""] in since(90)
    assert found["outbox_in_doubt", ""] == 1
    assert found["enrolments_due", ""] == 1
    assert found["enrolments_oldest_due_seconds", ""] in since(120)
    assert found["messages_unanswered", ""] == 1
    assert found["messages_oldest_unanswered_seconds", ""] in since(30)
    assert found["handoffs_waiting", ""] == 1
    assert found["handoffs_oldest_waiting_seconds", ""] in since(3600)
    assert found["webhooks_out_due", ""] == 1
    assert found["webhooks_out_oldest_due_seconds", ""] in since(300)
    assert {state: found["jobs", state] for state in ("due", "doing", "stuck", "failed")} == {
        "due": 1, "doing": 2, "stuck": 1, "failed": 1,
    }  # fmt: skip
    assert found["jobs_oldest_due_seconds", ""] in since(60)
    assert found["workers_alive", ""] == 1
    assert found["backup_age_seconds", ""] in since(86_400)
    assert found["quarantined", ""] == 1
    assert found["spent", "day"] == 2.5
    assert found["spent", "month"] == 2.5 + (0 if datetime.now(UTC).day == 1 else 4)


async def test_a_clock_that_is_ahead_or_behind_shows(connection: psycopg.AsyncConnection[Any]) -> None:
    for by in (-30.0, 30.0):
        assert 29 < (await seen(connection, Clock(timedelta(seconds=by))))["clock_skew_seconds", ""] < 31


async def test_every_big_table_is_read_by_an_index(connection: psycopg.AsyncConnection[Any]) -> None:
    """Of what grows without bound no row is read that is not due."""
    await fill(connection, old=8_000)
    await connection.execute("ANALYZE")
    row = await (await connection.execute(b"EXPLAIN (FORMAT JSON) " + tables._STATEMENT)).fetchone()
    assert row is not None
    scanned = set(relations(row[0] if isinstance(row[0], list) else json.loads(row[0])))
    assert scanned >= {("outbox", "ix_outbox_due"), ("enrolments", "ix_enrolments_due")}
    whole = {table for table, index in scanned if index is None}
    assert whole.isdisjoint({"outbox", "enrolments", "messages", "conversations", "webhook_deliveries", "contacts"})


def relations(node: Any) -> Any:
    """Each table that a plan reads, with the index it is read by."""
    if isinstance(node, list):
        for one in node:
            yield from relations(one)
    elif isinstance(node, dict):
        if "Relation Name" in node:
            yield node["Relation Name"], node.get("Index Name") or ("bitmap" if "Bitmap" in node["Node Type"] else None)
        for value in node.values():
            yield from relations(value)


async def test_one_worker_looks_and_another_takes_over(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LOOK_EVERY", 0.05)
    first, second = TableFigures(), TableFigures()
    looking = [asyncio.create_task(look_at_tables(database.url, SystemClock(), one)) for one in (first,)]
    await until(lambda: bool(shown(first)))
    looking.append(asyncio.create_task(look_at_tables(database.url, SystemClock(), second)))
    await asyncio.sleep(0.4)
    assert not shown(second)
    await end(looking[0])
    await until(lambda: bool(shown(second)))
    await end(looking[1])


@pytest.mark.long
async def test_one_whose_database_falls_silent_gives_up_and_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is refused and nothing closed: a switch has died. The driver itself tries to call off for ten seconds."""
    monkeypatch.setattr(tables, "LOOK_EVERY", 0.05)
    figures = TableFigures()
    async with shim(socket_of(database.url)) as wire:
        through = address_at(database.url, wire.port)
        looking = asyncio.create_task(look_at_tables(through, SystemClock(), figures))
        await until(lambda: bool(shown(figures)))
        monkeypatch.setattr(tables, "LOOK_TIMEOUT", 0.2)
        wire.cut()
        with capture_logs() as logged:
            await until(lambda: any(line["event"] == "tables_not_looked_at" for line in logged), within=40)
        assert not shown(figures)
        wire.heal()
        await until(lambda: bool(shown(figures)))
        await end(looking)


async def test_figures_that_are_too_old_are_not_told(
    connection: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = TableFigures()
    figures.keep(await look(connection, SystemClock()))
    assert shown(figures)
    monkeypatch.setattr(tables, "FORGET_AFTER", 0.0)
    assert not shown(figures)


async def until(holds: Any, *, within: float = 10) -> None:
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.02)


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def fill(connection: psycopg.AsyncConnection[Any], *, old: int = 0) -> None:
    """Something of everything, some of it due; and `old` rows that are done with."""
    script = (Path(__file__).parent / "something_due.sql").read_text()
    await connection.execute(script.format(old=old).encode())
