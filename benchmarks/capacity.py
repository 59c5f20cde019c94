"""What machines carry: what each thing costs, where one PostgreSQL ends, what 1, 10 and 100 machines carry by that, and
what it takes to go on (docs/explain/capacity.md).

Parts, each on PostgreSQLs of its own and each to be run alone (`--parts`):

* talks: a talk, a turn, an open chat, everything at rest (capacity_costs.py)
* journeys: a contact, a sleeper, a step, a sent message (capacity_costs.py)
* events: an event, and what reacts to it (capacity_costs.py)
* writes: the turn path's statements from more and more connections (capacity_writes.py)
* shards: what Citus would refuse of schema and statements (capacity_shards.py)
* replica: a streaming copy for reading, and how late it is (capacity_copies.py)
* columns: what the numbers read, by logical replication, and asked of a columnar engine (capacity_copies.py)
* plan: the simulation, by what the others found, kept or now (capacity_model.py)

Everything runs on 127.0.0.1 and by Unix sockets, in temporary folders, and is stopped at the end. `--save` keeps what
was run beside what is kept of the other parts; `--page` writes what is kept into the page.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil
import structlog

import server.web  # noqa: F401  # loads every room's tables
from benchmarks.capacity_copies import measure_columnar, measure_replica
from benchmarks.capacity_costs import events_cost, journeys_cost, talks_cost
from benchmarks.capacity_demand import Costs, Day, line_of
from benchmarks.capacity_model import check, plan
from benchmarks.capacity_page import PAGE, fill_in
from benchmarks.capacity_shards import measure_shards
from benchmarks.capacity_writes import measure_writes
from benchmarks.saving import add_saving, machine
from benchmarks.turns import RESULT as TURNS
from benchmarks.turns import TURNS_A_TALK

RESULT = ROOT / "docs" / "benchmarks" / "capacity.json"
MEASURED: dict[str, Callable[..., dict[str, Any]]] = {
    "talks": talks_cost,
    "journeys": journeys_cost,
    "events": events_cost,
    "writes": measure_writes,
    "shards": measure_shards,
    "replica": measure_replica,
    "columns": measure_columnar,
}
_PLANNED_BY = ("talks", "journeys", "events", "writes", "columns")


def simulate(found: dict[str, Any], day: Day) -> dict[str, Any]:
    """The plan by what was found, and the model beside what was measured: talks of the same run and of turns.json, and
    the line of commits that NOTIFY."""
    costs = {**found["talks"], **found["journeys"], **found["events"]}
    kept = json.loads(TURNS.read_text())
    whole = next(one for one in kept["figures"] if (one["system"], one["at_once"]) == ("parley, whole path", 8))
    points = {
        "the same run": (costs["point"], found["talks"]["made"]["machine"]["cores"]),
        "turns.json": (whole, kept["machine"]["cores"]),
    }
    parts = costs, found["writes"], found["columns"]
    talked, people_ms = Costs.of(*parts, replace(day, turns=TURNS_A_TALK)), costs["turn"]["people_cpu_ms"]
    beside, flushes = line_of(found["writes"]["runs"])
    return {
        "check": {name: check(talked, point, cores, people_ms) for name, (point, cores) in points.items()},
        "line": [
            {"connections": one["connections"], "disk_adds_ms": one["disk_adds_ms"],
             "measured_per_second": one["turns_per_second"],
             "model_per_second": round(1_000 / (beside + flushes * one["flush_ms"]))}
            for one in found["writes"]["runs"] if one["notify"] and one["connections"] > 1
        ],
        **plan(Costs.of(*parts, day), day, costs),
    }  # fmt: skip


def run(part: str, found: dict[str, Any], options: argparse.Namespace, day: Day) -> dict[str, Any]:
    """A part, with when, where and how it was made."""
    made = {
        "on": datetime.now(UTC).date().isoformat(), "machine": machine(), "note": options.note,
        "short": any(found[name]["made"]["short"] for name in _PLANNED_BY) if part == "plan" else options.short,
        "load_before": round(psutil.getloadavg()[0], 1),
    }  # fmt: skip
    began = time.monotonic()
    figures = simulate(found, day) if part == "plan" else MEASURED[part](short=options.short)
    return {"made": {**made, "took_s": round(time.monotonic() - began)}, **figures}


def main() -> None:
    """Runs the parts that are asked for, or writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = [*MEASURED, "plan"]
    parser.add_argument("--parts", type=lambda told: told.split(","), default=parts, help=", ".join(parts))
    parser.add_argument("--short", action="store_true", help="a tenth of everything, to see that it works")
    parser.add_argument("--day", nargs="*", default=[], help="name=value of the day that is planned for")
    parser.add_argument("--page", action="store_true", help="measure nothing, write what is kept into the page")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    found = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    if options.page:
        PAGE.write_text(fill_in(PAGE.read_text(), found))
        return
    if unknown := set(options.parts) - set(parts):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    if "plan" in options.parts and (missing := set(_PLANNED_BY) - {*found, *options.parts}):
        parser.error(f"the plan needs {', '.join(sorted(missing))}: name them in --parts, too")
    try:
        day = Day.read(options.day)
    except ValueError as error:
        parser.error(str(error))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    for part in parts:
        if part in options.parts:
            found[part] = run(part, found, options, day)
            print(f"\n{part}\n{json.dumps(found[part], indent=1)}", flush=True)
            if options.save:
                RESULT.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
