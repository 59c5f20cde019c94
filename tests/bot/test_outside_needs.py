"""Needs met outside the bot room have the shapes that Rasa's side reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from base.clock import Clock
from base.database import transaction
from base.encryption import KeyRing
from bot.claims import Claim, claim_conversation
from bot.connectors.call import Connectors
from bot.connectors.service import add_connector
from bot.conversations import start_conversation
from bot.dialogue import Need
from bot.outside_needs import OutsideNeeds
from crm.meetings.calendars import NewCalendar, add_calendar
from crm.meetings.feeds import BusyFeeds
from tests.base.other_system import other_system
from tests.bot.stage import MovedClock
from tests.conftest import Database


@pytest.fixture
def clock(now: datetime) -> Clock:
    return MovedClock(now)


@pytest.fixture
async def claim(database: Database, now: datetime) -> Claim:
    async with transaction(database.sessions) as session:
        conversation_id = await start_conversation(
            session, channel="web", language="de", time_zone="America/New_York", page_url=None, now=now
        )
        claim = await claim_conversation(session, conversation_id, now)
    assert claim is not None
    return claim


@pytest.fixture
def needs(database: Database, keys: KeyRing, clock: Clock) -> OutsideNeeds:
    connectors = Connectors(database.sessions, keys, clock, "https://site.example")
    return OutsideNeeds(database.sessions, clock, connectors, BusyFeeds(keys), keys, "https://chat.example")


def need(name: str, **fields: Any) -> Need:
    return Need.model_validate({"need": name, "step": "demo_request/it", **fields})


async def test_a_time_is_offered_and_held(
    database: Database, keys: KeyRing, clock: Clock, claim: Claim, needs: OutsideNeeds
) -> None:
    async with transaction(database.sessions) as session:
        calendar = NewCalendar("sales", "Demo", "Europe/Berlin", {"tue": ["16:00-17:00"]})
        await add_calendar(session, keys, calendar, now=clock.now())
    offer = needs.free_times
    found = await offer(claim, need("free_times", calendar="sales", count=2), "k")
    first, second = found["times"]
    assert first == {"starts_at": "2026-11-24T10:00:00-05:00", "label": "Di., 24. Nov., 10:00"}
    assert found["more"] is True
    later = await offer(claim, need("free_times", calendar="sales", count=9, after=first["starts_at"]), "k")
    assert later["times"][0] == second
    assert await offer(claim, need("free_times", calendar="nobody"), "k") == {"times": [], "more": False}
    hold = needs.hold_time
    held = await hold(claim, need("hold_time", calendar="sales", starts_at=first["starts_at"]), "m/1")
    assert held["held"] is True
    assert UUID(held["hold"])
    assert held["invitation"].startswith("https://chat.example/meetings/")
    assert await hold(claim, need("hold_time", calendar="sales"), "m/2") == {"held": False}
    async with transaction(database.sessions) as session:
        other = await start_conversation(
            session, channel="web", language="en", time_zone=None, page_url=None, now=clock.now()
        )
    somebody = replace(claim, conversation_id=other)
    taken = await hold(somebody, need("hold_time", calendar="sales", starts_at=first["starts_at"]), "m/3")
    assert taken == {"held": False}


async def test_a_connector_is_called_with_what_the_step_says(
    database: Database, keys: KeyRing, clock: Clock, claim: Claim, needs: OutsideNeeds
) -> None:
    call = needs.http
    async with other_system() as system:
        async with transaction(database.sessions) as session:
            await add_connector(session, keys, name="crm", base_url=system.url, allow_private=True, now=clock.now())
        asked = need("http", connector="crm", method="PUT", path="/a%2Fb", query={"n": 1}, body={"x": True})
        assert await call(claim, asked, "m/1") == {"ok": True, "status": 200, "json": {"plan": "pro"}}
        assert (await call(claim, need("http"), "m/3"))["ok"] is False
    [request] = system.asked
    assert (request.method, request.path, request.body) == ("PUT", "/a%2Fb?n=1", b'{"x": true}')
    assert request.headers["Idempotency-Key"] == "m/1"
