"""Operators say where people on removed steps go on; they are told of all such steps, and nobody is moved before."""

from __future__ import annotations

import pytest

from base.database import transaction
from base.errors import InvalidInput
from outreach.enrolment import publish_journeys
from outreach.landing import Landing
from outreach.library import Library
from outreach.removed_steps import PeopleOnRemovedSteps, Told, choose_places


def waits(*names, policy="follow"):
    """Waits of ten minutes, one after the other."""
    following = {name: [{"to": to}] for name, to in zip(names, [*names[1:], "done"], strict=True)}
    steps = {name: {"step": "wait_for", "seconds": 600, "next": to} for name, to in following.items()}
    return {"steps": steps | {"done": {"step": "exit", "outcome": "over"}}, "version_policy": policy}


@pytest.fixture
def walked(site, journey):
    """Publishes a version with two people in it, who stand on the first and the second step."""

    async def walk(*names, policy="follow", name="follow_up"):
        await site.publish(journey(**waits(*names, policy=policy), journey=name))
        second, first = await site.contact(), await site.contact()
        await site.enrol(second, name)
        await site.go_on()
        await site.go_on(minutes=10)
        await site.enrol(first, name)
        await site.go_on()
        return first, second

    return walk


async def publish(site, told, *journeys):
    async with transaction(site.sessions) as session:
        compiled, now = {one["journey"]: one for one in journeys}, site.clock.now()
        await publish_journeys(session, compiled, now, places=await choose_places(session, compiled, told))
    await Landing(site.sessions, Library()).do_due(site.clock.now())


async def test_every_removed_step_with_people_on_it_is_listed_with_what_to_type(site, journey, walked):
    await walked("one", "two", "three")
    new = journey(**waits("three"), version="v2")
    with pytest.raises(PeopleOnRemovedSteps) as refused:
        await publish(site, [], new)
    assert str(refused.value).splitlines()[1:] == [
        "  1 on one of follow_up v1: --place follow_up:one=three   (the nearest step ahead)",
        "  1 on two of follow_up v1: --place follow_up:two=three   (the nearest step ahead)",
    ]
    # Nothing went live.
    async with site.sessions() as session:
        assert (await Library().live(session))["follow_up"].definition.version == "v1"
    with pytest.raises(PeopleOnRemovedSteps, match="1 on two of"):
        await publish(site, [Told("one", "three")], new)


async def test_where_nothing_is_ahead_the_steps_there_are_are_named(site, journey, walked):
    await walked("one", "two")
    new = journey({"rest": {"step": "wait_for", "seconds": 60, "next": []}}, version="v2", version_policy="follow")
    with pytest.raises(PeopleOnRemovedSteps) as refused:
        await publish(site, [], new)
    assert "--place follow_up:two=STEP   (none is ahead; an exit lets them leave)" in str(refused.value)
    assert str(refused.value).count("The steps of follow_up are rest.") == 1


async def test_people_go_on_where_it_was_said(site, journey, walked):
    first, second = await walked("one", "two", "three", "four")
    new = journey(**waits("three", "four"), version="v2")
    await publish(site, [Told("one", "four"), Told("two", "done", "follow_up")], new)
    assert (await site.enrolment(first)).step == "four"
    await site.go_on()
    assert (await site.enrolment(second)).exit_reason == "over"


async def test_who_comes_to_a_removed_step_meanwhile_goes_on_there_too(site, journey, walked):
    first, _ = await walked("one", "two", "three", "four")
    new = journey(**waits("one", "three", "four"), version="v2")
    async with site.sessions() as session:
        places = await choose_places(session, {"follow_up": new}, [Told("two", "four")])
    assert places == {"follow_up": {"v1": {"two": "four"}}}
    assert (await site.enrolment(first)).step == "one"


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (Told("one", "nowhere"), "follow_up has no step nowhere. The steps of follow_up are three, done."),
        (Told("three", "done"), "nobody stands on a step three that is removed"),
        (Told("one", "done", "other"), "--place other:one=done: nobody stands"),
        (Told("won", "done"), "nobody stands on a step won"),
    ],
)
async def test_what_cannot_be_meant_is_refused(site, journey, walked, told, problem):
    await walked("one", "two", "three")
    with pytest.raises(InvalidInput, match=problem):
        await publish(site, [told], journey(**waits("three"), version="v2"))


async def test_people_who_stay_on_their_version_need_no_place(site, journey, walked):
    first, _ = await walked("one", "two", "three", policy="pin")
    await publish(site, [], journey(**waits("three", policy="pin"), version="v2"))
    assert ((await site.enrolment(first)).version, (await site.enrolment(first)).step) == ("v1", "one")


async def test_a_step_of_two_journeys_is_told_for_both_or_for_one(site, journey):
    names = ("follow_up", "other")
    await site.publish(*(journey(**waits("one", "two"), journey=name) for name in names))
    contact_id = await site.contact()
    for name in names:
        await site.enrol(contact_id, name)
    await site.go_on()
    new = [journey(**waits("two"), version="v2", journey=name) for name in names]
    with pytest.raises(PeopleOnRemovedSteps, match="on one of follow_up"):
        await publish(site, [Told("one", "two", "other")], *new)
    await publish(site, [Told("one", "two")], *new)
    assert {(row.journey, row.version, row.step) for row in await site.enrolments()} == {
        ("follow_up", "v2", "two"),
        ("other", "v2", "two"),
    }
