"""What follows from an event: who leaves, who goes on, who comes in; once each, whatever happens in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from base.database import transaction
from outreach.library import Library
from outreach.reacting import Reactor

REST = {"rest": {"step": "wait_for", "seconds": 864_000, "next": []}}


async def queued(site):
    async with site.sessions() as session:
        return await session.scalar(text("SELECT count(*) FROM event_queue"))


async def test_the_goal_ends_the_journey_in_time_and_is_noted_with_its_value(site, journey):
    goal = {
        "kind": "order_placed", "where": {"property": "total", "op": "at_least", "value": 10},
        "within_seconds": 86_400, "value": "total",
    }  # fmt: skip
    await site.publish(journey(REST, goal=goal))
    buyer, small, late = await site.contact(), await site.contact(), await site.contact()
    for contact_id in (buyer, small, late):
        await site.enrol(contact_id, "follow_up")
    planned = await site.put(buyer, enrolment_id=(await site.enrolment(buyer)).id, state="deferred")
    site.clock.forward(hours=1)
    await site.happen(buyer, "order_placed", total=90)
    await site.happen(small, "order_placed", total=9)
    await site.go_on(seconds=1)
    site.clock.forward(days=1)
    await site.happen(late, "order_placed", total=90)
    await site.go_on(seconds=1)
    assert {one.contact_id: one.exit_reason for one in await site.enrolments()} == {
        buyer: "goal", small: None, late: None,
    }  # fmt: skip
    found = await site.enrolment(buyer)
    assert (found.goal_value, found.goal_at) == (90, found.entered_at + timedelta(hours=1))
    assert (await site.message(planned)).state == "cancelled"


async def test_a_goal_that_is_reached_after_the_end_counts_and_changes_nothing_else(site, journey):
    await site.publish(journey({"done": {"step": "exit"}}, goal={"kind": "order_placed"}))
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    await site.go_on(seconds=1)
    await site.happen(contact_id, "order_placed")
    await site.go_on(seconds=1)
    found = await site.enrolment(contact_id)
    assert (found.exit_reason, found.goal_value) == ("completed", 1)


async def test_exit_rules_end_it_by_what_they_do_and_what_they_are(site, journey):
    rules = {
        "exit_on": [{"kind": "order_cancelled", "outcome": "gave_up"}],
        "exit_if": [{"if": {"fact": "stage", "op": "is", "value": "customer"}, "outcome": "customer_now"}],
    }
    steps = {
        "rest": {"step": "wait_for", "seconds": 600, "next": [{"to": "say"}]},
        "say": {"step": "send", "channels": ["email"], "next": []},
    }
    await site.publish(journey(steps, **rules))
    did, became, stays = await site.contact(), await site.contact(stage="customer"), await site.contact()
    for contact_id in (did, became, stays):
        await site.enrol(contact_id, "follow_up")
    site.clock.forward(minutes=1)
    await site.happen(did, "order_cancelled")
    await site.go_on(seconds=1)
    assert (await site.enrolment(did)).exit_reason == "gave_up"
    await site.go_on(minutes=10)
    assert (await site.enrolment(became)).exit_reason == "customer_now"
    assert [one.contact_id for one in await site.outbox()] == [stays]


async def test_a_step_on_the_way_that_makes_an_exit_rule_hold_is_the_last(site, journey):
    rules = {"exit_if": [{"if": {"fact": "plan", "op": "is", "value": "pro"}, "outcome": "pro_now"}]}
    steps = {
        "note": {"step": "update", "set": {"plan": "pro"}, "next": [{"to": "say"}]},
        "say": {"step": "send", "channels": ["email"], "next": []},
    }
    await site.publish(journey(steps, **rules))
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    await site.go_on(seconds=1)
    assert (await site.enrolment(contact_id)).exit_reason == "pro_now"
    assert await site.outbox() == []


async def test_a_colleague_who_takes_over_ends_it_at_once(site, journey):
    await site.publish(journey(REST))
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    await site.talk(contact_id, status="handed_off")
    await site.happen(contact_id, "handed_off", "conversation", team="sales", reason="asked")
    await site.go_on(seconds=1)
    assert (await site.enrolment(contact_id)).exit_reason == "handed_off"


async def test_scores_and_segments_come_first_and_what_they_change_comes_back(site, journey):
    order = []

    async def segments(session, contact_ids, now):
        order.append(list(contact_ids))
        if len(order) == 1:
            await session.execute(
                text(
                    "INSERT INTO timeline_events (id, contact_id, kind, data, occurred_at) VALUES "
                    "(gen_random_uuid(), :contact, 'segment_entered', '{\"segment\": \"Buyers\"}', :now)"
                ),
                {"contact": contact_ids[0], "now": now},
            )

    entry = {"enter": {"step": "on_segment", "segment": "Buyers", "next": [{"to": "rest"}]}}
    await site.publish(journey(entry | REST, entries=["enter"], first=None))
    contact_id = await site.contact()
    async with transaction(site.sessions) as session:
        await session.execute(text("DELETE FROM event_queue"))
    await site.happen(contact_id, "order_placed")
    done = await Reactor(site.sessions, Library(), [segments]).react(site.clock.now())
    # The order, the segment's event and the entry, which is a note of our own.
    assert (done.entered, done.events, order) == (1, 3, [[contact_id]] * 2)


async def test_what_breaks_leaves_the_events_where_they_were(site, journey):
    await site.publish(journey({"enter": {"step": "on_event", "kind": "order_placed", "next": [{"to": "rest"}]}} | REST,
                               entries=["enter"], first=None))  # fmt: skip
    contact_id = await site.contact()
    await site.happen(contact_id, "order_placed")
    before = await queued(site)

    async def break_down(session, contact_ids, now):
        await session.execute(text("UPDATE contacts SET score = 99"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await Reactor(site.sessions, Library(), [break_down]).react(site.clock.now())
    assert (await queued(site), (await site.known(contact_id)).score) == (before, 0)
    await site.go_on(seconds=1)
    assert (await site.enrolment(contact_id)).step == "rest"
    assert await queued(site) == 0


async def test_two_reactors_and_two_planners_let_in_once_and_say_it_once(site, journey):
    steps = {
        "enter": {"step": "on_event", "kind": "order_placed", "next": [{"to": "say"}]},
        "say": {"step": "send", "channels": ["email"], "next": []},
    }
    await site.publish(journey(steps, entries=["enter"], first=None))
    people = [await site.contact() for _ in range(20)]
    for _ in range(3):
        for contact_id in people:
            await site.happen(contact_id, "order_placed")
    now = site.clock.now()
    others = [Reactor(site.sessions, Library()) for _ in range(3)]
    await asyncio.gather(*(one.react(now) for one in others), *(site.planner.advance_due(now) for _ in range(3)))
    await site.go_on(seconds=1)
    assert sorted(one.contact_id for one in await site.outbox()) == sorted(people)
    assert len(await site.enrolments()) == 20


async def test_an_event_that_comes_while_a_planner_arrives_at_its_wait_is_not_missed(site, journey):
    steps = {
        "rest": {"step": "wait_for", "seconds": 60, "next": [{"to": "wait"}]},
        "wait": {
            "step": "wait_event", "kind": "order_placed", "seconds": 864_000, "timed_out": "late",
            "next": [{"to": "done"}],
        },
        "done": {"step": "exit", "outcome": "bought"},
        "late": {"step": "exit", "outcome": "late"},
    }  # fmt: skip
    await site.publish(journey(steps))
    people = [await site.contact() for _ in range(30)]
    for contact_id in people:
        await site.enrol(contact_id, "follow_up")
    site.clock.forward(minutes=1)
    now = site.clock.now()

    async def buy(contact_id):
        await site.happen(contact_id, "order_placed")
        await site.reactor.react(now)

    await asyncio.gather(site.planner.advance_due(now), *(buy(one) for one in people))
    await site.go_on(seconds=1)
    # Whose order was heard of before they stood there did it before the step; the others go on at once.
    came_to = {one.exit_reason for one in await site.enrolments()}
    assert came_to <= {"bought", None}
    await site.go_on(days=10)
    assert {one.exit_reason for one in await site.enrolments()} == {"bought"}
