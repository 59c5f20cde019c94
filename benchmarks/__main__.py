"""`python -m benchmarks`: runs every benchmark, one after the other, and prints one table: each figure beside its rival
or limit, as the ratio of the two. `--table` only prints what is kept in docs/benchmarks. Measures nothing itself.

On a machine where something else runs, ratios to a rival that was measured in the same run stay; other figures do not.
What it takes: about an hour and a half on two cores, 25 GB of disk for a moment, Chromium, and for `nlu` and `identity`
the public data sets (`--data`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.saving import machine

KEPT = ROOT / "docs" / "benchmarks"
Figures = Mapping[str, Any]
Pick = Callable[[Any], float]


@dataclass(frozen=True)
class Run:
    """A benchmark and what it is asked for."""

    name: str
    options: Sequence[str] = ()
    data: str | None = None
    """The part of the folder of public data sets that it needs."""
    notes: bool = True
    """Whether it keeps how the machine was."""


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        kept: the file in docs/benchmarks, without its ending.
        beside: what it stands beside, in words.
        theirs: that figure: from the same run, or the limit itself.
        must: whether it must be under or over the other for the promise to hold; None where nothing is promised.
    """

    kept: str
    what: str
    unit: str
    ours: Pick
    beside: str
    theirs: Pick | float
    must: Literal["under", "over"] | None = None


def _turns(system: str, at_once: int, part: str) -> Pick:
    def pick(found: Any) -> float:
        return float(
            next(one[part] for one in found["figures"] if (one["system"], one["at_once"]) == (system, at_once))
        )

    return pick


def _at(path: str) -> Pick:
    def pick(found: Any) -> float:
        for part in path.split("/"):
            found = found[int(part)] if isinstance(found, list) else found[part]
        return float(found)

    return pick


def _worst_list(found: Any) -> float:
    return max(float(one["p95_ms"]) for one in found["lists"].values())


def _worst_number(found: Any) -> float:
    return max(float(one["database_cpu_ms"]) for one in found["figures"]["365_days"].values())


def _writes(connections: int, part: str, *, notify: bool = True) -> Pick:
    def pick(found: Any) -> float:
        wanted = (connections, notify, 0.0)
        runs = found["writes"]["runs"]
        return float(
            next(one[part] for one in runs if (one["connections"], one["notify"], one["disk_adds_ms"]) == wanted)
        )

    return pick


_STOCK, _OURS = "stock rasa init", "parley, whole path"
RUNS = (
    Run("turns"),
    Run("replicas"),
    Run("flows"),
    Run("nlu", data="", notes=False),
    Run("inbound"),
    Run("sockets"),
    Run("events"),
    Run("journeys"),
    Run("segments"),
    Run("gate"),
    Run("scores"),
    Run("people", ("--rows", "100000", "--contacts", "1000000")),
    Run("lists", ("--contacts", "1000000")),
    Run("numbers_page"),
    Run("identity", data="febrl"),
    Run("erasure"),
    Run("limits"),
    Run("observing"),
    Run("flow_editor"),
    Run("capacity"),
)
ROWS = (
    Row("turns", "turns, 8 people at once", "/s", _turns(_OURS, 8, "per_second"),
        "Rasa as `rasa init` makes it", _turns(_STOCK, 8, "per_second"), "over"),
    Row("turns", "a turn, alone, median", "ms", _turns(_OURS, 1, "p50_ms"),
        "the same Rasa", _turns(_STOCK, 1, "p50_ms"), "under"),
    Row("replicas", "turns with two dialogue processes, of those with one", "x", _at("ratio"), "goal", 1.7, "over"),
    Row("flows", "200 steps checked and compiled", "s", _at("figures/0/value"),
        "limit", _at("figures/0/limit"), "under"),
    Row("flows", "a turn past message 2,000, of one at 20", "x", _at("figures/1/value"),
        "limit", _at("figures/1/limit"), "under"),
    Row("flows", "other words are live", "s", _at("figures/2/value"), "limit", _at("figures/2/limit"), "under"),
    Row("flows", "rolled back", "s", _at("figures/3/value"), "limit", _at("figures/3/limit"), "under"),
    Row("nlu", "BANKING77, all examples", "", _at("intents/banking77/accuracy"), "goal", 0.94, "over"),
    Row("nlu", "BANKING77, 10 examples each", "", _at("intents/banking77_10/accuracy"), "goal", 0.864, "over"),
    Row("nlu", "HWU64, folds 1 to 3", "", _at("intents/hwu64/accuracy"), "goal", 0.92, "over"),
    Row("nlu", "CLINC150 in scope, with the threshold", "", _at("intents/clinc150/accuracy_with_threshold"),
        "goal", 0.954, "over"),
    Row("nlu", "CLINC150, out of scope found", "", _at("intents/clinc150/oos_recall"), "goal", 0.6, "over"),
    Row("nlu", "a message understood, CPU", "ms", _at("speed/parley, english/mean_cpu_ms"),
        "stock Rasa's pipeline", _at("speed/stock rasa, english/mean_cpu_ms"), "under"),
    Row("nlu", "right article among the first 3", "", _at("knowledge/languages/en/fused/recall_at_3"),
        "full text alone", _at("knowledge/languages/en/words/recall_at_3"), "over"),
    Row("inbound", "webhooks acknowledged, p99", "ms", _at("figures/0/ack_p99_ms"), "limit", 1000.0, "under"),
    Row("inbound", "webhooks acknowledged", "/s", _at("figures/0/acknowledged_per_second"),
        "sent", _at("figures/0/asked_per_second")),
    Row("sockets", "an open chat", "KiB", _at("figures/kib_each"), "a bare aiohttp socket", _at("bare/kib_each")),
    Row("sockets", "an open chat", "KiB", _at("figures/kib_each"), "limit", 40.0, "under"),
    Row("sockets", "a message reaches a browser, p95", "ms", _at("figures/push/p95_ms"), "limit", 250.0, "under"),
    Row("sockets", "all are back after a restart", "s", _at("figures/back_s"), "limit", 30.0, "under"),
    Row("events", "events taken in", "/s", _at("ingest_per_second"), "COPY of the same", _at("copy_per_second")),
    Row("events", "reaction at 500 events/s, p95", "ms", _at("reaction/0/p95_ms"), "limit", 1000.0, "under"),
    Row("journeys", "steps of journeys", "/s", _at("figures/steps_per_second"),
        "bare UPDATE … SKIP LOCKED", _at("figures/bare_rows_per_second")),
    Row("journeys", "steps of journeys", "/s", _at("figures/steps_per_second"), "target", 8000.0, "over"),
    Row("journeys", "messages sent by two workers", "/s", _at("figures/sends_per_second/2"), "target", 500.0, "over"),
    Row("segments", "a million contacts counted by ten rules", "s", _at("figures/count_s"),
        "the plain query", _at("figures/naive_count_s"), "under"),
    Row("segments", "one contact asked about, median", "ms", _at("figures/one_ms_p50"),
        "the plain query", _at("figures/naive_one_ms_p50"), "under"),
    Row("gate", "a message judged alone", "ms", _at("figures/0/gate_ms"),
        "SELECT of its row by id", _at("figures/0/select_ms")),
    Row("gate", "a message judged among 1,000", "ms", _at("figures/2/gate_ms"),
        "SELECT of its row by id", _at("figures/2/select_ms")),
    Row("scores", "contacts counted anew after a change of rules", "/s", _at("figures/after_a_change_per_s"),
        "target", 5000.0, "over"),
    Row("people", "rows imported among a million", "/s", _at("import_rows_per_second"), "target", 5000.0, "over"),
    Row("people", "found by e-mail address, median", "ms", _at("find_ms_median"),
        "SELECT by id", _at("select_by_id_ms_median")),
    Row("lists", "the slowest list among a million, p95", "ms", _worst_list, "limit", 200.0, "under"),
    Row("lists", "a page half way", "ms", _at("half_way/cursor/p50_ms"),
        "the same by OFFSET", _at("half_way/offset/p50_ms"), "under"),
    Row("numbers", "the slowest figure over 365 days, database's CPU", "ms", _worst_number, "goal", 1000.0, "under"),
    Row("identity", "duplicates, first data set, F1", "", _at("dataset1/ours/f1"),
        "published", _at("dataset1/target_f1"), "over"),
    Row("identity", "duplicates, second data set, F1", "", _at("dataset2/ours/f1"),
        "published", _at("dataset2/target_f1"), "over"),
    Row("erasure", "a person erased, median", "ms", _at("erase_ms_median"),
        "a bare DELETE", _at("bare_delete_ms_median")),
    Row("limits", "a shared limit asked, lease of 5, median", "µs", _at("figures/shared_lease_of_5/median_us"),
        "the package `limits`, in memory", _at("figures/package_limits_memory/median_us"), "under"),
    Row("observing", "a turn with figures, CPU", "x", _at("turns/processor/ratio_to_without/figures"),
        "without", 1.0),
    Row("capacity", "turns that PostgreSQL writes, 32 connections", "/s", _writes(32, "turns_per_second"),
        "the same without NOTIFY", _writes(32, "turns_per_second", notify=False)),
    Row("capacity", "turns by the capacity plan's model, 8 at once", "/s",
        _at("plan/check/the same run/model_per_second"),
        "measured in the same run", _at("plan/check/the same run/measured_per_second")),
    Row("capacity", "sales of a year by channel, in columns, CPU", "ms",
        _at("columns/queries/sales by channel/duckdb_cpu_ms"),
        "PostgreSQL", _at("columns/queries/sales by channel/postgres_cpu_ms")),
    Row("flow_editor", "300 steps opened", "s", _at("long/again_s"), "2 steps", _at("short/again_s")),
    Row("flow_editor", "300 steps scrolled, longest pause", "ms", _at("long/worst/scroll_longest_ms"),
        "limit", 100.0, "under"),
)  # fmt: skip


def tell() -> bool:
    """Prints the table; returns whether every promise holds."""
    files = {row.kept for row in ROWS}
    found = {name: json.loads(path.read_text()) for name in files if (path := KEPT / f"{name}.json").exists()}
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(f"\n{'':52} {'ours':>12} {'':32} {'theirs':>12} {'ratio':>7}")
    broken = []
    for row in ROWS:
        if row.kept not in found:
            print(f"{row.what:52} {'not measured':>12}")
            continue
        ours = row.ours(found[row.kept])
        theirs = row.theirs if isinstance(row.theirs, float) else row.theirs(found[row.kept])
        holds = row.must is None or (ours <= theirs if row.must == "under" else ours >= theirs)
        mark = "" if holds else "  MISSED"
        print(
            f"{row.what:52} {_figure(ours, row.unit):>12} {row.beside[:32]:32} {_figure(theirs, row.unit):>12} "
            f"{ours / theirs:7.2f}{mark}"
        )
        if not holds:
            broken.append(row.what)
    notes = {name: one["note"] for name, one in sorted(found.items()) if one.get("note")}
    if notes:
        print("\nHow the machine was:")
        for name, note in notes.items():
            print(f"  {name}: {note}")
    if broken:
        print(f"\nMissed: {', '.join(broken)}")
    return not broken


def _figure(value: float, unit: str) -> str:
    digits = 0 if value >= 1000 else 1 if value >= 10 else 3
    return f"{value:,.{digits}f} {unit}".strip()


def carry_out(wanted: Sequence[Run], data: Path | None, note: str) -> list[str]:
    """Runs them one after the other; returns the names of those that did not end well."""
    failed = []
    for number, run in enumerate(wanted, 1):
        if run.data is not None and data is None:
            print(f"[{number}/{len(wanted)}] {run.name}: left out, it needs --data", flush=True)
            continue
        print(f"[{number}/{len(wanted)}] {run.name} …", flush=True)
        options = [*run.options, *(("--data", str(data / run.data)) if data and run.data is not None else ())]
        options += ["--save", *(("--note", note) if run.notes else ())]
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{run.name}", *options], cwd=ROOT, check=False)
        print(f"    {time.perf_counter() - began:.0f} s", flush=True)
        if done.returncode:
            failed.append(run.name)
    return failed


def main() -> None:
    """Reads the options and runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [run.name for run in RUNS]
    parser.add_argument("--table", action="store_true", help="measure nothing, print what is kept")
    parser.add_argument("--only", type=lambda told: told.split(","), default=names, help="names, comma-separated")
    parser.add_argument("--data", type=Path, help="the folder of the public data sets")
    parser.add_argument("--note", default="", help="how the machine was, kept with the figures")
    options = parser.parse_args()
    unknown = set(options.only) - set(names)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    failed = [] if options.table else carry_out(
        [run for run in RUNS if run.name in options.only], options.data, options.note
    )  # fmt: skip
    holds = tell()
    if failed:
        print(f"\nDid not end well: {', '.join(failed)}")
    sys.exit(0 if holds and not failed else 1)


if __name__ == "__main__":
    main()
