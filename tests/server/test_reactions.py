"""The worker reacts as soon as something happens: an event is answered in an open web chat within a second."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from base.clock import SystemClock
from base.database import transaction
from base.ids import new_id
from crm.contacts.service import create_contact
from crm.timeline.service import NewEvent, ingest
from outreach.enrolment import publish_journeys
from outreach.library import Library
from server.reactions import create_reactor, follow_events
from server.settings import Settings
from server.wiring import Platform
from server.worker import create_pump

EVENTS = 20
JOURNEY = {
    "journey": "greet", "name": "Greet", "version": "v1", "purpose": "service", "re_entry": "always",
    "exit_when": ["opted_out"], "entries": ["came"], "first": None,
    "steps": {
        "came": {"step": "on_event", "kind": "page_viewed", "next": [{"to": "hello"}]},
        "hello": {"step": "send", "channels": ["web"], "next": [{"to": "done"}]},
        "done": {"step": "exit"},
    },
    "wording": {"en": {"hello": {"text": "May I help?"}}},
}  # fmt: skip


@pytest.fixture
def platform(database, keys, tmp_path):
    settings = Settings(_env_file=None, data_dir=tmp_path / "var", database_url=database.url)
    return Platform(settings, database.engine, database.sessions, keys, SystemClock(), "test")


async def test_an_event_is_answered_in_an_open_web_chat_within_a_second(platform):
    clock = platform.clock
    people = []
    async with transaction(platform.sessions) as session:
        await publish_journeys(session, {"greet": JOURNEY}, clock.now())
        for _ in range(EVENTS):
            contact_id, conversation_id = (
                await create_contact(session, time_zone="Europe/London", now=clock.now()),
                new_id(),
            )
            await session.execute(
                text(
                    "INSERT INTO conversations (id, channel, contact_id, status, language, created_at) "
                    "VALUES (:id, 'web', :contact, 'open', 'en', now())"
                ),
                {"id": conversation_id, "contact": contact_id},
            )
            people.append((contact_id, conversation_id))
    reactor = create_reactor(platform, Library())
    async with AsyncExitStack() as closing:
        following = asyncio.create_task(follow_events(platform, reactor, create_pump(platform, closing, reactor)))
        try:
            took = sorted([await _answered(platform, *one) for one in people])
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    # The middle one, as the machine may be busy with other tests.
    assert took[EVENTS // 2] < 1.0


async def _answered(platform, contact_id, conversation_id):
    """Seconds from an event to the message in the chat."""
    now = platform.clock.now()
    async with transaction(platform.sessions) as session:
        await ingest(session, [NewEvent("page_viewed", now, "web", contact_id=contact_id, data={"url": "x"})], now)
    began = time.monotonic()
    async with asyncio.timeout(30):
        while True:
            async with platform.sessions() as session:
                said = text("SELECT count(*) FROM messages WHERE conversation_id = :id AND author = 'follow_up'")
                if await session.scalar(said, {"id": conversation_id}):
                    return time.monotonic() - began
            await asyncio.sleep(0.01)
