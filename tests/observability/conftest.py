"""Turns, texts and sends to be observed, and what a process shows of itself meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from base.encryption import KeyRing
from base.metrics import REGISTRY
from base.tracing import start_tracing
from outreach.accounts.book import AccountBook
from tests.bot.stage import Stage
from tests.channels.sms.contract_bench import Bench
from tests.conftest import Database
from tests.contracts.house import House, free_port
from tests.observability.exposition import value_of

Counted = Callable[..., float]


@pytest.fixture
async def house(database: Database, keys: KeyRing, stage: Stage) -> House:
    return House(stage, AccountBook(database.sessions, keys, fresh_for=0), free_port())


@pytest.fixture
async def bench(house: House) -> AsyncIterator[Bench]:
    async with Bench.put_up(house) as ready:
        yield ready


@pytest.fixture
def counted() -> Counted:
    """By how much a sample has grown since the test began; the registry is the whole process's."""
    before = generate_latest(REGISTRY).decode()

    def grown(name: str, **labels: str) -> float:
        after = generate_latest(REGISTRY).decode()
        return (value_of(after, name, **labels) or 0.0) - (value_of(before, name, **labels) or 0.0)

    return grown


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Everything is traced, and kept; read it after `stop_tracing`."""
    exporter = InMemorySpanExporter()
    stop = start_tracing("test", "p1", exporter)
    exporter.stop_tracing = stop  # type: ignore[attr-defined]
    yield exporter
    stop()
