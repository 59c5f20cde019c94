"""How long the figures of 30 and of 365 days take: every endpoint of numbers, by everything it can be told by.

The embedded PostgreSQL is filled in SQL with contacts and a year of talks, messages, follow-ups, orders, scores and
stages that changed, in the order in which they happened; then the days that are over are kept as the worker does it.
Each answer is made as the endpoint makes it, in one snapshot, once to warm up and then several times; the median is
what counts. Beside it the CPU seconds that PostgreSQL spent in one of them, its helpers included: what other work on
the machine cannot make much longer.

Everything runs on 127.0.0.1 in a temporary folder and is stopped at the end; --folder keeps the filled database.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil
import psycopg
from sqlalchemy.ext.asyncio import AsyncSession

import server.web  # noqa: F401  # loads every room's tables
from admin.numbers.answers import answer_costs, answer_deliveries, answer_funnel, answer_revenue, answer_scores
from admin.numbers.shapes import FunnelQuery, SentQuery
from admin.numbers.visits import keep_visits
from admin.snapshot import snapshot
from base.database import create_engine, create_sessions, libpq_url
from benchmarks.database import started
from benchmarks.saving import add_saving, save
from benchmarks.segments import chance
from outreach.prices import read_prices

RESULT = ROOT / "docs" / "benchmarks" / "numbers.json"
TARGET_MS = 1_000
"""For a year."""
PERIODS = (30, 365)
Answer = Callable[[AsyncSession, datetime, datetime], Awaitable[object]]


def _id(kind: int, number: str = "n") -> str:
    return f"('00000000-0000-7{kind:03x}-8000-' || lpad(to_hex(({number})::bigint), 12, '0'))::uuid"


def _one_of(name: str, *choices: str) -> str:
    told = ", ".join(f"'{choice}'" for choice in choices)
    return f"(ARRAY[{told}])[1 + floor({len(choices) - 0.001} * {chance(name)})::int]"


_WHO = f"floor(%(people)s * power({chance('who')}, 1.3))::bigint"
"""Some people do more than others."""
_AT = "now() - interval '365 days' * (1 - n::float / %(rows)s)"
_JOURNEYS = ("lead_nurture", "win_back", "demo_follow_up", "onboarding", "re_engage", "quote_chase")
_FLOWS = ("demo_request", "pricing", "support", "feedback", "newsletter")

_CONTACTS = f"""
INSERT INTO contacts (id, stage, score, language, created_at, updated_at)
SELECT {_id(0)}, {_one_of("stage", "visitor", "visitor", "lead", "lead", "mql", "sql", "customer", "disqualified")},
    floor(100 * power({chance("score")}, 2)), 'en', now() - interval '730 days' * ({chance("born")}), now()
FROM generate_series(0, %(people)s::int - 1) n"""
_TALKS = f"""
INSERT INTO conversations (id, channel, contact_id, language, last_message_at, created_at)
SELECT {_id(1)}, {_one_of("channel", "web", "web", "web", "sms", "email", "telegram")},
    CASE WHEN {chance("known")} < 0.8 THEN {_id(0, _WHO)} END, 'en', {_AT}, {_AT}
FROM generate_series(0, %(rows)s::int - 1) n"""
_MESSAGES = f"""
INSERT INTO messages (id, conversation_id, seq, author, kind, text, data, created_at)
SELECT {_id(2)}, {_id(1, "n / 6")}, n %% 6, CASE WHEN n %% 2 = 0 THEN 'visitor' ELSE 'bot' END,
    CASE WHEN n %% 6 = 0 THEN 'start' ELSE 'text' END, repeat('something said ', 1 + n %% 9),
    CASE WHEN n %% 2 = 0 THEN jsonb_build_object('walked', jsonb_build_array(
        jsonb_build_array({_one_of("flow", *_FLOWS)}, NULL, 'ask_' || n %% 5),
        jsonb_build_array({_one_of("flow", *_FLOWS)}, 'ask_' || n %% 5, 'ask_' || (n + 1) %% 5)))
        ELSE '{{}}'::jsonb END, {_AT}
FROM generate_series(0, %(rows)s::int - 1) n"""
_EVENTS = f"""
INSERT INTO timeline_events (id, contact_id, conversation_id, kind, data, occurred_at, received_at)
SELECT {_id(3)}, {_id(0, _WHO)}, NULL, kind,
    CASE kind
        WHEN 'order_placed' THEN jsonb_build_object('order', n::text, 'value', floor(500 * {chance("value")}),
            'currency', {_one_of("currency", "EUR", "EUR", "EUR", "USD")})
        WHEN 'flow_ended' THEN jsonb_build_object('flow', {_one_of("flow", *_FLOWS)})
        WHEN 'enrolled' THEN jsonb_build_object('journey', {_one_of("journey", *_JOURNEYS)})
        WHEN 'message_sent' THEN jsonb_build_object('journey', {_one_of("journey", *_JOURNEYS)},
            'channel', {_one_of("sent by", "email", "email", "email", "sms")})
        WHEN 'link_clicked' THEN jsonb_build_object('journey', {_one_of("journey", *_JOURNEYS)}, 'channel', 'email')
        WHEN 'score_changed' THEN jsonb_build_object('before', floor(90 * {chance("was")}), 'after', 50)
        WHEN 'stage_changed' THEN jsonb_build_object('before', 'lead',
            'stage', {_one_of("to", "mql", "mql", "sql", "customer", "disqualified")})
        WHEN 'opted_out' THEN jsonb_build_object('channel', 'all', 'purpose', 'marketing')
        ELSE jsonb_build_object('url', 'https://example.com/pricing') END, {_AT}, {_AT}
FROM generate_series(0, %(rows)s::int - 1) n, LATERAL (SELECT kind FROM (VALUES
        ('message_sent', 0.20), ('score_changed', 0.36), ('flow_ended', 0.44), ('enrolled', 0.50),
        ('stage_changed', 0.55), ('link_clicked', 0.58), ('order_placed', 0.60), ('opted_out', 0.603),
        ('page_viewed', 1.0)) AS kinds(kind, upto)
    WHERE {chance("kind")} <= upto ORDER BY upto LIMIT 1) chosen"""
_BACK = f"""
INSERT INTO timeline_events (id, contact_id, kind, data, occurred_at, received_at)
SELECT {_id(4, "row_number() OVER ()")}, contact_id, CASE WHEN random() < 0.7 THEN 'order_refunded'
    ELSE 'order_cancelled' END, jsonb_build_object('order', data ->> 'order', 'value', 5), now(), now()
FROM timeline_events WHERE kind = 'order_placed' AND right(data ->> 'order', 2) < '05'"""
_BEGAN = f"""
INSERT INTO timeline_events (id, contact_id, conversation_id, kind, data, occurred_at, received_at, source)
SELECT {_id(5, "row_number() OVER (ORDER BY created_at)")}, contact_id, id, 'conversation_started',
    jsonb_build_object('channel', channel), created_at, created_at, 'conversation'
FROM conversations ORDER BY created_at"""
_OUTBOX = f"""
INSERT INTO outbox (id, occurrence, contact_id, journey, step, channel, purpose, message_class, text, message_id, state,
    due_at, wired_at, reason_rule, created_at, updated_at)
SELECT {_id(6)}, n::text, {_id(0, _WHO)}, CASE WHEN n %% 3 > 0 THEN {_one_of("journey", *_JOURNEYS)} END, 'mail',
    {_one_of("out by", "email", "email", "sms")}, 'marketing', 'promotional',
    repeat(CASE WHEN n %% 7 = 0 THEN 'Grüße über das Wetter ' ELSE 'Something worth reading ' END, 2 + n %% 12),
    CASE WHEN n %% 3 = 0 THEN {_id(7)} END, state, {_AT}, {_AT},
    CASE state WHEN 'skipped' THEN 'consent' END, {_AT}, {_AT}
FROM generate_series(0, %(rows)s::int - 1) n, LATERAL (SELECT {
    _one_of("state", "delivered", "delivered", "delivered", "read", "accepted", "undelivered", "skipped", "cancelled")
} AS state) became"""


def fill(url: str, people: int) -> float:
    """Puts everything there; seconds it took. Triggers do not run."""
    began = time.monotonic()
    talks = people * 2
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        for statement, rows in (
            (_CONTACTS, people),
            (_TALKS, talks),
            (_MESSAGES, talks * 6),
            (_EVENTS, people * 20),
            (_BEGAN, talks),
            (_BACK, people),
            (_OUTBOX, people * 6),
        ):
            connection.execute(statement, {"people": people, "rows": rows})
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    return time.monotonic() - began


def answers() -> Iterator[tuple[str, Answer]]:
    """What each endpoint answers with, by everything it can be told by."""
    prices = read_prices()
    yield "scores", answer_scores
    for by in ("channel", "flow", "journey"):
        query = FunnelQuery.model_validate({"by": by})
        yield f"funnel by {by}", lambda session, *period, query=query: answer_funnel(session, query, *period)
        yield f"revenue by {by}", lambda session, *period, query=query: answer_revenue(session, query, *period)
    for by in ("channel", "journey"):
        sent = SentQuery.model_validate({"by": by})
        yield f"costs by {by}", lambda session, *period, sent=sent: answer_costs(session, prices, sent, *period)
        yield f"deliveries by {by}", lambda session, *period, sent=sent: answer_deliveries(session, sent, *period)


def spent(postmaster: psutil.Process) -> float:
    """CPU seconds of a PostgreSQL until now."""
    while True:
        spent, children = postmaster.cpu_times(), postmaster.children()
        # One that ends meanwhile is looked at again: its parent counts it then.
        with contextlib.suppress(psutil.NoSuchProcess):
            times = [one.cpu_times() for one in children]
            # Helpers that have ended are counted by their parent.
            ended = spent.children_user + spent.children_system
            return float(ended + sum(one.user + one.system for one in times))


async def measure(url: str, postmaster: psutil.Process, times: int) -> dict[str, Any]:
    """Milliseconds of each answer, by days."""
    engine = create_engine(url, pool_size=2)
    sessions = create_sessions(engine)
    until = datetime.now(UTC)
    figures: dict[str, Any] = {}
    try:
        await keep_visits(sessions, until)
        for days in PERIODS:
            since = until - timedelta(days=days)
            told: dict[str, Any] = {}
            for name, answer in answers():
                took = []
                for _ in range(times + 1):
                    before, began = spent(postmaster), time.perf_counter()
                    async with snapshot(sessions) as session:
                        await answer(session, since, until)
                    took.append((time.perf_counter() - began) * 1_000)
                    cpu = spent(postmaster) - before
                told[name] = {"ms": round(statistics.median(took[1:])), "database_cpu_ms": round(cpu * 1_000)}
                print(f"{days:4} days  {name:22} {told[name]['ms']:6,} ms  CPU {told[name]['database_cpu_ms']:6,} ms")
            figures[f"{days}_days"] = told
    finally:
        await engine.dispose()
    return figures


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Fills, measures and prints."""
    with started("numbers", options.folder) as database:
        postmaster = psutil.Process(int((database.folder / "pg" / "postmaster.pid").read_text().split()[0]))
        took = database.fill_once(lambda: fill(database.url, options.contacts))
        if took is not None:
            print(f"{options.contacts:,} contacts with a year in {took:.0f} s")
        figures = asyncio.run(measure(database.url, postmaster, options.times))
    slowest = max(one["ms"] for one in figures["365_days"].values())
    print(json.dumps(figures, indent=1))
    print(f"the slowest answer of a year takes {slowest:,} ms (target {TARGET_MS:,})")
    return figures


def main() -> None:
    """Runs the benchmark, prints the figures, keeps them with --save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3, help="how often each answer is made")
    parser.add_argument("--folder", type=Path, help="where the database is kept, and found filled the next time")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    figures = run(options)
    save(RESULT, options, contacts=options.contacts, figures=figures)


if __name__ == "__main__":
    main()
