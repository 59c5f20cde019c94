"""What each thing costs: a talk, a turn, an open chat, a sleeper, a step, a sent message, an event.

By CPU time of our processes, of Rasa and of PostgreSQL, each for itself, and by what PostgreSQL wrote and keeps. CPU
time is what other work on the machine changes least. What the programs do while nothing happens is measured first and
taken off. Whoever stands in for people and providers is in a process that is not counted.

The log is measured at a trickle: after a checkpoint only as much is done as comes in five minutes of the example day,
so that most pages are written whole, as on a small site. The tables are small: with more rows more pages are touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import psycopg

from base.clock import SystemClock
from base.database import create_engine, create_sessions, libpq_url
from benchmarks import events, gate, journeys
from benchmarks.capacity_demand import SECONDS_A_DAY, Day
from benchmarks.capacity_model import EXAMPLE
from benchmarks.database import Database, started
from benchmarks.numbers_page import spent
from benchmarks.turns import client, free_port, measure, parley_talk, parley_up, stopping, wait_for
from outreach.experiments.service import note_goals
from outreach.library import Library
from outreach.reacting import Reactor
from server.reactions import ScoresAndSegments

_DUE_AGAIN = """
UPDATE enrolments SET step = 'settle', due_at = %(at)s
WHERE id IN (SELECT id FROM enrolments WHERE journey = 'due' AND state = 'active' ORDER BY id LIMIT %(count)s)
"""
AT_ONCE = 4
"""Talks at the same time: enough that nobody waits for one, few enough that nobody waits long."""
QUIET = 0.15
"""Of a core: what everything together uses at most when nothing is done."""
_STATEMENT = ("LOG:  statement:", "LOG:  execute ")
_SIZES = """
SELECT coalesce(sum(pg_table_size(c.oid)), 0)::bigint, coalesce(sum(pg_indexes_size(c.oid)), 0)::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = 'public' AND (%(table)s::text IS NULL OR c.relname = %(table)s)
"""
_WRITTEN = """
SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint, xact_commit + xact_rollback
FROM pg_stat_database WHERE datname = current_database()
"""
_TRICKLES = 3
"""Checkpoints that are followed by a trickle."""


@dataclass(frozen=True)
class Look:
    """What was used by a moment: CPU seconds by group of processes, and PostgreSQL's counters."""

    at: float
    cpu: Mapping[str, float]
    wal: int
    transactions: int

    def __sub__(self, before: Look) -> Look:
        cpu = {name: used - before.cpu.get(name, 0.0) for name, used in self.cpu.items()}
        return Look(self.at - before.at, cpu, self.wal - before.wal, self.transactions - before.transactions)


class Meter:
    """Looks at processes and at the database before and after something.

    `groups` says which processes there are by now, by name; a postmaster's children count with it.
    """

    def __init__(self, database: Database, groups: Callable[[], Mapping[str, Sequence[psutil.Process]]]) -> None:
        self._database = database
        self._postmaster = postmaster_of(database.folder / "pg")
        self._groups = groups

    def server(self) -> list[psutil.Process]:
        return [self._postmaster, *self._postmaster.children()]

    def processes(self, group: str) -> Sequence[psutil.Process]:
        return self._groups()[group]

    def look(self) -> Look:
        cpu = {name: sum(_cpu(process) for process in processes) for name, processes in self._groups().items()}
        with psycopg.connect(libpq_url(self._database.url), autocommit=True) as connection:
            connection.execute("SELECT pg_stat_force_next_flush()")
            row = connection.execute(_WRITTEN).fetchone()
        assert row is not None
        return Look(time.perf_counter(), {**cpu, "postgres": spent(self._postmaster)}, *row)

    def sizes(self, table: str | None = None) -> tuple[int, int]:
        """Bytes of tables and of indexes, of which no row is dead."""
        with psycopg.connect(libpq_url(self._database.url), autocommit=True) as connection:
            connection.execute("VACUUM")
            row = connection.execute(_SIZES, {"table": table}).fetchone()
        assert row is not None
        return row[0], row[1]

    def checkpoint(self) -> None:
        """Begins anew with whole pages in the log, as after any checkpoint."""
        with psycopg.connect(libpq_url(self._database.url), autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    async def of(self, work: Callable[[], Awaitable[int]], idle: Look | None = None) -> dict[str, float]:
        """What each of the items takes that the work says it did."""
        before = await asyncio.to_thread(self.sizes)
        await asyncio.to_thread(self.checkpoint)
        began = await asyncio.to_thread(self.look)
        items = await work()
        used = await asyncio.to_thread(self.look) - began
        after = await asyncio.to_thread(self.sizes)
        return {**_each(used, items, idle), "stays_bytes": _rounded((sum(after) - sum(before)) / items)}

    async def trickle(
        self, work: Callable[[], Awaitable[int]], prepare: Callable[[], Awaitable[object]] | None = None
    ) -> dict[str, float]:
        """Bytes of the log for each of the few items that follow a checkpoint."""
        wal = items = 0
        for _ in range(_TRICKLES):
            if prepare is not None:
                await prepare()
            await asyncio.to_thread(self.checkpoint)
            began = await asyncio.to_thread(self.look)
            items += await work()
            wal += (await asyncio.to_thread(self.look) - began).wal
        return {"trickle_wal_bytes": _rounded(wal / items)}


def postmaster_of(folder: Path) -> psutil.Process:
    """The server whose data lies in a folder."""
    return psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _each(used: Look, items: int, idle: Look | None) -> dict[str, float]:
    """By item, less what happens anyway in that time."""
    anyway = 0.0 if idle is None else used.at / idle.at

    def each(value: float, at_rest: float) -> float:
        return (value - at_rest * anyway) / items

    found = {
        f"{name}_cpu_ms": each(value, idle.cpu.get(name, 0.0) if idle else 0.0) * 1_000
        for name, value in used.cpu.items()
    }
    found["transactions"] = each(used.transactions, idle.transactions if idle else 0)
    return {name: _rounded(value) for name, value in found.items()}


def _rounded(value: float) -> float:
    return round(value, 3 if abs(value) < 10 else 1 if abs(value) < 1_000 else None)


def _less(more: Mapping[str, float], fewer: Mapping[str, float], by: int) -> dict[str, float]:
    return {name: _rounded((more[name] - fewer[name]) / by) for name in more}


def _in_five_minutes(a_visitor: float) -> int:
    """Of the example day."""
    return max(1, round(EXAMPLE * a_visitor * 300 / SECONDS_A_DAY))


# Talks, by everything that `parley up` starts


def _groups_of(pid: int) -> dict[str, list[psutil.Process]]:
    """Its web processes, workers and dialogue processes, and this one, which talks with them."""
    found: dict[str, list[psutil.Process]] = {"web": [], "worker": [], "rasa": [], "people": [psutil.Process()]}
    for process in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            line = process.cmdline()
            if any(".venv-rasa" in word for word in line):
                found["rasa"].append(process)
            elif (role := next((word for word in line if word in ("web", "worker")), None)) is not None:
                found[role].append(process)
    return found


async def measure_talks(database: Database, talks: int, chats: int, rest: float) -> dict[str, Any]:
    """A talk that is opened, a turn in it, an open chat in which nothing is said, and everything at rest."""
    port = free_port()
    os.environ["DATABASE_URL"] = database.url
    try:
        with parley_up(port, free_port(), 1) as pid:
            await wait_for(f"http://127.0.0.1:{port}/readyz", 180)
            meter = Meter(database, lambda: _groups_of(pid))
            async with client() as session:

                async def talk(turns: int, talks: int, settle: float = 0.0) -> int:
                    say = parley_talk(session, port, turns)
                    done = await measure("", say, at_once=AT_ONCE, messages=turns * talks, pids=[])
                    await asyncio.sleep(settle)  # what workers do about it a little later belongs to it
                    return done.messages // turns

                await _until_quiet(meter)
                idle = await _at_rest(meter, rest)
                found: dict[str, Any] = {"at_rest": _a_second(idle)}
                await talk(8, 20, rest)  # warm
                few = _in_five_minutes(Day().talks)
                long, short = [
                    {
                        **await meter.of(lambda turns=turns: talk(turns, talks, rest), idle),
                        **await meter.trickle(lambda turns=turns: talk(turns, few, rest / 4)),
                    }
                    for turns in (9, 1)
                ]
                found["turn"] = _less(long, short, 8)
                found["talk_opened"] = _less(short, found["turn"], 1)
                asked = await _statements(database, lambda: talk(9, 20), rest)
                opened = await _statements(database, lambda: talk(1, 20), rest)
                found["turn"]["statements"] = _rounded((asked - opened) / 8)
                found["talk_opened"]["statements"] = _rounded(opened - found["turn"]["statements"])
                load = psutil.getloadavg()[0]
                found["open_chat"] = await _open_chats(session, f"http://127.0.0.1:{port}", meter, chats, rest)
                found["memory_mb"] = {
                    name: round(sum(one.memory_full_info().pss for one in some) / 2**20)
                    for name, some in {**_groups_of(pid), "postgres": meter.server()}.items()
                    if name != "people"
                }
                point = await measure("", parley_talk(session, port), at_once=8, messages=talks * 4, pids=[])
                found["point"] = {**asdict(point), "load_before": _rounded(load)}
                return found
    finally:
        del os.environ["DATABASE_URL"]


async def _at_rest(meter: Meter, seconds: float) -> Look:
    began = await asyncio.to_thread(meter.look)
    await asyncio.sleep(seconds)
    return await asyncio.to_thread(meter.look) - began


async def _until_quiet(meter: Meter) -> None:
    """Until what is done once after a start is done, such as reading all articles."""
    for _ in range(40):
        used = await _at_rest(meter, 5)
        if sum(used.cpu.values()) < QUIET * used.at:
            return
    raise RuntimeError("the programs found no rest in 200 s")


def _a_second(used: Look) -> dict[str, float]:
    cpu = {f"{name}_cpu_ms": _rounded(value * 1_000 / used.at) for name, value in used.cpu.items()}
    return {**cpu, "transactions": _rounded(used.transactions / used.at), "wal_bytes": _rounded(used.wal / used.at)}


async def _statements(database: Database, work: Callable[[], Awaitable[int]], rest: float) -> float:
    """How many statements each item is, by PostgreSQL's own log, less those that are asked anyway."""
    log = database.folder / "pg" / "log"

    def count() -> int:
        with log.open(errors="replace") as lines:
            return sum(any(mark in line for mark in _STATEMENT) for line in lines)

    def set_logging(value: str) -> None:
        with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET log_statement = '{value}'")
            connection.execute("SELECT pg_reload_conf()")

    await asyncio.to_thread(set_logging, "all")
    await asyncio.sleep(1)
    first, began = count(), time.perf_counter()
    await asyncio.sleep(rest)
    at_rest = (count() - first) / (time.perf_counter() - began)
    first, began = count(), time.perf_counter()
    items = await work()
    asked = count() - first - at_rest * (time.perf_counter() - began)
    await asyncio.to_thread(set_logging, "none")
    return asked / items


async def _open_chats(
    session: aiohttp.ClientSession, origin: str, meter: Meter, chats: int, seconds: float
) -> dict[str, float]:
    """What a chat takes in which nothing is said, for a second."""
    web = meter.processes("web")
    memory = sum(one.memory_full_info().uss for one in web)
    idle = await _at_rest(meter, seconds)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(chats):
            async with session.post(f"{origin}/chat/session", json={}, headers={"Origin": origin}) as answer:
                token = (await answer.json())["token"]
            ws = await stack.enter_async_context(
                session.ws_connect(f"{origin}/chat/socket", headers={"Origin": origin})
            )
            await ws.send_json({"type": "hello", "token": token, "last_seen": 0})
            await ws.receive_json(timeout=30)
            reading = asyncio.create_task(_read_on(ws))
            stack.callback(reading.cancel)
        await asyncio.sleep(5)
        busy = await _at_rest(meter, seconds)
        grown = sum(one.memory_full_info().uss for one in web) - memory
    more = {
        f"{name}_cpu_ms_a_second": round((busy.cpu[name] / busy.at - idle.cpu[name] / idle.at) * 1_000 / chats, 4)
        for name in ("web", "postgres")
    }
    return {**more, "kib": round(grown / 1_024 / chats, 1)}


async def _read_on(ws: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in ws:
        pass


# Journeys and events, in this process


def _here() -> dict[str, list[psutil.Process]]:
    return {"ours": [psutil.Process()]}


async def measure_journeys(
    database: Database, contacts: int, steps: int, sends: int, port: int
) -> dict[str, dict[str, float]]:
    """A contact, a sleeper, a step, and a message from due to stored outcome."""
    meter = Meter(database, _here)
    found: dict[str, dict[str, float]] = {}
    empty = meter.sizes()
    await asyncio.to_thread(gate.fill, database.url, database.keys, contacts)
    found["contact"] = _bytes(empty, meter.sizes(), contacts)
    empty = meter.sizes("enrolments")
    with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
        connection.execute(journeys.SLEEPERS, {"last": contacts - 1})
    grown = meter.sizes("enrolments")
    house = journeys.House(database.url, database.keys, port, gate.working_moment())
    await journeys.open_house(house)
    async with journeys.journey_worker(house) as worker:
        await worker.pump.run_once()
        began = meter.look()
        for _ in range(50):
            await worker.pump.run_once()
        asleep = meter.look() - began
        found["sleeper"] = {
            **_bytes(empty, grown, contacts),
            "all_of_them_cpu_ms_a_look": _rounded(sum(asleep.cpu.values()) * 1_000 / 50),
        }
        journeys.make_due(database.url, "due", steps, house.now)

        async def advance() -> int:
            assert (await worker.planner.advance_due(house.now)).advanced == steps
            return 2 * steps

        async def some_due() -> None:
            with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
                connection.execute(_DUE_AGAIN, {"at": house.now - timedelta(minutes=1), "count": few})

        async def advance_some() -> int:
            return 2 * (await worker.planner.advance_due(house.now)).advanced

        found["step"] = await meter.of(advance)
        few = _in_five_minutes(Day().steps / 2)
        found["step"] |= await meter.trickle(advance_some, some_due)

        async def due(count: int) -> None:
            await asyncio.to_thread(journeys.due_before_a_text, house, count)

        async def send(count: int) -> int:
            while (due := await worker.pump.next_due_at()) is not None and due <= house.now:
                await worker.pump.run_once()
            return count

        texts = _in_five_minutes(Day().sent)
        trickle = await meter.trickle(lambda: send(texts), lambda: due(texts))
        await due(sends)
        found["message_sent"] = {**await meter.of(lambda: send(sends)), **trickle}
    with psycopg.connect(libpq_url(database.url)) as connection:
        states = connection.execute("SELECT state, count(*) FROM outbox GROUP BY 1").fetchall()
    assert states == [("accepted", sends)], states
    return found


def _bytes(before: tuple[int, int], after: tuple[int, int], items: int) -> dict[str, float]:
    tables, indexes = (_rounded((late - early) / items) for early, late in zip(before, after, strict=True))
    return {"table_bytes": tables, "index_bytes": indexes}


async def measure_events(database: Database, people: int, count: int) -> dict[str, dict[str, float]]:
    """An event that comes by HTTP among a thousand and alone, and what reacts to it."""
    keys = database.keys
    await asyncio.to_thread(events.fill, database.url, keys, people)
    engine = create_engine(database.url)
    sessions = create_sessions(engine)
    secret = await events.source_secret(sessions, keys)
    found: dict[str, dict[str, float]] = {}
    async with _taking_in(database) as (address, process), client() as http:
        meter = Meter(database, lambda: {"ours": [process]})
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        for name, size, total in (("event_among_1000", events.SET, count), ("event_alone", 1, count // 20)):

            async def post(size: int = size, total: int = total, name: str = name) -> int:
                for start in range(0, total, size):
                    body = json.dumps({"events": events.given(name, start, people)[:size]})
                    async with http.post(address, data=body, headers=headers) as answer:
                        assert (await answer.json())["written"] == size
                return total

            found[name] = await meter.of(post)
        names = (f"trickle-{number}" for number in itertools.count())
        few, known = _in_five_minutes(Day().events), _in_five_minutes(Day().events * Day().known)
        found["event_alone"] |= await meter.trickle(lambda: post(1, few, next(names)))
        meter = Meter(database, _here)
        reactor = Reactor(sessions, Library(), [ScoresAndSegments(keys), note_goals])

        async def react() -> int:
            return (await reactor.react(SystemClock().now())).events

        found["event_reacted_to"] = await meter.of(react)
        found["event_reacted_to"] |= await meter.trickle(react, lambda: post(1, known, next(names)))
    await engine.dispose()
    return found


@contextlib.asynccontextmanager
async def _taking_in(database: Database) -> AsyncIterator[tuple[str, psutil.Process]]:
    """A web process with nothing but the endpoint of events."""
    port = free_port()
    command = [sys.executable, events.__file__, "--serve", database.url, str(database.key_file), str(port)]
    server = subprocess.Popen(command)
    with stopping(server):
        await events.wait_for_port(port)
        yield f"http://127.0.0.1:{port}/api/v1/events", psutil.Process(server.pid)


def talks_cost(*, short: bool) -> dict[str, Any]:
    """Talks, turns, open chats, rest and memory."""
    small = 10 if short else 1
    with started("capacity-talks") as database:
        return asyncio.run(measure_talks(database, 120 // small, 300 // small, 12 / small))


def journeys_cost(*, short: bool) -> dict[str, Any]:
    """Contacts, sleepers, steps and messages."""
    small = 10 if short else 1
    with started("capacity-journeys") as database, journeys.local_twilio() as (port, _):
        return asyncio.run(measure_journeys(database, 100_000 // small, 20_000 // small, 4_000 // small, port))


def events_cost(*, short: bool) -> dict[str, Any]:
    """Events that come in, and what reacts to them."""
    small = 10 if short else 1
    with started("capacity-events") as database:
        return asyncio.run(measure_events(database, 20_000 // small, 20_000 // small))
