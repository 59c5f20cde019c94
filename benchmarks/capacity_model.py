"""What machines carry, by what was measured: queues of turns before processes, cores and the log of one PostgreSQL.

Each turn goes through what it goes through for real: a web process, PostgreSQL, a dialogue process, PostgreSQL again;
each piece waits for its process and for a free core. What workers do about it later, what is sent, stepped and told of,
and looks at the numbers take cores in the same time. SimPy keeps the queues. Formulas of queues would do for one of
them; not for a turn that comes back to the same cores five times and, for its commit, holds what no other commit may
hold, and of which the 95th percentile is asked.

Every piece lasts as an exponential does with the mean that was measured, and gives its core up after each slice, as
under an operating system. People come by chance (Poisson) at the rate of the busiest minute. With several shards one
of them is simulated, with its share of everything (of machines in front: rounded down).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import simpy

from benchmarks.capacity_demand import (
    SECONDS_A_DAY,
    Costs,
    Day,
    Machines,
    behind,
    bytes_a_visitor,
    demand,
    held,
    look_seconds,
)

LONGEST = 1.0
"""Seconds: the 95th percentile of a turn must stay under it."""
FULLEST = 0.97
"""Of anything: nearer to full a queue takes longer to settle than is simulated."""
WARM, SECONDS = 10.0, 60.0
"""Simulated seconds that do not count, and that do."""
FEWEST, MOST = 500, 8_000
"""Turns that count: where a minute has fewer it is made longer, where it has more shorter."""
SEEDS = 3
"""Minutes that are simulated; the worst of them counts."""
SLICE = 0.01
"""Seconds that a piece of work has a core before the next in line. Assumed. What is sent, stepped and told of comes in
pieces of a slice."""
DISK_MS = 1.0
"""What a flush of the log is planned with. Assumed."""
Step = Generator[simpy.Event, Any, None]


class _Turns:
    """Turns that go through processes and cores; each as [when it began, what it took]."""

    def __init__(self, costs: Costs, machines: Machines, seed: int, processes: int) -> None:
        self.env, self.chance = simpy.Environment(), random.Random(seed)
        self._costs, self._machines = costs, machines
        fronts = range(max(1, machines.in_front // machines.shards))
        self.cores = [simpy.Resource(self.env, machines.cores) for _ in fronts]
        self._web, self._rasa, self._workers = (
            [[simpy.Resource(self.env) for _ in range(processes)] for _ in fronts] for _ in range(3)
        )
        self.server = self.cores[0] if machines.alone else simpy.Resource(self.env, machines.cores)
        self._line = simpy.Resource(self.env)
        self.turns: list[list[float]] = []

    def turn(self) -> Step:
        self.turns.append(one := [self.env.now, math.inf])
        costs, at = self._costs, self.chance.randrange(len(self.cores))
        cores, web = self.cores[at], _freest(self._web[at])
        postgres = costs.turn_postgres * self._machines.shard_cost
        yield from self.piece([web], cores, costs.turn_web / 3)
        yield from self.piece([], self.server, postgres / 3)
        yield self.env.timeout(self._machines.flush_ms / 1_000)
        yield from self.piece([web], cores, costs.turn_web / 3)
        yield from self.piece([_freest(self._rasa[at])], cores, costs.turn_rasa)
        yield from self.piece([], self.server, postgres * 2 / 3)
        if self._machines.serial:
            with self._line.request() as line:
                yield line
                yield self.env.timeout(held(costs, self._machines))
        else:
            yield self.env.timeout(self._machines.flush_ms / 1_000)
        yield from self.piece([web], cores, costs.turn_web / 3)
        one[1] = self.env.now - one[0]
        self.env.process(self.piece([_freest(self._workers[at])], cores, costs.turn_worker))

    def piece(self, processes: Sequence[simpy.Resource], cores: simpy.Resource, ms: float) -> Step:
        asked = [process.request() for process in processes]
        for one in asked:
            yield one
        left = self.chance.expovariate(1) * ms / 1_000
        while left > 0:
            core = cores.request()
            yield core
            yield self.env.timeout(min(left, SLICE))
            cores.release(core)
            left -= SLICE
        for one in asked:
            one.resource.release(one)

    def come(self, rate: float, what: Callable[[], Step]) -> None:
        """Lets something come by chance, so many a second."""
        if rate:
            self.env.process(self._come(rate, what))

    def _come(self, rate: float, what: Callable[[], Step]) -> Step:
        while True:
            yield self.env.timeout(self.chance.expovariate(rate))
            self.env.process(what())


def _freest(processes: Sequence[simpy.Resource]) -> simpy.Resource:
    return min(processes, key=lambda one: one.count + len(one.queue))


def _percentile(took: Sequence[float]) -> float:
    return sorted(took)[int(0.95 * len(took))]


def busiest_minute(costs: Costs, day: Day, machines: Machines, visitors: float) -> float:
    """The 95th percentile of a turn in it, in seconds, in the worst of some; infinite where there is no room, or where
    so many turns took longer than LONGEST."""
    if max(demand(costs, day, machines, visitors).values()) >= 1:
        return math.inf
    worst = 0.0
    for seed in range(SEEDS):
        worst = max(worst, _minute(costs, day, machines, visitors, seed))
        if worst >= LONGEST:
            break
    return worst


def _minute(costs: Costs, day: Day, machines: Machines, visitors: float, seed: int) -> float:
    a_second = visitors * day.peak / SECONDS_A_DAY / machines.shards
    rate = a_second * day.talks * day.turns
    line = _Turns(costs, machines, seed, machines.cores)  # a process of each kind for each core
    line.come(rate, line.turn)
    front, postgres = (behind(costs, day, a_second, where) for where in ("front", "postgres"))
    share = len(line.cores) * machines.shards / machines.in_front
    line.come(front * share / 1_000 / SLICE, lambda: line.piece([], line.chance.choice(line.cores), SLICE * 1_000))
    line.come(postgres * machines.shard_cost / 1_000 / SLICE, lambda: line.piece([], line.server, SLICE * 1_000))
    if day.looks and not machines.replicas:
        _look(line, costs, day, machines, visitors)
    end = WARM + max(FEWEST / rate, min(SECONDS, MOST / rate))
    line.env.run(until=end + LONGEST)
    # Who began before the end and is not done by now has taken longer than LONGEST.
    return _percentile([took for began, took in line.turns if WARM <= began < end])


def _look(line: _Turns, costs: Costs, day: Day, machines: Machines, visitors: float) -> None:
    """Has colleagues look at the numbers, each query at its length; some are under way when the minute begins."""
    rate = day.looks * day.peak / SECONDS_A_DAY
    lengths = [ms * visitors * day.talks / 1_000 / machines.shards for ms in costs.queries_ms]
    for ms in lengths:
        line.come(rate, lambda ms=ms: line.piece([], line.server, ms))
    others = demand(costs, replace(day, looks=0), machines, visitors)
    room = machines.cores * (1 - others["cores" if machines.alone else "cores of PostgreSQL"])
    weights = [1.0]  # of so many being under way at a moment: a queue before so many cores (M/M/c)
    for number in range(1, 100):
        weights.append(weights[-1] * rate * sum(lengths) / 1_000 / min(number, room))
    (under_way,) = line.chance.choices(range(100), weights)
    for ms in line.chance.choices(lengths, lengths, k=under_way):
        line.env.process(line.piece([], line.server, ms))


def carries(costs: Costs, day: Day, machines: Machines) -> dict[str, Any]:
    """The most visitors a day, of those that were tried, with which a turn stays under a second at p95 in the busiest
    minute: all that fit, or some twentieths of it."""
    million = demand(costs, day, machines, 1e6)
    fit = FULLEST * 1e6 / max(million.values())
    for twentieths in range(20, -1, -1):
        visitors = two_figures(fit * twentieths / 20)
        p95 = busiest_minute(costs, day, machines, visitors) if visitors else 0.0
        if p95 < LONGEST:
            break
    return {
        **asdict(machines), "visitors_a_day": visitors,
        "turns_a_second_at_peak": round(visitors * day.peak / SECONDS_A_DAY * day.talks * day.turns, 1),
        "p95_ms": round(p95 * 1_000), "look_s": round(look_seconds(costs, day, visitors), 1) if day.looks else None,
        "first_full": max(million, key=lambda name: million[name]),
        "in_use": {name: round(value, 3) for name, value in demand(costs, day, machines, visitors).items()},
    }  # fmt: skip


def two_figures(visitors: float) -> int:
    """Cut to two figures: more is not known."""
    tens = 10 ** max(0, len(str(int(visitors))) - 2)
    return int(visitors) // tens * tens


def check(costs: Costs, measured: Mapping[str, Any], cores: int, people_ms: float) -> dict[str, Any]:
    """The model beside a measured point: people who each wait for an answer before they say the next.

    Args:
        cores: of the machine on which it was measured, with one process of each kind.
        people_ms: CPU time of who plays the people, a turn; they have the same cores.
    """
    line = _Turns(costs, Machines(1, cores, costs.flush_ms), 1, 1)
    client = simpy.Resource(line.env)

    def person() -> Step:
        while True:
            yield from line.turn()
            yield from line.piece([client], line.server, people_ms)

    for _ in range(int(measured["at_once"])):
        line.env.process(person())
    line.env.run(until=WARM + SECONDS)
    took = [took for began, took in line.turns if began >= WARM and took < math.inf]
    found = {"per_second": len(took) / SECONDS, "p95_ms": _percentile(took) * 1_000}
    return {
        "at_once": measured["at_once"],
        **{f"model_{name}": round(value, 2) for name, value in found.items()},
        **{f"measured_{name}": round(measured[name], 2) for name in found},
        **{f"error_{name}": round(value / measured[name] - 1, 3) for name, value in found.items()},
    }


EXAMPLE = 20_000
"""Visitors a day, for whom the page says what they need."""


def plan(costs: Costs, day: Day, measured: Mapping[str, Any]) -> dict[str, Any]:
    """One, ten and a hundred machines, and what each other engine buys."""
    one, large, unseen = Machines(1, 2, DISK_MS), Machines(100, 8, DISK_MS), replace(day, looks=0)
    memory, p95 = measured["memory_mb"], busiest_minute(costs, day, one, EXAMPLE)
    ways = {
        "one PostgreSQL": (day, large),
        "one, its log on a disk that takes 3 ms": (day, replace(large, flush_ms=3.0)),
        "one, its log on a disk that takes 0.1 ms": (day, replace(large, flush_ms=0.1)),
        "one, numbers on a replica": (day, replace(large, replicas=1)),
        "one, numbers on four replicas": (day, replace(large, replicas=4)),
        "one, nobody looks at numbers": (unseen, large),
        "the same, its log on a disk that takes 3 ms": (unseen, replace(large, flush_ms=3.0)),
        "the same, turns without NOTIFY in their commit": (unseen, replace(large, serial=False)),
        "nobody looks at numbers, Citus with 4 shards": (unseen, replace(large, shards=4, shard_cost=1.3)),
        "nobody looks at numbers, Citus with 16 shards": (unseen, replace(large, shards=16, shard_cost=1.3)),
    }
    return {
        "day": asdict(day), "costs": asdict(costs),
        "example": {
            "visitors_a_day": EXAMPLE,
            "in_use": {name: round(value, 3) for name, value in demand(costs, day, one, EXAMPLE).items()},
            "p95_ms": round(p95 * 1_000) if p95 < math.inf else None,
            "look_s": round(look_seconds(costs, day, EXAMPLE), 1),
            "memory_gb": round(
                (one.cores * sum(memory[kind] for kind in ("web", "worker", "rasa")) + memory["postgres"]) / 1_024, 1
            ),
            **{f"{name}_a_year_gb": round(bytes_a_visitor(measured, day, part) * EXAMPLE * 365 / 1e9)
               for name, part in (("stays", "stays_bytes"), ("wal", "trickle_wal_bytes"))},
        },
        "machines": [
            carries(costs, day, Machines(count, cores, DISK_MS)) for cores in (2, 8) for count in (1, 10, 100)
        ],
        "ways": [{"way": name, **carries(costs, of_day, machines)} for name, (of_day, machines) in ways.items()],
    }  # fmt: skip
