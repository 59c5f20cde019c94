"""Turns a second that one and two dialogue processes answer, in turn in one run.

This is what a second one buys where it has a core of its own. What asks takes a part of one, which is printed: the
platform's own client does all that it does of a turn; the other, which leaves the cores to the dialogue, sends again
what that one sent, byte by byte, for a turn hangs on nothing but its request. Texts need understanding; nobody taps a
button.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import random
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import uvloop

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.saving import add_saving, save
from benchmarks.turns import OUR_TEXTS, TURNS_A_TALK
from bot.dialogue import MemorySource, RasaDialogue, TurnMessage, TurnRequest
from bot.signed_models import model_id_of
from flows.compiler import compile_flows, load_content
from server.local_replica import free_port, rasa_program
from server.settings import read_settings
from server.supervisor import Supervisor
from server.training import train

RESULT = ROOT / "docs" / "benchmarks" / "replicas.json"
GOAL = 1.7
LANES = 16


@dataclass
class Dialogues:
    """So many dialogue processes, with a client, and the flows and the model that turns are to name."""

    urls: Sequence[str]
    client: RasaDialogue
    secret: str
    flows: str
    model: str


@dataclass
class Figures:
    """What so many dialogue processes did; `asking_cores` is what the client used meanwhile."""

    asked_by: str
    replicas: int
    turns: int
    per_second: float
    p50_ms: float
    p95_ms: float
    asking_cores: float


@contextlib.asynccontextmanager
async def dialogues(most: int) -> AsyncIterator[dict[int, Dialogues]]:
    """By the number of them."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        for name in ("encoder", "models"):
            (Path(folder) / name).symlink_to(ROOT / "var" / name)
        settings = read_settings(data_dir=Path(folder))
        model = await asyncio.to_thread(train, settings, print)
        source, secret = MemorySource(), secrets.token_urlsafe(32)
        flows, model_id = source.add_flows(compile_flows(load_content())), model_id_of(model.read_bytes())
        urls: list[str] = []
        async with contextlib.AsyncExitStack() as stack:
            supervisor = Supervisor(Path(folder) / "log")
            stack.push_async_callback(supervisor.stop)
            found: dict[int, Dialogues] = {}
            for number in range(1, most + 1):
                port = free_port()
                await supervisor.start(
                    rasa_program(settings, name=f"rasa-{number}", port=port, secret=secret, model=model)
                )
                urls.append(f"http://127.0.0.1:{port}")
                dialogue = RasaDialogue(list(urls), secret, source)
                await dialogue.open()
                stack.push_async_callback(dialogue.close)
                found[number] = Dialogues(list(urls), dialogue, secret, flows, model_id)
            yield found


async def talk(asked: Dialogues, chance: random.Random, sent: list[bytes]) -> list[float]:
    """One conversation; seconds of each turn, and in `sent` what was asked."""
    subject, took = str(uuid4()), list[float]()
    state: dict[str, Any] | None = None
    for text in ("", *chance.choices(OUR_TEXTS, k=TURNS_A_TALK)):
        message = TurnMessage(id=str(uuid4()), kind="text" if text else "start", text=text)
        request = TurnRequest(
            flows=asked.flows, model=asked.model, conversation_id=subject, subject=subject, channel="web",
            language="en", now=datetime.now(UTC), message=message, state=state,
        )  # fmt: skip
        began = time.perf_counter()
        result = await asked.client.turn(request)
        if text:
            sent.append(request.model_dump_json().encode())
        took.append(time.perf_counter() - began)
        state = result.state if result.state is not None else state
    return took[1:]


Lane = list[bytes]
"""What was asked on a lane: whole conversations, one after the other."""


async def measure(asked: Dialogues, seconds: float) -> tuple[Figures, list[Lane]]:
    """Talks on all lanes for so long; what was asked on each, too."""
    lanes, until = [list[bytes]() for _ in range(LANES)], time.monotonic() + seconds

    async def one(number: int) -> list[float]:
        chance, took = random.Random(number), list[float]()
        while time.monotonic() < until:
            took.extend(await talk(asked, chance, lanes[number]))
        return took

    return await _figures("the platform", asked, [one(number) for number in range(LANES)]), lanes


async def resend(asked: Dialogues, lanes: Sequence[Lane], seconds: float) -> Figures:
    """Sends what was asked on all lanes again, for so long, half of the lanes to each where there are two."""
    until = time.monotonic() + seconds

    async def one(number: int) -> list[float]:
        address = urlsplit(asked.urls[number % len(asked.urls)])
        head = (
            f"POST /webhooks/turn/ HTTP/1.1\r\nHost: {address.netloc}\r\nX-Parley-Secret: {asked.secret}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        took: list[float] = []
        for body in itertools.cycle(lanes[number]):
            began = time.perf_counter()
            writer.write(b"%s%d\r\n\r\n%s" % (head, len(body), body))
            told = (await reader.readuntil(b"\r\n\r\n")).lower()
            if not told.startswith(b"http/1.1 200 "):
                raise RuntimeError(f"answered {told!r}")
            await reader.readexactly(int(told.partition(b"content-length:")[2].split(maxsplit=1)[0]))
            took.append(time.perf_counter() - began)
            if time.monotonic() > until:
                break
        writer.close()
        return took

    return await _figures("a replay", asked, [one(number) for number in range(LANES)])


async def _figures(asked_by: str, asked: Dialogues, lanes: Sequence[Awaitable[list[float]]]) -> Figures:
    own, began = psutil.Process().cpu_times(), time.perf_counter()
    took = [seconds for lane in await asyncio.gather(*lanes) for seconds in lane]
    lasted, cuts, after = time.perf_counter() - began, statistics.quantiles(took, n=100), psutil.Process().cpu_times()
    cores = (after.user + after.system - own.user - own.system) / lasted
    number = len(asked.urls)
    return Figures(asked_by, number, len(took), len(took) / lasted, cuts[49] * 1000, cuts[94] * 1000, cores)


async def run(options: argparse.Namespace) -> list[Figures]:
    """Each in turn, several times, so that the machine's moods hit both."""
    figures: list[Figures] = []
    async with dialogues(2) as found:
        _, lanes = await measure(found[2], seconds=4)
        for _ in range(options.rounds):
            figures += [(await measure(found[number], options.seconds))[0] for number in (1, 2)]
            figures += [await resend(found[number], lanes, options.seconds) for number in (1, 2)]
    return figures


def ratio(figures: Sequence[Figures], asked_by: str) -> float:
    """Turns a second of two to those of one, by the medians of the rounds."""
    one, two = (
        statistics.median(row.per_second for row in figures if (row.asked_by, row.replicas) == (asked_by, number))
        for number in (1, 2)
    )
    return two / one


def main() -> None:
    """Runs the benchmark, prints the table, keeps the raw figures with --save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    add_saving(parser, RESULT)
    options = parser.parse_args()
    # As the web process that asks.
    figures = uvloop.run(run(options))
    print(f"{'asked by':<14}{'replicas':>8}{'turns':>8}{'per s':>9}{'p50 ms':>9}{'p95 ms':>9}{'asking, cores':>15}")
    for row in figures:
        print(
            f"{row.asked_by:<14}{row.replicas:>8}{row.turns:>8}{row.per_second:>9.1f}{row.p50_ms:>9.1f}{row.p95_ms:>9.1f}"
            f"{row.asking_cores:>15.2f}"
        )
    ratios = {name: ratio(figures, name) for name in dict.fromkeys(row.asked_by for row in figures)}
    for name, found in ratios.items():
        print(f"two, asked by {name}: {found:.2f} x one (goal {GOAL} where two cores are free)")
    save(RESULT, options, ratios=ratios, figures=[asdict(row) for row in figures])


if __name__ == "__main__":
    main()
