"""What machines carry, by what was measured: queues of turns before processes, cores and the log of one PostgreSQL.

Each turn goes through what it goes through for real: a web process, PostgreSQL, a dialogue process, PostgreSQL again;
each piece waits for its process and for a free core. What is sent, stepped and told of in the background takes cores of
workers, web processes and PostgreSQL in the same time. SimPy keeps the queues. Formulas of queues would do for one of
them; not for a turn that comes back to the same cores five times and, for its commit, holds what no other commit may
hold, and of which the 95th percentile is asked.

Every piece lasts as an exponential does with the mean that was measured. People come by chance (Poisson) at the rate of
the busiest minute.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import simpy

LONGEST = 1.0
"""Seconds: the 95th percentile of a turn must stay under it."""
TURNS = 1_000
"""Of a simulated minute; the first eighth is warming up and does not count."""
SECONDS_A_DAY = 86_400
DISK_MS = 1.0
"""What a flush of the log is planned with: what volumes over a network take."""
Step = Generator[simpy.Event, Any, None]


@dataclass(frozen=True)
class Day:
    """What people and journeys do in a day, for each visitor of the site. Assumed, and to be given anew by --day."""

    talks: float = 0.08
    """Of visitors, who open the chat."""
    turns: float = 6.0
    """Of a talk."""
    minutes_open: float = 10.0
    sent: float = 0.5
    """Messages of journeys."""
    steps: float = 1.0
    events: float = 3.0
    """Each comes alone; of known people is the share that is reacted to."""
    known: float = 0.2
    pages_of_numbers: float = 50.0
    """Looks at a year's numbers, of all colleagues together, however many visitors there are."""
    peak: float = 5.0
    """The busiest minute, of the mean."""

    @classmethod
    def read(cls, told: Sequence[str]) -> Day:
        """With `name=value` changed."""
        names = {field.name for field in fields(cls)}
        changed = dict(one.split("=", 1) for one in told)
        if unknown := changed.keys() - names:
            raise SystemExit(f"a day has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(names))}")
        return cls(**{name: float(value) for name, value in changed.items()})


@dataclass(frozen=True)
class Costs:
    """CPU milliseconds, as measured; a turn's with its part of opening the talk."""

    turn_web: float
    turn_rasa: float
    turn_postgres: float
    turn_worker: float
    sent_worker: float
    sent_postgres: float
    step_worker: float
    step_postgres: float
    event_web: float
    event_postgres: float
    reaction_worker: float
    reaction_postgres: float
    flush_ms: float
    """What a flush of the log takes."""
    numbers_ms: float
    """PostgreSQL's CPU of one look at a year's numbers, for each thousand talks a day."""

    @classmethod
    def of(cls, costs: Mapping[str, Any], writes: Mapping[str, Any], columns: Mapping[str, Any], day: Day) -> Costs:
        def turn(part: str) -> float:
            return float(costs["turn"][part]) + float(costs["talk_opened"][part]) / day.turns

        flush = next(one["flush_ms"] for one in writes["runs"] if one["connections"] == 1 and one["notify"])
        return cls(
            turn("web_cpu_ms"), turn("rasa_cpu_ms"), turn("postgres_cpu_ms"), turn("worker_cpu_ms"),
            *(float(costs["message_sent"][part]) for part in ("ours_cpu_ms", "postgres_cpu_ms")),
            *(float(costs["step"][part]) for part in ("ours_cpu_ms", "postgres_cpu_ms")),
            *(float(costs["event_alone"][part]) for part in ("ours_cpu_ms", "postgres_cpu_ms")),
            *(float(costs["event_reacted_to"][part]) for part in ("ours_cpu_ms", "postgres_cpu_ms")),
            float(flush), _numbers_of(columns),
        )  # fmt: skip


def _numbers_of(columns: Mapping[str, Any]) -> float:
    talks_a_day = 2 * columns["contacts"] / 365  # as the benchmark of the numbers fills it
    return sum(float(one["postgres_cpu_ms"]) for one in columns["queries"].values()) * 1_000 / talks_a_day


@dataclass(frozen=True)
class Machines:
    """What there is. With one machine, PostgreSQL shares its cores; else it has one of its own.

    Attributes:
        shards: PostgreSQL servers that share the contacts.
        shard_cost: what a statement costs that goes through a coordinator, of one that does not. Assumed.
        numbers: what of the cost of numbers PostgreSQL still has: 1, or 0 where they are asked elsewhere.
        serial: whether commits of turns go one after the other, as those do that NOTIFY.
    """

    count: int
    cores: int
    flush_ms: float
    shards: int = 1
    shard_cost: float = 1.0
    numbers: float = 1.0
    serial: bool = True

    @property
    def alone(self) -> bool:
        return self.count == 1

    @property
    def in_front(self) -> int:
        """Machines with web, workers and dialogue."""
        return 1 if self.alone else self.count - self.shards


def demand(costs: Costs, day: Day, machines: Machines, visitors: float) -> dict[str, float]:
    """What of each part is in use in the busiest minute, of 1."""
    a_second = visitors * day.peak / SECONDS_A_DAY
    turns = a_second * day.talks * day.turns
    front = turns * (costs.turn_web + costs.turn_rasa + costs.turn_worker) + _behind(costs, day, a_second, "front")
    behind = turns * costs.turn_postgres + _behind(costs, day, a_second, "postgres")
    behind = behind * machines.shard_cost + machines.numbers * _numbers(costs, day, visitors)
    found = {}
    if machines.alone:
        found["cores"] = (front + behind) / 1_000 / machines.cores
    else:
        found["cores in front"] = front / 1_000 / (machines.in_front * machines.cores)
        found["cores of PostgreSQL"] = behind / 1_000 / (machines.shards * machines.cores)
    if machines.serial:
        # A commit that notifies holds the line for its flush.
        found["the line of commits that NOTIFY"] = turns * machines.flush_ms / 1_000 / machines.shards
    return found


def _behind(costs: Costs, day: Day, a_second: float, where: str) -> float:
    """CPU milliseconds a second of what is not a turn."""
    sent, step, event, reaction = (
        (costs.sent_worker, costs.step_worker, costs.event_web, costs.reaction_worker) if where == "front"
        else (costs.sent_postgres, costs.step_postgres, costs.event_postgres, costs.reaction_postgres)
    )  # fmt: skip
    return a_second * (day.sent * sent + day.steps * step + day.events * (event + day.known * reaction))


def _numbers(costs: Costs, day: Day, visitors: float) -> float:
    talks = visitors * day.talks / 1_000
    return day.pages_of_numbers * day.peak / SECONDS_A_DAY * costs.numbers_ms * talks


class _Turns:
    """Turns that go through processes and cores."""

    def __init__(self, costs: Costs, machines: Machines, chance: random.Random) -> None:
        self.env = simpy.Environment()
        self._costs, self._machines, self._chance = costs, machines, chance
        self._cores = [simpy.Resource(self.env, machines.cores) for _ in range(machines.in_front)]
        # A process of each kind for each core, as a process uses one.
        self._web = [[simpy.Resource(self.env) for _ in range(machines.cores)] for _ in self._cores]
        self._rasa = [[simpy.Resource(self.env) for _ in range(machines.cores)] for _ in self._cores]
        self._servers = self._cores if machines.alone else [
            simpy.Resource(self.env, machines.cores) for _ in range(machines.shards)
        ]  # fmt: skip
        self._lines = [simpy.Resource(self.env) for _ in range(machines.shards)]
        self.took: list[float] = []

    def turn(self) -> Step:
        began, costs = self.env.now, self._costs
        at = self._chance.randrange(len(self._cores))
        cores, web = self._cores[at], _freest(self._web[at])
        server = self._chance.randrange(len(self._servers))
        postgres = costs.turn_postgres * self._machines.shard_cost
        yield from self._piece([web], cores, costs.turn_web / 3)
        yield from self._piece([], self._servers[server], postgres / 3)
        yield from self._flush()
        yield from self._piece([web], cores, costs.turn_web / 3)
        yield from self._piece([_freest(self._rasa[at])], cores, costs.turn_rasa)
        yield from self._piece([], self._servers[server], postgres * 2 / 3)
        if self._machines.serial:
            with self._lines[server % len(self._lines)].request() as line:
                yield line
                yield from self._flush()
        else:
            yield from self._flush()
        yield from self._piece([web], cores, costs.turn_web / 3 + costs.turn_worker)
        self.took.append(self.env.now - began)

    def work(self, cores: simpy.Resource, ms: float) -> Step:
        """A piece of work in the background."""
        yield from self._piece([], cores, ms)

    def _piece(self, processes: Sequence[simpy.Resource], cores: simpy.Resource, ms: float) -> Step:
        asked = [resource.request() for resource in (*processes, cores)]
        for one in asked:
            yield one
        yield self.env.timeout(self._chance.expovariate(1) * ms / 1_000)
        for one in asked:
            one.resource.release(one)

    def _flush(self) -> Step:
        yield self.env.timeout(self._machines.flush_ms / 1_000)

    def come(self, turns: float, background: Sequence[tuple[float, float]]) -> None:
        """Lets turns come by chance, so many a second, and work of each kind: rate of it, milliseconds."""
        self.env.process(self._come(turns, self.turn))
        for front, (rate, ms) in zip((True, False), background, strict=True):
            if rate:
                cores = self._cores if front else self._servers
                self.env.process(self._come(rate, lambda cores=cores, ms=ms: self.work(self._chance.choice(cores), ms)))

    def _come(self, rate: float, what: Any) -> Step:
        while True:
            yield self.env.timeout(self._chance.expovariate(rate))
            self.env.process(what())


def _freest(processes: Sequence[simpy.Resource]) -> simpy.Resource:
    return min(processes, key=lambda one: one.count + len(one.queue))


_PIECE_MS = 20.0
"""How long a piece of work in the background keeps a core."""


def busiest_minute(costs: Costs, day: Day, machines: Machines, visitors: float) -> float:
    """The 95th percentile of a turn in it, in seconds."""
    a_second = visitors * day.peak / SECONDS_A_DAY
    rate = a_second * day.talks * day.turns
    line = _Turns(costs, machines, random.Random(1))
    behind = _behind(costs, day, a_second, "postgres") * machines.shard_cost
    behind += machines.numbers * _numbers(costs, day, visitors)
    line.come(rate, [(_behind(costs, day, a_second, "front") / _PIECE_MS, _PIECE_MS), (behind / _PIECE_MS, _PIECE_MS)])
    line.env.run(until=TURNS / rate)
    counted = line.took[len(line.took) // 8 :]
    return statistics.quantiles(counted, n=20)[-1] if len(counted) > 20 else float("inf")


def carries(costs: Costs, day: Day, machines: Machines) -> dict[str, Any]:
    """The most visitors a day with which a turn stays under a second at p95 in the busiest minute."""
    # Numbers grow with the square: as many looks, each at more. All else grows with the visitors.
    most = _largest(lambda visitors: max(demand(costs, day, machines, visitors).values()) < 1)
    low, high, p95 = 0.7 * most, most, 0.0
    for _ in range(3):
        middle = (low + high) / 2
        if (took := busiest_minute(costs, day, machines, middle)) < LONGEST:
            low, p95 = middle, took
        else:
            high = middle
    used = demand(costs, day, machines, low)
    return {
        **asdict(machines), "visitors_a_day": _round(low), "turns_a_second_at_peak": round(
            low * day.peak / SECONDS_A_DAY * day.talks * day.turns, 1),
        "p95_ms": round((p95 or busiest_minute(costs, day, machines, low)) * 1_000),
        "first_full": max(used, key=lambda name: used[name]),
        "in_use": {name: round(value, 3) for name, value in used.items()},
    }  # fmt: skip


def _largest(holds: Any) -> float:
    low, high = 0.0, 1e12
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _round(visitors: float) -> int:
    """Two figures: more is not known."""
    digits = len(str(int(visitors))) - 2
    return round(visitors / 10**digits) * 10**digits if digits > 0 else int(visitors)


def bytes_a_visitor(measured: Mapping[str, Any], day: Day, part: str) -> float:
    """What of each visitor stays in the database (`stays_bytes`), or was written to its log (`wal_bytes`)."""
    return (
        day.talks * (measured["talk_opened"][part] + day.turns * measured["turn"][part])
        + day.sent * measured["message_sent"][part] + day.steps * measured["step"][part]
        + day.events * (measured["event_alone"][part] + day.known * measured["event_reacted_to"][part])
    )  # fmt: skip


def check(costs: Costs, measured: Mapping[str, Any], cores: int, people_ms: float) -> dict[str, Any]:
    """The model beside a measured point: people who each wait for an answer before they say the next.

    Args:
        people_ms: CPU time of who plays the people, a turn.
    """
    machines = Machines(1, cores, costs.flush_ms)
    # One web and one dialogue process, as was measured; who talks has the same cores.
    line = _Turns(costs, machines, random.Random(1))
    line._web, line._rasa = [[simpy.Resource(line.env)]], [[simpy.Resource(line.env)]]

    def person() -> Step:
        while True:
            yield from line.turn()
            yield from line._piece([client], line._cores[0], people_ms)

    client = simpy.Resource(line.env)
    for _ in range(int(measured["at_once"])):
        line.env.process(person())
    line.env.run(until=60)
    found = {"per_second": len(line.took) / 60, "p95_ms": statistics.quantiles(line.took, n=20)[-1] * 1_000}
    return {
        "at_once": measured["at_once"],
        **{f"model_{name}": round(value, 1) for name, value in found.items()},
        **{f"measured_{name}": round(measured[name], 1) for name in found},
        **{f"error_{name}": round(value / measured[name] - 1, 3) for name, value in found.items()},
    }


EXAMPLE = 20_000
"""Visitors a day, for whom the page says what they need."""


def plan(costs: Costs, day: Day, measured: Mapping[str, Any]) -> dict[str, Any]:
    """One, ten and a hundred machines, and what each other engine buys."""
    found: dict[str, Any] = {"day": asdict(day), "costs": asdict(costs)}
    one = Machines(1, 2, DISK_MS)
    found["example"] = {
        "visitors_a_day": EXAMPLE,
        "in_use": {name: round(value, 3) for name, value in demand(costs, day, one, EXAMPLE).items()},
        "p95_ms": round(busiest_minute(costs, day, one, EXAMPLE) * 1_000),
        **{f"{part}_a_year_gb": round(bytes_a_visitor(measured, day, f"{part}_bytes") * EXAMPLE * 365 / 1e9, 1)
           for part in ("stays", "wal")},
    }  # fmt: skip
    found["machines"] = [
        carries(costs, day, Machines(count, cores, DISK_MS)) for cores in (2, 8) for count in (1, 10, 100)
    ]
    large = Machines(100, 8, DISK_MS)
    ways = {
        "one PostgreSQL": large,
        "one, its log on a disk that takes 3 ms": replace(large, flush_ms=3.0),
        "one, its log on a disk that takes 0.1 ms": replace(large, flush_ms=0.1),
        "one, numbers on a replica or a columnar store": replace(large, numbers=0.0),
        "numbers elsewhere, turns without NOTIFY in their commit": replace(large, numbers=0.0, serial=False),
    }
    for shards in (4, 16):
        ways[f"numbers elsewhere, Citus with {shards} shards"] = replace(
            large, numbers=0.0, shards=shards, shard_cost=1.3
        )
    found["ways"] = [{"way": name, **carries(costs, day, machines)} for name, machines in ways.items()]
    return found
