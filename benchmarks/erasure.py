"""What erasing one person costs among many, and the nightly removal of old rows.

The embedded PostgreSQL is filled with contacts that each have two addresses, a conversation of 20 messages, events of
the timeline, a consent and messages sent with the gate's decisions. Some are erased, one transaction each, as a request
does. Beside it the bare DELETE of the same number of contacts' own messages by their conversation: the limit, as no
erasure can do without it. Retention is measured by rows of `inbound_events`, against one DELETE without a limit.

Everything runs on 127.0.0.1 in a temporary folder and is stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psycopg
from sqlalchemy import text

import server.web  # noqa: F401  # loads every room's tables
from base.database import create_engine, create_sessions, libpq_url, transaction
from base.encryption import read_key_file
from benchmarks.database import started
from benchmarks.saving import add_saving, save
from bot.intake.sealing import sender_index_of
from crm.contacts.service import attach_address
from crm.privacy.erasing import erase_person
from crm.privacy.files import FiledMails
from crm.privacy.retention import remove_old

RESULT = ROOT / "docs" / "benchmarks" / "erasure.json"
ERASED = 50
OLD = 20_000
"""Rows whose time is over."""
SET = 1_000

_CONTACT = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
_TALK = "('00000000-0000-7000-8001-' || lpad(to_hex(n), 12, '0'))::uuid"
_SENT = "('00000000-0000-7000-8002-' || lpad(to_hex(n), 12, '0'))::uuid"
_DECIDED = "('00000000-0000-7000-8003-' || lpad(to_hex(n), 12, '0'))::uuid"
_FILL = f"""
INSERT INTO contacts (id, fields, created_at, updated_at)
    SELECT {_CONTACT}, jsonb_build_object('first_name', 'P' || n), now(), now()
    FROM generate_series(0, %(last)s::int) n;
INSERT INTO conversations (id, channel, contact_id, language, created_at)
    SELECT {_TALK}, 'web', {_CONTACT}, 'en', now() FROM generate_series(0, %(last)s::int) n;
INSERT INTO messages (id, conversation_id, seq, author, kind, text, created_at)
    SELECT gen_random_uuid(), {_TALK}, k, 'visitor', 'text', 'some words of theirs', now()
    FROM generate_series(0, %(last)s::int) n, generate_series(1, 20) k;
INSERT INTO timeline_events (id, contact_id, conversation_id, kind, data, occurred_at)
    SELECT gen_random_uuid(), {_CONTACT}, {_TALK}, 'lead_captured', '{{}}', now()
    FROM generate_series(0, %(last)s::int) n, generate_series(1, 5) k;
INSERT INTO consent_events (id, schema_version, event, principal_ref, purpose, channel, controller, lawful_basis,
        language, method, evidence, actor, effective_at, prev_hash, hash)
    SELECT gen_random_uuid(), 1, 'given', {_CONTACT}, 'marketing', 'email', 'Northwind', 'consent', 'en', 'chat',
        '{{}}', 'subject', now(), 'p' || n, 'h' || n
    FROM generate_series(0, %(last)s::int) n;
INSERT INTO outbox (id, occurrence, contact_id, conversation_id, channel, purpose, message_class, text, state, due_at,
        created_at, updated_at)
    SELECT {_SENT}, 'o' || n, {_CONTACT}, {_TALK}, 'email', 'marketing', 'promotional', 'Hello', 'accepted', now(),
        now(), now()
    FROM generate_series(0, %(last)s::int) n;
INSERT INTO gate_decisions (id, outbox_id, stage, answer, rule, reason, pack_version, inputs, decided_at)
    SELECT {_DECIDED}, {_SENT}, 'claim', 'allow', 'r', 'r', '1', '{{}}', now() FROM generate_series(0, %(last)s::int) n;
UPDATE outbox SET gate_decision_id = d.id FROM gate_decisions d WHERE d.outbox_id = outbox.id;
INSERT INTO inbound_events (id, account_id, channel, provider_id, sender_index, state, attempts, received_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 'sms', 'p' || n, sha256(('s' || n)::bytea), 'done', 0,
        now() - CASE WHEN n < %(old)s THEN interval '400 days' ELSE interval '1 day' END
    FROM generate_series(0, %(last)s::int) n;
"""


def contact(number: int) -> UUID:
    return UUID(f"00000000-0000-7000-8000-{number:012x}")


def talk(number: int) -> UUID:
    return UUID(f"00000000-0000-7000-8001-{number:012x}")


async def measure(url: str, keys_file: Path, contacts: int) -> dict[str, float]:
    keys, engine, now = read_key_file(keys_file), create_engine(url), datetime.now(UTC)
    sessions = create_sessions(engine)
    chosen = [number * (contacts // (2 * ERASED)) for number in range(2 * ERASED)]
    async with transaction(sessions) as session:
        for number in chosen:
            await attach_address(
                session, keys, contact(number), kind="email", value=f"p{number}@customer.example", now=now
            )
    erased, bare = [], []
    for number in chosen[:ERASED]:
        started = time.perf_counter()
        async with transaction(sessions) as session:
            await erase_person(
                session, keys, contact(number), sender_index_of(keys), mails=FiledMails(None), reason="request", now=now
            )
        erased.append(time.perf_counter() - started)
    for number in chosen[ERASED:]:
        started = time.perf_counter()
        async with transaction(sessions) as session:
            await session.execute(text("DELETE FROM messages WHERE conversation_id = :talk"), {"talk": talk(number)})
        bare.append(time.perf_counter() - started)
    started, removed = time.perf_counter(), 0
    while True:
        async with transaction(sessions) as session:
            count = await remove_old(session, "inbound_events", now, limit=SET)
        removed += count
        if count < SET:
            break
    in_sets = time.perf_counter() - started
    await engine.dispose()
    return {
        "erase_ms_median": statistics.median(erased) * 1_000,
        "erase_ms_worst": max(erased) * 1_000,
        "bare_delete_ms_median": statistics.median(bare) * 1_000,
        "erase_to_bare_delete": statistics.median(erased) / statistics.median(bare),
        "retention_rows": removed,
        "retention_rows_per_second": removed / in_sets,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=100_000)
    add_saving(parser, RESULT)
    options = parser.parse_args()
    with started("erasure") as database:
        with psycopg.connect(libpq_url(database.url), autocommit=True) as admin:
            for statement in _FILL.split(";\n"):
                if statement.strip():
                    admin.execute(statement, {"last": options.contacts - 1, "old": OLD})  # type: ignore[arg-type]
            admin.execute("VACUUM ANALYZE")
        figures = asyncio.run(measure(database.url, database.key_file, options.contacts))
    told = {"contacts": options.contacts, **{name: round(value, 2) for name, value in figures.items()}}
    print(json.dumps(told, indent=1))
    save(RESULT, options, **told)


if __name__ == "__main__":
    main()
