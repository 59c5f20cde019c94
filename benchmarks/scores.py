"""How fast everybody is counted anew after a change of the score rules, and how fast a draft's effect is foretold.

The embedded PostgreSQL is filled in SQL with contacts that agreed to profiling, objected or said nothing, with their
sealed addresses, companies and what they did in a year. A book of ten rules counts everybody for the first time; then
one of its rules gives other points, and the very work of the worker counts everybody again. Then a second draft is
previewed over everybody. Beside them, in the same run, the limit: one bare UPDATE of as many rows of scores and of
contacts, as nothing can be counted whose number is not written. One contact alone, as after an event, is counted too.

Everything runs on 127.0.0.1 in a temporary folder and is stopped at the end; --folder keeps the filled database.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import resource
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil
import psycopg
from sqlalchemy import func, select

import server.web  # noqa: F401  # loads every room's tables
from base.clock import SystemClock
from base.database import create_engine, create_sessions, libpq_url, transaction
from base.encryption import KeyRing
from base.ids import new_id
from benchmarks.database import started
from benchmarks.saving import add_saving, save
from benchmarks.segments import chance, events_statement
from crm.contacts.models import SEALED_COLUMN
from crm.scoring.books import read_book, save_book
from crm.scoring.models import ContactScores, ScoreEntry
from crm.scoring.preview import preview_book
from crm.scoring.rules import ScoreBook
from crm.scoring.service import count_older, recompute_for
from crm.scoring.work import ScoreWork

RESULT = ROOT / "docs" / "benchmarks" / "scores.json"
TARGET_PER_S = 5_000
_SIZES = 10_000
"""Contacts a COPY of sealed addresses holds."""

_ID = "('00000000-0000-7000-8000-' || lpad(to_hex(n::bigint), 12, '0'))::uuid"
_COMPANY = "('00000000-0000-7002-8000-' || lpad(to_hex(n::bigint / 10), 12, '0'))::uuid"
_FILL = (
    f"""
INSERT INTO contacts (id, stage, language, fields, created_at, updated_at)
SELECT {_ID}, (ARRAY['visitor','lead','lead','mql','sql','customer'])[1 + floor(5.99 * {chance("stage")})::int],
    (ARRAY['en','en','de','fr','es'])[1 + floor(4.99 * {chance("language")})::int],
    jsonb_build_object('first_name', 'P' || n, 'job_title', (ARRAY['CEO','Buyer','Intern'])[1 + n %% 3], 'country',
        (ARRAY['DE','DE','FR','ES','GB','US'])[1 + floor(5.99 * {chance("country")})::int]),
    now() - interval '400 days', now()
FROM generate_series(0, %(people)s::int - 1) n""",
    f"""
INSERT INTO companies (id, name, fields, created_at, updated_at)
SELECT {_COMPANY}, 'Company ' || n / 10, jsonb_build_object('employees', floor(2000 * {chance("employees")})),
    now(), now()
FROM generate_series(0, %(people)s::int - 1, 10) n""",
    f"""
INSERT INTO contact_companies (contact_id, company_id, source, linked_at)
SELECT {_ID}, {_COMPANY}, 'domain', now() FROM generate_series(0, %(people)s::int - 1) n
WHERE {chance("employed")} < 0.7""",
    f"""
INSERT INTO consent_events (id, schema_version, event, principal_ref, purpose, channel, controller, lawful_basis,
    language, method, evidence, actor, effective_at, prev_hash, hash)
SELECT gen_random_uuid(), 1, said, {_ID}, purpose, 'email', 'Northwind', 'consent', 'en', 'chat', '{{}}', 'subject',
    now() - interval '30 days', 'p' || purpose || n, 'h' || purpose || n
FROM generate_series(0, %(people)s::int - 1) n, unnest(ARRAY['profiling', 'marketing']) purpose,
    LATERAL (SELECT (ARRAY['given','given','given','given','given','given','given','given','withdrawn','refused'])
        [1 + floor(9.99 * {chance("said")})::int] AS said) made""",
)


def book(pages: int = 1, prices: int = 6) -> ScoreBook:
    """Ten rules, four of facts and six of events, with caps, half-lives and a threshold."""

    def did(name: str, score: str, group: str, points: int, half_life: int | None, **on: Any) -> dict[str, Any]:
        told = {"score": score, "group": group, "points": points, "half_life": half_life, "did": on}
        return {"id": name, "reason": name.replace("_", " ").capitalize(), **told}

    def when(name: str, points: int, **on: Any) -> dict[str, Any]:
        return {"id": name, "reason": name.replace("_", " ").capitalize(), "points": points, "when": on}

    pricing = {"property": "url", "op": "contains", "value": "/pricing"}
    return ScoreBook.model_validate(
        {
            "version": "benchmark",
            "bands": {"hot": 60, "warm": 30},
            "scores": {
                "fit": {"title": "Fit"},
                "engagement": {"title": "Engagement", "caps": {"reading": 40, "mails": 20}},
                "intent": {"title": "Intent", "caps": {"shop": 40, "pages": 30}},
            },
            "stages": [{"stage": "mql", "at_least": 100}],
            "rules": [
                when("business_email", 10, fact="email_kind", op="is", value="business"),
                when("phone_left", 5, fact="phone_known", op="is", value=True),
                when("large_company", 15, fact="company_employees", op="at_least", value=500),
                when("agreed_to_email", 10, fact="consent_marketing_email", op="is", value="given"),
                did("read_pages", "engagement", "reading", pages, 30, event="page_viewed", within=365, at_most=20),
                did("opened_mails", "engagement", "mails", 2, 30, event="email_opened", within=180, at_most=10),
                did("followed_links", "engagement", "mails", 4, 60, event="link_clicked", within=180, at_most=10),
                did("prices", "intent", "pages", prices, 14, event="page_viewed", where=[pricing], within=90),
                did("bought", "intent", "shop", 20, 90, event="order_placed", times="once"),
                did("bought_often", "intent", "shop", 10, None, event="order_placed", at_least=3, times="once"),
            ],
        }
    )


def fill(url: str, keys: KeyRing, people: int, events: int) -> float:
    """Puts everything there; seconds it took. Triggers do not run."""
    began = time.monotonic()
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        connection.execute("DELETE FROM segment_looks")
        for statement in _FILL:
            connection.execute(statement, {"people": people})
        for first in range(0, events, 1_000_000):
            given = {"first": first, "last": min(first + 1_000_000, events) - 1, "events": events, "people": people}
            connection.execute(events_statement(), given)
        for first in range(0, people, _SIZES):
            _copy_addresses(connection, keys, range(first, min(first + _SIZES, people)))
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    return time.monotonic() - began


def _copy_addresses(connection: psycopg.Connection, keys: KeyRing, numbers: range) -> None:
    columns, now = "id, contact_id, kind, value_sealed, key_id, blind_index, created_at", datetime.now(UTC)
    with connection.cursor().copy(f"COPY contact_points ({columns}) FROM STDIN") as copy:
        for number in numbers:
            domain = f"company-{number // 10}.example" if number % 3 else "gmail.com"
            addresses = [("email", f"p{number}@{domain}")]
            if number % 5 < 2:
                addresses.append(("phone", f"+4930{number + 1_000_000}"))
            for kind, value in addresses:
                point = new_id()
                sealed = keys.seal(value, column=SEALED_COLUMN, row=point)
                row = (point, _id(number), kind, sealed, keys.newest, keys.blind_index(value, kind=kind), now)
                copy.write_row(row)


def _id(number: int) -> UUID:
    return UUID(f"00000000-0000-7000-8000-{number:012x}")


def cpu_times(postmaster: psutil.Process) -> tuple[float, float]:
    """Seconds of this process and of PostgreSQL's: what other work on the machine cannot make longer."""
    theirs = [one.cpu_times() for one in postmaster.children()]
    return time.process_time(), sum(one.user + one.system for one in theirs)


async def measure(url: str, keys: KeyRing, options: argparse.Namespace) -> dict[str, Any]:
    engine = create_engine(url, pool_size=2)
    sessions = create_sessions(engine)
    work = ScoreWork(sessions, keys, SystemClock())
    figures: dict[str, Any] = {}

    cpu: dict[str, Any] = {}
    # As the worker does.
    gc.freeze()

    async def all_of(name: str, count: Any) -> tuple[int, float]:
        spent, began = cpu_times(options.postmaster), time.perf_counter()
        counted, took = await count(), time.perf_counter() - began
        each = zip(cpu_times(options.postmaster), spent, strict=True)
        cpu[f"{name}_cpu_us"] = [round((after - before) * 1e6 / counted) for after, before in each]
        return counted, took

    try:
        await _save(sessions, book())
        figures["never_counted_per_s"] = _rate(*await all_of("never_counted", work.count_new))
        await asyncio.to_thread(_tidy, url)
        before = await _state(sessions)
        await _save(sessions, book(pages=2))
        counted, took = await all_of("after_a_change", work.count_due)
        after = await _state(sessions)
        figures |= {"after_a_change_per_s": _rate(counted, took), "after_a_change_s": round(took, 1)}
        figures |= {"counted": counted, "moved": sum(after[one] != total for one, total in before.items())}
        figures["limit_per_s"] = _rate(options.contacts, await asyncio.to_thread(_limit, url))
        await asyncio.to_thread(_tidy, url)
        began = time.perf_counter()
        async with transaction(sessions) as session:
            preview = await preview_book(session, keys, book(pages=2, prices=12), datetime.now(UTC))
        took = time.perf_counter() - began
        figures |= {"preview_per_s": _rate(preview.looked_at, took), "preview_s": round(took, 1)}
        figures |= {"previewed": preview.looked_at, "preview_up": preview.up, "preview_down": preview.down}
        figures |= cpu | await _one_by_one(sessions, keys, options)
        figures["memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        async with sessions() as session:
            figures["entries"] = await session.scalar(select(func.count()).select_from(ScoreEntry))
            figures["left"] = await count_older(session)
    finally:
        await engine.dispose()
    return figures


async def _save(sessions: Any, draft: ScoreBook) -> None:
    async with transaction(sessions) as session:
        number = (await read_book(session)).number
        await save_book(session, draft, based_on=number, made_by="benchmark", now=datetime.now(UTC))


async def _state(sessions: Any) -> dict[UUID, int]:
    async with sessions() as session:
        rows = await session.execute(select(ContactScores.contact_id, ContactScores.scores["total"].as_integer()))
        return {contact_id: total or 0 for contact_id, total in rows}


async def _one_by_one(sessions: Any, keys: KeyRing, options: argparse.Namespace) -> dict[str, float]:
    chosen, took = random.Random(7), []
    for _ in range(options.asked):
        contact_id, began = _id(chosen.randrange(options.contacts)), time.perf_counter()
        async with transaction(sessions) as session:
            await recompute_for(session, keys, [contact_id], datetime.now(UTC))
        took.append((time.perf_counter() - began) * 1_000)
    return {
        "one_ms_p50": round(statistics.median(took), 2),
        "one_ms_p95": round(statistics.quantiles(took, n=20)[-1], 2),
    }


def _rate(count: int, seconds: float) -> int:
    return round(count / seconds)


def _limit(url: str) -> float:
    """Seconds in which PostgreSQL alone writes as many numbers, without counting any; taken back."""
    with psycopg.connect(libpq_url(url)) as connection:
        began = time.perf_counter()
        connection.execute("UPDATE contact_scores SET scores = scores || '{\"total\": 1}', book = book + 1")
        connection.execute("UPDATE contacts SET score = score + 1")
        took = time.perf_counter() - began
        connection.rollback()
    return took


def _tidy(url: str) -> None:
    """What autovacuum does in the course of time."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Fills, measures and prints."""
    with started("scores", options.folder) as database:
        options.postmaster = psutil.Process(int((database.folder / "pg" / "postmaster.pid").read_text().split()[0]))
        took = database.fill_once(lambda: fill(database.url, database.keys, options.contacts, options.events))
        if took is None:
            _forget(database.url)
        else:
            print(f"{options.contacts:,} contacts with {options.events:,} events in {took:.0f} s")
        figures = asyncio.run(measure(database.url, database.keys, options))
    print(json.dumps(figures, indent=1))
    share = figures["after_a_change_per_s"] / figures["limit_per_s"]
    print(
        f"after a change of a rule {figures['after_a_change_per_s']:,} contacts/s (target {TARGET_PER_S:,}), "
        f"{share:.0%} of the limit; preview {figures['preview_per_s']:,} contacts/s"
    )
    return figures


def _forget(url: str) -> None:
    """As if nobody had been counted yet: for a database that was found filled."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute("TRUNCATE contact_scores, score_entries, score_books, event_queue, tasks CASCADE")
        connection.execute("DELETE FROM timeline_events WHERE kind IN ('score_changed', 'stage_changed', 'task_made')")
        connection.execute("UPDATE contacts SET score = 0 WHERE score <> 0")
        connection.execute("VACUUM (ANALYZE)")


def main() -> None:
    """Runs the benchmark, prints the figures, keeps them with --save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--asked", type=int, default=200, help="contacts that are counted alone")
    parser.add_argument("--folder", type=Path, help="where the database is kept, and found filled the next time")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    figures = run(options)
    save(RESULT, options, contacts=options.contacts, events=options.events, figures=figures)


if __name__ == "__main__":
    main()
