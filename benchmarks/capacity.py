"""What machines carry: what each thing costs, where one PostgreSQL ends, what 1, 10 and 100 machines carry by that, and
what it takes to go on (docs/explain/capacity.md).

Parts, each on PostgreSQLs of its own and each to be run alone (`--parts`):

* costs: a talk, a turn, an open chat, a sleeper, a step, a sent message, an event (capacity_costs.py)
* writes: the turn path's statements from more and more connections (capacity_writes.py)
* shards: what Citus would refuse of schema and statements (capacity_shards.py)
* replica: a streaming copy for reading, and how late it is (capacity_copies.py)
* columns: what the numbers read, by logical replication, and asked of a columnar engine (capacity_copies.py)
* plan: the simulation, by what the others found, kept or now (capacity_model.py)

Everything runs on 127.0.0.1 and by Unix sockets, in temporary folders, and is stopped at the end. `--save` keeps what
was run beside what is kept of the other parts.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil
import structlog

import server.web  # noqa: F401  # loads every room's tables
from benchmarks.capacity_copies import measure_columnar, measure_replica
from benchmarks.capacity_costs import measure_costs
from benchmarks.capacity_model import Costs, Day, check, plan
from benchmarks.capacity_shards import measure_shards
from benchmarks.capacity_writes import measure_writes
from benchmarks.saving import add_saving, save
from benchmarks.turns import RESULT as TURNS
from benchmarks.turns import TURNS_A_TALK

RESULT = ROOT / "docs" / "benchmarks" / "capacity.json"
_ASIDE = ("machine", "note")
MEASURED: dict[str, Callable[..., dict[str, Any]]] = {
    "costs": measure_costs,
    "writes": measure_writes,
    "shards": measure_shards,
    "replica": measure_replica,
    "columns": measure_columnar,
}


def simulate(found: dict[str, Any], day: Day) -> dict[str, Any]:
    """The plan by what was found, and the model beside measured points: the one of the same run, and turns.json's."""
    parts = found["costs"], found["writes"], found["columns"]
    kept = json.loads(TURNS.read_text())["figures"]
    points = {
        "the same run": found["costs"]["point"],
        "turns.json": next(one for one in kept if (one["system"], one["at_once"]) == ("parley, whole path", 8)),
    }
    talked = Costs.of(*parts, replace(day, turns=TURNS_A_TALK))
    people_ms = found["costs"]["turn"]["people_cpu_ms"]
    checks = {name: check(talked, point, psutil.cpu_count() or 1, people_ms) for name, point in points.items()}
    return {"check": checks, **plan(Costs.of(*parts, day), day, found["costs"])}


def tell(part: str, found: dict[str, Any]) -> None:
    """Prints a part."""
    print(f"\n{part}\n{json.dumps(found, indent=1)}", flush=True)


def main() -> None:
    """Runs the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = [*MEASURED, "plan"]
    parser.add_argument("--parts", type=lambda told: told.split(","), default=parts, help=", ".join(parts))
    parser.add_argument("--short", action="store_true", help="a tenth of everything, to see that it works")
    parser.add_argument("--day", nargs="*", default=[], help="name=value of the day that is planned for")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    if unknown := set(options.parts) - set(parts):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    found = {name: value for name, value in found.items() if name not in _ASIDE}
    for part in parts:
        if part in options.parts:
            loaded = psutil.getloadavg()[0]
            done = simulate(found, Day.read(options.day)) if part == "plan" else MEASURED[part](short=options.short)
            found[part] = {"load_before": round(loaded, 1), **done}
            tell(part, found[part])
            save(RESULT, options, **found)


if __name__ == "__main__":
    main()
