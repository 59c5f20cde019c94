"""People on a journey whose version changes: they stay, follow, land; nobody is lost and nobody starts over."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from base.database import transaction
from base.errors import InvalidInput, NotFound
from outreach.definitions import JourneyDefinition
from outreach.enrolment import publish_journeys
from outreach.landing import Landing, preview, roll_back
from outreach.library import Library


def _wait(seconds, to):
    return {"step": "wait_for", "seconds": seconds, "next": [{"to": to}]}


BEFORE = {
    "one": _wait(600, "two"),
    "two": _wait(600, "three"),
    "three": _wait(600, "done"),
    "done": {"step": "exit", "outcome": "old_end"},
}
AFTER = {
    "one": _wait(60, "three"),
    "three": _wait(600, "extra"),
    "extra": _wait(600, "end"),
    "end": {"step": "exit", "outcome": "new_end"},
}


@pytest.fixture
def versions(journey):
    def make(policy):
        first, second = {"version_policy": policy}, {"version": "v2", "version_policy": policy}
        return journey(BEFORE, **first), journey(AFTER, **second)

    return make


async def test_pinned_people_go_on_by_their_own_version(site, versions):
    old, new = versions("pin")
    await site.publish(old)
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    await site.publish(new)
    await Landing(site.sessions, Library()).do_due(site.clock.now())
    for _ in range(4):
        await site.go_on(minutes=10)
    found = await site.enrolment(contact_id)
    assert (found.version, found.exit_reason) == ("v1", "old_end")


async def test_people_of_a_journey_that_follows_land_where_the_preview_said(site, versions):
    old, new = versions("follow")
    await site.publish(old)
    one, two, three = await site.contact(), await site.contact(), await site.contact()
    for contact_id in (three, two, one):
        await site.enrol(contact_id, "follow_up")
        if contact_id is not one:
            await site.go_on(minutes=10)
    assert [(await site.enrolment(person)).step for person in (one, two, three)] == ["one", "two", "three"]
    due = (await site.enrolment(one)).due_at
    async with site.sessions() as session:
        shown = await preview(session, Library(), JourneyDefinition.model_validate(new))
    assert [(line.step, line.people, line.lands_on, line.how) for line in shown] == [
        ("one", 1, "one", "stays"),
        ("three", 1, "three", "stays"),
        ("two", 1, "three", "nearest"),
    ]
    await site.publish(new)
    assert await Landing(site.sessions, Library()).do_due(site.clock.now()) == 3
    assert [(await site.enrolment(person)).step for person in (one, two, three)] == ["one", "three", "three"]
    assert {row.version for row in await site.enrolments()} == {"v2"}
    # Who stays waits as long as before; who landed begins the step they are on now.
    assert (await site.enrolment(one)).due_at == due
    await site.planner.advance_due(site.clock.now())
    assert (await site.enrolment(two)).due_at == site.clock.now() + timedelta(minutes=10)
    for _ in range(5):
        await site.go_on(minutes=10)
    assert {row.exit_reason for row in await site.enrolments()} == {"new_end"}


async def test_a_planner_lands_people_that_were_not_brought_yet(site, versions):
    old, new = versions("follow")
    await site.publish(old)
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    await site.go_on(minutes=10)
    await site.publish(new)
    await site.go_on(minutes=10)
    found = await site.enrolment(contact_id)
    assert (found.version, found.step) == ("v2", "three")


async def test_people_are_told_another_place_than_the_nearest(site, versions):
    old, new = versions("follow")
    await site.publish(old)
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    await site.go_on(minutes=10)
    places = {"v1": {"two": "extra"}}
    definition = JourneyDefinition.model_validate(new)
    async with transaction(site.sessions) as session:
        (line,) = await preview(session, Library(), definition, places)
        assert (line.lands_on, line.how) == ("extra", "mapped")
        with pytest.raises(InvalidInput, match="no step nowhere"):
            await preview(session, Library(), definition, {"v1": {"two": "nowhere"}})
        await publish_journeys(session, {"follow_up": new}, site.clock.now(), places={"follow_up": places})
    await asyncio.gather(*(Landing(site.sessions, Library()).do_due(site.clock.now()) for _ in range(3)))
    assert (await site.enrolment(contact_id)).step == "extra"


async def test_people_with_no_place_ahead_leave_and_it_is_said_why(site, journey):
    await site.publish(journey({"one": _wait(600, "done"), "done": {"step": "exit"}}, version_policy="follow"))
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    other = journey({"other": _wait(60, "over"), "over": {"step": "exit"}}, version="v2", version_policy="follow")
    await site.publish(other)
    async with site.sessions() as session:
        (line,) = await preview(session, Library(), JourneyDefinition.model_validate(other | {"version": "v3"}))
        assert (line.lands_on, line.how) == (None, "ends")
    await Landing(site.sessions, Library()).do_due(site.clock.now())
    await site.go_on(seconds=1)
    assert (await site.enrolment(contact_id)).exit_reason in ("no_place", "step_missing")


async def test_rolling_back_brings_people_to_the_version_before(site, versions):
    old, new = versions("follow")
    await site.publish(old)
    await site.publish(new)
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    for _ in range(2):
        await site.go_on(minutes=10)
    assert (await site.enrolment(contact_id)).step == "extra"
    library = Library()
    async with transaction(site.sessions) as session:
        with pytest.raises(NotFound):
            await roll_back(session, library, "follow_up", "v9", site.clock.now())
        await roll_back(session, library, "follow_up", "v1", site.clock.now(), places={"v2": {"extra": "two"}})
    await Landing(site.sessions, library).do_due(site.clock.now())
    found = await site.enrolment(contact_id)
    assert (found.version, found.step) == ("v1", "two")
