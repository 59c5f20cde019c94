"""How many events a second are taken in, beside COPY as the limit, and how soon who reacts has them.

Everything runs on 127.0.0.1 on one embedded PostgreSQL: `COPY` of the same rows into the same table (the limit: no
checks, no ids to compare, but the same indexes and trigger), `ingest` of checked events, `take_in` of events that name
people by e-mail address, and `POST /api/v1/events` to a web process of its own, a thousand events a request. Then
events are sent at a steady rate, and a reactor that PostgreSQL wakes notes how long after their writing began it has
taken them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import aiohttp
import psycopg
import uvloop
from aiohttp import web

from admin.api.problems import problem_middleware
from admin.context import AdminContext
from admin.events.endpoints import send_events
from base.clock import SystemClock
from base.database import Sessions, create_engine, create_sessions, libpq_url, transaction
from base.encryption import KeyRing, read_key_file
from base.ids import new_id
from benchmarks.database import started
from benchmarks.saving import add_saving, save
from benchmarks.turns import free_port
from crm.contacts.models import SEALED_COLUMN
from crm.events.reading import read_given
from crm.events.service import Giver, take_in
from crm.events.sources import make_source
from crm.timeline.service import NOTIFY_CHANNEL, NewEvent, ingest, take_unreacted

RESULT = ROOT / "docs" / "benchmarks" / "events.json"
SET = 1_000
STEADY_SET = 25
LOOK_EVERY = 1.0  # seconds, should a notification be lost
COLUMNS = "id, contact_id, kind, data, occurred_at, source, source_id, received_at"


def email(number: int) -> str:
    return f"person.{number}@northwind-ledger.example"


def properties(number: int) -> dict[str, Any]:
    return {"order": str(number), "value": number % 500, "currency": "EUR"}


def fill(url: str, keys: KeyRing, people: int) -> list[UUID]:
    """Contacts with an address each."""
    ids, now = [new_id() for _ in range(people)], datetime.now(UTC)
    with psycopg.connect(libpq_url(url)) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY contacts (id, created_at, updated_at) FROM STDIN") as copy:
            for contact_id in ids:
                copy.write_row((contact_id, now, now))
        points = "id, contact_id, kind, value_sealed, key_id, blind_index, created_at"
        with cursor.copy(f"COPY contact_points ({points}) FROM STDIN") as copy:
            for number, contact_id in enumerate(ids):
                point, address = new_id(), email(number)
                sealed = keys.seal(address, column=SEALED_COLUMN, row=point)
                index = keys.blind_index(address, kind="email")
                copy.write_row((point, contact_id, "email", sealed, keys.newest, index, now))
        cursor.execute("ANALYZE")
    return ids


def measure_copy(url: str, ids: list[UUID], events: int) -> float:
    """Events a second by COPY, a set a transaction as the others."""
    now = datetime.now(UTC)
    with psycopg.connect(libpq_url(url)) as connection:
        began = time.perf_counter()
        for start in range(0, events, SET):
            with connection.cursor() as cursor, cursor.copy(f"COPY timeline_events ({COLUMNS}) FROM STDIN") as copy:
                for number in range(start, start + SET):
                    data = json.dumps(properties(number))
                    who = ids[number % len(ids)]
                    copy.write_row((new_id(), who, "order_placed", data, now, "api", f"copy/{number}", now))
            connection.commit()
        return events / (time.perf_counter() - began)


async def measure_sets(events: int, send: Callable[[int], Awaitable[None]], at_once: int) -> float:
    """Events a second, sets being sent by so many at once."""
    starts = iter(range(0, events, SET))

    async def work() -> None:
        for start in starts:
            await send(start)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return events / (time.perf_counter() - began)


async def measure_ingest(sessions: Sessions, ids: list[UUID], events: int, at_once: int) -> float:
    now, mark = datetime.now(UTC), f"ingest{at_once}"

    async def send(start: int) -> None:
        rows = [
            NewEvent(
                "order_placed",
                now,
                "api",
                ids[number % len(ids)],
                data=properties(number),
                source_id=f"{mark}/{number}",
            )
            for number in range(start, start + SET)
        ]
        async with transaction(sessions) as session:
            assert len((await ingest(session, rows, now)).written) == SET

    return await measure_sets(events, send, at_once)


def given(mark: str, start: int, people: int) -> list[dict[str, Any]]:
    return [
        {
            "kind": "order_placed",
            "id": f"{mark}-{number}",
            "about": {"email": email(number % people)},
            "properties": properties(number),
        }
        for number in range(start, start + SET)
    ]


async def measure_take_in(sessions: Sessions, keys: KeyRing, people: int, events: int) -> float:
    async def send(start: int) -> None:
        async with transaction(sessions) as session:
            taken = await take_in(
                session, keys, read_given(given("t", start, people)), Giver("api", "bench"), datetime.now(UTC)
            )
        assert taken.written == SET

    return await measure_sets(events, send, 1)


async def measure_http(address: str, token: str, people: int, events: int, at_once: int) -> dict[str, float]:
    bodies = {start: json.dumps({"events": given(f"h{at_once}", start, people)}) for start in range(0, events, SET)}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    times: list[float] = []
    async with aiohttp.ClientSession() as client:

        async def send(start: int) -> None:
            began = time.perf_counter()
            async with client.post(address, data=bodies[start].encode(), headers=headers) as answer:
                assert (await answer.json())["written"] == SET, await answer.text()
            times.append(time.perf_counter() - began)

        rate = await measure_sets(events, send, at_once)
    return {"events_per_second": round(rate), "request_p50_ms": round(statistics.median(times) * 1000, 1)}


async def measure_reaction(url: str, sessions: Sessions, ids: list[UUID], rate: int, seconds: int) -> dict[str, float]:
    """How long after it was given to be written an event is taken by a reactor in a process like ours."""
    async with transaction(sessions) as session:
        while await take_unreacted(session, 50_000):
            pass
    begun: dict[UUID, float] = {}
    waited: list[float] = []
    total = rate * seconds

    async def react() -> None:
        listener = await psycopg.AsyncConnection.connect(libpq_url(url), autocommit=True)
        async with listener:
            await listener.execute(f"LISTEN {NOTIFY_CHANNEL}")
            while len(waited) < total:
                async for _ in listener.notifies(timeout=LOOK_EVERY, stop_after=1):
                    pass
                while True:
                    async with transaction(sessions) as session:
                        taken = await take_unreacted(session, 1_000)
                    moment = time.perf_counter()
                    waited.extend(moment - begun[event.event_id] for event in taken if event.event_id in begun)
                    if not taken:
                        break

    async def write() -> None:
        began = time.perf_counter()
        for number in range(0, total, STEADY_SET):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            now = datetime.now(UTC)
            events = [
                NewEvent("page_viewed", now, "web", ids[(number + at) % len(ids)], data={"url": "https://a.example/"})
                for at in range(STEADY_SET)
            ]
            started = time.perf_counter()
            async with transaction(sessions) as session:
                for event_id in (await ingest(session, events, now)).written:
                    begun[event_id] = started

    reacting = asyncio.create_task(react())
    await asyncio.sleep(0.5)
    await write()
    await asyncio.wait_for(reacting, 60)
    waited.sort()
    return {
        "events_per_second": rate,
        "p50_ms": round(waited[len(waited) // 2] * 1000, 1),
        "p95_ms": round(waited[int(len(waited) * 0.95)] * 1000, 1),
        "max_ms": round(waited[-1] * 1000, 1),
    }


def serve(url: str, key_file: str, port: int) -> None:
    """The web process: nothing but the endpoint."""
    uvloop.install()
    unasked = cast("Any", None)
    context = AdminContext(
        sessions=create_sessions(create_engine(url)),
        keys=read_key_file(Path(key_file)),
        clock=SystemClock(),
        public_url=f"http://127.0.0.1:{port}",
        facts=unasked,
        wake_understanding=unasked,
        wake_imports=unasked,
        imports_folder=unasked,
        wake_scores=unasked,
        wake_segments=unasked,
        wake_bulk=unasked,
        meanings=unasked,
        flows=unasked,
    )
    app = web.Application(middlewares=[problem_middleware])
    app.add_routes([send_events.route(context)])
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


async def source_secret(sessions: Sessions, keys: KeyRing) -> str:
    """What a fresh source shows that takes events of known people by the API."""
    async with transaction(sessions) as session:
        made = await make_source(
            session, keys, name="bench", way="api", unknown_people="refuse", mapping=None, made_by="bench",
            now=datetime.now(UTC),
        )  # fmt: skip
    assert made.secret is not None
    return made.secret


async def run(url: str, key_file: Path, people: int, events: int) -> dict[str, Any]:
    keys = read_key_file(key_file)
    ids = fill(url, keys, people)
    engine = create_engine(url)
    sessions = create_sessions(engine)
    secret = await source_secret(sessions, keys)
    figures: dict[str, Any] = {"people": people, "events": events, "load_before": os.getloadavg()}
    figures["copy_per_second"] = round(measure_copy(url, ids, events))
    figures["ingest_per_second"] = round(await measure_ingest(sessions, ids, events, 1))
    figures["ingest_by_two_per_second"] = round(await measure_ingest(sessions, ids, events, 2))
    figures["take_in_per_second"] = round(await measure_take_in(sessions, keys, people, events))
    port = free_port()
    command = [sys.executable, __file__, "--serve", url, str(key_file), str(port)]
    server = subprocess.Popen(command)
    try:
        await wait_for_port(port)
        address = f"http://127.0.0.1:{port}/api/v1/events"
        figures["http"] = await measure_http(address, secret, people, events, 1)
        figures["http_by_two"] = await measure_http(address, secret, people, events, 2)
    finally:
        server.terminate()
        server.wait(20)
    figures["reaction"] = [await measure_reaction(url, sessions, ids, rate, 10) for rate in (500, 2_000)]
    figures["load_after"] = os.getloadavg()
    await engine.dispose()
    return figures


async def wait_for_port(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise SystemExit("the web process did not come up")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=100_000, help="of each way")
    add_saving(parser, RESULT)
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve[0], options.serve[1], int(options.serve[2]))
        return
    with started("events") as database:
        uvloop.install()
        figures = asyncio.run(run(database.url, database.key_file, options.people, options.events))
    print(json.dumps(figures, indent=1))
    save(RESULT, options, **figures)


if __name__ == "__main__":
    main()
