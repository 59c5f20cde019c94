"""What a decision of the gate costs among a million contacts, in the sets it is asked in.

The embedded PostgreSQL is filled with contacts that each have an e-mail address, a phone number and a consent, and with
what was sent to some of them in the last days. Then the gate is asked about contacts drawn at random: everything it
needs is read from the database, the numbers are opened, and `may_send` decides, in an open transaction, as a claim does
it. Beside it the bare SELECT of the same contacts by their ids, over the same session: the limit, as nothing can be
decided about a contact that was not read.

Everything runs on 127.0.0.1 in a temporary folder and is stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psycopg
from sqlalchemy import select

from base.database import create_engine, create_sessions, libpq_url
from base.encryption import KeyRing
from base.ids import new_id
from benchmarks.database import started
from benchmarks.saving import add_saving, save
from crm.contacts.models import SEALED_COLUMN, Contact
from outreach.gate import may_send
from outreach.gatekeeper import Gatekeeper
from outreach.rule_pack import read_rule_pack

RESULT = ROOT / "docs" / "benchmarks" / "gate.json"
SETS = (1, 100, 1_000)
DRAWN = 5_000
"""Contacts that are asked about; only their numbers are sealed for real, the others' are never opened."""
TARGET_MS = 1.0
AREA_CODES = (212, 305, 415, 512, 615, 702, 850, 206, 404, 313)

_ID = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
_FILL = f"""
INSERT INTO contacts (id, stage, time_zone, fields, created_at, updated_at)
    SELECT {_ID}, 'lead', 'America/New_York', jsonb_build_object('first_name', 'P' || n), now(), now()
    FROM generate_series(0, %(last)s::int) n;
INSERT INTO contact_points (id, contact_id, kind, value_sealed, key_id, blind_index, created_at)
    SELECT gen_random_uuid(), {_ID}, 'email', '\\x00', 'k', sha256(('email' || n)::bytea), now()
    FROM generate_series(0, %(last)s::int) n;
INSERT INTO contact_points (id, contact_id, kind, value_sealed, key_id, blind_index, created_at)
    SELECT gen_random_uuid(), {_ID}, 'phone', '\\x00', 'k', sha256(('phone' || n)::bytea), now()
    FROM generate_series(%(drawn)s::int, %(last)s::int) n;
INSERT INTO consent_events (id, schema_version, event, principal_ref, purpose, channel, controller, lawful_basis,
        language, method, evidence, actor, effective_at, prev_hash, hash)
    SELECT gen_random_uuid(), 1, 'given', {_ID}, 'marketing', 'sms', 'Northwind', 'consent', 'en', 'chat', '{{}}',
        'subject', now() - interval '30 days', 'p' || n, 'h' || n
    FROM generate_series(0, %(last)s::int) n;
INSERT INTO outbox (id, occurrence, contact_id, channel, purpose, message_class, text, state, due_at, claimed_at,
        created_at, updated_at)
    SELECT gen_random_uuid(), 'o' || n || '-' || k, {_ID}, 'sms', 'marketing', 'promotional', 'Hello', 'accepted',
        now() - k * interval '2 days', now() - k * interval '2 days', now() - k * interval '2 days', now()
    FROM generate_series(0, %(last)s::int, 4) n, generate_series(1, 2) k;
"""


@dataclass
class Figures:
    """Milliseconds a decision, the median of the rounds, by the size of the set.

    `gate_cpu_ms` is the CPU time of this process, which other work on the machine leaves alone; without PostgreSQL's.
    """

    set_of: int
    rounds: int
    gate_ms: float
    gate_cpu_ms: float
    select_ms: float
    pure_ms: float

    @property
    def ratio(self) -> float:
        return self.gate_ms / self.select_ms


class Silent:
    """A channel that is set up and that nothing is sent by."""

    channel = "sms"

    def configured(self) -> str | None:
        return None

    async def send(self, envelope: Any) -> Any:
        raise AssertionError("the benchmark sends nothing")


def fill(url: str, keys: KeyRing, contacts: int) -> float:
    """Puts the contacts there; seconds it took."""
    began = time.monotonic()
    drawn = min(DRAWN, contacts)
    with psycopg.connect(libpq_url(url)) as connection:
        for statement in _FILL.strip().split(";\n"):
            connection.execute(statement.rstrip(";"), {"last": contacts - 1, "drawn": drawn})
        columns = "id, contact_id, kind, value_sealed, key_id, blind_index, created_at"
        with connection.cursor().copy(f"COPY contact_points ({columns}) FROM STDIN") as copy:
            for number in range(drawn):
                point, phone = new_id(), f"+1{AREA_CODES[number % len(AREA_CODES)]}555{number % 10_000:04}"
                sealed = keys.seal(phone, column=SEALED_COLUMN, row=point)
                copy.write_row(
                    (point, contact_id(number), "phone", sealed, keys.newest,
                     keys.blind_index(f"{phone}/{number}", kind="phone"), datetime.now(UTC))
                )  # fmt: skip
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    return time.monotonic() - began


def working_moment() -> datetime:
    """A moment of a working day in every zone, whenever this runs."""
    now = datetime.now(UTC)
    return (now - timedelta(days=(now.weekday() - 1) % 7)).replace(hour=18, minute=0)


def contact_id(number: int) -> UUID:
    """The id of the nth contact, as the database made it."""
    return UUID(f"00000000-0000-7000-8000-{number:012x}")


def asked_about(one: UUID, now: datetime) -> Any:
    """A message as the gate is asked about it."""
    return SimpleNamespace(
        id=new_id(), contact_id=one, conversation_id=None, journey="news", channel="sms", purpose="marketing",
        message_class="promotional", frequency_class="normal", due_at=now, created_at=now, message_id=None,
        contact_point_id=None, text="Hello",
    )  # fmt: skip


async def measure(url: str, keys: KeyRing, contacts: int, seconds: float) -> tuple[list[Figures], Counter[str]]:
    """Asks in sets of each size for a while, and reads the same contacts bare."""
    engine = create_engine(url, pool_size=1)
    sessions = create_sessions(engine)
    gatekeeper = Gatekeeper(read_rule_pack(), {"sms": Silent()}, ("America/New_York",), keys=keys)
    now = working_moment()
    chance, answers, figures = random.Random(7), Counter[str](), []
    try:
        async with sessions() as session:
            for size in SETS:

                def draw(size: int = size) -> list[UUID]:
                    return [contact_id(chance.randrange(min(DRAWN, contacts))) for _ in range(size)]

                async def ask(ids: list[UUID]) -> None:
                    verdicts = await gatekeeper.ask(session, [asked_about(one, now) for one in ids], "claim", now)
                    answers.update(f"{one.decision.answer}: {one.decision.rule}" for one in verdicts.values())

                async def read(ids: list[UUID]) -> None:
                    columns = (Contact.id, Contact.stage, Contact.time_zone, Contact.fields)
                    (await session.execute(select(*columns).where(Contact.id.in_(ids)))).all()

                gate, cpu, rounds = await _median(ask, draw, seconds)
                bare, _, _ = await _median(read, draw, seconds / 2)
                verdicts = await gatekeeper.ask(session, [asked_about(one, now) for one in draw()], "claim", now)
                await session.rollback()
                began = time.perf_counter()
                for verdict in verdicts.values():
                    may_send(verdict.snapshot, now, gatekeeper.pack)
                pure = (time.perf_counter() - began) * 1_000 / len(verdicts)
                each = [round(took / size, 4) for took in (gate, cpu, bare)]
                figures.append(Figures(size, rounds, *each, round(pure, 4)))
    finally:
        await engine.dispose()
    return figures, answers


async def _median(
    work: Callable[[list[UUID]], Awaitable[None]], draw: Callable[[], list[UUID]], seconds: float
) -> tuple[float, float, int]:
    """Milliseconds a set, of them CPU time, and how often it was done."""
    for _ in range(3):
        await work(draw())
    times, cpu_times, until = [], [], time.monotonic() + seconds
    while time.monotonic() < until or len(times) < 5:
        ids = draw()
        began, cpu_began = time.perf_counter(), time.process_time()
        await work(ids)
        times.append((time.perf_counter() - began) * 1_000)
        cpu_times.append((time.process_time() - cpu_began) * 1_000)
    return statistics.median(times), statistics.median(cpu_times), len(times)


def run(options: argparse.Namespace) -> list[Figures]:
    """Fills, measures and prints."""
    with started("gate") as database:
        keys = database.keys
        took = fill(database.url, keys, options.contacts)
        print(f"{options.contacts:,} contacts in {took:.0f} s")
        figures, answers = asyncio.run(measure(database.url, keys, options.contacts, options.seconds))
    print("set of   gate ms   of it CPU here   bare SELECT ms   ratio   may_send alone ms   (each a decision)")
    for row in figures:
        told = f"{row.set_of:6}   {row.gate_ms:7.3f}   {row.gate_cpu_ms:14.3f}   {row.select_ms:14.3f}"
        print(f"{told}   {row.ratio:5.1f}   {row.pure_ms:17.4f}")
    print("answers: " + ", ".join(f"{count:,} {answer}" for answer, count in answers.most_common()))
    under = [row.set_of for row in figures if row.gate_ms < TARGET_MS]
    print(f"under {TARGET_MS} ms a decision in sets of: {', '.join(map(str, under)) or 'none'}")
    return figures


def main() -> None:
    """Runs the benchmark, prints the figures, keeps them with --save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=8, help="how long each size is asked for")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    figures = run(options)
    told = [{**asdict(row), "ratio": round(row.ratio, 1)} for row in figures]
    save(RESULT, options, contacts=options.contacts, figures=told)


if __name__ == "__main__":
    main()
