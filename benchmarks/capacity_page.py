"""Writes what is kept of the capacity plan into docs/explain/capacity.md, between its marks (`python -m
benchmarks.capacity --page`). Measures nothing; the words around the marks repeat no figure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "explain" / "capacity.md"
_MARKED = re.compile(r"<!-- (\w+) -->\n.*?<!-- /\1 -->", re.DOTALL)
Found = Mapping[str, Any]


def fill_in(text: str, found: Found) -> str:
    """The page with everything between its marks made anew."""
    return _MARKED.sub(lambda mark: f"<!-- {mark[1]} -->\n{BLOCKS[mark[1]](found)}\n<!-- /{mark[1]} -->", text)


def _table(head: str, rows: Iterable[Iterable[object]]) -> str:
    names = head.split("|")
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(str(one).strip() for one in line)} |" for line in lines)


def _list(*lines: str) -> str:
    return "\n".join(f"* {line}" for line in lines)


def _number(value: float) -> str:
    digits = 0 if abs(value) >= 1_000 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"


def _kilobytes(value: float) -> str:
    return f"{value / 1_000:,.1f} kB"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for unit, name in ((3_600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:,.0f} {name}"
    return f"{seconds:,.1f} s"


def _short(found: Found) -> str:
    example, day = found["plan"]["example"], found["plan"]["day"]
    return _list(
        f"{example['visitors_a_day']:,} visitors a day, of whom {day['talks']:.0%} open the chat, on **one machine of "
        f"two cores**: in the busiest minute {max(example['in_use'].values()):.0%} of what is fullest is in use, and a "
        f"turn takes {example['p95_ms'] or 'more than 1,000'} ms at p95, by the model.",
        f"That takes {example['memory_gb']} GB of memory, beside the system: a web process, a worker and a dialogue "
        "process for each core, and PostgreSQL as it is without much in it.",
        f"In a year the database grows by about {example['stays_a_year_gb']} GB, if nothing is let go, and "
        f"{example['wal_a_year_gb']} GB of log are written, which a replica or an archive must take.",
        f"After that year a look at the numbers of the year takes {_span(example['look_s'])} of PostgreSQL's CPU.",
    )


def _made(found: Found) -> str:
    return _table("part|on|cores|load before|took|length|note", (
        (f"`{name}`", made["on"], made["machine"]["cores"], made["load_before"], _span(made["took_s"]),
         "short" if made["short"] else "full", made["note"])
        for name, part in found.items() for made in [part["made"]]
    ))  # fmt: skip


def _day(found: Found) -> str:
    day = found["plan"]["day"]
    return (
        f"Assumed of a day, for each visitor of the site: talks {day['talks']:g}, of {day['turns']:g} turns each; "
        f"messages of journeys {day['sent']:g}; steps of journeys {day['steps']:g}; events that come one by one "
        f"{day['events']:g}, {day['known']:.0%} of them of known people. Looks at the numbers of a year "
        f"{day['looks']:g} a day, whoever comes. In the busiest minute {day['peak']:g} times the mean."
    )


def _carried(name: str, one: Found) -> tuple[object, ...]:
    return (
        name, f"{one['visitors_a_day']:,}", _number(one["turns_a_second_at_peak"]), f"{one['p95_ms']} ms",
        one["first_full"], _span(one["look_s"]),
    )  # fmt: skip


def _machines(found: Found) -> str:
    head = "machines|visitors a day|turns a second in the busiest minute|p95|full first|CPU of a look at the numbers"
    return _table(head, (
        _carried(f"{one['count']} of {one['cores']} cores{', one has PostgreSQL' if one['count'] > 1 else ''}", one)
        for one in found["plan"]["machines"]
    ))  # fmt: skip


def _ways(found: Found) -> str:
    head = "|visitors a day|turns a second in the busiest minute|p95|full first|CPU of a look at the numbers"
    return _table(head, (_carried(one["way"], one) for one in found["plan"]["ways"]))


def _check(found: Found) -> str:
    return _table("|turns a second|model|error|p95|model|error", (
        (name, *(cell for figure, unit in (("per_second", ""), ("p95_ms", " ms")) for cell in (
            _number(one[f"measured_{figure}"]) + unit, _number(one[f"model_{figure}"]) + unit,
            f"{one[f'error_{figure}']:+.0%}")))
        for name, one in found["plan"]["check"].items()
    ))  # fmt: skip


_COSTS = {
    "talk_opened": "a talk opened: session, socket, greeting",
    "turn": "a turn of it: a text drawn by chance from twelve",
    "step": "a step of a journey, in sets",
    "message_sent": "a message of a journey: planned, judged, sent, outcome stored",
    "event_among_1000": "an event, among 1,000 in a request",
    "event_alone": "an event, alone in a request",
    "event_reacted_to": "looking at an event where no score, segment or journey asks for it",
}


def _costs(found: Found) -> str:
    costs = _all_costs(found)

    def row(name: str, what: str) -> tuple[object, ...]:
        one = costs[name]
        ours = {"event_among_1000": "web", "event_alone": "web"}.get(name, "worker")
        cpu = [one.get(f"{part}_cpu_ms", one.get("ours_cpu_ms") if part == ours else None)
               for part in ("web", "worker", "rasa", "postgres")]  # fmt: skip
        log = one.get("trickle_wal_bytes")
        return (
            what, *("" if value is None else _number(value) for value in cpu),
            "" if log is None else _kilobytes(log), _kilobytes(one["stays_bytes"]),
        )  # fmt: skip

    head = "CPU milliseconds|web|worker|Rasa|PostgreSQL|log|stays"
    return _table(head, (row(name, what) for name, what in _COSTS.items()))


def _all_costs(found: Found) -> dict[str, Any]:
    return {**found["talks"], **found["journeys"], **found["events"]}


def _others(found: Found) -> str:
    costs = _all_costs(found)
    asleep, contact, chat, memory = costs["sleeper"], costs["contact"], costs["open_chat"], costs["memory_mb"]
    rest = sum(costs["at_rest"][f"{part}_cpu_ms"] for part in ("web", "worker", "rasa", "postgres"))
    return _list(
        f"A turn is {costs['turn']['statements']:.0f} statements, BEGIN and COMMIT counted.",
        f"A **sleeper** (somebody who waits in a journey) takes {asleep['table_bytes']:.0f} bytes and "
        f"{asleep['index_bytes']:.0f} of indexes; a look of the pump among all of them took "
        f"{asleep['all_of_them_cpu_ms_a_look']:.0f} ms of CPU.",
        f"A **contact** as the benchmark of the gate fills it in (e-mail address, number, a consent, half a message of "
        f"the outbox) takes {contact['table_bytes']:,.0f} bytes and {contact['index_bytes']:,.0f} of indexes.",
        f"An **open chat** in which nothing is said takes {chat['kib']:.0f} KiB of its web process and "
        f"{chat['web_cpu_ms_a_second']:.2f} ms of its CPU a second.",
        f"**At rest** one process of each kind and PostgreSQL take {rest:.0f} ms of CPU a second together, and "
        + ", ".join(f"{name} {value} MB" for name, value in memory.items())
        + " of memory (what processes share counted in parts).",
    )


def _writes(found: Found) -> str:
    head = "connections|disk|NOTIFY|turns/s|commits/s|log|commits a flush|a flush takes|CPU a turn|cores in use|load"
    return _table(head, (
        (one["connections"], f"+ {one['disk_adds_ms']:g} ms" if one["disk_adds_ms"] else "as it is",
         "yes" if one["notify"] else "no", f"{one['turns_per_second']:,}", f"{one['commits_per_second']:,}",
         f"{one['wal_mb_per_second']} MB/s", one["commits_a_flush"], f"{one['flush_ms']} ms",
         f"{one['postgres_cpu_ms_a_turn']} ms", one["cores_in_use"], one["load"])
        for one in found["writes"]["runs"]
    ))  # fmt: skip


def _line(found: Found) -> str:
    costs = found["plan"]["costs"]
    return (
        f"In the model a turn's commit holds the line for {costs['line_ms']:.2f} ms and {costs['line_flushes']:.2f} "
        "flushes, the straight line through the runs with most connections:\n\n"
    ) + _table("connections|disk|turns a second|model", (
        (one["connections"], f"+ {one['disk_adds_ms']:g} ms" if one["disk_adds_ms"] else "as it is",
         f"{one['measured_per_second']:,}", f"{one['model_per_second']:,}") for one in found["plan"]["line"]
    ))  # fmt: skip


def _replica(found: Found) -> str:
    replica = found["replica"]
    late = {name: "after {p50_ms} ms (median; p95 {p95_ms}, most {most_ms})".format(**replica[name])
            for name in ("at_rest", "while_turns_are_written")}  # fmt: skip
    return _list(
        f"A committed row was there {late['at_rest']} at rest, and {late['while_turns_are_written']} while "
        f"{replica['turns_per_second']:,} turns a second were written.",
        f"It answered {', '.join(replica['numbers_answered'])}.",
        *(f"Asked for {name}: {said}." for name, said in replica["refused"].items()),
    )


def _columns(found: Found) -> str:
    columns = found["columns"]
    lag, gone = columns["lag"], columns["erased_rows_there"]
    fields = [name.removeprefix("told_") for name in columns["published"]["timeline_events"] if "told_" in name]
    return _list(
        f"For {columns['contacts']:,} contacts with a year everything was taken over in {columns['taken_over_s']} s; a "
        f"row was there {lag['p50_ms']} ms after its commit (median; p95 {lag['p95_ms']}).",
        f"Of a contact whose {gone['before']} events were deleted, {gone['after']} were left there.",
        f"{len(fields)} fields of events ({', '.join(fields)}) had to become columns of their own (`GENERATED … "
        "STORED`), since JSON is published whole or not at all.",
        f"The same columns take {columns['parquet_bytes'] / 1e6:.0f} MB in Parquet files as the product writes them, "
        f"and {columns['postgres_bytes'] / 1e6:.0f} MB in PostgreSQL without indexes.",
    )


def _queries(found: Found) -> str:
    head = "a year of|PostgreSQL, CPU|DuckDB, CPU|CPU, times less|by the clock, times less"
    return _table(head, (
        (name, f"{one['postgres_cpu_ms']:,} ms", f"{one['duckdb_cpu_ms']:,} ms", one["cpu_ratio"], one["ratio"])
        for name, one in found["columns"]["queries"].items()
    ))  # fmt: skip


_IN_THE_WAY = {
    "primary_keys_without_it": "primary keys without the distribution column",
    "unique_indexes_without_it": "unique indexes without it",
    "foreign_keys_without_it": "foreign keys from one family of tables to the other, or without it",
    "triggers": "triggers on distributed tables (off unless allowed)",
    "distribution_column_may_be_null": "tables whose distribution column may be empty",
}


def _schema(found: Found) -> str:
    schema = found["shards"]["schema"]
    tables = {place: len(names) for place, names in schema["tables"].items()}
    return (
        f"Of {sum(tables.values())} tables {tables['contact']} lie with their contact, {tables['talk']} with their "
        f"talk, {tables['parent']} with the row they belong to, and {tables['reference']} are small and would be on "
        "every shard.\n\n"
    ) + _table("in the way|how many|such as", (
        (label, len(schema[name]), ", ".join(f"`{one}`" for one in schema[name][:3]))
        for name, label in _IN_THE_WAY.items()
    ))  # fmt: skip


def _statements(found: Found) -> str:
    return _table("what is done|different statements|across shards", (
        (name, one["different"],
         "; ".join(f"{problem} ({len(texts)})" for problem, texts in one["across_shards"].items()) or "none")
        for name, one in found["shards"]["statements"].items()
    ))  # fmt: skip


BLOCKS = {
    "short": _short, "made": _made, "day": _day, "machines": _machines, "ways": _ways, "check": _check,
    "costs": _costs, "others": _others, "writes": _writes, "line": _line, "replica": _replica, "columns": _columns,
    "queries": _queries, "schema": _schema, "statements": _statements,
}  # fmt: skip
