"""How fast a segment of ten conditions is counted, and one contact asked about, among a million with 20 million events.

The embedded PostgreSQL is filled in SQL with contacts, their addresses, consents, scores and what they did in a year. A
rule of ten conditions is counted, and counted again condition by condition; the rival, in the same run, sends a SELECT
per condition and puts the answers together in Python. Then one contact after the other, drawn at random, is asked
whether it is in the segment: by the statement that live membership uses, by a whole refresh after an event, and by the
rival's SELECT per condition. Last, what finding all members costs, and what segments cost those who write events.

Everything runs on 127.0.0.1 in a temporary folder and is stopped at the end; --folder keeps the filled database.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil
import psycopg
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

import server.web  # noqa: F401  # loads every room's tables
from base.database import create_engine, create_sessions, libpq_url, transaction
from base.encryption import KeyRing
from benchmarks.database import started
from benchmarks.saving import add_saving, save
from crm.contacts.models import Contact
from crm.segments.book import membership_statement
from crm.segments.building import build_next
from crm.segments.compiling import compile_node
from crm.segments.counting import count, count_each
from crm.segments.models import Segment, SegmentMember
from crm.segments.narrowing import narrow
from crm.segments.refreshing import refresh_for
from crm.segments.service import create_segment
from crm.segments.tree import SegmentTree
from crm.segments.words import describe
from crm.timeline.ingesting import NewEvent, ingest

RESULT = ROOT / "docs" / "benchmarks" / "segments.json"
COUNT_TARGET_S = 2.0
ONE_TARGET_MS = 3.0
BUILD_SET = 5_000
PAGE = "https://example.com/"
WITHOUT_TRIGGER = "ALTER TABLE timeline_events DISABLE TRIGGER timeline_events_look_insert"

RULE = SegmentTree.model_validate(
    {
        "all": [
            {"fact": "language", "op": "in", "value": ["en", "de"]},
            {"fact": "stage", "op": "in", "value": ["lead", "mql", "sql"]},
            {"fact": "country", "op": "in", "value": ["DE", "FR", "ES"]},
            {"not": {"tag": "competitor"}},
            {"consent": "marketing", "channel": "email"},
            {"address": "email"},
            {
                "event": "page_viewed",
                "where": [{"property": "url", "op": "contains", "value": "/pricing"}],
                "count": 2,
                "in_last": {"amount": 30, "unit": "days"},
            },
            {"event": "email_opened", "count": 2, "in_last": {"amount": 90, "unit": "days"}},
            {"event": "order_placed", "times": "exactly", "count": 0, "in_last": {"amount": 180, "unit": "days"}},
            {"score": "engagement", "op": "at_least", "value": 20},
        ]
    }
)

# A number between 0 and 1 by what it is of: the same in every run.
_CHANCE = "(hashtextextended('{name}', {number}) & 1073741823) / 1073741823.0"
_ID = "('00000000-0000-7000-8000-' || lpad(to_hex({number}::bigint), 12, '0'))::uuid"
_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'timeline_events' AND indexname LIKE 'ix_%'"


def chance(name: str, number: str = "n") -> str:
    return _CHANCE.format(name=name, number=number)


def fill_statements() -> list[str]:
    """Contacts and what is known of them; `%(people)s` is how many."""
    person, people = _ID.format(number="n"), "generate_series(0, %(people)s::int - 1) n"
    return [
        f"""
INSERT INTO contacts (id, stage, language, score, fields, tags, created_at, updated_at)
SELECT {person},
    (ARRAY['visitor','lead','lead','mql','sql','customer'])[1 + floor(5.99 * {chance("stage")})::int],
    (ARRAY['en','en','de','fr','es'])[1 + floor(4.99 * {chance("language")})::int],
    floor(100 * {chance("score")})::int,
    jsonb_build_object('first_name', 'P' || n, 'company', 'Company ' || n / 10, 'country',
        (ARRAY['DE','DE','FR','ES','GB','IT'])[1 + floor(5.99 * {chance("country")})::int]),
    CASE WHEN {chance("tag")} < 0.1 THEN '["competitor"]'::jsonb
        WHEN {chance("tag")} < 0.4 THEN '["newsletter"]'::jsonb ELSE '[]'::jsonb END,
    now() - interval '400 days', now()
FROM {people}""",
        f"""
INSERT INTO segment_people (contact_id, refusal)
SELECT {person}, CASE WHEN {chance("refusal")} < 0.03 THEN 'In no segment: they objected to being profiled.' END
FROM {people}""",
        f"""
INSERT INTO segment_consents (contact_id, purpose, channel, state, valid_until, seq)
SELECT {person}, 'marketing', 'email',
    (ARRAY['given','given','given','given','withdrawn','refused'])[1 + floor(5.99 * {chance("consent")})::int],
    CASE WHEN {chance("until")} < 0.2 THEN now() + 700 * interval '1 day' * ({chance("until")} * 5 - 0.3) END, n
FROM {people} WHERE {chance("asked")} < 0.8""",
        f"""
INSERT INTO contact_points (id, contact_id, kind, value_sealed, key_id, blind_index, verified_at, created_at)
SELECT gen_random_uuid(), {person}, kind, '\\x00', 'k', sha256((kind || n)::bytea),
    CASE WHEN {chance("verified")} < 0.4 THEN now() END, now()
FROM {people}, unnest(ARRAY['email','phone']) kind
WHERE {chance("known")} < CASE kind WHEN 'email' THEN 0.9 ELSE 0.4 END""",
        f"""
INSERT INTO contact_scores (contact_id, scores, book, counted_at)
SELECT {person}, jsonb_build_object('fit', floor(60 * {chance("fit")}), 'engagement', floor(60 * {chance("engaged")})),
    1, now()
FROM {people}""",
    ]


def events_statement() -> str:
    """Events `%(first)s` to `%(last)s` of `%(events)s`, in the order in which they happened; some people do more."""
    who = f"floor(%(people)s * power({chance('who')}, 1.3))::bigint"
    return f"""
INSERT INTO timeline_events (id, contact_id, kind, data, occurred_at, received_at)
SELECT ('00000000-0000-7001-8000-' || lpad(to_hex(n::bigint), 12, '0'))::uuid, {_ID.format(number=who)}, kind,
    CASE kind WHEN 'page_viewed' THEN jsonb_build_object('url', 'https://example.com' ||
            (ARRAY['/pricing','/pricing/plans','/pricing/eu','/','/docs','/blog','/about','/jobs'])
            [1 + floor(7.99 * {chance("page")})::int])
        WHEN 'order_placed' THEN
            jsonb_build_object('order', n::text, 'value', floor(500 * {chance("value")}), 'currency', 'EUR')
        ELSE '{{}}'::jsonb END,
    done_at, done_at
FROM generate_series(%(first)s::int, %(last)s::int) n,
    LATERAL (SELECT (ARRAY['page_viewed','page_viewed','page_viewed','page_viewed','email_opened','email_opened',
        'message_delivered','message_delivered','link_clicked','order_placed'])
        [1 + floor(9.99 * {chance("kind")})::int] AS kind,
        now() - interval '365 days' * (1 - n::float / %(events)s::int) AS done_at) made
ORDER BY n"""


def fill(url: str, people: int, events: int) -> float:
    """Puts everything there; seconds it took. Triggers do not run and indexes are made at the end."""
    began = time.monotonic()
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SET synchronous_commit = off")
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"')
        connection.execute("DELETE FROM segment_looks")
        for statement in fill_statements():
            connection.execute(statement, {"people": people})
        for first in range(0, events, 1_000_000):
            given = {"first": first, "last": min(first + 1_000_000, events) - 1, "events": events, "people": people}
            connection.execute(events_statement(), given)
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    return time.monotonic() - began


async def timed(work: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    began = time.perf_counter()
    result = await work()
    return time.perf_counter() - began, result


async def cpu_of_count(sessions: Any, now: datetime) -> float:
    """CPU seconds PostgreSQL needs for a count without helpers: what other work on the machine cannot make longer."""
    async with transaction(sessions) as session:
        await session.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
        backend = psutil.Process(await session.scalar(text("SELECT pg_backend_pid()")))
        before = backend.cpu_times()
        await count(session, RULE, now)
        after = backend.cpu_times()
    return (after.user + after.system) - (before.user + before.system)


async def naive_count(session: AsyncSession, now: datetime) -> int:
    """The rival: a SELECT per condition, put together in Python."""
    found: set[UUID] | None = None
    leaves = [*RULE.root.parts()]
    for leaf in leaves:
        ids = set(await session.scalars(select(narrow(SegmentTree(leaf), now).c.id)))
        found = ids if found is None else found & ids
    return len(found or ())


async def naive_one(session: AsyncSession, contact_id: UUID, now: datetime) -> bool:
    """The rival for one contact."""
    return all(
        [
            bool(await session.scalar(select(compile_node(leaf, now)).where(Contact.id == contact_id)))
            for leaf in RULE.root.parts()
        ]
    )


async def measure(url: str, keys: KeyRing, options: argparse.Namespace) -> dict[str, Any]:
    engine = create_engine(url, pool_size=2)
    sessions = create_sessions(engine)
    now, chosen = datetime.now(UTC), random.Random(7)
    figures: dict[str, Any] = {}

    def draw() -> UUID:
        return UUID(f"00000000-0000-7000-8000-{chosen.randrange(options.contacts):012x}")

    try:
        counts: dict[str, list[float]] = {"count_s": [], "count_cpu_s": []}
        for _ in range(options.rounds):
            async with transaction(sessions) as session:
                took, figures["matching"] = await timed(lambda s=session: count(s, RULE, now))
            counts["count_s"].append(took)
            counts["count_cpu_s"].append(await cpu_of_count(sessions, now))
        figures |= {name: round(statistics.median(took), 3) for name, took in counts.items()}
        figures |= {"count_s_each": [round(took, 3) for took in counts["count_s"]]}
        async with transaction(sessions) as session:
            # Python takes long over a million ids.
            await session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            await session.execute(text("SET LOCAL work_mem = '256MB'"))
            took, figures["naive_matching"] = await timed(lambda: naive_count(session, now))
            figures["naive_count_s"] = round(took, 3)
        async with transaction(sessions) as session:
            took, result = await timed(lambda: count_each(session, RULE, now))
        figures |= {"by_condition_s": round(took, 3), "by_condition": result.conditions, "refused": result.refused}
        figures |= await measure_one(sessions, now, draw, options.asked)
        figures |= await measure_upkeep(sessions, keys, draw, options)
        figures |= await measure_writing(sessions, draw)
    finally:
        await engine.dispose()
    return figures


async def measure_one(sessions: Any, now: datetime, draw: Callable[[], UUID], asked: int) -> dict[str, Any]:
    """One contact's membership, asked as live membership asks it, and by the rival."""
    statement, took, rival = membership_statement(RULE), [], []
    async with sessions() as session:
        backend = psutil.Process(await session.scalar(text("SELECT pg_backend_pid()")))

        def spent() -> float:
            there = backend.cpu_times()
            return time.process_time() + there.user + there.system

        for number in range(-20, asked):
            given = {"ids": [draw()], "now": now, "segment_id": UUID(int=1)}

            async def ask(given: dict[str, Any] = given) -> bool:
                return bool((await session.execute(statement, given)).one().inside)

            seconds, inside = await timed(ask)
            seconds_naive, naive = await timed(lambda c=given["ids"][0]: naive_one(session, c, now))
            # `naive_one` knows nothing of who may be profiled.
            assert naive or not inside
            if number >= 0:
                took.append(seconds * 1_000)
                rival.append(seconds_naive * 1_000)
        # The kernel counts a process's CPU time in hundredths of a second: only of many together it says something.
        began = spent()
        for _ in range(asked):
            await session.execute(statement, {"ids": [draw()], "now": now, "segment_id": UUID(int=1)})
        cpu = (spent() - began) * 1_000 / asked
    return {
        "one_ms_p50": round(statistics.median(took), 3),
        "one_ms_p95": round(statistics.quantiles(took, n=20)[-1], 3),
        "one_cpu_ms": round(cpu, 3),
        "naive_one_ms_p50": round(statistics.median(rival), 3),
        "naive_one_ms_p95": round(statistics.quantiles(rival, n=20)[-1], 3),
    }


async def measure_upkeep(
    sessions: Any, keys: KeyRing, draw: Callable[[], UUID], options: argparse.Namespace
) -> dict[str, Any]:
    """Finding the members of the new segment, and a whole refresh after an event of one contact."""
    now = datetime.now(UTC)
    async with transaction(sessions) as session:
        segment = await create_segment(session, name="Ten conditions", tree=RULE, by="benchmark", now=now)
    built, began = 0, time.perf_counter()
    while True:
        async with transaction(sessions) as session:
            done = await build_next(session, now, BUILD_SET)
        assert done is not None
        built += done.contacts
        if done.is_done or (options.build and built >= options.build):
            break
    took = time.perf_counter() - began
    refreshes = []
    for _ in range(options.asked // 2):
        contact_id = draw()
        async with transaction(sessions) as session:
            await ingest(session, [NewEvent("email_opened", now, "api", contact_id=contact_id)], now)
        async with transaction(sessions) as session:
            seconds, _ = await timed(lambda c=contact_id, s=session: refresh_for(s, [c], now, keys=keys))
        refreshes.append(seconds * 1_000)
    async with transaction(sessions) as session:
        members = select(SegmentMember.contact_id).where(SegmentMember.segment_id == segment.id)
        count_of_members = len((await session.scalars(members)).all())
        await session.delete(await session.get(Segment, segment.id))
    return {
        "built": built,
        "built_per_s": round(built / took),
        "members_found": count_of_members,
        "refresh_ms_p50": round(statistics.median(refreshes), 3),
        "refresh_ms_p95": round(statistics.quantiles(refreshes, n=20)[-1], 3),
    }


async def measure_writing(sessions: Any, draw: Callable[[], UUID]) -> dict[str, Any]:
    """Events a second in sets of 500, rolled back: with what segments add to a writer (a trigger and an index), without
    the trigger, and without both. In turns, so that what else the machine does falls on all.
    """
    rates: dict[str, list[float]] = {"all": [], "no_trigger": [], "neither": []}
    for _ in range(15):
        for name, found in rates.items():
            now = datetime.now(UTC)
            events = [
                NewEvent("page_viewed", now - timedelta(seconds=at), "api", contact_id=draw(), data={"url": PAGE})
                for at in range(500)
            ]
            async with sessions() as session:
                if name != "all":
                    await session.execute(
                        text("ALTER TABLE timeline_events DISABLE TRIGGER timeline_events_look_insert")
                    )
                if name == "neither":
                    await session.execute(text("DROP INDEX ix_timeline_events_kind_occurred_at"))
                seconds, _ = await timed(lambda s=session, e=events, n=now: ingest(s, e, n))
                # Brings trigger and index back, too.
                await session.rollback()
            found.append(500 / seconds)
    return {f"events_per_s_{name}": round(statistics.median(found)) for name, found in rates.items()}


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Fills, measures and prints."""
    with started("segments", options.folder) as database:
        took = database.fill_once(lambda: fill(database.url, options.contacts, options.events))
        if took is not None:
            print(f"{options.contacts:,} contacts with {options.events:,} events in {took:.0f} s")
        print(f"who {describe(RULE, 'en', {})}")
        figures = asyncio.run(measure(database.url, database.keys, options))
    print(json.dumps(figures, indent=1))
    print(
        f"count {figures['count_s']} s (target {COUNT_TARGET_S}), the rival {figures['naive_count_s']} s; "
        f"one contact {figures['one_ms_p50']} ms, p95 {figures['one_ms_p95']} (target {ONE_TARGET_MS}), "
        f"the rival {figures['naive_one_ms_p50']} ms"
    )
    return figures


def main() -> None:
    """Runs the benchmark, prints the figures, keeps them with --save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="how often all contacts are counted")
    parser.add_argument("--asked", type=int, default=1_000, help="contacts that are asked about one by one")
    parser.add_argument("--build", type=int, default=200_000, help="contacts to find members among; 0: all")
    parser.add_argument("--folder", type=Path, help="where the database is kept, and found filled the next time")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    figures = run(options)
    save(RESULT, options, contacts=options.contacts, events=options.events, figures=figures)


if __name__ == "__main__":
    main()
