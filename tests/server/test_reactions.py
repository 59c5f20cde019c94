"""The worker reacts as soon as something happens: an event is answered in an open web chat within a second."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from sqlalchemy import text

from base.clock import SystemClock
from base.database import transaction
from base.ids import new_id
from crm.contacts.service import create_contact
from crm.timeline.service import NewEvent, ingest
from outreach import reacting
from outreach.enrolment import publish_journeys
from outreach.library import Library
from outreach.reacting import Reacted, Reactor
from server import reactions
from server.reactions import create_reactor, follow_events
from server.settings import Settings
from server.wiring import Platform
from server.worker import create_pump
from tests.statements import statements

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


class WatchedReactor(Reactor):
    """Notes when each set was begun, by how many events it had."""

    def __init__(self, sessions) -> None:
        super().__init__(sessions, Library())
        self.begun: list[tuple[float, int]] = []
        self.more = asyncio.Event()

    @property
    def sizes(self) -> list[int]:
        return [events for _, events in self.begun]

    async def react(self, now, *, sets=None) -> Reacted:
        began = time.monotonic()
        reacted = await super().react(now, sets=sets)
        if reacted.events:
            self.begun.append((began, reacted.events))
            self.more.set()
        return reacted

    async def has_taken(self, events: int) -> None:
        async with asyncio.timeout(20):
            while sum(self.sizes) < events:
                self.more.clear()
                await self.more.wait()


@asynccontextmanager
async def following(platform) -> AsyncIterator[WatchedReactor]:
    """A worker's follower, which has heard nothing yet."""
    reactor = WatchedReactor(platform.sessions)
    async with AsyncExitStack() as closing:
        task = asyncio.create_task(follow_events(platform, reactor, create_pump(platform, closing, reactor)))
        try:
            yield reactor
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def happen(platform, contact_id, events=1) -> None:
    now = platform.clock.now()
    async with transaction(platform.sessions) as session:
        viewed = NewEvent("page_viewed", now, "web", contact_id=contact_id, data={"url": "x"})
        await ingest(session, [viewed] * events, now)


@pytest.fixture
async def contact_id(platform):
    async with transaction(platform.sessions) as session:
        return await create_contact(session, time_zone=None, now=platform.clock.now())


async def test_events_that_keep_coming_are_reacted_to_together_and_none_is_lost(platform, contact_id, monkeypatch):
    monkeypatch.setattr(reactions, "BETWEEN_SETS", 0.4)
    async with following(platform) as reactor:
        await happen(platform, contact_id)
        await reactor.has_taken(1)
        for _ in range(20):
            await happen(platform, contact_id)
            await asyncio.sleep(0.02)
        await reactor.has_taken(21)
        assert reactor.sizes[0] == 1
        begun = [at for at, _ in reactor.begun]
        assert all(later - earlier > 0.35 for earlier, later in itertools.pairwise(begun))


async def test_a_full_set_is_followed_at_once_and_any_other_after_a_rest(platform, contact_id, monkeypatch):
    monkeypatch.setattr(reactions, "BETWEEN_SETS", 3_600)
    monkeypatch.setattr(reacting, "AT_ONCE", 2)
    async with following(platform) as reactor:
        await happen(platform, contact_id, events=6)
        await reactor.has_taken(6)
        # The last set was full, so nothing rests: the next event is the first after a quiet moment.
        await happen(platform, contact_id)
        await reactor.has_taken(7)
        await happen(platform, contact_id)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reactor.has_taken(8), 1.5)
        assert reactor.sizes == [2, 2, 2, 1]


async def test_a_set_takes_the_same_few_statements_however_many_events_it_has(platform):
    now = platform.clock.now()
    async with transaction(platform.sessions) as session:
        people = [await create_contact(session, time_zone="Europe/London", now=now) for _ in range(20)]
    reactor = create_reactor(platform, Library())
    asked = {}
    # The first ones find looks of new contacts.
    for some in (people, people[:1], people):
        for contact_id in some:
            await happen(platform, contact_id)
        with statements(platform.sessions) as heard:
            assert (await reactor.react(platform.clock.now(), sets=1)).events == len(some)
        asked[len(some)] = len(heard)
        while (await reactor.react(platform.clock.now())).events:
            pass
    # Taken, held, held by who scores, read, scored, looks, experiments, the events, journeys, enrolments; and an event.
    assert asked[1] <= asked[20] <= 11
