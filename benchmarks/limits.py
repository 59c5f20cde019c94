"""What a check of a shared limit costs, beside one that counts in the process's memory only.

Three kinds are measured, one check after the other as a process makes them: a limit in memory; a shared one that asks
the embedded PostgreSQL each time; and a shared one that takes some tokens at once, as the limit of messages does. A
refusal from memory and eight checks at once are measured, too. Where the package `limits` is installed (it is none of
ours), its limiter over memory is measured beside them; it has no back end for PostgreSQL.

Everything runs on 127.0.0.1 in a temporary folder and is stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# In place of this folder, in which this file is called like the package.
sys.path[0] = str(ROOT)

from base.database import Sessions, create_engine, create_sessions
from base.encryption import KeyRing
from base.errors import TooMany
from base.limits.shared import SharedLimit
from benchmarks.database import started
from benchmarks.saving import add_saving, save
from channels.web.limits import RateLimit

RESULT = ROOT / "docs" / "benchmarks" / "limits.json"
A_DAY = 86_400
LEASE = 5
"""As of 20 messages a minute."""
AT_ONCE = 8

Check = Callable[[str], Awaitable[None]]


async def measure(check: Check, count: int, *, keys: int) -> dict[str, float]:
    """Microseconds a check: the median and the slowest in a hundred, and all of them together."""
    took = []
    began = time.perf_counter()
    for number in range(count):
        asked = time.perf_counter()
        await check(f"visitor {number % keys}")
        took.append(time.perf_counter() - asked)
    whole = time.perf_counter() - began
    took.sort()
    return {
        "checks": count,
        "median_us": round(statistics.median(took) * 1e6, 2),
        "p99_us": round(took[int(len(took) * 0.99)] * 1e6, 2),
        "mean_us": round(whole / count * 1e6, 2),
    }


async def measure_together(check: Check, count: int) -> float:
    """Checks a second, some of them at once."""
    began = time.perf_counter()

    async def some(worker: int) -> None:
        for number in range(count // AT_ONCE):
            await check(f"visitor {worker}-{number}")

    await asyncio.gather(*(some(worker) for worker in range(AT_ONCE)))
    return count / (time.perf_counter() - began)


def shared(sessions: Sessions, keys: KeyRing, name: str, amount: int, lease: int) -> Check:
    """A shared limit as something to measure."""
    limit = SharedLimit(sessions, keys, name, amount, A_DAY, lease=lease)

    async def check(key: str) -> None:
        await limit.check(key)

    return check


def in_memory(amount: int) -> Check:
    """What counts in this process only."""
    limit = RateLimit(amount, A_DAY)

    async def check(key: str) -> None:
        limit.check(key)

    return check


def of_the_package(amount: int) -> Check:
    """The package's own, over memory."""
    from limits import RateLimitItemPerDay  # type: ignore[import-not-found, unused-ignore]
    from limits.aio.storage import MemoryStorage  # type: ignore[import-not-found, unused-ignore]
    from limits.aio.strategies import MovingWindowRateLimiter  # type: ignore[import-not-found, unused-ignore]

    limiter, item = MovingWindowRateLimiter(MemoryStorage()), RateLimitItemPerDay(amount)

    async def check(key: str) -> None:
        await limiter.hit(item, key)

    return check


def refusing(check: Check) -> Check:
    """A limit that is used up, of which the refusal is measured."""

    async def refuse(key: str) -> None:
        try:
            await check(key)
        except TooMany:
            return

    return refuse


async def run(count: int) -> dict[str, dict[str, float]]:
    """All kinds."""
    with started("limits") as database:
        engine = create_engine(database.url)
        sessions, keys, much = create_sessions(engine), database.keys, 10**6
        figures = {
            "memory": await measure(in_memory(much), count * 20, keys=500),
            "shared_each_asks": await measure(shared(sessions, keys, "each", much, 1), count, keys=500),
            f"shared_lease_of_{LEASE}": await measure(
                shared(sessions, keys, "lease", much, LEASE), count * 4, keys=500
            ),
            "shared_refused": await measure(refusing(shared(sessions, keys, "no", 1, 1)), count * 20, keys=1),
        }
        if find_spec("limits") is not None:
            figures["package_limits_memory"] = await measure(of_the_package(much), count * 4, keys=500)
        figures["shared_each_asks"]["a_second_of_8"] = round(
            await measure_together(shared(sessions, keys, "together", much, 1), count)
        )
        await engine.dispose()
    for figure in figures.values():
        figure["ratio_to_memory"] = round(figure["mean_us"] / figures["memory"]["mean_us"], 1)
    return figures


def main() -> None:
    """Measures and tells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=5_000, help="of the limit that asks each time")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    figures = asyncio.run(run(options.checks))
    for name, figure in figures.items():
        print(f"{name:24} " + "  ".join(f"{what} {value:,}" for what, value in figure.items()))
    save(RESULT, options, figures=figures)


if __name__ == "__main__":
    main()
