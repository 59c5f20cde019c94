"""The capacity plan asks what the product asks, and its model does what queues do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from base.tables import Table
from benchmarks.capacity_copies import _asked, in_columns
from benchmarks.capacity_model import Costs, Day, Machines, busiest_minute, demand
from benchmarks.capacity_shards import judge, places
from benchmarks.capacity_writes import script

COSTS = Costs(6, 6, 2, 0, 4, 1, 0.03, 0.02, 4, 1.4, 0.2, 0.1, 0.3, 1_000)


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


def test_a_machine_of_twice_the_cores_is_half_as_busy_and_a_busier_one_is_slower() -> None:
    day, machine = Day(), Machines(1, 2, 0.3)
    busy = demand(COSTS, day, machine, 100_000)
    assert demand(COSTS, day, replace(machine, cores=4), 100_000)["cores"] == pytest.approx(busy["cores"] / 2)
    room = 100_000 / busy["cores"]
    assert busiest_minute(COSTS, day, machine, 0.5 * room) < busiest_minute(COSTS, day, machine, 0.97 * room)


def test_without_notify_a_slow_disk_holds_up_nobody_else() -> None:
    slow = Machines(10, 64, 20.0)
    visitors = 0.9 * 100_000 / demand(COSTS, Day(), slow, 100_000)["the line of commits that NOTIFY"]
    assert busiest_minute(COSTS, Day(), replace(slow, serial=False), visitors) < busiest_minute(
        COSTS, Day(), slow, visitors
    )
