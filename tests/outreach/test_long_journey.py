"""One long journey of every kind of step: the same sends, whether it is run in one go or with pauses."""

from __future__ import annotations

import random
from datetime import timedelta

from sqlalchemy import select, text

from base.database import transaction
from outreach.calling import ConnectorCalls
from outreach.library import Library
from outreach.models import OutboxMessage
from outreach.walking import MADE_UP

PEOPLE = 12
DAYS = 12


class Shop:
    """Another system that answers what it is asked, and counts how often under each key."""

    def __init__(self):
        self.calls = {}

    async def call(self, request, *, key):
        self.calls[key] = self.calls.get(key, 0) + 1
        assert request.path == f"/people/{request.body['name']}"
        if request.body["name"] == "P3":
            return {"ok": False, "problem": "answered with status 500"}
        return {"ok": True, "json": {"plan": {"name": "pro"}}}


def steps():
    def to(*names):
        return [{"to": name} for name in names]

    return {
        "on_cart": {"step": "on_event", "kind": "cart_updated", "remember": {"thing": "item"}, "next": to("settle")},
        "settle": {"step": "wait_for", "seconds": 3_600, "next": to("ask")},
        "ask": {
            "step": "webhook_connector", "connector": "shop", "method": "POST", "path": "/people/{{ first_name }}",
            "body": {"name": "{{ first_name }}"}, "save": {"plan": "/plan/name"}, "failed": "tell", "next": to("fork"),
        },
        "tell": {"step": "task_or_notify", "team": "sales", "text": "Look at {{ first_name }}", "next": to("fork")},
        "fork": {
            "step": "branch",
            "next": [{"if": {"fact": "plan", "op": "is", "value": "pro"}, "to": "gate"}, {"to": "low"}],
        },
        "low": {"step": "adjust_score_stage", "points": 5, "reason": "Had a cart", "stage": "mql", "next": to("gate")},
        "gate": {"step": "consent_gate", "channels": ["email"], "not_allowed": "bye", "next": to("first_mail")},
        "first_mail": {"step": "send", "channels": ["email"], "next": to("until_nine")},
        "until_nine": {"step": "wait_until", "at": "09:30", "weekdays": ["tue", "thu"], "next": to("bought")},
        "bought": {
            "step": "wait_event", "kind": "order_placed", "seconds": 172_800, "timed_out": "second_mail",
            "next": to("thanks"),
        },
        "second_mail": {"step": "send", "channels": ["email"], "next": to("good_hour")},
        "good_hour": {"step": "best_time", "seconds": 86_400, "next": to("note")},
        "note": {"step": "update", "set": {"reminded": True}, "add": ["reminded"], "next": to("score")},
        "score": {
            "step": "score_branch", "score": "total",
            "next": [{"if": {"score": "total", "op": "at_least", "value": 50}, "to": "bye"}, {"to": "last_mail"}],
        },
        "last_mail": {"step": "send", "channels": ["email"], "next": to("bye")},
        "thanks": {"step": "send", "channels": ["email"], "next": to("bye")},
        "bye": {"step": "exit", "outcome": "completed", "link_journey": "after"},
    }  # fmt: skip


async def live_through(site, journey, late):
    """Twelve days in the life of twelve people; `late` says by how many seconds each look at them is late."""
    after = {"rest": {"step": "wait_for", "seconds": 60, "next": []}}
    await site.publish(journey(steps(), entries=["on_cart"], first=None, goal=None), journey(after, journey="after"))
    shop, library = Shop(), Library()
    calls = ConnectorCalls(site.sessions, library, shop, site.keys, site.clock)
    begin = site.clock.now()
    people = [
        await site.contact(
            f"p{number}@customer.example",
            consent="given" if number % 4 else None,
            fields={"first_name": f"P{number}"},
            time_zone=["Europe/London", "America/New_York", "Asia/Tokyo"][number % 3],
        )
        for number in range(PEOPLE)
    ]
    for contact_id in people:
        await site.happen(contact_id, "cart_updated", item="lamp")
    # Those who buy do so in the middle of what they wait for, in every run.
    buys = {begin + timedelta(days=2, hours=20): people[1], begin + timedelta(days=3, hours=1): people[2]}
    end = begin + timedelta(days=DAYS)
    while site.clock.now() < end:
        for work in (calls.do_due, site.reactor.react, site.planner.advance_due) * 2:
            await work(site.clock.now())
        waiting = [one.due_at for one in await site.enrolments() if one.due_at is not None]
        soonest = min(waiting, default=end)
        look = max(soonest, site.clock.now()) + timedelta(seconds=late())
        for moment in [one for one in sorted(buys) if one <= look]:
            site.clock.moment = moment
            await site.happen(buys.pop(moment), "order_placed")
            # It is heard of at once: the reactor runs, whatever the planner does.
            await site.reactor.react(site.clock.now())
        site.clock.moment = max(look, site.clock.now() + timedelta(seconds=1))
    names = {contact_id: number for number, contact_id in enumerate(people)}
    async with transaction(site.sessions) as session:
        rows = await session.execute(
            select(OutboxMessage.contact_id, OutboxMessage.step, OutboxMessage.channel, OutboxMessage.text)
        )
        sends = sorted((names[contact_id], step, channel, words) for contact_id, step, channel, words in rows)
    assert set(shop.calls.values()) == {1}
    left = {names[one.contact_id]: one.exit_reason for one in await site.enrolments() if one.journey == "follow_up"}
    return sends, left


async def start_anew(site, begin):
    site.clock.moment = begin
    async with transaction(site.sessions) as session:
        await session.execute(
            text("TRUNCATE contacts, timeline_events, event_queue, journeys, journey_versions CASCADE")
        )


async def test_looks_that_are_up_to_an_hour_late_change_no_send(site, journey):
    begin = site.clock.now()
    steady = await live_through(site, journey, lambda: 0)
    chance = random.Random(7)
    for _ in range(2):
        await start_anew(site, begin)
        assert await live_through(site, journey, lambda: chance.uniform(0, MADE_UP.total_seconds())) == steady
    sends, left = steady
    # Every way was gone by somebody.
    assert {step for _, step, _, _ in sends} == {"first_mail", "second_mail", "last_mail", "thanks"}
    assert set(left.values()) == {"completed"}
    assert len(left) == PEOPLE


async def test_a_long_outage_sends_each_message_once_and_never_two_at_one_moment(site, journey):
    begin = site.clock.now()
    steady, _ = await live_through(site, journey, lambda: 0)
    await start_anew(site, begin)
    outages = iter([0, 0, 0, 200_000])
    late, _ = await live_through(site, journey, lambda: next(outages, 0))
    assert {(who, step) for who, step, _, _ in late} <= {(who, step) for who, step, _, _ in steady} | {
        (1, "second_mail"), (1, "last_mail"),
    }  # fmt: skip
    assert len({(who, step) for who, step, _, _ in late}) == len(late)
    async with site.sessions() as session:
        moments = list(await session.execute(select(OutboxMessage.contact_id, OutboxMessage.created_at)))
    assert len(set(moments)) == len(moments)
