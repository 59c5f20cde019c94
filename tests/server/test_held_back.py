"""In quarantine (F14) nothing is done outside beside the outbox either: no calls, nothing written into calendars."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from base.clock import SystemClock
from base.database import transaction
from base.encryption import KeyProblem
from bot.claims import claim_conversation
from bot.connectors.service import add_connector
from bot.conversations import start_conversation
from bot.dialogue import Need
from outreach.alarm import create_alarm, create_connector
from outreach.enrolment import publish_journeys
from outreach.quarantine import Quarantine, lift_quarantine, statement_of
from server import quarantine
from server.calendars import add_calendar_jobs
from server.settings import Settings
from server.wiring import Platform, create_needs
from server.worker import create_pump
from tests.base.other_system import other_system

JOURNEY = {
    "journey": "ask_them", "name": "Ask", "version": "v1", "purpose": "service", "re_entry": "always",
    "exit_when": ["opted_out"], "entries": [], "first": "ask",
    "steps": {
        "ask": {
            "step": "webhook_connector", "connector": "shop", "method": "GET", "path": "/stock",
            "next": [{"to": "done"}],
        },
        "done": {"step": "exit"},
    },
    "wording": {},
}  # fmt: skip
WAITING_CALL = """
WITH contact AS (
 INSERT INTO contacts (id, fields, created_at, updated_at) VALUES (gen_random_uuid(), '{}', now(), now()) RETURNING id
), enrolment AS (
 INSERT INTO enrolments (id, journey, version, contact_id, step, due_at, entered_at, updated_at)
 SELECT gen_random_uuid(), 'ask_them', 'v1', id, 'ask', now() + interval '1 hour', now(), now() FROM contact
 RETURNING id, contact_id
)
INSERT INTO journey_calls (id, occurrence, enrolment_id, contact_id, journey, version, step, due_at, made_at)
SELECT gen_random_uuid(), 'x', id, contact_id, 'ask_them', 'v1', 'ask', now(), now() FROM enrolment
"""
WAITING_ENTRY = """
WITH calendar AS (
 INSERT INTO calendars (id, name, title, zone, hours, minutes, created_at)
 VALUES (gen_random_uuid(), 'talks', 'Talks', 'Europe/London', '{}', 30, now()) RETURNING id
), link AS (
 INSERT INTO calendar_links (calendar_id, access_sealed, key_id, linked_at, look_at)
 SELECT id, '', 'k1', now(), now() + interval '1 hour' FROM calendar RETURNING calendar_id
)
INSERT INTO calendar_entries (id, calendar_id, state, due_at)
SELECT gen_random_uuid(), calendar_id, 'written', now() FROM link
"""


@pytest.fixture
async def platform(database, keys, tmp_path):
    settings = Settings(_env_file=None, data_dir=tmp_path / "var", database_url=database.url)
    clock = SystemClock()
    async with transaction(database.sessions) as session:
        await session.execute(text(statement_of(Quarantine(clock.now(), clock.now()))))
    return Platform(settings, database.engine, database.sessions, keys, clock, "test")


async def lift(platform) -> None:
    async with transaction(platform.sessions) as session:
        await lift_quarantine(session, platform.clock.now())


async def test_a_connector_is_called_for_a_journey_only_once_the_quarantine_is_lifted(platform):
    async with transaction(platform.sessions) as session:
        await publish_journeys(session, {"ask_them": JOURNEY}, platform.clock.now())
        await session.execute(text(WAITING_CALL))

    async def tried() -> tuple[str, int]:
        async with platform.sessions() as session:
            return tuple((await session.execute(text("SELECT state, attempts FROM journey_calls"))).one())

    async with AsyncExitStack() as closing:
        pump = create_pump(platform, closing)
        await pump.run_once()
        assert await tried() == ("waiting", 0)
        await lift(platform)
        await pump.run_once()
    assert await tried() == ("failed", 1), "there is no such connector"


async def test_a_connector_that_a_talk_asks_is_not_called_either_but_what_it_answered_before_is_known(platform):
    now = platform.clock.now()
    async with transaction(platform.sessions) as session:
        talk = await start_conversation(
            session, channel="web", language="en", time_zone=None, page_url=None, now=now
        )  # fmt: skip
        claim = await claim_conversation(session, talk, now)
    ask = create_needs(platform, link_to=None).http
    need = Need.model_validate(
        {"need": "http", "step": "demo/it", "connector": "crm", "method": "POST", "path": "/leads", "body": {"a": 1}}
    )
    async with other_system() as system:
        async with transaction(platform.sessions) as session:
            await add_connector(
                session, platform.keys, name="crm", base_url=system.url, allow_private=True, now=now
            )  # fmt: skip
        assert await ask(claim, need, "m/1") == {"ok": False, "problem": "held back in quarantine"}
        assert system.asked == []
        await lift(platform)
        answer = await ask(claim, need, "m/1")
        assert answer["ok"]
        async with transaction(platform.sessions) as session:
            await session.execute(text(statement_of(Quarantine(now, now))))
        assert await ask(claim, need, "m/1") == answer
        assert len(system.asked) == 1


async def test_nothing_is_written_into_calendars_before_the_quarantine_is_lifted(platform):
    async with transaction(platform.sessions) as session:
        await session.execute(text(WAITING_ENTRY))
    work = add_calendar_jobs(
        create_alarm(create_connector(platform.settings.database_url.get_secret_value())), platform
    )
    assert await work.write_due() == 0
    async with transaction(platform.sessions) as session:
        assert await session.scalar(text("SELECT attempts FROM calendar_entries")) == 0
    await lift(platform)
    with pytest.raises(KeyProblem):  # this calendar's access was sealed by nobody
        await work.write_due()


async def test_a_database_that_fails_while_it_is_waited_for_ends_nothing(platform, monkeypatch):
    monkeypatch.setattr(quarantine, "_LOOK_EVERY", 0.01)
    ran = asyncio.Event()

    async def run() -> None:
        ran.set()

    async with transaction(platform.sessions) as session:
        await session.execute(text("ALTER TABLE site_facts RENAME TO away"))
    waiting = asyncio.create_task(quarantine.run_outside(platform.sessions, run))
    await asyncio.sleep(0.2)
    assert (waiting.done(), ran.is_set()) == (False, False)
    async with transaction(platform.sessions) as session:
        await session.execute(text("ALTER TABLE away RENAME TO site_facts"))
    await lift(platform)
    await asyncio.wait_for(waiting, 10)
    assert ran.is_set()
