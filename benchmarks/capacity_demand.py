"""What a day asks for, what that costs, what machines have, and what of each part is then in use. Arithmetic only; the
queues are in capacity_model.py."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Day:
    """What people and journeys do in a day, for each visitor of the site. Assumed, and to be given anew by --day."""

    talks: float = 0.08
    """Of visitors, who open the chat."""
    turns: float = 6.0
    """Of a talk."""
    sent: float = 0.5
    """Messages of journeys."""
    steps: float = 1.0
    events: float = 3.0
    """Each comes alone; of known people is the share that is reacted to."""
    known: float = 0.2
    looks: float = 50.0
    """At a year's numbers, of all colleagues together, however many visitors there are."""
    peak: float = 5.0
    """The busiest minute, of the mean."""

    @classmethod
    def read(cls, told: Sequence[str]) -> Day:
        """With `name=value` changed.

        Raises:
            ValueError: says what is wrong.
        """
        names = [field.name for field in fields(cls)]
        changed = {}
        for one in told:
            name, _, value = one.partition("=")
            if name not in names:
                raise ValueError(f"a day has no {name}; it has {', '.join(names)}")
            try:
                changed[name] = float(value)
            except ValueError:
                raise ValueError(f"{name}={value}: write a number, such as {name}={getattr(cls, name)}") from None
            least, most = {"talks": (1e-6, 100), "turns": (1, 1e3), "known": (0, 1), "peak": (1, 1e3)}.get(
                name, (0, 1e6)
            )
            if not least <= changed[name] <= most:
                raise ValueError(f"{name}={value}: it must be from {least:g} to {most:g}")
        return cls(**changed)


@dataclass(frozen=True)
class Costs:
    """CPU milliseconds, as measured; a turn's with its part of opening the talk."""

    turn_web: float
    turn_rasa: float
    turn_postgres: float
    turn_worker: float
    """Later, while nobody waits for it."""
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
    line_ms: float
    """What the commit of a turn holds the line of those that NOTIFY for, beside flushes."""
    line_flushes: float
    """And flushes, for each of which it holds it, too."""
    queries_ms: tuple[float, ...]
    """PostgreSQL's CPU of each query of a look at a year's numbers, for each thousand talks a day."""

    @classmethod
    def of(cls, costs: Mapping[str, Any], writes: Mapping[str, Any], columns: Mapping[str, Any], day: Day) -> Costs:
        def turn(part: str) -> float:
            return float(costs["turn"][part]) + float(costs["talk_opened"][part]) / day.turns

        flush = next(one["flush_ms"] for one in writes["runs"] if one["connections"] == 1 and one["notify"])
        talks_a_day = 2 * columns["contacts"] / 365  # as the benchmark of the numbers fills it
        return cls(
            turn("web_cpu_ms"), turn("rasa_cpu_ms"), turn("postgres_cpu_ms"), turn("worker_cpu_ms"),
            *(float(costs[name][part]) for name in ("message_sent", "step", "event_alone", "event_reacted_to")
              for part in ("ours_cpu_ms", "postgres_cpu_ms")),
            float(flush), *line_of(writes["runs"]),
            tuple(one["postgres_cpu_ms"] * 1_000 / talks_a_day for one in columns["queries"].values()),
        )  # fmt: skip


def line_of(runs: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """What a turn's commit holds the line for, in milliseconds and in flushes: the straight line through the runs in
    which many waited for it, on disks of different speed."""
    waited = [one for one in runs if one["notify"] and one["connections"] == max(run["connections"] for run in runs)]
    flush, held = [one["flush_ms"] for one in waited], [1_000 / one["turns_per_second"] for one in waited]
    flushes, beside = statistics.linear_regression(flush, held)
    if beside < 0:
        flushes, beside = statistics.linear_regression(flush, held, proportional=True)
    return beside, flushes


@dataclass(frozen=True)
class Machines:
    """What there is. With one machine, PostgreSQL shares its cores; else it has one of its own.

    Attributes:
        shards: PostgreSQL servers that share the contacts.
        shard_cost: what a statement costs that goes through a coordinator, of one that does not. Assumed.
        replicas: machines that answer looks at the numbers; without, PostgreSQL does.
        serial: whether commits of turns go one after the other, as those do that NOTIFY.
    """

    count: int
    cores: int
    flush_ms: float
    shards: int = 1
    shard_cost: float = 1.0
    replicas: int = 0
    serial: bool = True

    @property
    def alone(self) -> bool:
        return self.count == 1

    @property
    def in_front(self) -> int:
        """Machines with web, workers and dialogue."""
        return 1 if self.alone else self.count - self.shards - self.replicas


def demand(costs: Costs, day: Day, machines: Machines, visitors: float) -> dict[str, float]:
    """What of each part is in use in the busiest minute, of 1. Everything grows with the visitors."""
    a_second = visitors * day.peak / SECONDS_A_DAY
    turns = a_second * day.talks * day.turns
    front = turns * (costs.turn_web + costs.turn_rasa + costs.turn_worker) + behind(costs, day, a_second, "front")
    postgres = (turns * costs.turn_postgres + behind(costs, day, a_second, "postgres")) * machines.shard_cost
    looked = day.looks * day.peak / SECONDS_A_DAY * look_seconds(costs, day, visitors) * 1_000
    if not machines.replicas:
        postgres += looked
    found = {}
    if machines.alone:
        found["cores"] = (front + postgres) / 1_000 / machines.cores
    else:
        found["cores in front"] = front / 1_000 / (machines.in_front * machines.cores)
        found["cores of PostgreSQL"] = postgres / 1_000 / (machines.shards * machines.cores)
    if machines.replicas:
        found["cores of replicas"] = looked / 1_000 / (machines.replicas * machines.cores)
    if machines.serial:
        found["the line of commits that NOTIFY"] = turns * held(costs, machines) / machines.shards
    return found


def look_seconds(costs: Costs, day: Day, visitors: float) -> float:
    """PostgreSQL's CPU of one look at a year's numbers: it reads the rows of the year."""
    return sum(costs.queries_ms) / 1_000 * visitors * day.talks / 1_000


def held(costs: Costs, machines: Machines) -> float:
    """Seconds for which the commit of a turn holds the line."""
    return (costs.line_ms + costs.line_flushes * machines.flush_ms) / 1_000


def behind(costs: Costs, day: Day, a_second: float, where: str) -> float:
    """CPU milliseconds a second of what is neither a turn nor a look."""
    sent, step, event, reaction = (
        (costs.sent_worker, costs.step_worker, costs.event_web, costs.reaction_worker) if where == "front"
        else (costs.sent_postgres, costs.step_postgres, costs.event_postgres, costs.reaction_postgres)
    )  # fmt: skip
    return a_second * (day.sent * sent + day.steps * step + day.events * (event + day.known * reaction))


def bytes_a_visitor(measured: Mapping[str, Any], day: Day, part: str) -> float:
    """What of each visitor stays in the database (`stays_bytes`), or is written to its log (`trickle_wal_bytes`)."""
    return (
        day.talks * (measured["talk_opened"][part] + day.turns * measured["turn"][part])
        + day.sent * measured["message_sent"][part] + day.steps * measured["step"][part]
        + day.events * (measured["event_alone"][part] + day.known * measured["event_reacted_to"][part])
    )  # fmt: skip
