"""The worker counts scores whose time has come, everybody after a change of the rules, and who was never counted."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from base.database import transaction
from crm.contacts.models import Contact
from crm.contacts.service import create_contact, lock_contact, set_fields
from crm.scoring import work
from crm.scoring.books import read_book, save_book
from crm.scoring.models import ContactScores
from crm.scoring.service import count_older, recompute_for
from crm.scoring.work import ScoreWork
from crm.timeline.models import TimelineEvent
from crm.timeline.service import NewEvent, ingest


class Clock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture
def scores(database, keys, clock, monkeypatch):
    monkeypatch.setattr(work, "AT_ONCE", 2)
    return ScoreWork(database.sessions, keys, clock)


@pytest.fixture
async def people(database, keys, now):
    async with transaction(database.sessions) as session:
        made = []
        for number in range(5):
            made.append(await create_contact(session, time_zone=None, now=now))
            await set_fields(session, made[-1], {"country": "DE"}, now)
            seen = NewEvent("checkout_started", now - timedelta(days=number), "web", made[-1], data={"cart": "1"})
            await ingest(session, [seen], now)
        await recompute_for(session, keys, made, now)
    return made


async def change_rule(database, now, name="began_to_pay", points=33):
    async with transaction(database.sessions) as session:
        live = await read_book(session)
        rules = [one.model_copy(update={"points": points}) if one.id == name else one for one in live.book.rules]
        draft = live.book.model_copy(update={"rules": tuple(rules)})
        await save_book(session, draft, based_on=live.number, made_by="user:1", now=now)


async def test_points_that_faded_are_counted_when_it_is_time_and_not_before(scores, database, clock, people) -> None:
    assert await scores.count_due() == 0
    clock.moment += timedelta(days=40)
    assert await scores.count_due() == 5
    async with database.sessions() as session:
        assert set(await session.scalars(select(Contact.score))) == {0}
    assert await scores.count_due() == 0


async def test_who_was_never_counted_is_counted_when_that_is_looked_for(scores, database, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        await set_fields(session, ann, {"country": "DE", "company": "Example GmbH"}, now)
    scores.wake()
    await asyncio.sleep(0.3)
    async with database.sessions() as session:
        assert (await session.scalars(select(ContactScores.scores))).all() == []
    scores.look_for_new()
    for _ in range(100):
        async with database.sessions() as session:
            found = (await session.scalars(select(ContactScores.scores))).all()
        if found:
            break
        await asyncio.sleep(0.05)
    await scores.stop()
    assert [one["fit"] for one in found] == [5]
    assert await scores.count_new() == 0


async def test_after_a_change_everybody_is_counted_and_one_who_is_held_the_next_time(
    scores, database, now, people
) -> None:
    await change_rule(database, now)
    async with transaction(database.sessions) as session:
        assert await count_older(session) == 5
        await lock_contact(session, people[1])
        assert await scores.count_due() == 4
    async with database.sessions() as session:
        assert await count_older(session) == 1
        assert await session.scalar(select(Contact.score).where(Contact.id == people[1])) == 18
    assert await scores.count_due() == 1
    async with database.sessions() as session:
        assert await count_older(session) == 0
        assert await session.scalar(select(Contact.score).where(Contact.id == people[0])) == 33


async def test_broken_off_after_a_change_it_goes_on_where_it_was(scores, database, now, people, monkeypatch) -> None:
    await change_rule(database, now)
    counted = []

    async def breaks_off(session, keys, found, *args, **more):
        counted.extend(found)
        if len(counted) > 3:
            raise ConnectionError
        return await recompute_for(session, keys, found, *args, **more)

    monkeypatch.setattr(work, "recompute_for", breaks_off)
    monkeypatch.setattr(work, "SIDE_BY_SIDE", 1)
    with pytest.raises(ConnectionError):
        await scores.count_due()
    monkeypatch.undo()
    async with database.sessions() as session:
        assert await count_older(session) == 3
    assert await scores.count_due() == 3
    async with database.sessions() as session:
        told = select(TimelineEvent.contact_id, func.count()).where(
            TimelineEvent.kind == "score_changed", TimelineEvent.data["before"].as_integer() > 0
        )
        assert dict((await session.execute(told.group_by(TimelineEvent.contact_id))).all()) == dict.fromkeys(people, 1)


async def test_a_change_that_concerns_nobody_writes_no_entry_and_no_contact(scores, database, now, people) -> None:
    rows = text(
        "SELECT id, xmin::text FROM score_entries UNION ALL SELECT id, xmin::text FROM contacts "
        "UNION ALL SELECT id, xmin::text FROM timeline_events"
    )
    async with database.sessions() as session:
        before = set((await session.execute(rows)).all())
    await change_rule(database, now, "gave_up")
    assert await scores.count_due() == 5
    async with database.sessions() as session:
        assert set((await session.execute(rows)).all()) == before
        assert await count_older(session) == 0
