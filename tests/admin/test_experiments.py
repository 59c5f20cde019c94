"""Experiments over the API: compared, decided, and what a journey brings."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from base.database import transaction
from base.ids import new_id
from crm.contacts.models import Contact
from outreach.enrolment import publish_journeys
from outreach.experiments.models import Experiment, ExperimentPerson
from outreach.experiments.service import assign
from outreach.library import Library
from outreach.models import Enrolment

COMPILED = {
    "journey": "carts", "name": "Carts", "version": "v1", "purpose": "marketing", "first": "which", "wording": {},
    "holdout_percent": 10, "goal": {"kind": "order_placed"},
    "steps": {
        "which": {
            "step": "experiment", "goal": {"kind": "order_placed"},
            "variants": [{"name": "plain", "to": "done"}, {"name": "warm", "to": "done"}],
        },
        "done": {"step": "exit"},
    },
}  # fmt: skip


async def come(session, now, number):
    rows = [{"id": new_id(), "fields": {}, "created_at": now, "updated_at": now} for _ in range(number)]
    await session.execute(insert(Contact), rows)
    return [row["id"] for row in rows]


@pytest.fixture
async def experiment(context, now):
    async with transaction(context.sessions) as session:
        await publish_journeys(session, {"carts": COMPILED}, now)
        live = (await Library().live(session, ["carts"]))["carts"]
        await assign(session, live.definition, "which", await come(session, now, 1), now)
        found = await session.scalar(select(Experiment.id))
        for variant, each in (("plain", 10), ("warm", 4)):
            rows = [
                {"experiment_id": found, "contact_id": one, "variant": variant, "assigned_at": now,
                 "goal_at": None if number % each else now, "goal_value": None if number % each else 1.0}
                for number, one in enumerate(await come(session, now, 1_000))
            ]  # fmt: skip
            await session.execute(insert(ExperimentPerson), rows)
        return found


async def test_the_ways_are_compared_with_bounds(signed_in, experiment):
    (row,) = (await signed_in.read("/api/v1/experiments", journey="carts"))["items"]
    assert (row["id"], row["step"], row["goal"], row["winner"]) == (str(experiment), "which", "order_placed", None)
    assert row["even"]
    assert row["sample_ratio_p"] > 0.001
    plain, warm = row["ways"]
    assert plain["compared"] is None
    assert (plain["goals"], warm["goals"]) == (100, 250)
    assert warm["compared"]["low"] > 0
    assert warm["compared"]["high"] < 0.3
    assert warm["compared"]["p_value"] < 0.001


async def test_a_colleague_decides_once_and_only_for_a_way_there_is(signed_in, experiment):
    path = f"/api/v1/experiments/{experiment}/winner"
    assert (await signed_in.send("POST", path, {"variant": "hot"})).status == 422
    assert (await signed_in.send("POST", path, {"variant": "warm"})).status == 204
    assert (await signed_in.send("POST", path, {"variant": "plain"})).status == 409
    assert (await signed_in.send("POST", f"/api/v1/experiments/{new_id()}/winner", {"variant": "warm"})).status == 404
    (row,) = (await signed_in.read("/api/v1/experiments", journey="carts"))["items"]
    assert row["winner"] == "warm"
    assert row["decided_by"].startswith("user:")
    (entry,) = (await signed_in.read("/api/v1/audit", action="decide_experiment"))["items"]
    assert (entry["before"], entry["after"]) == ({"winner": None}, {"winner": "warm"})


async def test_what_a_journey_brings_is_told_beside_who_is_held_back(signed_in, experiment, context, now):
    async with transaction(context.sessions) as session:
        for state, each in (("exited", 4), ("held_out", 10)):
            rows = [
                {"id": new_id(), "journey": "carts", "version": "v1", "contact_id": one, "step": "done",
                 "state": state, "entered_at": now, "updated_at": now,
                 "goal_at": None if number % each else now, "goal_value": None if number % each else 1.0}
                for number, one in enumerate(await come(session, now, 500))
            ]  # fmt: skip
            await session.execute(insert(Enrolment), rows)
    lift = await signed_in.read("/api/v1/journeys/lift", journey="carts")
    assert (lift["inside"]["mean"], lift["held_back"]["mean"]) == (0.25, 0.1)
    assert 0 < lift["compared"]["low"] < 0.15 < lift["compared"]["high"]
    assert (await signed_in.send("GET", "/api/v1/journeys/lift?journey=nowhere", None)).status == 404
