"""How fast people come in from a file, and how long finding one by e-mail takes among many.

A CSV file with an e-mail address, phone number, name, country, state and evidence of consent a row is imported with all
checks: cleansing, duplicates, sealing, the consent ledger. Beside it COPY of the raw file into a table of texts: the
limit, as nothing can be imported that was not read. Then contacts are found by their e-mail addresses among all there
are; beside it SELECT of a contact by its id, which finding can do no better than.

Everything runs on 127.0.0.1 in a temporary folder and is stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psycopg
from sqlalchemy import select

from base.clock import SystemClock
from base.database import Sessions, create_engine, create_sessions, libpq_url
from base.encryption import KeyRing
from benchmarks.database import started
from benchmarks.saving import add_saving, save
from crm.contacts.models import Contact
from crm.contacts.service import find_contact_by_address
from crm.imports.options import Options
from crm.imports.service import Progress, import_file, plan_file
from crm.imports.undoing import undo_import

RESULT = ROOT / "docs" / "benchmarks" / "people.json"
TARGET_ROWS = 5_000  # a second
TARGET_MS = 5.0
HEADINGS = ("Email", "Phone", "Name", "Country", "State", "Consent date", "Consent source", "Consent channels")
ASKED = 500

_FILL = """
INSERT INTO contacts (id, stage, fields, created_at, updated_at)
    SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'lead',
        jsonb_build_object('first_name', 'P' || n), now(), now()
    FROM generate_series(1, %(count)s::int) n;
INSERT INTO contact_points (id, contact_id, kind, value_sealed, key_id, blind_index, created_at)
    SELECT gen_random_uuid(), ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'email', '\\x00', 'k',
        sha256(('email' || n)::bytea), now()
    FROM generate_series(1, %(count)s::int) n
"""


def write_people(path: Path, rows: int) -> None:
    """People with numbers of California, every tenth with evidence of consent."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        for number in range(rows):
            shown = ("2026-01-31", "Trade fair, form A", "email") if number % 10 == 0 else ("", "", "")
            phone = f"(415) {200 + number // 10_000 % 800:03}-{number % 10_000:04}"
            writer.writerow(
                (f"Person{number}@Company{number % 500}.com", phone, "DOE, JANE", "usa", "california", *shown)
            )


def copy_raw(url: str, path: Path) -> float:
    """Seconds that COPY of the file takes."""
    columns = ", ".join(f"c{number} text" for number in range(len(HEADINGS)))
    with psycopg.connect(libpq_url(url)) as connection:
        connection.execute(f"CREATE TABLE raw_rows ({columns})")
        connection.commit()
        began = time.perf_counter()
        with connection.cursor().copy("COPY raw_rows FROM STDIN (FORMAT csv, HEADER)") as copy, path.open("rb") as file:
            while piece := file.read(1 << 16):
                copy.write(piece)
        connection.commit()
        took = time.perf_counter() - began
        connection.execute("DROP TABLE raw_rows")
    return took


def fill(url: str, contacts: int) -> None:
    """Puts contacts there who have an e-mail address each, which nobody can open."""
    with psycopg.connect(libpq_url(url)) as connection:
        for statement in _FILL.split(";\n"):
            connection.execute(statement, {"count": contacts})
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


async def measure(url: str, keys: KeyRing, path: Path) -> dict[str, float]:
    """Imports, finds, takes back; prints each and returns the figures."""
    # Loads every room's tables. Not above: the process that prepares rows reads what stands there, too.
    import server.web  # noqa: F401

    engine = create_engine(url, pool_size=2)
    sessions, clock = create_sessions(engine), SystemClock()
    try:
        done, figures = await _import(sessions, keys, path)
        raw = done.rows / copy_raw(url, path)
        times = raw / figures["import_rows_per_second"]
        print(f"  COPY of the raw file: {raw:,.0f} rows/s, {times:.1f} times as many")
        figures |= {"copy_raw_rows_per_second": raw, "copy_raw_to_import": times}
        figures |= await _find(sessions, keys, done.rows)
        began = time.perf_counter()
        undone = await undo_import(sessions, done.import_id, clock, "benchmark")
        rate = undone.removed / (time.perf_counter() - began)
        print(f"undo: {undone.removed:,} contacts removed, {undone.kept} kept, {rate:,.0f} a second")
        return figures | {"undo_contacts_per_second": rate}
    finally:
        await engine.dispose()


async def _import(sessions: Sessions, keys: KeyRing, path: Path) -> tuple[Progress, dict[str, float]]:
    options = Options()
    plan = plan_file(path, options.map, options, made_by="benchmark", controller="Northwind")
    problems: list[str] = []

    def hear(progress: Progress) -> None:
        problems.extend(problem.reason for problem in progress.problems)

    beside = resource.getrusage(resource.RUSAGE_CHILDREN)
    began, cpu_began = time.perf_counter(), time.process_time()
    done = await import_file(sessions, keys, plan, clock=SystemClock(), told=hear)
    took, cpu = time.perf_counter() - began, (time.process_time() - cpu_began) / done.rows * 1e6
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_beside = (ended.ru_utime + ended.ru_stime - beside.ru_utime - beside.ru_stime) / done.rows * 1e6
    rate = done.rows / took
    print(f"import: {done.rows:,} rows, {done.created:,} new contacts, {done.consents:,} consents in {took:.1f} s")
    print(f"  {rate:,.0f} rows/s (target {TARGET_ROWS:,})")
    print(f"  CPU: {cpu:.0f} µs a row in this process, {cpu_beside:.0f} in the one beside, start included")
    for reason in sorted(set(problems))[:3]:
        print(f"  {problems.count(reason):,} rows: {reason}")
    return done, {"import_rows_per_second": rate, "import_cpu_us_a_row": cpu, "import_cpu_beside_us_a_row": cpu_beside}


async def _find(sessions: Sessions, keys: KeyRing, rows: int) -> dict[str, float]:
    chance = random.Random(7)
    numbers = [chance.randrange(rows) for _ in range(ASKED)]
    async with sessions() as session:
        ids = [*await session.scalars(select(Contact.id).order_by(Contact.id.desc()).limit(ASKED))]

        async def find(at: int) -> None:
            number = numbers[at]
            await find_contact_by_address(session, keys, "email", f"person{number}@company{number % 500}.com")

        async def read(at: int) -> None:
            await session.scalar(select(Contact.id).where(Contact.id == ids[at % len(ids)]))

        found, bare = await _times(find), await _times(read)
    median, p99 = statistics.median(found), statistics.quantiles(found, n=100)[98]
    print(f"find by e-mail: median {median:.2f} ms, p99 {p99:.2f} ms (target {TARGET_MS} ms)")
    print(f"  SELECT by id: median {statistics.median(bare):.2f} ms")
    return {"find_ms_median": median, "find_ms_p99": p99, "select_by_id_ms_median": statistics.median(bare)}


async def _times(work: Callable[[int], Awaitable[None]]) -> list[float]:
    """Milliseconds of each, after some to warm up."""
    for at in range(10):
        await work(at)
    times = []
    for at in range(ASKED):
        began = time.perf_counter()
        await work(at)
        times.append((time.perf_counter() - began) * 1_000)
    return times


def main() -> None:
    """Runs the benchmark and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000, help="of the file")
    parser.add_argument("--contacts", type=int, default=50_000, help="that are there before")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    with started("people") as database:
        table = database.folder / "people.csv"
        write_people(table, options.rows)
        fill(database.url, options.contacts)
        print(f"{datetime.now(UTC):%Y-%m-%d}, among {options.contacts:,} contacts, load {os.getloadavg()[0]:.1f}")
        figures = asyncio.run(measure(database.url, database.keys, table))
    told = {name: round(value, 2) for name, value in figures.items()}
    save(RESULT, options, rows=options.rows, contacts=options.contacts, **told)


if __name__ == "__main__":
    main()
