"""How long the lists of the API take among a million contacts, each asked for as the pages ask for it.

The embedded PostgreSQL is filled in SQL with contacts, their addresses (sealed as ever), tags, owners, talks, segments,
consents, events, follow-ups, tasks and audit entries. Then every list is asked for over HTTP, from the real handlers in
this process: first pages, pages far behind, searches that find much, little and nothing; how long each took, and what
CPU it took, this process's and PostgreSQL's. Beside a page half way stands its rival, the same page by OFFSET. Last,
what the indexes that lists are read by cost whoever writes contacts.

Everything runs on 127.0.0.1 in a temporary folder and is stopped at the end; --folder keeps the filled database.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil
import psycopg
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

import server.web  # noqa: F401  # loads every room's tables
from admin.api.cursors import Cursor
from admin.api.problems import problem_middleware
from admin.app import create_admin_routes
from admin.context import AdminContext
from admin.flows.desk import FlowDesk
from admin.models import AdminUser
from admin.sessions.passwords import Passwords
from base.clock import SystemClock
from base.database import create_engine, create_sessions, libpq_url, transaction
from base.encryption import KeyRing
from base.ids import new_id
from benchmarks.database import started
from benchmarks.saving import add_saving, save
from benchmarks.segments import chance
from bot.dialogue import RasaDialogue
from bot.publishing.source import PublishedSource
from crm.contacts.models import SEALED_COLUMN, Contact

RESULT = ROOT / "docs" / "benchmarks" / "lists.json"
TARGET_MS = 200.0
SET = 20_000
EMAIL, PASSWORD = "benchmark@example.com", "correct horse battery"
COLLEAGUES = [UUID(int=0x70000000000080000000000000000000 + number) for number in range(10)]
BIG, MIDDLE, SMALL = (UUID(int=0x71000000000080000000000000000000 + number) for number in range(3))
_ID = "('00000000-0000-{kind}-8000-' || lpad(to_hex(({number})::bigint), 12, '0'))::uuid"
_YEARS = "interval '1095 days'"
_FIRST = (
    "Ada Ben Cleo Dan Eva Finn Gwen Hugo Ines Jan Kira Leon Mara Nils Olga Paul Rosa Sven Tina Uwe Vera Will Yara Zoe"
)
_LAST = (
    "Adler Becker Conrad Dupont Engel Fischer Garcia Hansen Ivanova Jensen Keller Lopez Meyer Novak Olsen Petrov Quist"
)
_SYLLABLES = "ba co di fu ge hi jo ka le mi no pu ra so ti vu"
_BIT_BY_BIT = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'ix_%'"


def id_of(kind: str, number: str = "n") -> str:
    """A table's id of a number; `kind` is of four hexadecimal digits and begins with 7."""
    return _ID.format(kind=kind, number=number)


def name_of(words: str, name: str) -> str:
    """One of the words, drawn; then two syllables, so that there are thousands of names."""
    drawn, parts = words.split(), _SYLLABLES.split()
    pick = "(ARRAY[{words}])[1 + floor({last} * {chance})::int]"
    chosen = [
        pick.format(
            words=",".join(f"'{word}'" for word in some), last=f"{len(some) - 0.001:.3f}", chance=chance(name + place)
        )
        for place, some in (("", drawn), ("1", parts), ("2", parts))
    ]
    return " || ".join(chosen)


def fill_statements() -> list[str]:
    """What stands there; `%(people)s` is how many contacts."""
    person, people = id_of("7000"), "generate_series(0, %(people)s::int - 1) n"
    came = f"now() - {_YEARS} * (1 - n::float / %(people)s::int)"
    talk, half = id_of("7002"), "generate_series(0, %(people)s::int * 2 / 5 - 1) n"
    whose = id_of("7000", "n * 5 / 2")
    began = f"now() - {_YEARS} * (1 - n::float / (%(people)s::int * 2 / 5))"
    colleague = f"(ARRAY[{','.join(repr(str(one)) for one in COLLEAGUES)}]::uuid[])[1 + n %% 10]"
    segments = ",".join(f"('{one}', '{name}')" for one, name in ((BIG, "Big"), (MIDDLE, "Middle"), (SMALL, "Small")))
    return [
        f"""
INSERT INTO contacts (id, stage, qualification, language, score, fields, tags, created_at, updated_at)
SELECT {person}, (ARRAY['visitor','visitor','visitor','lead','lead','lead','lead','mql','sql','customer'])
        [1 + floor(9.99 * {chance("stage")})::int],
    CASE WHEN {chance("hot")} < 0.02 THEN 'hot' END, (ARRAY['en','en','de','fr','es'])[1 + n %% 5],
    CASE WHEN {chance("scored")} < 0.5 THEN 0 ELSE floor(100 * power({chance("score")}, 3))::int END,
    jsonb_build_object('first_name', {name_of(_FIRST, "first")}, 'last_name', {name_of(_LAST, "last")},
        'company', 'Company ' || n / 10, 'country', (ARRAY['DE','FR','ES','GB','IT'])[1 + n %% 5])
        || CASE WHEN n %% 100000 = 77 THEN '{{"plan": "gold"}}'::jsonb ELSE '{{}}'::jsonb END,
    CASE WHEN {chance("tag")} < 0.3 THEN '["newsletter"]'::jsonb WHEN {chance("tag")} < 0.31 THEN '["partner"]'::jsonb
        WHEN n %% 100000 = 7 THEN '["board"]'::jsonb ELSE '[]'::jsonb END, {came}, {came}
FROM {people}""",
        f"INSERT INTO contact_owners SELECT {person}, {colleague}, 'benchmark', {came} FROM {people} WHERE n %% 5 = 0",
        f"INSERT INTO segment_people (contact_id) SELECT {person} FROM {people}",
        f"""
INSERT INTO segment_consents (contact_id, purpose, channel, state, seq)
SELECT {person}, 'marketing', 'email', 'given', n FROM {people} WHERE n %% 3 = 0""",
        f"""
INSERT INTO consent_events (id, schema_version, event, principal_ref, purpose, channel, controller, lawful_basis,
    language, method, evidence, actor, effective_at, recorded_at, prev_hash, hash)
SELECT gen_random_uuid(), 2, 'given', {person}, 'marketing', 'email', 'Northwind', 'consent', 'en', 'form', '{{}}', 'b',
    {came}, {came}, 'p' || n, 'h' || n
FROM {people} WHERE n %% 3 = 0""",
        f"""
INSERT INTO segments (id, name, tree, state, made_by, created_at, updated_at)
SELECT id::uuid, name, '{{"tag": "newsletter"}}', 'live', 'benchmark', now(), now()
FROM (VALUES {segments}) s (id, name)""",
        f"""
INSERT INTO segment_members SELECT s.id::uuid, {person}, {came}
FROM {people}, (VALUES ('{BIG}', 3), ('{MIDDLE}', 100), ('{SMALL}', 50000)) s (id, share) WHERE n %% s.share = 0""",
        f"""
INSERT INTO conversations (id, channel, contact_id, status, language, next_seq, last_message_at, created_at)
SELECT {talk}, (ARRAY['web','web','sms','telegram'])[1 + n %% 4], {whose},
    CASE WHEN n %% 1000 = 0 THEN 'handed_off' ELSE 'open' END, 'en', 3, {began} + interval '1 minute', {began}
FROM {half}""",
        f"""
INSERT INTO messages (id, conversation_id, seq, author, kind, text, turn_state, created_at)
SELECT gen_random_uuid(), {talk}, seq, CASE seq WHEN 1 THEN 'visitor' ELSE 'bot' END, 'text',
    'What does it cost for a team of ' || n %% 90 || '?', CASE seq WHEN 1 THEN 'done' END, {began}
FROM {half}, generate_series(1, 2) seq""",
        f"""
INSERT INTO handoffs (id, conversation_id, user_id, state, reason, asked_at, taken_at, ended_at, ended_how, changed_at)
SELECT {id_of("7003")}, {talk}, CASE WHEN n %% 4000 <> 0 THEN {colleague} END,
    CASE WHEN n %% 4000 = 0 THEN 'waiting' WHEN n %% 1000 = 0 THEN 'taken' ELSE 'done' END, 'asked', {began}, {began},
    CASE WHEN n %% 1000 <> 0 THEN {began} + interval '1 hour' END,
    CASE WHEN n %% 1000 <> 0 THEN (ARRAY['closed','handed_back'])[1 + n / 25 %% 2] END, {began}
FROM {half} WHERE n %% 25 = 0""",
        f"""
INSERT INTO outbox (id, occurrence, contact_id, journey, step, channel, purpose, message_class, text, state, due_at,
    created_at, updated_at)
SELECT {id_of("7004")}, 'o' || n, {person}, 'nurture', 'hello', 'email', 'marketing', 'promotional',
    'Good to have you here.', (ARRAY['delivered','delivered','read','skipped','planned'])[1 + n %% 5],
    {came} + CASE n %% 5 WHEN 4 THEN {_YEARS} ELSE interval '0' END, {came}, {came}
FROM {people}""",
        f"""
INSERT INTO enrolments (id, journey, version, contact_id, step, state, due_at, entered_at, updated_at)
SELECT {id_of("7005")}, 'nurture', 'v1', {person}, 'hello', CASE WHEN n %% 6 = 0 THEN 'active' ELSE 'exited' END,
    CASE WHEN n %% 6 = 0 THEN now() + interval '1 day' * (n %% 90) END, {came}, {came}
FROM {people} WHERE n %% 3 = 0""",
        f"""
INSERT INTO tasks (id, contact_id, owner_id, kind, title, made_at, done_at)
SELECT {id_of("7006")}, {person}, {colleague}, 'call', 'Call back', {came}, CASE WHEN n %% 50 <> 0 THEN now() END
FROM {people} WHERE n %% 5 = 0""",
        f"""
INSERT INTO audit_entries (id, schema_version, at, author, user_id, action, subject_kind, subject_id, details_sha256,
    prev_hash, hash)
SELECT {id_of("7007")}, 1, {came}, 'user', {colleague},
    (ARRAY['change_tags','assign_owner','edit_segment'])[1 + n %% 3], 'contact', {person}::text, 'd', 'p' || n, 'h' || n
FROM {people}""",
        f"""
INSERT INTO audit_details (entry_id, contact_id, at, salt, after)
SELECT {id_of("7007")}, {person}, {came}, 's', '{{"add": ["newsletter"]}}' FROM {people} WHERE n %% 2 = 0""",
        f"""
INSERT INTO companies (id, name, created_at, updated_at)
SELECT {id_of("7008")}, {name_of(_LAST, "company")} || ' ' || n, {came}, {came} FROM {people} WHERE n %% 10 = 0""",
        f"""
INSERT INTO company_domains SELECT 'company' || n / 10 || '.example', {id_of("7008")}
FROM {people} WHERE n %% 10 = 0""",
        f"""
INSERT INTO contact_companies (contact_id, company_id, source, linked_at)
SELECT {person}, {id_of("7008", "n - n %% 10")}, 'domain', {came} FROM {people} WHERE n %% 2 = 0""",
        """
INSERT INTO contact_imports (id, file_sha256, made_by, state, started_at)
SELECT gen_random_uuid(), 'x', 'benchmark', 'done', now() - interval '1 day' * n FROM generate_series(1, 300) n""",
        f"""
INSERT INTO merge_candidates (id, first_id, second_id, probability, reasons, state, found_at)
SELECT gen_random_uuid(), {person}, {id_of("7000", "n + 1")}, {chance("alike")}, '[]',
    CASE WHEN n %% 400 = 0 THEN 'refused' ELSE 'open' END, {came}
FROM {people} WHERE n %% 50 = 0""",
        f"""
INSERT INTO privacy_requests (id, contact_id, kind, status, channel, made_by, received_at, due_at, closed_at)
SELECT gen_random_uuid(), {person}, 'access', CASE WHEN n %% 4000 = 0 THEN 'open' ELSE 'done' END, 'email', 'b', {came},
    {came} + interval '30 days', CASE WHEN n %% 4000 <> 0 THEN {came} END
FROM {people} WHERE n %% 200 = 0""",
        f"""
INSERT INTO timeline_events (id, contact_id, kind, data, occurred_at, source, received_at)
SELECT {id_of("7009")}, {id_of("7000", "floor(%(people)s::int * power(" + chance("who") + ", 1.3))")},
    CASE WHEN n %% 300000 = 9 THEN 'demo_asked' ELSE
        (ARRAY['page_viewed','page_viewed','email_opened','link_clicked','order_placed'])[1 + n %% 5] END,
    jsonb_build_object('url', 'https://example.com/' || (ARRAY['pricing','docs','blog'])[1 + n %% 3]), done,
    'platform', done
FROM generate_series(0, %(people)s::int * 3 - 1) n,
    LATERAL (SELECT now() - interval '365 days' * (1 - n::float / (%(people)s::int * 3)) AS done) made""",
    ]


def copy_addresses(connection: psycopg.Connection[Any], keys: KeyRing, people: int) -> None:
    """Sealed e-mail addresses of two thirds, phone numbers of a quarter."""
    columns = "id, contact_id, kind, value_sealed, key_id, blind_index, verified_at, created_at"
    now = datetime.now(UTC)
    with connection.cursor().copy(f"COPY contact_points ({columns}) FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["uuid", "uuid", "text", "bytea", "text", "bytea", "timestamptz", "timestamptz"])
        for contact_id, kind, value in _addresses(people):
            row = new_id()
            sealed = keys.seal(value, column=SEALED_COLUMN, row=row)
            copy.write_row((row, contact_id, kind, sealed, keys.newest, keys.blind_index(value, kind=kind), now, now))


def _addresses(people: int) -> Iterator[tuple[UUID, str, str]]:
    for number in range(people):
        contact_id = UUID(f"00000000-0000-7000-8000-{number:012x}")
        if number % 3:
            yield contact_id, "email", f"person{number}@company{number // 10}.example"
        if number % 4 == 1:
            yield contact_id, "phone", f"+1415{number:07}"


def fill(url: str, keys: KeyRing, people: int) -> float:
    """Puts everything there; seconds it took. Triggers do not run and indexes are made at the end."""
    began = time.monotonic()
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SET synchronous_commit = off")
        indexes = connection.execute(_BIT_BY_BIT).fetchall()
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"')
        for statement in fill_statements():
            connection.execute(statement, {"people": people})
        copy_addresses(connection, keys, people)
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    return time.monotonic() - began


@dataclass(frozen=True)
class Asked:
    """A list as a page asks for it: by GET with parameters, or by POST with a body."""

    name: str
    path: str
    params: dict[str, str]
    body: dict[str, Any] | None = None


def _lists(middle: str, far: str, people: int) -> list[Asked]:
    """Every list. `middle` and `far` are cursors half way and nine tenths back."""
    leads, search = "/api/v1/leads", "/api/v1/contacts/search"

    def rule(name: str, tree: dict[str, Any], **more: Any) -> Asked:
        return Asked(f"contacts by rule: {name}", search, {}, {"tree": tree, **more})

    half = people // 2 - (people // 2) % 3 + 1
    country = {"fact": "country", "op": "is", "value": "DE"}
    viewed = {"event": "page_viewed", "in_last": {"amount": 30, "unit": "days"}}
    return [
        Asked("leads: first page", leads, {}),
        Asked("leads: half way", leads, {"cursor": middle}),
        Asked("leads: far behind", leads, {"cursor": far}),
        Asked("leads: part of a common name", leads, {"q": "ada"}),
        Asked("leads: part of a rare name", leads, {"q": "quistvuvu"}),
        Asked("leads: first and last name", leads, {"q": "Gwenbaco Novak"}),
        Asked("leads: a company", leads, {"q": f"Company {people // 20}"}),
        Asked("leads: nobody's name", leads, {"q": "xylophone"}),
        Asked("leads: two letters", leads, {"q": "qu"}),
        Asked("leads: two letters of nobody", leads, {"q": "qx"}),
        Asked("leads: whole e-mail address", leads, {"q": f"person{half}@company{half // 10}.example"}),
        Asked("leads: an e-mail address of nobody", leads, {"q": "nobody@nowhere.example"}),
        Asked("leads: hot", leads, {"band": "hot"}),
        Asked("leads: warm, half way", leads, {"band": "warm", "cursor": middle}),
        Asked("leads: stage customer", leads, {"stage": "customer"}),
        Asked("leads: stage of nobody", leads, {"stage": "disqualified"}),
        Asked("leads: common tag", leads, {"tag": "newsletter"}),
        Asked("leads: rare tag", leads, {"tag": "board"}),
        Asked("leads: tag of nobody", leads, {"tag": "nobody"}),
        Asked("leads: one of ten owners", leads, {"owner": str(COLLEAGUES[0])}),
        Asked("leads: owner of nobody", leads, {"owner": str(COLLEAGUES[3])}),
        Asked("leads: big segment", leads, {"segment": str(BIG)}),
        Asked("leads: segment of a hundredth", leads, {"segment": str(MIDDLE), "cursor": middle}),
        Asked("leads: small segment", leads, {"segment": str(SMALL)}),
        Asked("leads: small segment and a common tag", leads, {"segment": str(SMALL), "tag": "newsletter"}),
        rule("common", {"all": [{"tag": "newsletter"}, country]}),
        rule("common, half way", {"all": [{"tag": "newsletter"}, country]}, cursor=middle),
        rule("with an event", {"all": [country, viewed]}),
        rule("with consent", {"all": [{"consent": "marketing", "channel": "email"}, country]}),
        rule("rare tag", {"tag": "board"}),
        rule("rare fact", {"fact": "plan", "op": "is", "value": "gold"}),
        rule("rare event", {"event": "demo_asked"}),
        rule("nobody", {"fact": "plan", "op": "is", "value": "platinum"}),
        Asked("segment members", f"/api/v1/segments/{BIG}/members", {}),
        Asked("companies: first page", "/api/v1/companies", {}),
        Asked("companies: part of a name", "/api/v1/companies", {"q": "quistvu"}),
        Asked("companies: nobody's name", "/api/v1/companies", {"q": "xylophone"}),
        Asked("companies: a domain", "/api/v1/companies", {"q": f"company{people // 20}.example"}),
        Asked("follow-ups: all", "/api/v1/follow-ups", {}),
        Asked("follow-ups: planned", "/api/v1/follow-ups", {"state": "planned"}),
        Asked("follow-ups: skipped", "/api/v1/follow-ups", {"state": "skipped"}),
        Asked("follow-ups: failed", "/api/v1/follow-ups", {"state": "failed"}),
        Asked("follow-ups: far behind", "/api/v1/follow-ups", {"cursor": far}),
        Asked("inbox: waiting", "/api/v1/conversations", {"view": "waiting"}),
        Asked("inbox: mine", "/api/v1/conversations", {"view": "mine"}),
        Asked("inbox: with people", "/api/v1/conversations", {"view": "people"}),
        Asked("inbox: with the bot", "/api/v1/conversations", {"view": "bot"}),
        Asked("inbox: closed", "/api/v1/conversations", {"view": "closed"}),
        Asked("inbox: with the bot, a name", "/api/v1/conversations", {"view": "bot", "q": "quistvuvu"}),
        Asked("inbox: with the bot, by SMS", "/api/v1/conversations", {"view": "bot", "channel": "sms"}),
        Asked("inbox: counts", "/api/v1/inbox/counts", {}),
        Asked("tasks", "/api/v1/tasks", {}),
        Asked("imports", "/api/v1/imports", {}),
        Asked("audit: first page", "/api/v1/audit", {}),
        Asked("audit: far behind", "/api/v1/audit", {"cursor": far}),
        Asked("audit: one action", "/api/v1/audit", {"action": "edit_segment"}),
        Asked("audit: an action nobody took", "/api/v1/audit", {"action": "remove_segment"}),
        Asked("audit: names", "/api/v1/audit/names", {}),
        Asked("merge candidates", "/api/v1/merge-candidates", {"state": "open"}),
        Asked("privacy requests", "/api/v1/privacy-requests", {}),
        Asked("privacy requests: open", "/api/v1/privacy-requests", {"status": "open"}),
        Asked("segments", "/api/v1/segments", {}),
    ]


@asynccontextmanager
async def asking(url: str, keys: KeyRing, folder: Path) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """Somebody signed in at the API, who owns the site."""
    engine = create_engine(url, pool_size=4)
    sessions, passwords, source = create_sessions(engine), Passwords(), PublishedSource(create_sessions(engine))
    dialogue = RasaDialogue(["http://127.0.0.1:9"], "nobody is asked", source)

    async def nobody_wakes() -> None:
        pass

    context = AdminContext(
        sessions, keys, SystemClock(), "http://127.0.0.1", facts=dialogue, meanings=dialogue,
        wake_understanding=nobody_wakes, wake_imports=nobody_wakes, wake_scores=nobody_wakes,
        wake_segments=nobody_wakes, wake_bulk=nobody_wakes, imports_folder=folder / "imports",
        flows=FlowDesk(dialogue, source, nobody_wakes), passwords=passwords,
    )  # fmt: skip
    hashed = await passwords.hash(PASSWORD)
    async with transaction(sessions) as session:
        if await session.get(AdminUser, COLLEAGUES[0]) is None:
            session.add(
                AdminUser(
                    id=COLLEAGUES[0], email=EMAIL, name="Ada", role="owner", password_hash=hashed,
                    created_at=context.clock.now(),
                )
            )  # fmt: skip
    app = web.Application(middlewares=[problem_middleware])
    app.add_routes(create_admin_routes(context))
    async with TestClient(TestServer(app), headers={"X-Requested-With": "parley"}) as client:
        answer = await client.post("/api/v1/session", json={"email": EMAIL, "password": PASSWORD})
        assert answer.status == 200, await answer.text()
        gc.collect()
        gc.freeze()  # as the web process does, see bot/warming.py
        yield client
    await engine.dispose()


async def measure(url: str, keys: KeyRing, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Asks for every list, some rounds; prints each."""
    now, years = datetime.now(UTC), timedelta(days=1095)

    def behind(share: float) -> str:
        return Cursor(now - years * share, UUID(int=0)).encode()

    found: dict[str, Any] = {}
    async with asking(url, keys, folder) as client:
        for asked in _lists(behind(0.5), behind(0.9), options.contacts):
            if options.only and options.only not in asked.name:
                continue
            times, rows = [], 0

            async def ask(asked: Asked = asked) -> int:
                if asked.body is None:
                    answer = await client.get(asked.path, params=asked.params)
                else:
                    answer = await client.post(asked.path, json=asked.body)
                text = await answer.text()
                assert answer.status == 200, (asked, text)
                return len(json.loads(text).get("items", ()))

            for _ in range(2):
                await ask()
            spent = Spent(folder)
            for _ in range(options.rounds):
                began = time.perf_counter()
                rows = await ask()
                times.append((time.perf_counter() - began) * 1_000)
            found[asked.name] = _told(times) | {"cpu_ms": spent.each(options.rounds), "rows": rows}
            cpu = f"  CPU {found[asked.name]['cpu_ms']:7.1f} ms"
            late = " OVER" if found[asked.name]["p95_ms"] > TARGET_MS else ""
            print(f"{asked.name:45} {rows:4} rows  {_in_words(found[asked.name])}{cpu}{late}", flush=True)
    return found


async def measure_rival(url: str, options: argparse.Namespace) -> dict[str, Any]:
    """The contacts of a page half way by OFFSET, and by where the last one ended."""
    engine = create_engine(url, pool_size=1)
    sessions, latest = create_sessions(engine), (Contact.created_at.desc(), Contact.id.desc())
    page = select(Contact).order_by(*latest).limit(51)
    half = options.contacts // 2
    async with sessions() as session:
        last = (await session.scalars(page.offset(half - 1).limit(1))).one()
        behind = page.where(Contact.created_at <= last.created_at, Contact.id != last.id)
        found = {
            "offset": await _times(lambda: session.execute(page.offset(half)), options.rounds),
            "cursor": await _times(lambda: session.execute(behind), options.rounds),
        }
    await engine.dispose()
    for name, told in found.items():
        print(f"page half way by {name:30} {_in_words(told)}")
    return found


class Spent:
    """CPU milliseconds of this process and of PostgreSQL: what other work on the machine cannot make longer."""

    def __init__(self, folder: Path) -> None:
        self._postgres = psutil.Process(int((folder / "pg" / "postmaster.pid").read_text().split()[0]))
        self._began = self._now()

    def _now(self) -> float:
        own, gone = time.process_time(), self._postgres.cpu_times()
        there = gone.children_user + gone.children_system
        for one in self._postgres.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                there += one.cpu_times().user + one.cpu_times().system
        return own + there

    def each(self, times: int) -> float:
        """Since the beginning, of each of so many."""
        return round((self._now() - self._began) * 1_000 / times, 1)


def measure_writing(url: str) -> dict[str, Any]:
    """Microseconds a new contact and a changed one cost, with the indexes that lists need and without; rolled back.

    In turns, so that what else the machine does falls on both.
    """
    insert = f"""INSERT INTO contacts (id, stage, fields, tags, created_at, updated_at)
        SELECT gen_random_uuid(), 'lead', jsonb_build_object('first_name', {name_of(_FIRST, "w")},
            'last_name', {name_of(_LAST, "w2")}, 'company', 'Company ' || n), '["newsletter"]', now(), now()
        FROM generate_series(1, {SET // 4}) n"""
    some = "(SELECT id FROM contacts ORDER BY created_at DESC LIMIT 5000)"
    work = {
        "insert": insert,
        "score": f"UPDATE contacts SET score = score + 1 WHERE id IN {some}",
        "tag": f"UPDATE contacts SET tags = tags || '[\"x\"]' WHERE id IN {some}",
    }
    took: dict[str, list[float]] = {}
    with psycopg.connect(libpq_url(url)) as connection:
        own = connection.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'contacts' AND indexname = ANY(%s)",
            [list(LIST_INDEXES)],
        ).fetchall()
        connection.rollback()
        for _ in range(7):
            for kind, dropped in (("with", False), ("without", True)):
                for name, statement in work.items():
                    connection.execute("SET LOCAL session_replication_role = replica")
                    for (index,) in own if dropped else ():
                        connection.execute(f'DROP INDEX "{index}"')
                    began = time.perf_counter()
                    connection.execute(statement)
                    took.setdefault(f"{name}_us_{kind}", []).append((time.perf_counter() - began) * 1e6 / (SET // 4))
                    connection.rollback()
        sizes = connection.execute(
            "SELECT relname, pg_relation_size(oid) / 1048576 FROM pg_class WHERE relname = ANY(%s)",
            [["contacts", *LIST_INDEXES]],
        ).fetchall()
    found: dict[str, Any] = {name: round(statistics.median(each), 1) for name, each in took.items()}
    found["megabytes"] = dict(sizes)
    print(json.dumps(found))
    return found


LIST_INDEXES = ("ix_contacts_name_pieces", "ix_contacts_fields", "ix_contacts_tags", "ix_contacts_stage_created_at_id")


async def _times(work: Callable[[], Awaitable[Any]], rounds: int) -> dict[str, Any]:
    times = []
    for number in range(-2, rounds):
        began = time.perf_counter()
        await work()
        if number >= 0:
            times.append((time.perf_counter() - began) * 1_000)
    return _told(times)


def _told(times: list[float]) -> dict[str, Any]:
    p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    named = {"p50_ms": statistics.median(times), "p95_ms": min(p95, max(times)), "max_ms": max(times)}
    return {name: round(value, 1) for name, value in named.items()}


def _in_words(told: dict[str, Any]) -> str:
    return f"p50 {told['p50_ms']:7.1f}  p95 {told['p95_ms']:7.1f}  max {told['max_ms']:7.1f} ms"


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Fills, measures and prints."""
    with started("lists", options.folder) as database:
        took = database.fill_once(lambda: fill(database.url, database.keys, options.contacts))
        if took is not None:
            print(f"{options.contacts:,} contacts in {took:.0f} s")
        load = round(os.getloadavg()[0], 1)
        print(f"{datetime.now(UTC):%Y-%m-%d}, among {options.contacts:,} contacts, load {load}")
        lists = asyncio.run(measure(database.url, database.keys, database.folder, options))
        rival = asyncio.run(measure_rival(database.url, options))
        writing = {} if options.only else measure_writing(database.url)
    late = [name for name, told in lists.items() if told["p95_ms"] > TARGET_MS]
    print(f"{len(lists) - len(late)} of {len(lists)} lists within {TARGET_MS:.0f} ms at p95; over it: {late or 'none'}")
    return {"load_before": load, "limit_ms": TARGET_MS, "over": late, "lists": lists, "half_way": rival} | {
        "writing": writing
    }


def main() -> None:
    """Runs the benchmark, prints the figures, keeps them with --save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20, help="how often each list is asked for")
    parser.add_argument("--only", default="", help="only lists with this in their name")
    parser.add_argument("--folder", type=Path, help="where the database is kept, and found filled the next time")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    save(RESULT, options, contacts=options.contacts, rounds=options.rounds, **run(options))


if __name__ == "__main__":
    main()
