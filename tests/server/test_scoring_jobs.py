"""The worker counts scores whose time has come, and people who were never counted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from base.database import transaction
from crm.contacts.models import Contact
from crm.contacts.service import create_contact, set_fields
from crm.scoring.models import ContactScores
from crm.scoring.service import recompute_for
from crm.timeline.service import NewEvent, ingest
from server import scoring_jobs
from server.scoring_jobs import count_all_due, count_all_new
from server.settings import Settings
from server.wiring import Platform


class Clock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def platform(database, keys, now):
    return Platform(Settings(), database.engine, database.sessions, keys, Clock(now), "p")


async def test_points_that_faded_are_counted_when_it_is_time_and_not_before(platform, now, monkeypatch) -> None:
    monkeypatch.setattr(scoring_jobs, "AT_ONCE", 2)
    async with transaction(platform.sessions) as session:
        people = []
        for number in range(5):
            people.append(await create_contact(session, time_zone=None, now=now))
            await set_fields(session, people[-1], {"country": "DE"}, now)
            seen = NewEvent("checkout_started", now - timedelta(days=number), "web", people[-1], data={"cart": "1"})
            await ingest(session, [seen], now)
        await recompute_for(session, platform.keys, people, now)
    assert await count_all_due(platform) == 0
    platform.clock.moment = now + timedelta(days=40)
    assert await count_all_due(platform) == 5
    async with platform.sessions() as session:
        assert set(await session.scalars(select(Contact.score))) == {0}
    assert await count_all_due(platform) == 0


async def test_who_was_never_counted_is_counted(platform, now) -> None:
    async with transaction(platform.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        await set_fields(session, ann, {"country": "DE", "company": "Example GmbH"}, now)
    assert await count_all_new(platform) == 1
    assert await count_all_new(platform) == 0
    async with platform.sessions() as session:
        assert (await session.scalars(select(ContactScores.scores))).one()["fit"] == 5
