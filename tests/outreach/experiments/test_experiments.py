"""People in experiments: which way they go, what they do, and when it is decided."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update

from base.database import transaction
from base.errors import Conflict, InvalidInput
from base.ids import new_id
from crm.contacts.models import Contact
from outreach.definitions import Step
from outreach.entering import Entrant, enter
from outreach.experiments.deciding import Deciding
from outreach.experiments.design import HOLDOUT, Design
from outreach.experiments.models import Experiment, ExperimentPerson
from outreach.experiments.results import list_results, read_lift
from outreach.experiments.service import note_goals, set_winner
from outreach.library import Library
from outreach.models import Enrolment
from outreach.reacting import Reactor

GOAL = {"kind": "order_placed", "where": {"property": "total", "op": "at_least", "value": 10}, "value": "total"}


def steps(*, holdout=10, **experiment):
    ways = {
        "step": "experiment",
        "variants": [
            {"name": "plain", "weight": 1, "to": "plain_end"},
            {"name": "warm", "weight": 3, "to": "warm_end"},
        ],
        "goal": GOAL,
        "stop": {"error": 0.05, "minimum": 100, "winner": "automatic"},
    }
    if holdout:
        ways["holdout"] = {"percent": holdout, "to": "none_end"}
    return {
        "which": ways | experiment,
        "plain_end": {"step": "exit", "outcome": "plain"},
        "warm_end": {"step": "exit", "outcome": "warm"},
        "none_end": {"step": "exit", "outcome": "none"},
    }


async def people(site, number):
    """So many people who come to the experiment; returns how each ended."""
    now, library = site.clock.now(), Library()
    rows = [{"id": new_id(), "fields": {}, "created_at": now, "updated_at": now} for _ in range(number)]
    async with transaction(site.sessions) as session:
        await session.execute(insert(Contact), rows)
        live = (await library.live(session, ["follow_up"]))["follow_up"]
        await enter(session, library, live, [Entrant(row["id"]) for row in rows], now)
    await site.planner.advance_due(now)
    came = {row["id"] for row in rows}
    return {one.contact_id: one.exit_reason for one in await site.enrolments() if one.contact_id in came}


async def results(site):
    async with site.sessions() as session:
        return (await list_results(session, "follow_up", site.clock.now()))[0]


async def reach(site, rates, people_each=600):
    """As if so many more had come, of whom these shares reached the goal."""
    now = site.clock.now()
    async with transaction(site.sessions) as session:
        experiment = await session.scalar(select(Experiment.id))
        for name, (share, rate) in rates.items():
            rows = [
                {"id": new_id(), "fields": {}, "created_at": now, "updated_at": now} for _ in range(share * people_each)
            ]
            await session.execute(insert(Contact), rows)
            await session.execute(
                insert(ExperimentPerson),
                [
                    {
                        "experiment_id": experiment, "contact_id": row["id"], "variant": name, "assigned_at": now,
                        "goal_at": now if reached else None, "goal_value": 20.0 if reached else None,
                    }
                    for number, row in enumerate(rows)
                    for reached in [number < rate * len(rows)]
                ],
            )  # fmt: skip


def test_people_are_shared_out_by_weight_and_each_always_goes_the_same_way():
    design = Design.of(Step.model_validate(steps()["which"]))
    ways = {one: design.way_of("j", "s", one) for one in (uuid4() for _ in range(20_000))}
    assert all(design.way_of("j", "s", one) == way for one, way in ways.items())
    counts = Counter(ways.values())
    assert counts["plain"] / 20_000 == pytest.approx(0.225, abs=0.015)
    assert counts["warm"] / 20_000 == pytest.approx(0.675, abs=0.015)
    assert counts[HOLDOUT] / 20_000 == pytest.approx(0.1, abs=0.01)


def test_another_step_or_journey_shares_people_out_anew():
    design = Design.of(Step.model_validate(steps()["which"]))
    some = [uuid4() for _ in range(5_000)]
    held = [one for one in some if design.way_of("j", "s", one) == HOLDOUT]
    for journey, step in (("j", "t"), ("k", "s")):
        again = sum(design.way_of(journey, step, one) == HOLDOUT for one in held)
        assert again / len(held) < 0.2


def test_where_a_way_leads_may_change_and_what_is_compared_may_not():
    design = Design.of(Step.model_validate(steps()["which"]))
    moved = steps()["which"]
    moved["variants"][0]["to"] = "warm_end"
    assert Design.of(Step.model_validate(moved)).fingerprint == design.fingerprint
    assert Design.of(Step.model_validate(steps(holdout=20)["which"])).fingerprint != design.fingerprint
    other = steps(goal={"kind": "order_placed"})["which"]
    assert Design.of(Step.model_validate(other)).fingerprint != design.fingerprint


async def test_everybody_is_noted_and_goes_the_same_way_when_they_come_again(site, journey):
    await site.publish(journey(steps(), re_entry="after_exit"))
    first = await people(site, 40)
    assert set(first.values()) <= {"plain", "warm", "none"}
    found = await results(site)
    assert {way.name: way.people for way in found.ways} == {
        "plain": sum(one == "plain" for one in first.values()),
        "warm": sum(one == "warm" for one in first.values()),
        HOLDOUT: sum(one == "none" for one in first.values()),
    }
    await site.publish(journey(steps(), re_entry="after_exit", version="v2"))
    for contact_id in first:
        assert await site.enrol(contact_id, "follow_up")
    await site.planner.advance_due(site.clock.now())
    again = {one.contact_id: one.exit_reason for one in await site.enrolments() if one.version == "v2"}
    assert again == first
    assert sum(way.people for way in (await results(site)).ways) == 40


async def test_the_first_goal_since_they_came_counts_with_what_it_was_worth(site, journey):
    await site.publish(journey(steps(goal=GOAL | {"within_seconds": 3_600})))
    reactor = Reactor(site.sessions, Library(), [note_goals])
    before, small, late, twice = await people(site, 4)
    site.clock.forward(minutes=-5)
    await site.happen(before, "order_placed", total=50)
    site.clock.forward(minutes=10)
    await site.happen(small, "order_placed", total=9)
    await site.happen(twice, "order_placed", total=30)
    await site.happen(twice, "order_placed", total=99)
    site.clock.forward(hours=2)
    await site.happen(late, "order_placed", total=50)
    await reactor.react(site.clock.now())
    async with site.sessions() as session:
        rows = await session.execute(select(ExperimentPerson.contact_id, ExperimentPerson.goal_value))
        worth = dict(row for row in rows)
    assert worth == {before: None, small: None, late: None, twice: 30}


async def test_only_people_whose_time_is_over_are_compared(site, journey):
    await site.publish(journey(steps(goal=GOAL | {"within_seconds": 3_600})))
    await people(site, 5)
    assert sum(way.counted.people for way in (await results(site)).ways) == 0
    site.clock.forward(hours=1)
    assert sum(way.counted.people for way in (await results(site)).ways) == 5


async def test_once_it_is_decided_newcomers_go_the_winning_way_and_the_others_keep_theirs(site, journey):
    await site.publish(journey(steps(holdout=0), re_entry="after_exit"))
    first = await people(site, 30)
    await reach(site, {"plain": (1, 0.1), "warm": (3, 0.3)})
    deciding = Deciding(site.sessions)
    assert await deciding.do_due(site.clock.now()) == 0, "it is looked at each hour"
    assert await deciding.next_due_at() == site.clock.now() + timedelta(hours=1)
    site.clock.forward(hours=1)
    assert await deciding.do_due(site.clock.now()) == 1
    assert await deciding.next_due_at() is None
    found = await results(site)
    assert (found.winner, found.decided_by) == ("warm", "rule")
    later = await people(site, 30)
    assert set(later.values()) == {"warm"}
    assert sum(way.people for way in (await results(site)).ways) == sum(way.people for way in found.ways)
    for contact_id in first:
        assert await site.enrol(contact_id, "follow_up")
    site.clock.forward(seconds=1)
    await site.planner.advance_due(site.clock.now())
    ends = [(one.contact_id, one.exit_reason) for one in await site.enrolments() if one.contact_id in first]
    assert set(ends) == set(first.items())


async def test_nobody_wins_where_people_came_too_unevenly_or_a_colleague_decides(site, journey):
    await site.publish(journey(steps(holdout=0)))
    await people(site, 2)
    await reach(site, {"plain": (2, 0.1), "warm": (3, 0.3)})  # the weights are 1 and 3
    site.clock.forward(hours=1)
    assert await Deciding(site.sessions).do_due(site.clock.now()) == 0
    found = await results(site)
    assert found.sample_ratio_p < 0.001
    async with transaction(site.sessions) as session:
        with pytest.raises(InvalidInput, match="plain, warm"):
            await set_winner(session, found.id, "hot", "user:1", site.clock.now())
        await set_winner(session, found.id, "plain", "user:1", site.clock.now())
        with pytest.raises(Conflict):
            await set_winner(session, found.id, "warm", "user:1", site.clock.now())


async def test_an_experiment_that_only_tells_is_not_decided_by_rule(site, journey):
    await site.publish(journey(steps(holdout=0, stop={"error": 0.05, "minimum": 100, "winner": "manual"})))
    await people(site, 2)
    await reach(site, {"plain": (1, 0.1), "warm": (3, 0.3)})
    site.clock.forward(hours=2)
    assert await Deciding(site.sessions).do_due(site.clock.now()) == 0
    warm = (await results(site)).ways[1]
    assert warm.compared.low > 0
    assert warm.counted.mean == pytest.approx(6, abs=0.1)


async def test_a_journey_is_compared_with_those_who_are_held_back_for_good(site, journey):
    goal = {"kind": "order_placed", "value": "total"}
    one_way = {"end": {"step": "exit", "outcome": "done"}}
    await site.publish(journey(one_way, goal=goal, holdout_percent=5))
    site.clock.forward(days=1)
    await site.publish(journey(one_way, goal=goal, holdout_percent=30, version="v2"))
    since = site.clock.now()
    ended = await people(site, 600)
    held = [one.contact_id for one in await site.enrolments() if one.state == "held_out"]
    assert len(ended) - len(held) > 300
    async with transaction(site.sessions) as session:
        for state, share in (("held_out", 8), ("exited", 2)):
            some = [one.id for one in await site.enrolments() if one.state == state][::share]
            values = {"goal_at": site.clock.now(), "goal_value": 50.0}
            await session.execute(update(Enrolment).where(Enrolment.id.in_(some)).values(values))
    async with site.sessions() as session:
        live = (await Library().live(session, ["follow_up"]))["follow_up"]
        lift = await read_lift(session, live, site.clock.now())
    assert (lift.since, lift.held_back.people) == (since, len(held))
    assert lift.inside.mean == pytest.approx(25, abs=1)
    assert 0 < lift.compared.low < lift.inside.mean - lift.held_back.mean < lift.compared.high
