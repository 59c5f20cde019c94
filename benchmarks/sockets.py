"""Ten thousand open chats in one web process: what each costs, how soon a message reaches one, and how they come back.

`parley web` as an operator runs it, PostgreSQL with its usual settings, and browsers as sockets in processes of their
own. Messages are written by this process as a worker writes them, so that each travels as an id by LISTEN/NOTIFY to
the web process, which reads its text. Times are from before the write's transaction to the frame in the browser's
process. Then the web process is restarted: every browser comes back as the widget does, after a pause that is half
chance. Beside what a chat costs stands a bare aiohttp server with as many sockets that say nothing.

Everything runs on 127.0.0.1 and is stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import aiohttp
import psutil
import uvloop
from aiohttp import WSMsgType, web
from sqlalchemy import func, insert, select, text

import server.web  # noqa: F401  # loads every room's tables
from base.clock import SystemClock
from base.database import Sessions, create_engine, create_sessions, transaction
from base.ids import new_id
from benchmarks.database import Database, started
from benchmarks.saving import add_saving, save
from benchmarks.turns import free_port, stopping, wait_for
from bot.conversations import append_message
from bot.models import Conversation, Message
from bot.turn_statements import NOTIFY_CHANNEL
from channels.web.tokens import VisitorTokens

RESULT = ROOT / "docs" / "benchmarks" / "sockets.json"
PUSH_TARGET_MS, KIB_TARGET, BACK_TARGET_S = 250.0, 40.0, 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Of the widget (channels/web/widget/src/backoff.ts), in seconds."""
AT_ONCE = 100
"""Browsers of a process that connect at the same time when nothing was broken off."""
SPARE_FILES = 500


# The browsers, in processes of their own


@dataclass
class Browsers:
    """Sockets that stay open and come back."""

    url: str
    origin: str
    tokens: Sequence[str]
    opened: int = 0
    failed: int = 0
    waits: list[float] = field(default_factory=list)
    """Milliseconds that each message took."""

    async def run(self) -> None:
        """Opens them at the first line of the standard input; answers each with what happened since the last."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, sys.stdin.readline)
        print("{}", flush=True)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            gate = asyncio.Semaphore(AT_ONCE)
            tasks = [asyncio.create_task(self._stay(session, token, gate)) for token in self.tokens]
            while await loop.run_in_executor(None, sys.stdin.readline):
                waits, self.waits = self.waits, []
                print(json.dumps({"opened": self.opened, "failed": self.failed, "waits": waits}), flush=True)
            for task in tasks:
                task.cancel()

    async def _stay(self, session: aiohttp.ClientSession, token: str, gate: asyncio.Semaphore) -> None:
        seen, attempt = 0, 0
        while True:
            try:
                async with gate if attempt == 0 else contextlib.nullcontext():
                    socket = await session.ws_connect(self.url, headers={"Origin": self.origin}, max_msg_size=0)
                    await socket.send_str(json.dumps({"type": "hello", "token": token, "last_seen": seen}))
                    greeting = await socket.receive_str(timeout=60)
                seen = self._read(greeting, seen, told=False)
                self.opened, attempt = self.opened + 1, 0
                try:
                    async for frame in socket:
                        if frame.type is WSMsgType.TEXT:
                            seen = self._read(frame.data, seen)
                finally:
                    self.opened -= 1
            except (aiohttp.ClientError, TimeoutError, TypeError, OSError):
                self.failed += 1
            attempt += 1
            ceiling = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))
            await asyncio.sleep(ceiling / 2 + ceiling / 2 * random.random())

    def _read(self, raw: str, seen: int, *, told: bool = True) -> int:
        now, frame = time.monotonic(), json.loads(raw)
        for message in frame.get("messages", ()):
            # What one process writes of the monotonic clock, all of this machine read.
            if told and message["text"].startswith("at "):
                self.waits.append((now - float(message["text"][3:])) * 1000)
            seen = message["seq"]
        return seen


@dataclass
class Crowd:
    """The processes of browsers."""

    processes: list[asyncio.subprocess.Process]

    async def begin(self) -> None:
        """Has all of them open at the same time."""
        await self._ask()

    async def ask(self) -> dict[str, Any]:
        """What happened since the last question."""
        told = await self._ask()
        return {
            "opened": sum(one["opened"] for one in told),
            "failed": sum(one["failed"] for one in told),
            "waits": [wait for one in told for wait in one["waits"]],
        }

    async def _ask(self) -> list[dict[str, Any]]:
        told = []
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(b"\n")
        for process in self.processes:
            assert process.stdout is not None
            told.append(json.loads(await process.stdout.readline()))
        return told

    async def wait_until(self, opened: int, within: float) -> float:
        """Seconds until so many are open."""
        began = time.perf_counter()
        while (told := await self.ask())["opened"] < opened:
            if time.perf_counter() - began > within:
                raise SystemExit(f"only {told['opened']} of {opened} are open after {within:.0f} s")
            await asyncio.sleep(0.2)
        return time.perf_counter() - began


@contextlib.asynccontextmanager
async def crowd(url: str, origin: str, tokens: Sequence[str], processes: int, folder: Path) -> AsyncIterator[Crowd]:
    """Browsers with these tokens, shared out among processes."""
    running = []
    for number in range(processes):
        file = folder / f"tokens-{number}.json"
        file.write_text(json.dumps(tokens[number::processes]))
        running.append(
            await asyncio.create_subprocess_exec(
                *(sys.executable, __file__, "--browsers", url, origin, str(file)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                limit=2**26,
            )
        )
    try:
        browsers = Crowd(running)
        await browsers.begin()
        yield browsers
    finally:
        for process in running:
            process.kill()
            await process.wait()


# The rival: nothing but sockets


def serve_bare(port: int) -> None:
    """A socket that greets and waits."""

    async def socket(request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse(heartbeat=25, compress=False, max_msg_size=16_384)
        await answer.prepare(request)
        await answer.receive_str()
        await answer.send_str('{"type": "messages", "messages": []}')
        async for _ in answer:
            pass
        return answer

    async def ready(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/chat/socket", socket), web.get("/healthz", ready)])
    uvloop.install()
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


# The site


async def fill(sessions: Sessions, chats: int) -> list[UUID]:
    """Talks in which one message stands."""
    now, ids = SystemClock().now(), [new_id() for _ in range(chats)]
    async with transaction(sessions) as session:
        await session.execute(
            insert(Conversation),
            [
                {
                    "id": one,
                    "channel": "web",
                    "language": "en",
                    "next_seq": 2,
                    "created_at": now,
                    "last_activity_at": now,
                }
                for one in ids
            ],
        )
        await session.execute(
            insert(Message),
            [
                {
                    "id": new_id(), "conversation_id": one, "seq": 1, "author": "bot", "kind": "text",
                    "text": "Hello.", "data": {}, "client_id": new_id(), "created_at": now, "turn_state": None,
                }
                for one in ids
            ],
        )  # fmt: skip
    return ids


async def push(sessions: Sessions, talk: UUID) -> None:
    """One message, as a worker writes a follow-up (channels/web/sender.py)."""
    at = f"at {time.monotonic()}"
    async with transaction(sessions) as session:
        await append_message(
            session, conversation_id=talk, author="follow_up", text=at, data={}, client_id=new_id(),
            now=SystemClock().now(),
        )  # fmt: skip
        await session.execute(select(func.pg_notify(NOTIFY_CHANNEL, f"- {talk}")))


_SAY_TO_ALL = text("""
    WITH talk AS (
        UPDATE conversations SET next_seq = next_seq + 1, last_message_at = now() WHERE id = ANY(:talks)
        RETURNING id, next_seq - 1 AS seq
    ),
    said AS (
        INSERT INTO messages (id, conversation_id, seq, author, kind, text, client_id, created_at)
        SELECT gen_random_uuid(), id, seq, 'follow_up', 'text', :text, gen_random_uuid(), now() FROM talk
        RETURNING conversation_id
    )
    SELECT count(pg_notify(:channel, '- ' || conversation_id)::text) FROM said
""")


async def push_all(sessions: Sessions, talks: Sequence[UUID]) -> None:
    """One message in each of many talks, by one statement: all of them are told in the same instant."""
    given = {"talks": list(talks), "text": f"at {time.monotonic()}", "channel": NOTIFY_CHANNEL}
    async with transaction(sessions) as session:
        await session.execute(_SAY_TO_ALL, given)


@contextlib.contextmanager
def parley_web(database: Database, port: int) -> Iterator[psutil.Process]:
    """`parley web`; the dialogue's address is nobody's, for nothing is said."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")},
        "DATABASE_URL": database.url,
        "PARLEY_DATA_DIR": str(database.folder),
        "PARLEY_PORT": str(port),
        "PARLEY_RASA_URLS": "http://127.0.0.1:9",
        "PARLEY_RASA_SECRET": "nobody is asked in this benchmark",
        "PARLEY_LOG_LEVEL": "ERROR",
    }
    keys = database.folder / "keys" / "root.json"
    keys.parent.mkdir(exist_ok=True)
    if not keys.exists():
        shutil.copy(database.key_file, keys)
    process = subprocess.Popen([sys.executable, "-m", "server.cli", "web"], cwd=ROOT, env=environment)
    with stopping(process):
        asyncio.run(wait_for(f"http://127.0.0.1:{port}/healthz", 60))
        time.sleep(8)  # what is loaded for the first words is loaded by then
        (serving,) = psutil.Process(process.pid).children()
        yield serving


@contextlib.contextmanager
def bare(port: int) -> Iterator[psutil.Process]:
    """The rival."""
    process = subprocess.Popen([sys.executable, __file__, "--bare", str(port)])
    with stopping(process):
        asyncio.run(wait_for(f"http://127.0.0.1:{port}/healthz", 60))
        yield psutil.Process(process.pid)


def _own_kib(process: psutil.Process) -> float:
    return float(process.memory_full_info().uss) / 1024


def _told(times: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100)
    return {name: round(cuts[at - 1], 1) for name, at in (("p50_ms", 50), ("p95_ms", 95), ("p99_ms", 99))}


async def measure_bare(port: int, process: psutil.Process, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """What a socket costs that does nothing."""
    before = _own_kib(process)
    tokens = ["none"] * options.chats
    async with crowd(f"http://127.0.0.1:{port}/chat/socket", "http://x", tokens, options.processes, folder) as browsers:
        took = await browsers.wait_until(options.chats, 300)
        await asyncio.sleep(1)
        return {"connect_s": round(took, 1), "kib_each": round((_own_kib(process) - before) / options.chats, 1)}


async def measure(database: Database, options: argparse.Namespace) -> dict[str, Any]:
    """Opens the chats, writes to some and to all, restarts the process under them."""
    engine = create_engine(database.url, pool_size=8)
    sessions, port = create_sessions(engine), free_port()
    origin = f"http://127.0.0.1:{port}"
    talks = await fill(sessions, options.chats)
    visitors = VisitorTokens(database.keys)
    tokens = [visitors.issue(talk, origin) for talk in talks]
    found: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        process = await asyncio.to_thread(stack.enter_context, parley_web(database, port))
        before = _own_kib(process)
        async with crowd(f"{origin}/chat/socket", origin, tokens, options.processes, database.folder) as browsers:
            found["connect_s"] = round(await browsers.wait_until(options.chats, 300), 1)
            await asyncio.sleep(2)
            found["kib_each"] = round((_own_kib(process) - before) / options.chats, 1)
            print(f"{options.chats:,} chats opened in {found['connect_s']} s, {found['kib_each']} KiB each", flush=True)

            used, began = sum(process.cpu_times()[:2]), time.perf_counter()
            await _write_steadily(sessions, talks, options)
            await asyncio.sleep(2)
            waits = (await browsers.ask())["waits"]
            took = time.perf_counter() - began
            cpu = (sum(process.cpu_times()[:2]) - used) / took
            found["push"] = {"a_second": options.rate, "arrived": len(waits), **_told(waits), "web_cpu": round(cpu, 2)}
            print(f"{options.rate} messages/s to one chat each: {found['push']}", flush=True)

            await push_all(sessions, talks)
            waits = []
            while len(waits) < options.chats and time.perf_counter() - began < 600:
                await asyncio.sleep(0.5)
                waits += (await browsers.ask())["waits"]
            found["to_all"] = {"arrived": len(waits), **_told(waits), "last_ms": round(max(waits), 1)}
            print(f"one transaction to all of them, from its beginning: {found['to_all']}", flush=True)

            stack.close()
            began = time.perf_counter()
            await asyncio.to_thread(stack.enter_context, parley_web(database, port))
            found["back_s"] = round(time.perf_counter() - began + await browsers.wait_until(options.chats, 300), 1)
            print(f"after a restart all are back {found['back_s']} s after it began", flush=True)
    await engine.dispose()
    return found


async def _write_steadily(sessions: Sessions, talks: Sequence[UUID], options: argparse.Namespace) -> None:
    chance, began, tasks = random.Random(1), time.perf_counter(), []
    for number in range(options.rate * options.seconds):
        await asyncio.sleep(max(0.0, began + number / options.rate - time.perf_counter()))
        tasks.append(asyncio.create_task(push(sessions, chance.choice(talks))))
    await asyncio.gather(*tasks)


def run(options: argparse.Namespace) -> None:
    """Measures both and tells."""
    needed = options.chats + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < needed:
        raise SystemExit(
            f"{needed} open files are needed, {hard} are allowed: raise `ulimit -Hn`, or ask fewer --chats"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    print(f"load {psutil.getloadavg()[0]:.1f}", flush=True)
    with started("sockets") as database:
        port = free_port()
        with bare(port) as process:
            rival = asyncio.run(measure_bare(port, process, options, database.folder))
        print(f"bare aiohttp: opened in {rival['connect_s']} s, {rival['kib_each']} KiB each", flush=True)
        ours = asyncio.run(measure(database, options))
    ratio = ours["kib_each"] / rival["kib_each"]
    print(
        f"a chat takes {ours['kib_each']} KiB (target {KIB_TARGET:.0f}), {ratio:.1f} times a bare socket; a message "
        f"arrives within {ours['push']['p95_ms']:.0f} ms at p95 (target {PUSH_TARGET_MS:.0f}); all are back within "
        f"{ours['back_s']:.0f} s of a restart (target {BACK_TARGET_S:.0f})"
    )
    save(RESULT, options, chats=options.chats, figures=ours, bare=rival, memory_ratio=round(ratio, 2))


def main() -> None:
    """Reads the options and runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chats", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=100, help="messages a second that are written")
    parser.add_argument("--seconds", type=int, default=20, help="for so long")
    parser.add_argument("--processes", type=int, default=2, help="of browsers")
    parser.add_argument("--browsers", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--bare", type=int, help=argparse.SUPPRESS)
    add_saving(parser, RESULT)
    options = parser.parse_args()
    if options.bare:
        serve_bare(options.bare)
    elif options.browsers:
        url, origin, file = options.browsers
        uvloop.install()
        asyncio.run(Browsers(url, origin, json.loads(Path(file).read_text())).run())
    else:
        run(options)


if __name__ == "__main__":
    main()
