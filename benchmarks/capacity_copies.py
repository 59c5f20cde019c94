"""Copies of the database, really made: a replica that streams, a copy of what the numbers read, a columnar engine.

* A replica for reading (`pg_basebackup` of the embedded server, streaming): how late a committed row is there, at rest
  and while turns are written; which of the product's reads it answers and which it refuses.
* Logical replication into a second server of the columns that the numbers read, none of which says who somebody is or
  what they said; how late they are, and that who is erased is gone there, too.
* The numbers' heaviest queries over a year: PostgreSQL's own, and the same texts, with JSON's fields as columns, asked
  of DuckDB over Parquet as the product writes it (base/parquet.py). Both must find the same.

Everything is on this machine, by Unix sockets, in temporary folders, and is stopped at the end.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import TextClause

from admin.numbers import funnels, revenue
from admin.numbers.visits import keep_visits
from admin.snapshot import snapshot
from base.database import create_engine, create_sessions, libpq_url
from base.parquet import Column, Kind, parquet_pieces
from base.postgres import start_embedded
from benchmarks import numbers_page
from benchmarks.capacity_costs import postmaster_of
from benchmarks.capacity_writes import Turns, fill_talks
from benchmarks.database import Database, started
from benchmarks.numbers_page import spent
from server.postgres_programs import environment_of, find_program

Row = tuple[Any, ...]
_PLAIN = {
    "contacts": ("id", "stage", "score"),
    "conversations": ("id", "channel", "contact_id", "created_at"),
    "messages": ("id", "conversation_id", "author", "kind", "created_at"),
    "flow_visits": ("day", "conversation_id", "flow", "first_at"),
    "timeline_events": ("id", "contact_id", "conversation_id", "kind", "occurred_at"),
    "outbox": ("id", "channel", "journey", "state", "created_at"),
}
"""Columns that are published as they are."""
_FIELDS = {
    **dict.fromkeys(("channel", "flow", "journey", "order", "currency", "stage", "before"), "text"), "value": "numeric"
}  # fmt: skip
"""Of an event's data, what the numbers read. `data` itself can hold anything that another system sent."""


@contextmanager
def replica(database: Database) -> Iterator[str]:
    """A streaming copy; its address."""
    folder = database.folder / "replica"
    subprocess.run(
        [find_program("pg_basebackup", at_least=18), "--pgdata", folder, "--write-recovery-conf", "--wal-method=stream",
         "--checkpoint=fast"],
        env=environment_of(database.url), check=True,
    )  # fmt: skip
    (folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # the source's
    # The server's files belong to whom the source's do, which is not who made the copy where root runs this.
    owner = (database.folder / "pg").stat()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    server = start_embedded(folder)
    try:
        yield libpq_url(server.url)
    finally:
        server.stop()


def _lags(source: str, copy: str, seconds: float) -> list[float]:
    """Milliseconds from a commit's answer at the source until the copy shows the row."""
    found = []
    with psycopg.connect(libpq_url(source), autocommit=True) as here, psycopg.connect(copy, autocommit=True) as there:
        until = time.monotonic() + seconds
        number = 0
        while time.monotonic() < until:
            number += 1
            here.execute("INSERT INTO lag_marks (id) VALUES (DEFAULT)")
            began = time.perf_counter()
            (last,) = here.execute("SELECT max(id) FROM lag_marks").fetchone() or (0,)
            while (there.execute("SELECT max(id) FROM lag_marks").fetchone() or (0,))[0] != last:
                time.sleep(0.0005)
            found.append((time.perf_counter() - began) * 1_000)
            time.sleep(0.01)
    return found


def _told(times: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=20)
    return {
        "p50_ms": round(statistics.median(times), 2), "p95_ms": round(cuts[-1], 2), "most_ms": round(max(times), 1)
    }  # fmt: skip


def _mark_table(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE lag_marks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)")


async def _answers_of(url: str) -> dict[str, bool]:
    """Which of the product's reads a server answers."""
    engine = create_engine(url)
    sessions, until = create_sessions(engine), datetime.now(UTC)
    found = {}
    for name, answer in numbers_page.answers():
        async with snapshot(sessions) as session:
            await answer(session, until - timedelta(days=30), until)
        found[name] = True
    await engine.dispose()
    return found


def _refused(url: str) -> dict[str, str]:
    """What a replica says to what only the source may be asked."""
    found = {}
    with psycopg.connect(url, autocommit=True) as connection:
        for name, statement in (
            ("a turn's claim", "SELECT id FROM conversations LIMIT 1 FOR UPDATE"),
            ("a sender's claim", "SELECT id FROM outbox LIMIT 1 FOR UPDATE SKIP LOCKED"),
            ("LISTEN", "LISTEN parley_conversation"),
            ("a consent", "DELETE FROM suppressions"),
        ):
            try:
                connection.execute(statement)
                found[name] = "answered"
            except psycopg.Error as error:
                found[name] = str(error).splitlines()[0]
    return found


def measure_replica(*, short: bool) -> dict[str, Any]:
    """Lag and refusals."""
    seconds = 3 if short else 12
    with started("capacity-replica") as database:
        fill_talks(database)
        _mark_table(libpq_url(database.url))
        with replica(database) as copy:
            found: dict[str, Any] = {"at_rest": _told(_lags(database.url, copy, seconds))}
            with ThreadPoolExecutor() as beside:
                writing = beside.submit(Turns(database, seconds + 3).run, 8, notify=True, delay_ms=0.0)
                time.sleep(2)
                found["while_turns_are_written"] = _told(_lags(database.url, copy, seconds))
                found["turns_per_second"] = writing.result()["turns_per_second"]
            found["numbers_answered"] = sorted(asyncio.run(_answers_of(copy)))
            found["refused"] = _refused(copy)
    return found


# What the numbers read, in a second server


def _prepare(url: str) -> dict[str, list[str]]:
    """Has an event's fields in columns of their own and publishes what the numbers read; the columns by table."""
    columns = {table: list(names) for table, names in _PLAIN.items()}
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        added = ", ".join(
            f"ADD COLUMN told_{name} {kind} GENERATED ALWAYS AS (CAST(data ->> '{name}' AS {kind})) STORED"
            for name, kind in _FIELDS.items()
        )
        connection.execute(f"ALTER TABLE timeline_events {added}")
        columns["timeline_events"] += [f"told_{name}" for name in _FIELDS]
        lists = ", ".join(f"TABLE {table} ({', '.join(names)})" for table, names in columns.items())
        connection.execute(f"CREATE PUBLICATION numbers FOR {lists}, TABLE lag_marks")
    return columns


def _subscribe(source: str, copy: str, columns: Mapping[str, Sequence[str]]) -> float:
    """Makes the tables there and takes everything over; seconds that took."""
    with (
        psycopg.connect(libpq_url(source), autocommit=True) as here,
        psycopg.connect(libpq_url(copy), autocommit=True) as there,
    ):
        for table, names in columns.items():
            kinds = dict(
                here.execute(
                    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass",
                    (table,),
                ).fetchall()
            )
            keys = [
                row[0]
                for row in here.execute(
                    "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid "
                    "AND a.attnum = ANY(i.indkey) WHERE i.indrelid = %s::regclass AND i.indisprimary",
                    (table,),
                )
            ]
            told = ", ".join(f"{name} {kinds[name]}" for name in names)
            there.execute(f"CREATE TABLE {table} ({told}, PRIMARY KEY ({', '.join(keys)}))")
        began = time.perf_counter()
        address = make_conninfo(libpq_url(source)).replace("'", "''")
        there.execute(f"CREATE SUBSCRIPTION numbers CONNECTION '{address}' PUBLICATION numbers")
        waiting = "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'"
        while (there.execute(waiting).fetchone() or (1,))[0]:
            time.sleep(0.1)
        return time.perf_counter() - began


def _erased(source: str, copy: str) -> dict[str, int]:
    """Rows of one contact in the copy, before they are deleted at the source and after."""
    asked = "SELECT count(*) FROM timeline_events WHERE contact_id = %s"
    with (
        psycopg.connect(libpq_url(source), autocommit=True) as here,
        psycopg.connect(libpq_url(copy), autocommit=True) as there,
    ):
        (who,) = here.execute("SELECT contact_id FROM timeline_events WHERE contact_id IS NOT NULL LIMIT 1").fetchone()
        (before,) = there.execute(asked, (who,)).fetchone()
        here.execute("DELETE FROM timeline_events WHERE contact_id = %s", (who,))
        until = time.monotonic() + 30
        while (after := there.execute(asked, (who,)).fetchone()[0]) and time.monotonic() < until:
            time.sleep(0.01)
    return {"before": before, "after": after}


# A columnar engine beside PostgreSQL

_KINDS: dict[str, Kind] = {
    "uuid": "text", "text": "text", "character varying": "text", "integer": "integer", "bigint": "integer",
    "smallint": "integer", "numeric": "amount", "timestamp with time zone": "moment", "date": "moment",
    "double precision": "real",
}  # fmt: skip


async def _write_parquet(url: str, table: str, names: Sequence[str], file: Path) -> None:
    """A table as the product writes it."""
    with psycopg.connect(libpq_url(url)) as connection:
        kinds = dict(
            connection.execute(
                "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass", (table,)
            ).fetchall()
        )
        columns = [Column(name, _KINDS[kinds[name]]) for name in names]
        told = ", ".join(
            f"{name}::text" if kinds[name] == "uuid"
            else f"({name}::timestamp AT TIME ZONE 'UTC') AS {name}" if kinds[name] == "date"
            else name
            for name in names
        )  # fmt: skip

        async def sets() -> AsyncIterator[list[dict[str, Any]]]:
            with connection.cursor("rows") as cursor:
                cursor.execute(f"SELECT {told} FROM {table}")
                while rows := cursor.fetchmany(20_000):
                    yield [dict(zip(names, row, strict=True)) for row in rows]

        with file.open("wb") as target:
            async for piece in parquet_pieces(columns, sets()):
                target.write(piece)


def in_columns(statement: TextClause, given: Mapping[str, Any]) -> str:
    """A query of the numbers in DuckDB's words: JSON's fields are columns, values stand in the text."""
    text = statement.text
    text = re.sub(r"(\w+\.)?data ->> '(\w+)'", r"\1told_\2", text)
    text = re.sub(r"(\w+\.)?data ->> CAST\(:name AS text\)", rf"\1told_{given.get('name')}", text)
    text = re.sub(r"(\w+\.)?data \? CAST\(:name AS text\)", rf"\1told_{given.get('name')} IS NOT NULL", text)
    text = re.sub(r"\bat\b", "moment", text)  # a word of its own there
    text = re.sub(r", data$", f", {', '.join(f'told_{name}' for name in _FIELDS)}", text, flags=re.MULTILINE)
    text = text.replace("SELECT FROM", "SELECT 1 FROM").replace("'{}'", "[]").replace("numeric", "double")
    return re.sub(r"(?<!:):([a-z_]+)", lambda found: _literal(given[found[1]]), text)


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, timedelta):
        return f"'{value.days} days'"
    return str(value) if isinstance(value, int) else f"'{value}'"


def _asked(until: datetime) -> dict[str, tuple[TextClause, dict[str, Any]]]:
    """The heaviest queries of the numbers, of a year."""
    since = until - timedelta(days=365)
    period = {"since": since, "until": until}
    channel = {**period, "name": "channel", "kinds": list(revenue._TOUCHES["channel"])}
    way = {**period, "way": funnels._WAY, "won": funnels._WON}
    return {
        "sales by channel": (revenue._SALES, {**channel, "reach": revenue.REACH}),
        "paths without a sale by channel": (revenue._UNSOLD, channel),
        "funnel by channel": (funnels._STATEMENTS["channel"], way),
        "funnel by journey": (funnels._STATEMENTS["journey"], way),
    }


def _compare(url: str, folder: Path, times: int) -> dict[str, Any]:
    """The heaviest queries of a year, of both; CPU milliseconds and by the clock, medians."""
    asked = _asked(datetime.now(UTC))
    columnar = duckdb.connect()
    columnar.execute("SET threads = 2; SET TimeZone = 'UTC'")
    for table in _PLAIN:
        columnar.execute(f"CREATE VIEW {table} AS SELECT * FROM '{folder / table}.parquet'")
    postmaster = postmaster_of(folder / "pg")
    found = {}
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        for name, (statement, given) in asked.items():
            theirs = re.sub(r"(?<!:):([a-z_]+)", r"%(\1)s", statement.text.replace("%", "%%"))
            in_duckdb = in_columns(statement, given)
            rows, *first = _timed(
                lambda q=theirs, v=given: connection.execute(q, v).fetchall(), lambda: spent(postmaster), times
            )
            same, *second = _timed(lambda q=in_duckdb: columnar.execute(q).fetchall(), time.process_time, times)
            assert _comparable(rows) == _comparable(same), f"{name}: they find different things"
            found[name] = {
                "rows": len(rows), "postgres_cpu_ms": round(first[0]), "postgres_ms": round(first[1]),
                "duckdb_cpu_ms": round(second[0]), "duckdb_ms": round(second[1]),
                "cpu_ratio": round(first[0] / second[0], 1), "ratio": round(first[1] / second[1], 1),
            }  # fmt: skip
            print(name, found[name], flush=True)
    return found


def _timed(work: Callable[[], list[Row]], cpu: Callable[[], float], times: int) -> tuple[list[Row], float, float]:
    rows, used, took = work(), [], []
    for _ in range(times):
        before, began = cpu(), time.perf_counter()
        rows = work()
        took.append((time.perf_counter() - began) * 1_000)
        used.append((cpu() - before) * 1_000)
    return rows, statistics.median(used), statistics.median(took)


def _comparable(rows: Sequence[Row]) -> list[str]:
    return sorted(
        repr(tuple(list(one) if isinstance(one, (list, tuple)) else _number(one) for one in row)) for row in rows
    )


def _number(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, bool)) else round(float(value), 4)


def measure_columnar(*, short: bool) -> dict[str, Any]:
    """Logical replication and the columnar engine, over a year of many people."""
    contacts = 3_000 if short else 20_000
    with started("capacity-columns") as database:
        numbers_page.fill(database.url, contacts)
        engine = create_engine(database.url)

        async def keep() -> None:
            await keep_visits(create_sessions(engine), datetime.now(UTC))
            await engine.dispose()

        asyncio.run(keep())
        _mark_table(libpq_url(database.url))
        with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET wal_level = 'logical'")
        database.restart()
        columns = _prepare(database.url)
        other = start_embedded(database.folder / "numbers")
        try:
            _mark_table(libpq_url(other.url))
            found: dict[str, Any] = {"contacts": contacts, "published": columns}
            found["taken_over_s"] = round(_subscribe(database.url, other.url, columns), 1)
            found["lag"] = _told(_lags(database.url, libpq_url(other.url), 3 if short else 10))
            found["erased_rows_there"] = _erased(database.url, other.url)
            sizes = {}
            for table, names in columns.items():
                file = database.folder / f"{table}.parquet"
                asyncio.run(_write_parquet(other.url, table, names, file))
                sizes[table] = file.stat().st_size
            found["parquet_bytes"] = sum(sizes.values())
            with psycopg.connect(libpq_url(other.url), autocommit=True) as connection:  # these columns only
                tables = ", ".join(f"'{table}'" for table in columns)
                told = connection.execute(
                    f"SELECT sum(pg_table_size(name::regclass))::bigint FROM unnest(ARRAY[{tables}]) name"
                ).fetchone()
                found["postgres_bytes"] = (told or (0,))[0]
            with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
                connection.execute("VACUUM (ANALYZE)")
            found["queries"] = _compare(database.url, database.folder, 3)
            with psycopg.connect(libpq_url(other.url), autocommit=True) as connection:
                connection.execute("DROP SUBSCRIPTION numbers")
        finally:
            other.stop()
    return found
