"""Holding, booking and cancelling: no two meetings of a calendar ever overlap."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from base.errors import NotFound
from crm.contacts.service import create_contact
from crm.meetings.booking import TimeTaken
from crm.meetings.calendars import add_calendar
from crm.meetings.models import Meeting
from crm.timeline.kinds import read_kinds, read_properties
from crm.timeline.models import TimelineEvent
from tests.crm.meetings.conftest import SALES, Office

TUESDAY_TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)
HALF = timedelta(minutes=30)
RUN_OUT = timedelta(minutes=16)


async def meeting(office: Office, hold: UUID) -> Meeting:
    async with office.sessions() as session:
        return await session.get_one(Meeting, hold)


async def events(office: Office) -> list[TimelineEvent]:
    async with office.sessions() as session:
        found = select(TimelineEvent).where(TimelineEvent.kind.like("meeting_%")).order_by(TimelineEvent.id)
        return list(await session.scalars(found))


async def test_a_time_is_held_then_booked_and_noted(office: Office) -> None:
    await office.add()
    hold = await office.hold(TUESDAY_TEN)
    assert hold is not None
    assert (await meeting(office, hold)).state == "held"
    await office.confirm(hold)
    booked = await meeting(office, hold)
    assert (booked.state, booked.contact_id, booked.held_until) == ("booked", office.contact_id, None)
    assert (booked.starts_at, booked.ends_at) == (TUESDAY_TEN, TUESDAY_TEN + HALF)
    [event] = await events(office)
    assert (event.kind, event.contact_id, event.conversation_id) == (
        "meeting_booked",
        office.contact_id,
        office.conversation_id,
    )
    assert event.data == {"meeting": str(hold), "calendar": "sales", "starts_at": "2026-11-24T09:00:00+00:00"}


async def test_booked_again_nothing_changes(office: Office) -> None:
    await office.add()
    hold = await office.hold(TUESDAY_TEN)
    assert hold is not None
    await office.confirm(hold)
    await office.confirm(hold)
    assert len(await events(office)) == 1


async def test_the_same_key_is_the_same_hold(office: Office) -> None:
    await office.add()
    hold = await office.hold(TUESDAY_TEN, hold_key="turn/1")
    assert hold is not None
    assert await office.hold(TUESDAY_TEN, hold_key="turn/1") == hold
    await office.confirm(hold)
    assert await office.hold(TUESDAY_TEN, hold_key="turn/1") == hold
    assert await office.hold(TUESDAY_TEN + HALF, hold_key="turn/1") is None


async def test_a_time_is_held_for_one(office: Office) -> None:
    await office.add()
    await office.hold(TUESDAY_TEN)
    assert await office.hold(TUESDAY_TEN, conversation_id=await office.converse()) is None


async def test_a_conversation_holds_one_time(office: Office) -> None:
    await office.add()
    first = await office.hold(TUESDAY_TEN)
    second = await office.hold(TUESDAY_TEN + HALF)
    assert first is not None
    assert second is not None
    assert (await meeting(office, first)).state == "cancelled"
    with pytest.raises(TimeTaken):
        await office.confirm(first)
    assert await office.hold(TUESDAY_TEN, conversation_id=await office.converse()) is not None


async def test_what_is_booked_stays_booked_when_another_time_is_held(office: Office) -> None:
    await office.add()
    first = await office.hold(TUESDAY_TEN)
    assert first is not None
    await office.confirm(first)
    await office.hold(TUESDAY_TEN + HALF)
    assert (await meeting(office, first)).state == "booked"


async def test_a_hold_that_ran_out_is_booked_if_nobody_took_the_time(office: Office) -> None:
    await office.add()
    hold = await office.hold(TUESDAY_TEN)
    assert hold is not None
    await office.confirm(hold, now=office.now + timedelta(hours=3))
    assert (await meeting(office, hold)).state == "booked"


async def test_a_hold_that_ran_out_is_lost_if_somebody_took_the_time(office: Office) -> None:
    await office.add()
    hold = await office.hold(TUESDAY_TEN)
    assert hold is not None
    other = await office.hold(TUESDAY_TEN, conversation_id=await office.converse(), now=office.now + RUN_OUT)
    assert other is not None
    with pytest.raises(TimeTaken):
        await office.confirm(hold, now=office.now + RUN_OUT)


async def test_a_time_that_has_passed_is_not_booked(office: Office) -> None:
    await office.add()
    hold = await office.hold(TUESDAY_TEN)
    assert hold is not None
    with pytest.raises(TimeTaken):
        await office.confirm(hold, now=TUESDAY_TEN)


async def test_only_the_conversation_that_holds_a_time_books_it(office: Office) -> None:
    await office.add()
    hold = await office.hold(TUESDAY_TEN)
    assert hold is not None
    for wrong in (str(uuid4()), "", "nonsense"):
        with pytest.raises(NotFound):
            await office.confirm(wrong)
    with pytest.raises(NotFound):
        await office.confirm(hold, conversation_id=await office.converse())


@pytest.mark.parametrize(
    "starts_at",
    [
        TUESDAY_TEN + timedelta(minutes=10),
        TUESDAY_TEN.replace(hour=11),  # noon in Berlin, the break
        TUESDAY_TEN.replace(hour=20),
        datetime(2026, 11, 28, 9, tzinfo=UTC),  # a Saturday
        datetime(2026, 11, 23, 9, tzinfo=UTC),  # this morning
        datetime(2027, 3, 1, 9, tzinfo=UTC),
    ],
)
async def test_a_time_that_is_never_offered_is_not_held(office: Office, starts_at: datetime) -> None:
    await office.add()
    assert await office.hold(starts_at) is None


async def test_a_time_that_was_offered_may_be_chosen_a_little_later(office: Office) -> None:
    await office.add(notice_minutes=60)
    assert await office.hold(TUESDAY_TEN, now=TUESDAY_TEN - timedelta(minutes=31)) is not None
    later = await office.converse()
    assert await office.hold(TUESDAY_TEN, conversation_id=later, now=TUESDAY_TEN - timedelta(minutes=29)) is None


async def test_a_cancelled_meeting_frees_its_time_and_is_noted_once(office: Office) -> None:
    await office.add()
    hold = await office.hold(TUESDAY_TEN)
    assert hold is not None
    await office.confirm(hold)
    await office.cancel(hold)
    await office.cancel(hold)
    told = await events(office)
    assert [event.kind for event in told] == ["meeting_booked", "meeting_cancelled"]
    # As other calendars send them, too: rules and segments read one kind of event.
    assert {event.source for event in told} == {"calendar"}
    assert all(read_properties(read_kinds()[event.kind], event.data).keys() == event.data.keys() for event in told)
    with pytest.raises(TimeTaken):
        await office.confirm(hold)
    assert await office.hold(TUESDAY_TEN, conversation_id=await office.converse()) is not None
    with pytest.raises(NotFound):
        await office.cancel(uuid4())


async def test_of_many_who_choose_a_time_at_once_one_gets_it(office: Office) -> None:
    await office.add()
    conversations = [await office.converse() for _ in range(8)]
    holds = await asyncio.gather(*(office.hold(TUESDAY_TEN, conversation_id=each) for each in conversations))
    assert sum(hold is not None for hold in holds) == 1


# Five people who hold, book, cancel and let time pass, in any order and at the same time: each number is who or when.
_actions = st.one_of(
    st.tuples(st.just("hold"), st.integers(0, 4), st.integers(0, 5)),
    st.tuples(st.just("confirm"), st.integers(0, 4), st.integers(0, 3)),
    st.tuples(st.just("cancel"), st.integers(0, 4), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.integers(1, 20), st.just(0)),
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rounds=st.lists(st.lists(_actions, min_size=1, max_size=4), min_size=3, max_size=12), pause=st.sampled_from([0, 15])
)
async def test_whatever_people_do_no_two_meetings_overlap(
    office: Office, rounds: list[list[tuple[str, int, int]]], pause: int
) -> None:
    name = f"c{uuid4().hex[:12]}"
    async with office.sessions.begin() as session:
        new = replace(SALES, name=name, pause_minutes=pause)
        calendar_id = await add_calendar(session, office.keys, new, now=office.now)
        contact_id = await create_contact(session, language="en", time_zone=None, now=office.now)
    people = [await office.converse() for _ in range(5)]
    holds: list[list[UUID]] = [[] for _ in people]
    now = office.now

    async def act(action: str, who: int, which: int) -> None:
        if action == "hold":
            at = TUESDAY_TEN - timedelta(hours=1) + which * timedelta(minutes=30 + pause)
            hold = await office.hold(at, calendar=name, conversation_id=people[who], now=now)
            holds[who].extend([hold] if hold else [])
        elif action == "cancel" and holds[who]:
            await office.cancel(holds[who][which % len(holds[who])])
        elif action == "confirm" and holds[who]:
            hold = holds[who][which % len(holds[who])]
            try:
                await office.confirm(hold, conversation_id=people[who], contact_id=contact_id, now=now)
            except TimeTaken:
                return

    for actions in rounds:
        now += timedelta(minutes=sum(who for action, who, _ in actions if action == "wait"))
        await asyncio.gather(*(act(*action) for action in actions))
        async with office.sessions() as session:
            of_calendar = select(Meeting).where(Meeting.calendar_id == calendar_id).order_by(Meeting.starts_at)
            rows = list(await session.scalars(of_calendar))
        held = [row for row in rows if row.state == "held" and row.held_until and row.held_until > now]
        taken = sorted(held + [row for row in rows if row.state == "booked"], key=lambda row: row.starts_at)
        for before, after in pairwise(taken):
            assert before.ends_at + timedelta(minutes=pause) <= after.starts_at
