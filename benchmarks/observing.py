"""What figures and traces cost: turns with and without them, the figures being read, the look at the tables.

The same turns (a scripted dialogue in the same process, a real PostgreSQL) are done in short blocks, by turns without
anything, with figures, and with figures and traces that a local server takes. Each block is compared with its
neighbours, so that what else the machine does falls on all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psycopg
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

import base.database
import bot.dialogue
import bot.turns
from base.clock import SystemClock
from base.database import create_engine, create_sessions, libpq_url
from base.metrics import REGISTRY
from base.tracing import start_tracing
from benchmarks.database import started
from benchmarks.saving import add_saving, save
from server.metrics.process import ProcessFigures
from server.metrics.tables import TableFigures, look
from tests.bot.scripted_dialogue import scripted_dialogue
from tests.bot.stage import Stage, staged

RESULT = ROOT / "docs" / "benchmarks" / "observing.json"
DUE = ROOT / "tests" / "observability" / "something_due.sql"


@contextlib.contextmanager
def unobserved() -> Iterator[None]:
    """Turns as they would be if nobody had thought of figures."""
    with contextlib.ExitStack() as stack:
        for module, names in (
            (base.database, ("part_of_turn", "span")),
            (bot.dialogue, ("part_of_turn", "span")),
            (bot.turns, ("watched_turn",)),
        ):
            for name in names:
                stack.enter_context(patch.object(module, name, lambda *_, **__: contextlib.nullcontext()))
        yield


@contextlib.contextmanager
def counted() -> Iterator[None]:
    """As a process is by default."""
    yield


async def block(stage: Stage, turns: int) -> tuple[float, float]:
    """Milliseconds a turn, by the clock and of this process's processor (all its threads)."""
    began, used = time.perf_counter(), time.process_time()
    for _ in range(turns):
        await stage.say("How much is it?")
    return (time.perf_counter() - began) * 1000 / turns, (time.process_time() - used) * 1000 / turns


async def measure_turns(stage: Stage, collector: str, blocks: int, turns: int) -> dict[str, Any]:
    @contextlib.contextmanager
    def traced() -> Iterator[None]:
        stop = start_tracing("web", "benchmark", OTLPSpanExporter(endpoint=f"{collector}/v1/traces"))
        try:
            yield
        finally:
            stop_later.append(stop)

    stop_later: list[Callable[[], None]] = []
    ways = {"without": unobserved, "figures": counted, "figures_and_traces": traced}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    await block(stage, turns)
    for number in range(blocks):
        order = list(ways)[number % 3 :] + list(ways)[: number % 3]
        for name in order:
            with ways[name]():
                taken[name].append(await block(stage, turns))
            while stop_later:
                await asyncio.to_thread(stop_later.pop())
    return {"turns_of_each": blocks * turns, "clock": _told(taken, 0), "processor": _told(taken, 1)}


def _told(taken: dict[str, list[tuple[float, float]]], which: int) -> dict[str, Any]:
    """By way the median of a turn, and the median of what each block is beside the one without in its round."""
    bare = [values[which] for values in taken["without"]]
    return {
        "ms_a_turn": {
            name: round(statistics.median([one[which] for one in values]), 3) for name, values in taken.items()
        },
        "ratio_to_without": {
            name: round(statistics.median([one[which] / low for one, low in zip(values, bare, strict=True)]), 3)
            for name, values in taken.items()
            if name != "without"
        },
    }


async def measure_reading(url: str, engine: Any, folder: Path, old: int) -> dict[str, Any]:
    """What a scrape and a look at the tables take, among many rows that are done with."""
    async with await psycopg.AsyncConnection.connect(libpq_url(url), autocommit=True) as connection:
        await connection.execute(DUE.read_text().format(old=old).encode())
        await connection.execute("ANALYZE")
        looks = []
        for _ in range(30):
            began = time.perf_counter()
            rows = await look(connection, SystemClock())
            looks.append((time.perf_counter() - began) * 1000)
    registry, figures = CollectorRegistry(), TableFigures()
    figures.keep(rows)
    registry.register(figures)
    registry.register(ProcessFigures("web", engine, folder))
    ProcessCollector(registry=registry)
    scrapes = []
    for _ in range(100):
        began = time.perf_counter()
        text = generate_latest(REGISTRY) + generate_latest(registry)
        scrapes.append((time.perf_counter() - began) * 1000)
    return {
        "rows_that_are_done_with": old,
        "look_ms": {"median": round(statistics.median(looks), 2), "most": round(max(looks), 2)},
        "scrape_ms": {"median": round(statistics.median(scrapes), 2), "most": round(max(scrapes), 2)},
        "scrape_bytes": len(text),
    }


@contextlib.asynccontextmanager
async def local_collector() -> AsyncIterator[str]:
    """Takes spans and throws them away."""

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(content_type="application/x-protobuf")

    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_post("/v1/traces", take)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("/")).rstrip("/")
    await server.close()


async def run(options: argparse.Namespace) -> None:
    with started("observing") as database:
        engine = create_engine(database.url)
        async with (
            scripted_dialogue() as dialogue,
            local_collector() as collector,
            staged(create_sessions(engine), database.keys, datetime.now(UTC), dialogue) as stage,
        ):
            turns = await measure_turns(stage, collector, options.blocks, options.turns)
        reading = await measure_reading(database.url, engine, database.folder, options.rows)
        await engine.dispose()
    print(turns, reading, sep="\n")
    save(RESULT, options, turns=turns, reading=reading)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=30, help="blocks of each way")
    parser.add_argument("--turns", type=int, default=40, help="turns of a block")
    parser.add_argument("--rows", type=int, default=200_000, help="rows of each table that are done with")
    add_saving(parser, RESULT)
    asyncio.run(run(parser.parse_args()))
