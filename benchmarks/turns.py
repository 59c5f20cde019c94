"""Messages per second: stock Rasa as `rasa init` makes it against Parley's whole path, in one run.

Stock: `rasa run` of the untouched starter bot, its REST channel, in-memory tracker store.
Parley: `parley up` as an operator starts it: WebSocket in, message committed to PostgreSQL, Rasa turn, state and
replies committed, reply out over the socket. Both get typed text that needs understanding; nobody taps a button.

Both are measured once they have come to rest: a first start still indexes the articles when it answers already.
Everything runs on loopback, in a bounded number of messages, and is stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.saving import add_saving, save

RASA = ROOT / ".venv-rasa" / "bin" / "rasa"
STOCK = ROOT / "var" / "benchmarks" / "stock"
RESULT = ROOT / "docs" / "benchmarks" / "turns.json"
TURNS_A_TALK = 8
STOCK_TEXTS = [
    "hello there", "I am feeling very sad today", "not so good", "are you a bot?", "I'm doing great, thanks",
    "yes that helped", "goodbye",
    "am I talking to a human?", "no, it did not", "good morning", "awful", "see you later",
]  # fmt: skip
OUR_TEXTS = [
    "hi, I'd like to see a demo", "how much does it cost for a small team?", "does it connect to our bank?",
    "where is my data kept?", "are you a bot?", "we lose track of who has paid us", "is there a free trial?",
    "about 20 people work here", "can I use it on my phone?", "what happens when the contract ends?",
    "thanks", "do you help us to get started?",
]  # fmt: skip


@dataclass
class Figures:
    """What one system did at one concurrency."""

    system: str
    at_once: int
    messages: int
    per_second: float
    p50_ms: float
    p95_ms: float
    memory_mb: float


Talk = Callable[[random.Random], Awaitable[list[float]]]


async def measure(system: str, talk: Talk, *, at_once: int, messages: int, pids: list[int]) -> Figures:
    """Runs talks on `at_once` lanes until `messages` were answered; latencies in seconds from send to answer."""
    latencies: list[float] = []

    async def lane(number: int) -> None:
        chance = random.Random(number)
        while len(latencies) < messages:
            latencies.extend(await talk(chance))

    started = time.perf_counter()
    await asyncio.gather(*(lane(number) for number in range(at_once)))
    took = time.perf_counter() - started
    cuts = statistics.quantiles(latencies, n=100)
    return Figures(
        system, at_once, len(latencies), len(latencies) / took, cuts[49] * 1000, cuts[94] * 1000, memory_of(pids)
    )


def memory_of(pids: list[int]) -> float:
    """Proportional set size of the process trees, in MB: memory that processes share counts once."""
    return _sum_of(pids, lambda process: process.memory_full_info().pss) / 2**20


def _sum_of(pids: list[int], figure: Callable[[psutil.Process], float]) -> float:
    """A figure of all processes of the trees together; one that has just ended counts for nothing."""
    total = 0.0
    for pid in pids:
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += figure(process)
    return total


# Stock Rasa


def prepare_stock() -> None:
    """`rasa init`, once."""
    if (STOCK / "models").exists() and any((STOCK / "models").glob("*.tar.gz")):
        return
    STOCK.mkdir(parents=True, exist_ok=True)
    print("making and training the starter bot with `rasa init` (a minute or two) …", flush=True)
    subprocess.run(
        [RASA, "init", "--no-prompt", "--init-dir", STOCK],
        env=quiet_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
    )  # fmt: skip


@contextlib.contextmanager
def stock_server(port: int) -> Iterator[int]:
    """`rasa run` in the starter bot's folder; yields its process id."""
    process = subprocess.Popen(
        [RASA, "run", "--port", str(port), "--interface", "127.0.0.1"],
        cwd=STOCK, env=quiet_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with stopping(process):
        yield process.pid


def stock_talk(session: aiohttp.ClientSession, port: int) -> Talk:
    """One sender, some messages over the REST channel."""

    async def talk(chance: random.Random) -> list[float]:
        sender, latencies = uuid.uuid4().hex, []
        for _ in range(TURNS_A_TALK):
            body = {"sender": sender, "message": chance.choice(STOCK_TEXTS)}
            started = time.perf_counter()
            async with session.post(f"http://127.0.0.1:{port}/webhooks/rest/webhook", json=body) as response:
                response.raise_for_status()
                await response.json()
            latencies.append(time.perf_counter() - started)
        return latencies

    return talk


# Parley


@contextlib.contextmanager
def parley_up(port: int, rasa_port: int, replicas: int) -> Iterator[int]:
    """`parley up` on a data folder of its own (same encoder, same model); yields its process id."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        for name in ("encoder", "models"):
            (Path(folder) / name).symlink_to(ROOT / "var" / name)
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "up"],
            cwd=ROOT,
            env={
                **os.environ,
                "PARLEY_DATA_DIR": folder,
                "PARLEY_PORT": str(port),
                "PARLEY_RASA_PORT": str(rasa_port),
                "PARLEY_RASA_REPLICAS": str(replicas),
                "PARLEY_CHAT_MESSAGES_A_MINUTE": "100000",
                "PARLEY_CHAT_SESSIONS_A_MINUTE": "100000",
            },
            stdout=subprocess.DEVNULL,
        )
        with stopping(process):
            yield process.pid


def parley_talk(session: aiohttp.ClientSession, port: int, turns: int = TURNS_A_TALK) -> Talk:
    """One visitor: session, socket, greeting, then some messages, each until the bot's last reply to it is there."""
    origin = f"http://127.0.0.1:{port}"

    async def talk(chance: random.Random) -> list[float]:
        async with session.post(f"{origin}/chat/session", json={}, headers={"Origin": origin}) as response:
            response.raise_for_status()
            token = (await response.json())["token"]
        async with session.ws_connect(f"{origin}/chat/socket", headers={"Origin": origin}) as ws:
            await ws.send_json({"type": "hello", "token": token, "last_seen": 0})
            await _until_bot(ws)
            latencies = []
            for _ in range(turns):
                frame = {"type": "message", "client_id": str(uuid.uuid4()), "text": chance.choice(OUR_TEXTS)}
                started = time.perf_counter()
                await ws.send_json(frame)
                await _until_bot(ws)
                latencies.append(time.perf_counter() - started)
        return latencies

    return talk


async def _until_bot(ws: aiohttp.ClientWebSocketResponse) -> None:
    """Reads frames until one brings what the bot said: all replies of a turn come in one frame."""
    while True:
        frame = await ws.receive_json(timeout=30)
        if frame["type"] == "error":
            raise RuntimeError(frame["message"])
        if frame["type"] == "messages" and any(message["author"] == "bot" for message in frame["messages"]):
            return


# The run


async def run(options: argparse.Namespace) -> list[Figures]:
    """All measurements."""
    figures: list[Figures] = []
    stock_port, port, rasa_port = free_port(), free_port(), free_port()
    with stock_server(stock_port) as pid:
        await wait_for(f"http://127.0.0.1:{stock_port}/", 180)
        async with client() as session:
            figures += await series("stock rasa init", stock_talk(session, stock_port), [pid], options)
    with parley_up(port, rasa_port, options.replicas) as pid:
        await wait_for(f"http://127.0.0.1:{port}/readyz", 180)
        postgres = [process.pid for process in psutil.process_iter(["name", "ppid"])
                    if process.info["name"] == "postgres" and process.info["ppid"] == 1]  # fmt: skip
        async with client() as session:
            figures += await series("parley, whole path", parley_talk(session, port), [pid, *postgres], options)
    return figures


async def series(system: str, talk: Talk, pids: list[int], options: argparse.Namespace) -> list[Figures]:
    """Warm-up, then one at once, then eight at once."""
    print(f"measuring {system} …", flush=True)
    await measure(system, talk, at_once=2, messages=40, pids=pids)
    await wait_for_rest(pids)
    return [
        await measure(system, talk, at_once=1, messages=options.messages // 2, pids=pids),
        await measure(system, talk, at_once=8, messages=options.messages, pids=pids),
    ]


@contextlib.asynccontextmanager
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client without a limit of its own."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield session


async def wait_for(url: str, seconds: float) -> None:
    """Until the address answers 200."""
    deadline = time.monotonic() + seconds
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.5)
    raise RuntimeError(f"{url} did not answer in {seconds:.0f} s")


async def wait_for_rest(pids: list[int], *, at_most: float = 120.0) -> None:
    """Until the process trees use less than a tenth of a core."""
    deadline = time.monotonic() + at_most
    while time.monotonic() < deadline:
        before, began = _cpu_of(pids), time.monotonic()
        await asyncio.sleep(2)
        if (_cpu_of(pids) - before) / (time.monotonic() - began) < 0.1:
            return


def _cpu_of(pids: list[int]) -> float:
    return _sum_of(pids, lambda process: float(sum(process.cpu_times()[:2])))


@contextlib.contextmanager
def stopping(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ends the process at the end, whatever happened."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()


def quiet_environment() -> dict[str, str]:
    """Rasa without telemetry and TensorFlow's chatter."""
    return {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}


def free_port() -> int:
    """A port nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def report(figures: list[Figures]) -> None:
    """The table and the ratios."""
    print(f"\n{'':22}{'at once':>8}{'messages':>10}{'per s':>9}{'p50 ms':>9}{'p95 ms':>9}{'MB':>8}")
    for row in figures:
        print(
            f"{row.system:22}{row.at_once:>8}{row.messages:>10}{row.per_second:>9.1f}"
            f"{row.p50_ms:>9.1f}{row.p95_ms:>9.1f}{row.memory_mb:>8.0f}"
        )
    for at_once in (1, 8):
        stock, ours = (next(row for row in figures if row.at_once == at_once and name in row.system)
                       for name in ("stock", "parley"))  # fmt: skip
        print(
            f"{at_once} at once: {ours.per_second / stock.per_second:.1f} x the messages per second, "
            f"p50 {ours.p50_ms / stock.p50_ms:.2f} of stock's, memory {ours.memory_mb / stock.memory_mb:.2f} of stock's"
        )


def main() -> None:
    """Runs the benchmark, prints the table, keeps the raw figures with --save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=800, help="messages at 8 at once (half of it at 1 at once)")
    parser.add_argument("--replicas", type=int, default=1, help="Rasa processes on Parley's side")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    if shutil.which(str(RASA)) is None:
        sys.exit("Rasa's environment is missing: run `make setup` first.")
    prepare_stock()
    figures = asyncio.run(run(options))
    report(figures)
    save(RESULT, options, replicas=options.replicas, figures=[asdict(row) for row in figures])


if __name__ == "__main__":
    main()
