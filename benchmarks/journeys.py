"""How fast journeys go on among a million sleepers, and what the sleepers cost.

The embedded PostgreSQL holds a million contacts who are enrolled and wait for a later day. Some more are due:

* advance: from a waiting step through a branch to the next waiting step, in the planner's sets. Beside it one bare
  `UPDATE … FOR UPDATE SKIP LOCKED` of as many enrolments in sets of the same size: the limit, as no step can be taken
  without writing where somebody stands.
* send: from a waiting step to a text message at a provider: planned, asked about three times, claimed, handed over by
  HTTP to a local Twilio in a process of its own, the outcome stored. By one worker and by two, which share the outbox.
  Beside it the published rates of peers.
* idle: a run of the pump while everybody sleeps.

The memory is the most that any of the workers took. Everything runs on 127.0.0.1 in a temporary folder and stops by
itself.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psycopg
import structlog
import uvloop

import server.web  # noqa: F401  # loads every room's tables
from base.database import create_engine, create_sessions, libpq_url, transaction
from base.encryption import KeyRing
from benchmarks.database import started
from benchmarks.gate import DRAWN, fill, working_moment
from benchmarks.saving import add_saving, save
from channels.sms.sender import SMSSender
from channels.sms.simulator import LocalTwilio, Number, simulated_account
from outreach.accounts.book import AccountBook
from outreach.accounts.service import save_account
from outreach.delivery import Delivery
from outreach.enrolment import publish_journeys
from outreach.gatekeeper import Gatekeeper
from outreach.planning import BATCH, Planner
from outreach.pump import DuePump
from outreach.rule_pack import read_rule_pack

RESULT = ROOT / "docs" / "benchmarks" / "journeys.json"
TARGET_STEPS, TARGET_OF_LIMIT, TARGET_SENDS, TARGET_MB = 8_000, 0.4, 500, 300
PEERS = "Mautic's published campaign rates: 8 to 21 events a second (issue 7 of this project names the figure)"

_ID = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
SLEEPERS = f"""
INSERT INTO enrolments (id, journey, version, contact_id, step, arrivals, due_at, entered_at, updated_at)
    SELECT gen_random_uuid(), 'sleepers', 'v1', {_ID}, 'settle', 1,
        now() + interval '30 days' + n * interval '1 second', now(), now()
    FROM generate_series(0, %(last)s::int) n
"""
_DUE = f"""
INSERT INTO enrolments (id, journey, version, contact_id, step, arrivals, due_at, entered_at, updated_at)
    SELECT gen_random_uuid(), %(journey)s, 'v1', {_ID}, 'settle', 1, %(now)s::timestamptz - interval '1 minute',
        now(), now()
    FROM generate_series(0, %(last)s::int) n
"""
_BARE = """
UPDATE enrolments SET step = 'rest', due_at = %(later)s, arrivals = arrivals + 1, updated_at = %(now)s
    WHERE id IN (SELECT id FROM enrolments WHERE state = 'active' AND due_at <= %(now)s
        ORDER BY due_at, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
"""


def journey(name: str, steps: dict[str, Any], wording: dict[str, Any] | None = None) -> dict[str, Any]:
    """A compiled journey."""
    return {
        "journey": name, "name": name, "version": "v1", "purpose": "marketing", "re_entry": "never",
        "exit_when": ["opted_out", "consent_withdrawn", "handed_off"], "first": "settle", "steps": steps,
        "wording": {"en": wording or {}},
    }  # fmt: skip


def waits(name: str) -> dict[str, Any]:
    """Waits, branches by score and stage, waits again."""
    ways = [
        {"if": {"fact": "score", "op": "at_least", "value": 50}, "to": "rest"},
        {"if": {"all": [{"fact": "stage", "op": "is", "value": "lead"}, {"fact": "first_name", "op": "known"}]},
         "to": "rest"},
        {"to": "done"},
    ]  # fmt: skip
    return journey(name, {
        "settle": {"step": "wait_for", "seconds": 600, "next": [{"to": "fork"}]},
        "fork": {"step": "branch", "next": ways},
        "rest": {"step": "wait_for", "seconds": 172_800, "next": [{"to": "done"}]},
        "done": {"step": "exit"},
    })  # fmt: skip


def texts() -> dict[str, Any]:
    """Waits, sends a text, waits again."""
    steps = {
        "settle": {"step": "wait_for", "seconds": 600, "next": [{"to": "hello"}]},
        "hello": {"step": "send", "channels": ["sms"], "next": [{"to": "rest"}]},
        "rest": {"step": "wait_for", "seconds": 172_800, "next": [{"to": "done"}]},
        "done": {"step": "exit"},
    }
    return journey("texts", steps, {"hello": {"text": "Hello {{ first_name | there }}, the new guide is out."}})


@dataclass
class Figures:
    """What was measured."""

    steps: int
    steps_per_second: float
    bare_rows_per_second: float
    sends: int
    plans_per_second: float
    sends_per_second: dict[int, float]
    """By the number of workers."""
    idle_ms: float
    memory_mb: float

    @property
    def of_limit(self) -> float:
        return self.steps_per_second / self.bare_rows_per_second


@contextmanager
def local_twilio() -> Iterator[tuple[int, Connection]]:
    """A Twilio in a process of its own; its port, and a pipe that asks how many messages it took."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        process.join(10)


def _serve(pipe: Connection) -> None:
    async def serve() -> None:
        number, settings, secrets = simulated_account(0)
        twilio = LocalTwilio(
            account_sid=settings["account_sid"], tokens=(secrets["auth_token"],), numbers=[Number(number)]
        )
        url = await twilio.start()
        pipe.send(int(url.rpartition(":")[2]))
        while True:
            if pipe.poll():
                pipe.recv()
                pipe.send(len(twilio.state.messages))
            await asyncio.sleep(0.05)

    asyncio.run(serve())


@dataclass(frozen=True)
class House:
    """Where everything is; what a process needs to be a worker of it."""

    url: str
    keys: KeyRing
    port: int
    now: datetime


@dataclass(frozen=True)
class _Worker:
    """What a worker process does, without its queue of jobs."""

    planner: Planner
    pump: DuePump


@asynccontextmanager
async def journey_worker(house: House) -> AsyncIterator[_Worker]:
    engine = create_engine(house.url, pool_size=4)
    sessions = create_sessions(engine)
    accounts = AccountBook(sessions, house.keys)
    await accounts.refresh()
    sender = SMSSender(accounts, "https://parley.example")
    gatekeeper = Gatekeeper(read_rule_pack(), {"sms": sender}, ("America/New_York",), accounts, house.keys)
    planner = Planner(sessions, gatekeeper)
    pump = DuePump(sessions, planner, Delivery(sessions, house.keys, gatekeeper), _Fixed(house.now))
    try:
        yield _Worker(planner, pump)
    finally:
        await sender.close()
        await engine.dispose()


def _work(house: House, pipe: Connection) -> None:
    """A process of its own: says that it is ready, waits for the word, sends all that is due, tells its memory."""

    async def work() -> None:
        async with journey_worker(house) as worker:
            await worker.pump.run_once()  # connected and warm
            pipe.send("ready")
            pipe.recv()
            while (due := await worker.pump.next_due_at()) is not None and due <= house.now:
                await worker.pump.run_once()
            pipe.send(_memory_mb())

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    uvloop.run(work())


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(url: str, keys: KeyRing, options: argparse.Namespace, port: int, pipe: Connection) -> Figures:
    """Lets the planner, the pump and the bare statement run."""
    house = House(url, keys, port, working_moment())
    await open_house(house)
    async with journey_worker(house) as worker:
        idle = await _idle(worker.pump)
        steps_per_second = await _advance(url, worker.planner, house.now, options.steps)
        bare = _bare(url, house.now, options.steps)
        plans = await _plan(worker, house, options.sends)
    sends, memory = {}, [_memory_mb()]
    for count in (1, 2):
        sends[count], most = await _send(house, count, options.sends, pipe)
        memory.append(most)
    return Figures(
        options.steps, round(steps_per_second), round(bare), options.sends, round(plans, 1),
        {count: round(rate, 1) for count, rate in sends.items()}, round(idle, 2), round(max(memory)),
    )  # fmt: skip


async def open_house(house: House) -> None:
    """Publishes the journeys and gives the workers a number to send from."""
    engine = create_engine(house.url)
    number, settings, secrets = simulated_account(house.port)
    async with transaction(create_sessions(engine)) as session:
        await publish_journeys(session, {one["journey"]: one for one in (waits("due"), texts())}, house.now)
        await save_account(
            session, house.keys, channel="sms", name="main", address=number,
            settings={**settings, "per_second": 1_000_000.0}, secrets=secrets, now=house.now,
        )  # fmt: skip
    await engine.dispose()


@dataclass
class _Fixed:
    moment: datetime

    def now(self) -> datetime:
        return self.moment


async def _idle(pump: DuePump) -> float:
    """Milliseconds of a run in which nothing is due, the median."""
    times = []
    for _ in range(20):
        began = time.perf_counter()
        await pump.run_once()
        await pump.next_due_at()
        times.append((time.perf_counter() - began) * 1_000)
    return statistics.median(times)


def make_due(url: str, name: str, count: int, now: datetime) -> None:
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(_DUE, {"journey": name, "last": count - 1, "now": now})
        connection.execute("VACUUM (ANALYZE) enrolments")
        connection.execute("CHECKPOINT")


async def _advance(url: str, planner: Planner, now: datetime, count: int) -> float:
    """Steps a second; each of the people takes two: the wait that is over, and the branch."""
    make_due(url, "due", count, now)
    began = time.perf_counter()
    planned = await planner.advance_due(now)
    took = time.perf_counter() - began
    assert planned.advanced == count, planned
    return 2 * count / took


def _bare(url: str, now: datetime, count: int) -> float:
    """Rows a second of the statement alone, over enrolments made due again."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(
            "UPDATE enrolments SET step = 'settle', due_at = %s WHERE journey = 'due'", (now - timedelta(minutes=1),)
        )
        connection.execute("VACUUM (ANALYZE) enrolments")
        connection.execute("CHECKPOINT")
        values = {"now": now, "later": now + timedelta(days=2), "batch": BATCH}
        began, moved = time.perf_counter(), 0
        while done := connection.execute(_BARE, values).rowcount:
            moved += done
        took = time.perf_counter() - began
    assert moved == count, moved
    return moved / took


def due_before_a_text(house: House, count: int) -> None:
    with psycopg.connect(libpq_url(house.url), autocommit=True) as connection:
        # What the gate remembers of them would be over the caps.
        connection.execute("TRUNCATE outbox, gate_decisions CASCADE")
        connection.execute("DELETE FROM enrolments WHERE journey = 'texts'")
        # Filled in by the thousand and sealed by nobody: they cannot be opened.
        connection.execute("DELETE FROM contact_points WHERE kind = 'email'")
    make_due(house.url, "texts", count, house.now)


async def _plan(worker: _Worker, house: House, count: int) -> float:
    """Messages planned a second, by one worker."""
    due_before_a_text(house, count)
    began = time.perf_counter()
    planned = await worker.planner.advance_due(house.now)
    took = time.perf_counter() - began
    assert planned.messages == count, planned
    return count / took


async def _send(house: House, workers: int, count: int, twilio: Connection) -> tuple[float, float]:
    """Sends a second from due enrolment to stored outcome, and the most memory a worker took."""
    due_before_a_text(house, 0)
    before = _taken(twilio)
    spawn = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    for _ in range(workers):
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=_work, args=(house, theirs), daemon=True)
        process.start()
        pipes.append(ours)
        processes.append(process)
    for pipe in pipes:
        assert pipe.recv() == "ready"
    due_before_a_text(house, count)
    began = time.perf_counter()
    for pipe in pipes:
        pipe.send("go")
    memory = [pipe.recv() for pipe in pipes]
    took = time.perf_counter() - began
    for process in processes:
        process.join(10)
    with psycopg.connect(libpq_url(house.url)) as connection:
        states: dict[str, int] = dict(connection.execute("SELECT state, count(*) FROM outbox GROUP BY 1").fetchall())
        reasons = connection.execute("SELECT rule, count(*) FROM gate_decisions GROUP BY 1").fetchall()
    assert states == {"accepted": count}, (states, reasons)
    assert _taken(twilio) - before == count
    return count / took, max(memory)


def _taken(twilio: Connection) -> int:
    twilio.send("how many")
    return int(twilio.recv())


def run(options: argparse.Namespace) -> Figures:
    """Fills, measures and prints."""
    with started("journeys") as database, local_twilio() as (port, pipe):
        keys = database.keys
        took = fill(database.url, keys, options.contacts)
        with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
            connection.execute(SLEEPERS, {"last": options.contacts - 1})
            connection.execute("VACUUM (ANALYZE) enrolments")
        print(f"{options.contacts:,} contacts, all asleep in a journey, in {took:.0f} s")
        figures = uvloop.run(measure(database.url, keys, options, port, pipe))
    print(
        f"advance: {figures.steps_per_second:,.0f} steps/s; bare UPDATE … SKIP LOCKED "
        f"{figures.bare_rows_per_second:,.0f} rows/s; {figures.of_limit:.0%} of it "
        f"(targets {TARGET_STEPS:,} and {TARGET_OF_LIMIT:.0%})"
    )
    print(
        f"send: {figures.sends_per_second[1]:,.0f}/s by one worker, {figures.sends_per_second[2]:,.0f}/s by two, from "
        f"due to stored outcome (target {TARGET_SENDS}); planning alone {figures.plans_per_second:,.0f}/s. {PEERS}"
    )
    print(f"idle: a run with nothing due {figures.idle_ms:.1f} ms; memory {figures.memory_mb:.0f} MB ({TARGET_MB})")
    return figures


def main() -> None:
    """Runs the benchmark, prints the figures, keeps them with --save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--steps", type=int, default=50_000, help="people who are due at a waiting step")
    parser.add_argument("--sends", type=int, default=DRAWN, help="people who are due before a text message")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    figures = run(options)
    told = {**asdict(figures), "of_limit": round(figures.of_limit, 2)}
    save(RESULT, options, contacts=options.contacts, figures=told)


if __name__ == "__main__":
    main()
