"""What Citus would refuse of this schema and of these statements, read from the tables and from what is really asked.

Shared out would be by contact: every table either has a column by which its rows lie with their contact, or is small
and is copied to every shard (a reference table). From the live schema: which keys, unique indexes, foreign keys and
triggers do not hold across shards as they are. From a turn, a step, a send and an event, which are done for real with
somebody listening: which statements name a contact or a talk, and which look at everybody's rows.

Citus itself does not run here. What it refuses is by its documentation: a unique index or primary key must contain the
distribution column; a foreign key between distributed tables must contain it on both sides; that column cannot be
updated; rows cannot be locked across shards (FOR UPDATE needs one); triggers on distributed tables are off unless
allowed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import psycopg

import server.web  # noqa: F401  # loads every room's tables
from base.clock import SystemClock
from base.database import create_engine, create_sessions, libpq_url, transaction
from base.tables import Table as Base
from benchmarks import events, gate, journeys
from benchmarks.database import Database, started
from crm.events.reading import read_given
from crm.events.service import Giver, take_in
from outreach.library import Library
from outreach.reacting import Reactor
from server.reactions import ScoresAndSegments
from tests.bot.scripted_dialogue import scripted_dialogue
from tests.bot.stage import staged
from tests.statements import statements

Place = Literal["contact", "talk", "parent", "reference"]
_OTHER_NAMES: dict[str, tuple[Place, str]] = {
    "contacts": ("contact", "id"),
    "conversations": ("talk", "id"),
    "consent_events": ("contact", "principal_ref"),
}
"""Where the column has another name. A talk lies by itself: whose it is, is not known at first, and can change."""


def places() -> dict[str, tuple[Place, str]]:
    """For each table where its rows would lie, and by what column."""
    tables = Base.metadata.tables
    found: dict[str, tuple[Place, str]] = {}
    for name, table in tables.items():
        if name in _OTHER_NAMES:
            found[name] = _OTHER_NAMES[name]
        elif "contact_id" in table.c:
            found[name] = ("contact", "contact_id")
        elif "conversation_id" in table.c:
            found[name] = ("talk", "conversation_id")
    # What belongs to a row that lies somewhere lies there, too; nearest first.
    while added := {
        name: ("parent", key.parent.name)
        for name, table in tables.items() if name not in found
        for key in table.foreign_keys if key.column.table.name in found
    }:  # fmt: skip
        found |= added  # type: ignore[arg-type]  # the literal is kept
    return {name: found.get(name, ("reference", "")) for name in sorted(tables)}


def schema_problems(url: str) -> dict[str, Any]:
    """What of the live schema does not hold across shards."""
    where = places()
    spread = {name: column for name, (place, column) in where.items() if place != "reference"}
    with psycopg.connect(libpq_url(url)) as connection:
        unique = connection.execute(
            """
            SELECT t.relname, i.relname, x.indisprimary, array(SELECT a.attname FROM pg_attribute a
                WHERE a.attrelid = t.oid AND a.attnum = ANY(x.indkey))
            FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
                JOIN pg_namespace n ON n.oid = t.relnamespace
            WHERE x.indisunique AND n.nspname = 'public' ORDER BY 1, 2
            """
        ).fetchall()
        keys = connection.execute(
            """
            SELECT t.relname, r.relname, c.conname, array(SELECT a.attname FROM pg_attribute a
                WHERE a.attrelid = t.oid AND a.attnum = ANY(c.conkey)), array(SELECT a.attname FROM pg_attribute a
                WHERE a.attrelid = r.oid AND a.attnum = ANY(c.confkey))
            FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
            WHERE c.contype = 'f' ORDER BY 1, 3
            """
        ).fetchall()
        triggers = connection.execute(
            """
            SELECT t.relname, g.tgname FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
            WHERE NOT g.tgisinternal ORDER BY 1, 2
            """
        ).fetchall()
        own = _nullable(connection)
    return {
        "tables": {place: [name for name, (at, _) in where.items() if at == place]
                   for place in ("contact", "talk", "parent", "reference")},
        "primary_keys_without_it": [name for name, _, primary, columns in unique
                                    if primary and name in spread and spread[name] not in columns],
        "unique_indexes_without_it": [index for name, index, primary, columns in unique
                                      if not primary and name in spread and spread[name] not in columns],
        "foreign_keys_without_it": [key for name, other, key, ours, theirs in keys if name in spread
                                    and other in spread and not (spread[name] in ours and spread[other] in theirs)],
        "foreign_keys_from_reference_tables": [key for name, other, key, *_ in keys
                                               if name not in spread and other in spread],
        "triggers": [trigger for name, trigger in triggers if name in spread],
        "distribution_column_may_be_null": [name for name, column in spread.items() if (name, column) in own],
    }  # fmt: skip


def _nullable(connection: psycopg.Connection) -> set[tuple[str, str]]:
    rows = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND is_nullable = 'YES'"
    )
    return {(table, column) for table, column in rows}


# What is really asked

_WHOSE = re.compile(
    r"(?:contact_id|conversation_id|contacts\.id|conversations\.id|principal_ref) (?:=|IN|= ANY) ?(?:\(|ANY|%|\$)"
)
_LOCKS = re.compile(r"FOR (?:NO KEY )?(?:UPDATE|SHARE|KEY SHARE)")


def judge(statement: str, where: Mapping[str, tuple[Place, str]]) -> list[str]:
    """What of a statement is about more than one contact's rows, or about the server as a whole; nothing, at best."""
    text = " ".join(statement.split())
    named = {name for name in where if re.search(rf"(?:FROM|JOIN|INTO|UPDATE|,) {name}\b", text)}
    spread = {name for name in named if where[name][0] != "reference"}
    found = []
    if "pg_notify" in text:
        found.append("NOTIFY: is heard on the server where it is said")
    if "advisory" in text:
        found.append("an advisory lock: holds on one server only")
    if "SKIP LOCKED" in text and spread:
        found.append("a queue claimed with SKIP LOCKED among everybody's rows")
    elif _LOCKS.search(text) and spread and not _names_whose(text):
        found.append("rows of several people locked at once")
    elif spread and not _names_whose(text) and not text.startswith("INSERT INTO"):
        found.append("rows found by another column than whose they are")
    return found


def _names_whose(text: str) -> bool:
    """Whether a statement asks by contact or by talk."""
    return _WHOSE.search(text) is not None


async def listen_in(database: Database, port: int) -> dict[str, list[str]]:
    """The statements of each thing that is done for real."""
    found: dict[str, list[str]] = {}
    engine = create_engine(database.url)
    sessions = create_sessions(engine)
    async with (
        scripted_dialogue() as dialogue,
        staged(sessions, database.keys, datetime.now(UTC), dialogue) as stage,
    ):
        with statements(sessions) as asked:
            await stage.say("How much is it?")
        found["a turn"] = asked
        with statements(sessions) as asked:
            await stage.turns.resume_waiting()
        found["the sweep for turns that a dead process left"] = asked
    await asyncio.to_thread(gate.fill, database.url, database.keys, 500)
    house = journeys.House(database.url, database.keys, port, gate.working_moment())
    await journeys.open_house(house)
    async with journeys.journey_worker(house) as worker:
        journeys.make_due(database.url, "due", 50, house.now)
        with statements(worker.pump._sessions) as asked:
            await worker.planner.advance_due(house.now)
        found["a step of a journey"] = asked
        journeys.due_before_a_text(house, 20)
        with statements(worker.pump._sessions) as asked:
            while (due := await worker.pump.next_due_at()) is not None and due <= house.now:
                await worker.pump.run_once()
        found["a message: planned, judged, claimed, sent"] = asked
    await asyncio.to_thread(events.fill, database.url, database.keys, 50)
    await events.source_secret(sessions, database.keys)
    with statements(sessions) as asked:
        async with transaction(sessions) as session:
            await take_in(
                session, database.keys, read_given(events.given("s", 0, 50)[:5]), Giver("api", "bench"),
                datetime.now(UTC),
            )  # fmt: skip
    found["an event that comes in"] = asked
    reactor = Reactor(sessions, Library(), [ScoresAndSegments(database.keys)])
    with statements(sessions) as asked:
        await reactor.react(SystemClock().now())
    found["an event that is reacted to"] = asked
    await engine.dispose()
    return found


def measure_shards(*, short: bool) -> dict[str, Any]:
    """Both lists."""
    with started("capacity-shards") as database, journeys.local_twilio() as (port, _):
        found: dict[str, Any] = {"schema": schema_problems(database.url)}
        asked = asyncio.run(listen_in(database, port))
    where, told = places(), dict[str, Any]()
    for name, texts in asked.items():
        different = list(dict.fromkeys(texts))
        problems: dict[str, list[str]] = {}
        for text in different:
            for problem in judge(text, where):
                problems.setdefault(problem, []).append(_shortened(text))
        told[name] = {"statements": len(texts), "different": len(different), "across_shards": problems}
    return {**found, "statements": told}


def _shortened(statement: str) -> str:
    return " ".join(statement.split())[:160]
