"""Turns a second that one and two dialogue processes answer, asked by the platform's own client, in turn in one run.

This is what a second one buys where it has a core of its own; what asks takes a part of one, which is printed. Texts
need understanding; nobody taps a button.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
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
class Figures:
    """What so many dialogue processes did; `asking_cores` is what the client used meanwhile."""

    replicas: int
    turns: int
    per_second: float
    p50_ms: float
    p95_ms: float
    asking_cores: float


@contextlib.asynccontextmanager
async def dialogues(most: int) -> AsyncIterator[dict[int, tuple[RasaDialogue, str, str]]]:
    """By number of replicas: a client of so many, and the flows and the model that turns are to name."""
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
            found: dict[int, tuple[RasaDialogue, str, str]] = {}
            for number in range(1, most + 1):
                port = free_port()
                await supervisor.start(
                    rasa_program(settings, name=f"rasa-{number}", port=port, secret=secret, model=model)
                )
                urls.append(f"http://127.0.0.1:{port}")
                dialogue = RasaDialogue(list(urls), secret, source)
                await dialogue.open()
                stack.push_async_callback(dialogue.close)
                found[number] = dialogue, flows, model_id
            yield found


async def talk(dialogue: RasaDialogue, flows: str, model: str, chance: random.Random) -> list[float]:
    """One conversation; seconds of each turn."""
    subject, took = str(uuid4()), list[float]()
    state: dict[str, Any] | None = None
    for text in ("", *chance.choices(OUR_TEXTS, k=TURNS_A_TALK)):
        message = TurnMessage(id=str(uuid4()), kind="text" if text else "start", text=text)
        request = TurnRequest(
            flows=flows, model=model, conversation_id=subject, subject=subject, channel="web", language="en",
            now=datetime.now(UTC), message=message, state=state,
        )  # fmt: skip
        began = time.perf_counter()
        result = await dialogue.turn(request)
        took.append(time.perf_counter() - began)
        state = result.state if result.state is not None else state
    return took[1:]


async def measure(replicas: int, dialogue: RasaDialogue, flows: str, model: str, seconds: float) -> Figures:
    """Talks on all lanes for so long."""
    took, own, until = list[float](), psutil.Process().cpu_times(), time.monotonic() + seconds

    async def lane(number: int) -> None:
        chance = random.Random(number)
        while time.monotonic() < until:
            took.extend(await talk(dialogue, flows, model, chance))

    began = time.perf_counter()
    await asyncio.gather(*(lane(number) for number in range(LANES)))
    lasted, cuts, after = time.perf_counter() - began, statistics.quantiles(took, n=100), psutil.Process().cpu_times()
    cores = (after.user + after.system - own.user - own.system) / lasted
    return Figures(replicas, len(took), len(took) / lasted, cuts[49] * 1000, cuts[94] * 1000, cores)


async def run(options: argparse.Namespace) -> list[Figures]:
    """Each in turn, several times, so that the machine's moods hit both."""
    figures: list[Figures] = []
    async with dialogues(2) as found:
        for number in (1, 2):
            await measure(number, *found[number], seconds=2)
        for _ in range(options.rounds):
            figures += [await measure(number, *found[number], seconds=options.seconds) for number in (1, 2)]
    return figures


def middle(figures: Sequence[Figures], replicas: int) -> float:
    """Turns a second, the median of the rounds."""
    return statistics.median(one.per_second for one in figures if one.replicas == replicas)


def main() -> None:
    """Runs the benchmark, prints the table, keeps the raw figures with --save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    add_saving(parser, RESULT)
    options = parser.parse_args()
    # As the web process that asks.
    figures = uvloop.run(run(options))
    print(f"{'replicas':>8}{'turns':>8}{'per s':>9}{'p50 ms':>9}{'p95 ms':>9}{'asking, cores':>15}")
    for row in figures:
        print(
            f"{row.replicas:>8}{row.turns:>8}{row.per_second:>9.1f}{row.p50_ms:>9.1f}{row.p95_ms:>9.1f}"
            f"{row.asking_cores:>15.2f}"
        )
    ratio = middle(figures, 2) / middle(figures, 1)
    print(f"two: {ratio:.2f} x one (goal {GOAL} where two cores are free)")
    save(RESULT, options, ratio=ratio, figures=[asdict(row) for row in figures])


if __name__ == "__main__":
    main()
