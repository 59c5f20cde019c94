"""Sets of events: each written once, in one statement, and put before who reacts as soon as they are committed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from base.database import libpq_url, transaction
from base.ids import new_id
from crm.contacts.service import create_contact
from crm.timeline.models import QueuedEvent, TimelineEvent
from crm.timeline.service import (
    NOTIFY_CHANNEL,
    NewEvent,
    ingest,
    know_contact,
    list_timeline,
    record,
    take_unreacted,
)


def _viewed(contact_id, now, number=0, *, source_id=None):
    return NewEvent("page_viewed", now, "api", contact_id, data={"number": number}, source_id=source_id)


async def test_what_a_source_sent_before_is_not_written_again(database, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        events = [_viewed(ann, now, number, source_id=f"shop/{number}") for number in range(3)]
        first = await ingest(session, events, now)
        again = await ingest(session, [*events, _viewed(ann, now, 9, source_id="shop/9")], now)
        assert (len(first.written), first.repeated) == (3, 0)
        assert (len(again.written), again.repeated) == (1, 3)
        assert len(await list_timeline(session, ann)) == 4


async def test_the_same_id_twice_in_one_set_is_one_event_and_of_two_sources_two(database, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        one = _viewed(ann, now, source_id="1")
        done = await ingest(session, [one, one, replace(one, source="webhook")], now)
        assert (len(done.written), done.repeated) == (2, 1)


async def test_events_without_an_id_of_their_source_are_always_new(database, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        assert len((await ingest(session, [_viewed(ann, now)] * 2, now)).written) == 2
        assert (await ingest(session, [], now)).written == []


async def test_what_was_written_is_read_as_it_was_given(database, now) -> None:
    data = {"text": "Ümläut ' \" \\ 🙂", "value": 1.5, "items": [{"product": "a"}], "none": None}
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        happened = now - timedelta(days=1)
        await ingest(session, [NewEvent("order_placed", happened, "import", ann, data=data, source_id="x")], now)
        (event,) = await list_timeline(session, ann)
    assert (event.kind, event.data, event.occurred_at, event.received_at) == ("order_placed", data, happened, now)
    assert (event.source, event.source_id) == ("import", "x")


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), cut=st.integers(0, 6))
async def test_in_whatever_order_and_sets_events_come_the_same_ones_are_there(database, now, order, cut) -> None:
    async with transaction(database.sessions) as session:
        await session.execute(delete(TimelineEvent))
        ann = await create_contact(session, time_zone=None, now=now)
        events = [_viewed(ann, now, number, source_id=f"s/{number}") for number in order]
        for part in (events[:cut], events[cut:], events[:3]):
            await ingest(session, part, now)
        assert sorted(event.data["number"] for event in await list_timeline(session, ann)) == list(range(6))


async def test_two_who_send_the_same_events_at_once_write_each_once(database, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)

    async def send():
        async with transaction(database.sessions) as session:
            events = [_viewed(ann, now, number, source_id=f"s/{number}") for number in range(200)]
            return len((await ingest(session, events, now)).written)

    assert sum(await asyncio.gather(*(send() for _ in range(4)))) == 200


async def test_events_of_contacts_wait_in_the_order_written_and_are_taken_once(database, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        await record(session, kind="flow_ended", contact_id=ann, conversation_id=new_id(), data={}, now=now)
        await record(session, kind="conversation_started", contact_id=None, conversation_id=new_id(), data={}, now=now)
        await ingest(session, [_viewed(ann, now, number) for number in range(3)], now)
    async with transaction(database.sessions) as session:
        first = await take_unreacted(session, 2)
        # Another reactor at the same time: what the first holds is not given twice, nor waited for.
        async with transaction(database.sessions) as other:
            second = await take_unreacted(other, 10)
    assert [event.kind for event in (*first, *second)] == ["flow_ended", "page_viewed", "page_viewed", "page_viewed"]
    assert {event.contact_id for event in (*first, *second)} == {ann}
    async with transaction(database.sessions) as session:
        assert await take_unreacted(session, 10) == []
        ids = set(await session.scalars(select(TimelineEvent.id).where(TimelineEvent.contact_id == ann)))
    assert {event.event_id for event in (*first, *second)} == ids


async def test_what_a_reactor_took_and_did_not_finish_waits_again(database, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        await ingest(session, [_viewed(ann, now)], now)
    async with database.sessions() as session:
        assert len(await take_unreacted(session, 10)) == 1
        await session.rollback()
    async with database.sessions() as session:
        assert len((await session.scalars(select(QueuedEvent))).all()) == 1


async def test_who_listens_is_woken_by_the_commit_and_not_by_events_of_nobody(database, now) -> None:
    connection = await psycopg.AsyncConnection.connect(libpq_url(database.url), autocommit=True)
    async with connection:
        await connection.execute(f"LISTEN {NOTIFY_CHANNEL}")
        async with transaction(database.sessions) as session:
            await record(session, kind="help_asked", contact_id=None, conversation_id=new_id(), data={}, now=now)
        assert [one async for one in connection.notifies(timeout=0.3)] == []
        async with transaction(database.sessions) as session:
            ann = await create_contact(session, time_zone=None, now=now)
            await ingest(session, [_viewed(ann, now)] * 5, now)
        assert len([one async for one in connection.notifies(timeout=1, stop_after=1)]) == 1


async def test_what_happened_in_a_talk_before_its_contact_was_known_is_put_before_who_reacts_once(database, now):
    talk, other = new_id(), new_id()
    async with transaction(database.sessions) as session:
        for conversation_id, kind in ((talk, "flow_started"), (other, "flow_started"), (talk, "flow_ended")):
            await record(
                session, kind=kind, contact_id=None, conversation_id=conversation_id, data={"flow": "demo"}, now=now
            )
        assert await take_unreacted(session, 10) == []
        ann = await create_contact(session, time_zone=None, now=now)
        await take_unreacted(session, 10)
    async with await psycopg.AsyncConnection.connect(libpq_url(database.url), autocommit=True) as listener:
        await listener.execute(f"LISTEN {NOTIFY_CHANNEL}")
        async with transaction(database.sessions) as session:
            assert await know_contact(session, talk, ann) == 2
            assert await know_contact(session, talk, ann) == 0
        assert [note.channel async for note in listener.notifies(timeout=5, stop_after=1)] == [NOTIFY_CHANNEL]
    async with transaction(database.sessions) as session:
        taken = await take_unreacted(session, 10)
        assert [(one.kind, one.contact_id, one.occurred_at) for one in taken] == [
            ("flow_started", ann, now),
            ("flow_ended", ann, now),
        ]
        told = [event for event in await list_timeline(session, ann) if event.kind.startswith("flow_")]
        assert [event.conversation_id for event in told] == [talk, talk]
