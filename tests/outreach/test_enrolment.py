"""Who gets into a journey, and how often."""

from __future__ import annotations

import asyncio

import pytest

from base.database import transaction
from base.errors import InvalidInput
from base.ids import new_id
from flows.compiler import compile_journeys, load_content
from outreach.enrolment import cancel_planned, exit_all, publish_journeys


async def test_a_contact_is_in_a_journey_once(site, long_journey):
    await site.publish(long_journey)
    contact_id = await site.contact()
    assert await site.enrol(contact_id, "follow_up")
    assert not await site.enrol(contact_id, "follow_up")
    (enrolment,) = await site.enrolments()
    assert (enrolment.step, enrolment.arrivals) == ("settle", 1)
    assert (await site.timeline(contact_id))[-1][0] == "enrolled"


async def test_many_enrolments_at_once_make_one(site, long_journey):
    await site.publish(long_journey)
    contact_id = await site.contact()
    assert sum(await asyncio.gather(*(site.enrol(contact_id, "follow_up") for _ in range(8)))) == 1


@pytest.mark.parametrize(("re_entry", "again"), [("never", False), ("after_exit", True)])
async def test_re_entry_follows_the_journeys_rule(site, long_journey, re_entry, again):
    await site.publish(long_journey | {"re_entry": re_entry})
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    async with transaction(site.sessions) as session:
        assert await exit_all(session, contact_id, "opted_out", site.clock.now()) == 1
    assert await site.enrol(contact_id, "follow_up") is again


async def test_a_journey_or_contact_that_does_not_exist_enrols_nobody(site, long_journey):
    assert not await site.enrol(await site.contact(), "nowhere")
    await site.publish(long_journey)
    assert not await site.enrol(new_id(), "follow_up")


async def test_who_is_under_way_stays_on_their_version(site, long_journey, journey):
    await site.publish(long_journey)
    early, late = await site.contact(), await site.contact()
    await site.enrol(early, "follow_up")
    await site.publish(journey({"say": {"step": "send", "channels": ["email"], "next": []}}, version="v2"))
    await site.enrol(late, "follow_up")
    assert {one.contact_id: one.version for one in await site.enrolments()} == {early: "v1", late: "v2"}
    site.clock.forward(minutes=10)
    await site.planner.advance_due(site.clock.now())
    assert {one.contact_id: one.step for one in await site.outbox()} == {early: "cold_mail", late: "say"}


@pytest.mark.parametrize(
    "broken",
    [
        {"first": "nowhere"},
        {"wording": {}},
        {"steps": {"settle": {"step": "teleport"}}},
    ],
)
async def test_a_journey_people_would_get_lost_in_is_not_published(site, long_journey, broken):
    with pytest.raises(InvalidInput):
        await site.publish(long_journey | broken)
    assert not await site.enrol(await site.contact(), "follow_up")


async def test_the_shipped_journeys_can_be_published(site):
    compiled = compile_journeys(load_content())
    async with transaction(site.sessions) as session:
        await publish_journeys(session, compiled, site.clock.now())
        await publish_journeys(session, compiled, site.clock.now())
    assert await site.enrol(await site.contact(), "demo_follow_up")


async def test_cancelling_one_channel_leaves_the_others(site):
    contact_id = await site.contact()
    mail = await site.put(contact_id)
    chat = await site.put(contact_id, channel="web", message_class="web")
    async with transaction(site.sessions) as session:
        assert await cancel_planned(session, contact_id, "unsubscribed", site.clock.now(), channel="email") == 1
    assert [(await site.message(one)).state for one in (mail, chat)] == ["cancelled", "planned"]
    assert (await site.message(mail)).reason == "The contact used the unsubscribe link."
