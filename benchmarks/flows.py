"""Flows: how long a check of a 200-step flow takes, and whether a turn costs more late in a conversation than early.

1. Reading, checking (structure and compliance over all paths) and compiling a flow of 200 steps, beside the limit of
   one second that the editor's "check" button has.
2. A turn's time around the 20th message and past the 2,000th of a conversation, over the whole path (`parley up`:
   WebSocket, PostgreSQL, Rasa), the two taken in turn so that the machine's moods hit both. Limit: 10 % apart.
3. Publishing a change of wording with the command line on the running system, until a visitor hears the new words,
   beside the limit of five seconds; and taking it back, beside thirty.

Everything runs on loopback, in a bounded number of messages, and is stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp
import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.saving import add_saving, save
from benchmarks.turns import ROOT, client, free_port, stopping, wait_for
from flows.checks import check_content
from flows.compiler import compile_flows
from tests.flows.large_flow import large_content

RESULT = ROOT / "docs" / "benchmarks" / "flows.json"
STEPS = 200
EARLY, LATE = 20, 2_000
TEXTS = ["how much does it cost for a small team?", "does it connect to our bank?", "where is my data kept?"]
OLD, NEW = "What brings you here today?", "What may I do for you today?"


@dataclass
class Figure:
    """One measured thing beside its limit; `value` and `limit` in `unit`."""

    name: str
    value: float
    limit: float
    unit: str

    @property
    def ratio(self) -> float:
        return self.value / self.limit


def check_large_flow() -> Figure:
    """The best of five, since what else runs on the machine only adds."""
    took = []
    for _ in range(5):
        started = time.perf_counter()
        content = large_content(STEPS)
        faults = check_content(content)
        compile_flows(content)
        took.append(time.perf_counter() - started)
        if faults:
            raise RuntimeError(f"the large flow has faults: {faults[0]}")
    return Figure(f"check and compile a {STEPS}-step flow", min(took), 1.0, "s")


class Talk:
    """One visitor's socket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws
        self.sent = 0
        self.heard: list[str] = []

    async def turn(self, text: str | None = None) -> float:
        """One message and its answer, in seconds."""
        frame = {"type": "message", "client_id": str(uuid.uuid4()), "text": text or TEXTS[self.sent % len(TEXTS)]}
        started = time.perf_counter()
        await self._ws.send_json(frame)
        await self.until_bot()
        self.sent += 1
        return time.perf_counter() - started

    async def until_bot(self) -> None:
        while True:
            frame = await self._ws.receive_json(timeout=30)
            if frame["type"] == "error":
                raise RuntimeError(frame["message"])
            if frame["type"] == "messages":
                said = [message["text"] for message in frame["messages"] if message["author"] == "bot"]
                self.heard += said
                if said:
                    return


@contextlib.asynccontextmanager
async def talking(session: aiohttp.ClientSession, port: int) -> AsyncIterator[Talk]:
    origin = f"http://127.0.0.1:{port}"
    async with session.post(f"{origin}/chat/session", json={}, headers={"Origin": origin}) as response:
        response.raise_for_status()
        token = (await response.json())["token"]
    async with session.ws_connect(f"{origin}/chat/socket", headers={"Origin": origin}) as ws:
        await ws.send_json({"type": "hello", "token": token, "last_seen": 0})
        talk = Talk(ws)
        await talk.until_bot()
        yield talk


async def compare_ages(session: aiohttp.ClientSession, port: int, samples: int, database_url: str) -> list[Figure]:
    """Early and late turns, one after the other."""
    early: list[float] = []
    late: list[float] = []
    async with talking(session, port) as old:
        print(f"bringing a conversation to {LATE} messages …", flush=True)
        while old.sent < LATE:
            await old.turn()
        # What autovacuum does within a minute or two of use; those 2,000 messages came within half of one.
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE messages, conversations")
        while len(early) < samples:
            async with talking(session, port) as young:
                for _ in range(EARLY - 5):
                    await young.turn()
                for _ in range(10):
                    text = TEXTS[len(early) % len(TEXTS)]
                    early.append(await young.turn(text))
                    late.append(await old.turn(text))
    young_ms, old_ms = statistics.median(early) * 1000, statistics.median(late) * 1000
    print(f"p50 of {len(early)} turns: {young_ms:.2f} ms around message {EARLY}, {old_ms:.2f} ms past {LATE}")
    return [Figure(f"turn past message {LATE} against message {EARLY}", old_ms / young_ms, 1.10, "x")]


async def publish_words(
    session: aiohttp.ClientSession, port: int, environment: dict[str, str], content: Path
) -> list[Figure]:
    """From the command to the new words in a visitor's chat, there and back."""
    words = content / "library" / "demo_request" / "wording.en.yml"
    words.write_text(words.read_text().replace(OLD, NEW))
    started = time.perf_counter()
    await command(environment, "flows", "publish", "--yes", "--note", "other words")
    await until_heard(session, port, NEW)
    live = time.perf_counter() - started
    started = time.perf_counter()
    await command(environment, "flows", "rollback", "--yes")
    await until_heard(session, port, OLD)
    back = time.perf_counter() - started
    return [Figure("wording change live", live, 5.0, "s"), Figure("rolled back", back, 30.0, "s")]


async def until_heard(session: aiohttp.ClientSession, port: int, text: str) -> None:
    for _ in range(200):
        async with talking(session, port) as talk:
            if any(text in said for said in talk.heard):
                return
        await asyncio.sleep(0.1)
    raise RuntimeError(f"nobody heard {text!r}")


async def command(environment: dict[str, str], *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.cli", *arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{arguments}: {output.decode()}")


async def run(samples: int) -> list[Figure]:
    """All measurements."""
    figures = [check_large_flow()]
    port, rasa_port = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        data, content = Path(folder) / "var", Path(folder) / "content"
        data.mkdir()
        for name in ("encoder", "models"):
            (data / name).symlink_to(ROOT / "var" / name)
        for name in ("library", "journeys"):
            shutil.copytree(ROOT / "flows" / name, content / name)
        environment = {
            **os.environ,
            "PARLEY_DATA_DIR": str(data),
            "PARLEY_CONTENT_DIR": str(content),
            "PARLEY_PORT": str(port),
            "PARLEY_RASA_PORT": str(rasa_port),
            "PARLEY_CHAT_MESSAGES_A_MINUTE": "1000000",
            "PARLEY_CHAT_SESSIONS_A_MINUTE": "1000000",
        }
        up = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "up"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        with stopping(up):
            await wait_for(f"http://127.0.0.1:{port}/readyz", 180)
            async with client() as session:
                figures += await compare_ages(
                    session, port, samples, f"postgresql://postgres@/postgres?host={data / 'postgres'}"
                )
                figures += await publish_words(session, port, environment, content)
    return figures


def main() -> None:
    """Runs the benchmark, prints the table, keeps the raw figures with --save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=300, help="turns measured early and late")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    figures = asyncio.run(run(options.samples))
    print(f"\n{'':44}{'measured':>10}{'limit':>8}{'':4}{'of limit':>10}")
    for row in figures:
        print(f"{row.name:44}{row.value:>10.3f}{row.limit:>8.2f} {row.unit:3}{row.ratio:>10.2f}")
    save(RESULT, options, figures=[asdict(row) | {"ratio": row.ratio} for row in figures])


if __name__ == "__main__":
    main()
