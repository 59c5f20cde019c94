"""The record of processing says what the registry says."""

from __future__ import annotations

import json

from crm.privacy.record import Controller, describe_processing, print_processing
from crm.privacy.registry import read_registry

NORTHWIND = Controller("Northwind Ledger", "1 Harbour Street\nBristol BS1 4RW")


def test_every_table_stands_in_the_record_once() -> None:
    registry = read_registry()
    record = describe_processing(registry, NORTHWIND)
    named = [table for activity in record["activities"] for table in activity["tables"]]
    assert sorted(named) == sorted([*registry.tables, *registry.others])
    assert json.loads(json.dumps(record)) == record


def test_the_printed_record_names_the_controller_the_times_and_what_is_kept() -> None:
    printed = print_processing(read_registry(), NORTHWIND)
    assert "Controller: Northwind Ledger, 1 Harbour Street Bristol BS1 4RW." in printed
    assert "| `conversations` | 730 days after last_message_at or created_at | deleted |" in printed
    assert "| `gate_decisions` | as long as what it belongs to | deleted with `outbox` |" in printed
    assert "| `suppressions` | as the reason beside says | kept: A stop must outlive everything else" in printed
    assert "1825 days after updated_at (where state exited)" in printed
