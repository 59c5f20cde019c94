"""The capacity plan asks what the product asks, and its model does what queues do."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import psutil
import pytest

from base.tables import Table
from benchmarks import capacity_model
from benchmarks.capacity_copies import _asked, in_columns
from benchmarks.capacity_demand import Costs, Day, Machines, demand, line_of
from benchmarks.capacity_model import FULLEST, LONGEST, busiest_minute, carries, check, plan, two_figures
from benchmarks.capacity_page import BLOCKS, PAGE, fill_in
from benchmarks.capacity_shards import judge, places
from benchmarks.capacity_writes import script
from benchmarks.numbers_page import spent

COSTS = Costs(60, 60, 20, 10, 40, 10, 0.3, 0.2, 40, 14, 2, 1, 2, 10, 12, (20_000, 30_000))
"""Ten times what things cost, so that a simulated minute has few turns."""
BYTES = {name: {"stays_bytes": 1_000, "trickle_wal_bytes": 10_000}
         for name in ("talk_opened", "turn", "message_sent", "step", "event_alone", "event_reacted_to")}  # fmt: skip
MEASURED = {**BYTES, "memory_mb": {"web": 400, "worker": 200, "rasa": 600, "postgres": 200}}
KEPT = PAGE.parents[1] / "benchmarks" / "capacity.json"


@pytest.fixture(autouse=True)
def short_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few turns as show what is said here, and slices ten times as long, as the costs are."""
    for name, value in {"WARM": 2.0, "SECONDS": 8.0, "FEWEST": 60, "MOST": 300, "SLICE": 0.1}.items():
        monkeypatch.setattr(capacity_model, name, value)


def test_every_table_has_a_place_and_what_belongs_to_a_person_or_a_talk_lies_with_them() -> None:
    where = places()
    assert where.keys() == Table.metadata.tables.keys()
    assert [where[name][0] for name in ("contacts", "messages", "journeys")] == ["contact", "talk", "reference"]


@pytest.mark.parametrize(
    ("statement", "crosses"),
    [
        ("SELECT text FROM messages WHERE messages.conversation_id = %(id)s", False),
        ("SELECT text FROM messages WHERE messages.turn_state = 'pending'", True),
        ("SELECT id FROM outbox WHERE state = 'due' LIMIT 5 FOR UPDATE SKIP LOCKED", True),
        ("SELECT id FROM journeys WHERE landing LIMIT 1 FOR UPDATE SKIP LOCKED", False),
        ("SELECT pg_notify('parley_conversation', %(notice)s)", True),
    ],
)
def test_a_statement_crosses_shards_when_it_does_not_say_whose_rows_it_is_about(statement: str, crosses: bool) -> None:
    assert bool(judge(statement, places())) is crosses


def test_the_turn_that_is_measured_is_made_of_the_real_statements() -> None:
    turn = script(8, notify=True)
    assert "pg_notify('parley_conversation'" in turn
    assert "pg_notify" not in script(8, notify=False)
    assert "%(" not in turn


def test_the_numbers_are_asked_in_columns_without_any_data_of_events() -> None:
    for statement, given in _asked(datetime(2026, 11, 29, tzinfo=UTC)).values():
        asked = in_columns(statement, given)
        assert "data" not in asked
        assert ":since" not in asked


def test_the_page_shows_what_is_kept() -> None:
    text = PAGE.read_text()
    assert fill_in(text, json.loads(KEPT.read_text())) == text, "run: .venv/bin/python -m benchmarks.capacity --page"
    assert [name for name in BLOCKS if f"<!-- {name} -->\n" not in text] == []


def test_a_machine_of_twice_the_cores_is_half_as_busy_and_a_busier_one_is_slower() -> None:
    day, machine = Day(looks=0), Machines(1, 2, 0.3)
    busy = demand(COSTS, day, machine, 10_000)
    assert demand(COSTS, day, replace(machine, cores=4), 10_000)["cores"] == pytest.approx(busy["cores"] / 2)
    room = 10_000 / busy["cores"]
    assert busiest_minute(COSTS, day, machine, 0.3 * room) < busiest_minute(COSTS, day, machine, 0.8 * room)
    assert busiest_minute(COSTS, day, machine, 1.1 * room) == math.inf


def test_without_notify_a_slow_disk_holds_up_nobody_else() -> None:
    day, slow = Day(looks=0), Machines(10, 64, 20.0)
    visitors = 0.9 * 10_000 / demand(COSTS, day, slow, 10_000)["the line of commits that NOTIFY"]
    assert busiest_minute(COSTS, day, replace(slow, serial=False), visitors) < busiest_minute(
        COSTS, day, slow, visitors
    )


def test_a_replica_takes_the_looks_from_postgresql_and_fills_up_itself() -> None:
    without, behind = Machines(10, 2, 1.0), Machines(10, 2, 1.0, replicas=1)
    before, after = (demand(COSTS, Day(), machines, 10_000) for machines in (without, behind))
    taken = before["cores of PostgreSQL"] - after["cores of PostgreSQL"]
    assert 0 < taken == pytest.approx(after["cores of replicas"])
    assert demand(COSTS, Day(looks=100), behind, 10_000)["cores of replicas"] == pytest.approx(2 * taken)
    assert carries(COSTS, Day(looks=5_000), behind)["first_full"] == "cores of replicas"


@pytest.mark.parametrize("machines", [Machines(1, 2, 1.0), Machines(40, 2, 1.0, shards=4)])
@pytest.mark.parametrize("day", [Day(), Day(looks=0, talks=1, turns=1, events=0, peak=20)])
def test_what_machines_carry_was_tried_and_twice_of_it_is_too_much(machines: Machines, day: Day) -> None:
    found = carries(COSTS, day, machines)
    visitors = found["visitors_a_day"]
    assert busiest_minute(COSTS, day, machines, visitors) * 1_000 == pytest.approx(found["p95_ms"], abs=1)
    assert found["p95_ms"] < LONGEST * 1_000
    assert 0.3 < max(found["in_use"].values()) <= FULLEST
    assert busiest_minute(COSTS, day, machines, 2.5 * visitors + 10) >= LONGEST


def test_who_waits_for_seconds_whatever_the_machine_is_carried_by_none() -> None:
    assert carries(replace(COSTS, turn_rasa=5_000), Day(looks=0), Machines(1, 2, 1.0))["visitors_a_day"] == 0


@pytest.mark.parametrize(("visitors", "cut"), [(0.5, 0), (7.9, 7), (99.9, 99), (128, 120), (19_999_999, 19_000_000)])
def test_visitors_are_cut_to_two_figures_and_never_rounded_up(visitors: float, cut: int) -> None:
    assert two_figures(visitors) == cut


def test_the_line_is_as_fast_as_it_was_measured() -> None:
    runs = [
        {"notify": True, "connections": 32, "flush_ms": flush, "turns_per_second": 1_000 / (0.5 + 1.5 * flush)}
        for flush in (0.2, 1.2, 3.2)
    ]
    aside = [{"notify": False, "connections": 32, "flush_ms": 1.0, "turns_per_second": 9_000},
             {"notify": True, "connections": 1, "flush_ms": 1.0, "turns_per_second": 50}]  # fmt: skip
    assert line_of([*aside, *runs]) == pytest.approx((0.5, 1.5))


def test_one_person_waits_for_nobody_and_eight_get_what_the_cores_give() -> None:
    quick = replace(COSTS, flush_ms=0.1, line_ms=0, line_flushes=1)
    alone, eight = (check(quick, {"at_once": people, "per_second": 10.0, "p95_ms": 100.0}, 2, 1.0) for people in (1, 8))
    milliseconds = 60 + 60 + 20 + 1
    assert alone["model_per_second"] == pytest.approx(1_000 / milliseconds, rel=0.15)
    assert alone["model_per_second"] < eight["model_per_second"] < 2 * 1_000 / milliseconds
    assert eight["error_per_second"] == pytest.approx(eight["model_per_second"] / 10 - 1, abs=0.002)


def test_a_plan_has_each_way_and_adds_up_memory_and_bytes() -> None:
    made = plan(replace(COSTS, queries_ms=(200.0,)), Day(talks=0.5, turns=2, sent=1, steps=0, events=0), MEASURED)
    assert [one["count"] for one in made["machines"]] == [1, 10, 100] * 2
    assert made["example"]["memory_gb"] == pytest.approx((2 * 1_200 + 200) / 1_024, abs=0.05)
    assert made["example"]["stays_a_year_gb"] == round((0.5 * 3 + 1) * 1_000 * 20_000 * 365 / 1e9)
    assert made["example"]["wal_a_year_gb"] == round((0.5 * 3 + 1) * 10_000 * 20_000 * 365 / 1e9)
    carried = {one["way"]: one["visitors_a_day"] for one in made["ways"]}
    assert carried["one PostgreSQL"] <= carried["one, numbers on a replica"]


def test_a_day_is_told_by_names_and_numbers() -> None:
    assert Day.read(["talks=0.2", "looks=0"]) == replace(Day(), talks=0.2, looks=0.0)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("minutes=3", "a day has no minutes; it has talks, turns"),
        ("talks", "talks=: write a number, such as talks=0.08"),
        ("sent=many", "sent=many: write a number"),
        ("talks=0", "talks=0: it must be from 1e-06 to 100"),
        ("known=1.5", "known=1.5: it must be from 0 to 1"),
        ("events=-1", "events=-1: it must be from 0 to 1e[+]06"),
        ("peak=nan", "peak=nan: it must be"),
    ],
)
def test_a_day_that_cannot_be_is_refused_in_words(told: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Day.read([told])


def test_the_cpu_of_a_server_that_is_gone_is_not_looked_for_for_ever() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as server:
        process = psutil.Process(server.pid)
        assert spent(process) >= 0
    with pytest.raises(psutil.NoSuchProcess):
        spent(process)
