"""Who gets into a journey by what, who stays out, and what is known of it afterwards."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update

from base.database import transaction
from base.errors import Conflict, NotFound
from base.ids import new_id
from crm.contacts.models import Contact
from crm.contacts.service import set_fields
from outreach.backfilling import Backfills, cancel_backfill, list_backfills, start_backfill
from outreach.dates import DateEntries
from outreach.definitions import JourneyDefinition
from outreach.entering import is_held_out
from outreach.entry_models import ContactDate, EntryRefusal
from outreach.journey_states import set_state, unpark
from outreach.library import Library

REST = {"rest": {"step": "wait_for", "seconds": 86_400, "next": []}}


def entered_by(journey, entry, **fields):
    """A journey that is entered by a step and then waits."""
    steps = {"enter": entry | {"next": [{"to": "rest"}]}, **REST}
    return journey(steps, entries=["enter"], first=None, **fields)


async def refusals(site, contact_id):
    async with site.sessions() as session:
        rows = await session.scalars(select(EntryRefusal).where(EntryRefusal.contact_id == contact_id))
        return {row.rule: row.times for row in rows}


async def is_in(site, contact_id, name="follow_up"):
    return any(
        one.contact_id == contact_id and one.journey == name and one.state == "active"
        for one in await site.enrolments()
    )


async def test_an_event_lets_in_whom_its_conditions_fit(site, journey):
    entry = {
        "step": "on_event", "kind": "order_placed", "where": {"property": "total", "op": "at_least", "value": 50},
        "only_if": {"fact": "stage", "op": "is", "value": "lead"},
    }  # fmt: skip
    await site.publish(entered_by(journey, entry))
    fits, small, visitor = await site.contact(stage="lead"), await site.contact(stage="lead"), await site.contact()
    await site.happen(fits, "order_placed", total=50)
    await site.happen(small, "order_placed", total=49)
    await site.happen(visitor, "order_placed", total=90)
    await site.go_on(seconds=1)
    assert [await is_in(site, one) for one in (fits, small, visitor)] == [True, False, False]
    assert await refusals(site, visitor) == {"only_if": 1}
    found = await site.enrolment(fits)
    assert (found.entry, found.step, found.arrivals) == ("enter", "rest", 2)


async def test_an_event_that_lies_long_back_lets_nobody_in(site, journey):
    await site.publish(entered_by(journey, {"step": "on_event", "kind": "order_placed"}))
    contact_id = await site.contact()
    await site.happen(contact_id, "order_placed")
    await site.go_on(days=2)
    assert not await is_in(site, contact_id)


@pytest.mark.parametrize(("when", "kind"), [("enters", "segment_entered"), ("leaves", "segment_left")])
async def test_a_segment_lets_in_who_enters_or_leaves_it(site, journey, when, kind):
    await site.publish(entered_by(journey, {"step": "on_segment", "segment": "Regulars", "when": when}))
    mine, other = await site.contact(), await site.contact()
    await site.happen(mine, kind, "platform", segment="Regulars", segment_id=str(new_id()))
    await site.happen(other, kind, "platform", segment="Strangers", segment_id=str(new_id()))
    await site.go_on(seconds=1)
    assert [await is_in(site, one) for one in (mine, other)] == [True, False]


async def test_the_outcome_of_a_conversation_lets_in(site, journey):
    entry = {"step": "on_conversation_outcome", "flow": "demo_request", "outcomes": ["declined", "no_reply"]}
    await site.publish(entered_by(journey, entry))
    declined, qualified = await site.contact(), await site.contact()
    await site.happen(declined, "flow_ended", "conversation", flow="demo_request", outcome="declined")
    await site.happen(qualified, "flow_ended", "conversation", flow="demo_request", outcome="qualified")
    await site.go_on(seconds=1)
    assert [await is_in(site, one) for one in (declined, qualified)] == [True, False]


async def test_nobody_can_be_put_into_a_journey_that_is_only_entered_by_events(site, journey):
    await site.publish(entered_by(journey, {"step": "on_event", "kind": "order_placed"}))
    assert not await site.enrol(await site.contact(), "follow_up")


async def test_a_date_lets_in_once_by_each_ones_own_clock(site, journey):
    library = Library()
    entries = DateEntries(site.sessions, library, "Europe/London")
    entry = {"step": "on_date", "field": "renewal", "days": -7, "at": "09:00"}
    before = await site.contact(time_zone="America/New_York", fields={"renewal": "2026-12-01"})
    await site.publish(entered_by(journey, entry, re_entry="after_exit"))
    after = await site.contact(time_zone="Europe/Berlin", fields={"renewal": "2026-12-01"})
    unread = await site.contact(fields={"renewal": "2026-02-31"})
    site.clock.moment = datetime(2026, 11, 24, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    assert await entries.do_due(site.clock.now()) == 1
    assert [await is_in(site, one) for one in (before, after, unread)] == [False, True, False]
    site.clock.moment = datetime(2026, 11, 24, 8, 59, 59, tzinfo=ZoneInfo("America/New_York"))
    assert await entries.do_due(site.clock.now()) == 0
    site.clock.forward(seconds=1)
    # Two workers at once let in once.
    done = await asyncio.gather(*(entries.do_due(site.clock.now()) for _ in range(3)))
    assert sum(done) == 1
    assert len(await site.enrolments()) == 2


async def test_a_birthday_comes_every_year_and_on_the_last_of_february_without_a_leap_day(site, journey):
    entries = DateEntries(site.sessions, Library(), "Europe/London")
    await site.publish(
        entered_by(journey, {"step": "on_date", "field": "birthday", "yearly": True}, re_entry="after_exit")
    )
    old, leap, not_yet = (
        await site.contact(fields={"birthday": "1990-02-28"}),
        await site.contact(fields={"birthday": "1992-02-29"}),
        await site.contact(fields={"birthday": "2027-03-01"}),
    )
    for moment in (datetime(2027, 2, 28, 9, tzinfo=UTC), datetime(2028, 2, 29, 9, tzinfo=UTC)):
        site.clock.moment = moment
        await entries.do_due(moment - timedelta(hours=12))
        await entries.do_due(moment)
        for _ in range(2):
            await site.go_on(days=2)
    came = [one.contact_id for one in await site.enrolments()]
    # In 2028 there is a 28th and a 29th, and what was missed for a day is made up for.
    assert (came.count(leap), came.count(old)) == (2, 2)
    assert not_yet not in came


async def test_dates_follow_the_contact_and_go_with_it(site, journey):
    await site.publish(entered_by(journey, {"step": "on_date", "field": "renewal"}))
    contact_id = await site.contact(fields={"renewal": "2026-12-01", "other": "2026-12-02"})

    async def dates():
        async with site.sessions() as session:
            return [(str(one.day), one.zone) for one in await session.scalars(select(ContactDate))]

    assert await dates() == [("2026-12-01", "Europe/London")]
    async with transaction(site.sessions) as session:
        await set_fields(session, contact_id, {"renewal": "2027-01-05T10:00:00Z"}, site.clock.now())
        await session.execute(update(Contact).values(time_zone="Asia/Tokyo"))
    assert await dates() == [("2027-01-05", "Asia/Tokyo")]
    async with transaction(site.sessions) as session:
        await session.execute(text("DELETE FROM contacts"))
    assert await dates() == []


@pytest.mark.parametrize(
    ("rule", "comes_again"),
    [
        ({"re_entry": "never"}, [False, False, False]),
        ({"re_entry": "after_exit"}, [False, True, True]),
        ({"re_entry": "after", "re_entry_seconds": 86_400}, [False, False, True]),
        ({"re_entry": "always"}, [True, True, True]),
    ],
)
async def test_the_re_entry_rule_holds(site, journey, rule, comes_again):
    """While they are in it, soon after they left, and much later."""
    steps = {"rest": {"step": "wait_for", "seconds": 600, "next": []}}
    came = []
    contact_id = await site.contact()
    await site.publish(journey(steps, **rule))
    await site.enrol(contact_id, "follow_up")
    site.clock.forward(minutes=1)
    came.append(await site.enrol(contact_id, "follow_up"))
    await site.go_on(minutes=20)
    came.append(await site.enrol(contact_id, "follow_up"))
    await site.go_on(minutes=20)
    site.clock.forward(days=1)
    came.append(await site.enrol(contact_id, "follow_up"))
    assert came == comes_again


async def test_the_journey_with_the_higher_priority_takes_over_in_a_group(site, journey):
    for name, priority in (("low", 10), ("high", 20), ("equal", 20)):
        await site.publish(journey(REST, journey=name, priority=priority, exclusive_group="carts"))
    await site.publish(journey(REST, journey="apart"))
    contact_id = await site.contact()
    assert await site.enrol(contact_id, "apart")
    assert await site.enrol(contact_id, "low")
    planned = await site.put(contact_id, enrolment_id=(await site.enrolment(contact_id, "low")).id)
    assert await site.enrol(contact_id, "high")
    assert not await site.enrol(contact_id, "equal")
    assert not await site.enrol(contact_id, "low")
    assert {one.journey: one.exit_reason for one in await site.enrolments()} == {
        "apart": None, "low": "gave_way", "high": None,
    }  # fmt: skip
    assert (await site.message(planned)).state == "cancelled"
    async with site.sessions() as session:
        rules = {(one.journey, one.rule) for one in await session.scalars(select(EntryRefusal))}
    assert rules == {("equal", "exclusive_group"), ("low", "re_entry")}


async def test_a_share_is_held_back_for_good(site, journey):
    definition = journey(REST, holdout_percent=30, re_entry="after_exit", goal={"kind": "order_placed"})
    await site.publish(definition)
    people = [await site.contact(address="", consent=None) for _ in range(40)]
    came = {one: await site.enrol(one, "follow_up") for one in people}
    held = [one for one, entered in came.items() if not entered]
    assert 3 <= len(held) <= 22
    model = JourneyDefinition.model_validate(definition | {"version": "v2"})
    assert [one for one in people if is_held_out(model, one)] == held
    assert {one.contact_id for one in await site.enrolments() if one.state == "held_out"} == set(held)
    # What they do is noted, so that it can be compared; they are not let in by it.
    await site.happen(held[0], "order_placed")
    await site.go_on(seconds=1)
    found = await site.enrolment(held[0])
    assert (found.state, found.goal_value) == ("held_out", 1)
    assert found.goal_at == site.clock.now() - timedelta(seconds=1)


async def test_a_paused_journey_lets_nobody_in_and_nobody_on_until_it_is_resumed(site, long_journey):
    await site.publish(long_journey)
    early, late = await site.contact(), await site.contact()
    await site.enrol(early, "follow_up")
    async with transaction(site.sessions) as session:
        await set_state(session, "follow_up", "paused", site.clock.now())
    assert not await site.enrol(late, "follow_up")
    await site.go_on(minutes=10)
    await site.go_on(hours=3)
    found = await site.enrolment(early)
    assert (found.step, found.state) == ("settle", "active")
    assert found.parked_due_at is not None
    assert await site.outbox() == []
    async with transaction(site.sessions) as session:
        await set_state(session, "follow_up", "running", site.clock.now())
    assert await unpark(site.sessions, "follow_up") == 1
    await site.planner.advance_due(site.clock.now())
    assert [one.contact_id for one in await site.outbox()] == [early]
    assert await site.enrol(late, "follow_up")


async def test_a_draining_journey_lets_nobody_in_and_everybody_out(site, long_journey):
    await site.publish(long_journey)
    early, late = await site.contact(), await site.contact()
    await site.enrol(early, "follow_up")
    async with transaction(site.sessions) as session:
        await set_state(session, "follow_up", "draining", site.clock.now())
    assert not await site.enrol(late, "follow_up")
    await site.go_on(minutes=10)
    assert [one.contact_id for one in await site.outbox()] == [early]
    with pytest.raises(NotFound):
        async with transaction(site.sessions) as session:
            await set_state(session, "nowhere", "draining", site.clock.now())


async def make_segment(site, people):
    segment = new_id()
    async with transaction(site.sessions) as session:
        await session.execute(
            text(
                "INSERT INTO segments (id, name, tree, state, made_by, created_at, updated_at) "
                "VALUES (:id, 'All', '{}', 'live', 'user:1', now(), now())"
            ),
            {"id": segment},
        )
        await session.execute(
            text(
                "INSERT INTO segment_members (segment_id, contact_id, entered_at) "
                "SELECT :id, one, now() FROM unnest(cast(:people AS uuid[])) one"
            ),
            {"id": segment, "people": people},
        )
    return segment


async def test_a_backfill_puts_in_all_of_a_segment_and_tells_how_far_it_is(site, journey):
    closed = entered_by(journey, {"step": "on_event", "kind": "x"}) | {"journey": "closed"}
    await site.publish(journey(REST), closed)
    people = [await site.contact(address="", consent=None) for _ in range(7)]
    await site.enrol(people[0], "follow_up")
    segment, library, now = await make_segment(site, people), Library(), site.clock.now()
    async with transaction(site.sessions) as session:
        begun = await start_backfill(session, library, journey="follow_up", segment_id=segment, by="user:1", now=now)
        with pytest.raises(Conflict):
            await start_backfill(session, library, journey="closed", segment_id=segment, by="user:1", now=now)
        with pytest.raises(NotFound):
            await start_backfill(session, library, journey="follow_up", segment_id=new_id(), by="user:1", now=now)
    work = Backfills(site.sessions, library)
    assert await work.next_due_at() is not None
    assert sum(await asyncio.gather(work.do_due(now), work.do_due(now))) == 7
    async with transaction(site.sessions) as session:
        (done,) = await list_backfills(session, "follow_up")
        assert (done.id, done.state, done.total, done.looked_at, done.entered) == (begun.id, "done", 7, 7, 6)
        await cancel_backfill(session, done.id, now)
        assert done.state == "done"
    assert await work.next_due_at() is None
