"""Journeys over the API: listed, explained, paused, filled, rolled back."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from base.database import transaction
from base.ids import new_id
from outreach.backfilling import Backfills
from outreach.enrolment import publish_journeys
from outreach.library import Library
from tests.admin.people import make_contact

API = "/api/v1/journeys"


def compiled(version, **fields):
    """A journey that waits an hour and ends."""
    return {
        "journey": "nurture", "name": "Nurture", "version": version, "purpose": "marketing",
        "exit_when": ["opted_out"], "first": "rest", "wording": {},
        "steps": {
            "rest": {"step": "wait_for", "seconds": 3_600, "next": [{"to": "done"}]},
            "done": {"step": "exit"},
        },
    } | fields  # fmt: skip


@pytest.fixture
async def people(context, now):
    async with transaction(context.sessions) as session:
        await publish_journeys(session, {"nurture": compiled("v1", version_policy="follow")}, now)
        return [await make_contact(session, context.keys, now) for _ in range(3)]


async def send(admin, path, content, *, status=200):
    answer = await admin.send("POST", API + path, content)
    assert answer.status == status, await answer.text()
    return await answer.json() if status in {200, 201} else None


async def enrol(admin, contact_id):
    return await send(admin, "/enrol", {"journey": "nurture", "contact": str(contact_id)})


async def test_somebody_is_put_in_once_and_it_is_said_why_not_again(signed_in, people):
    assert await enrol(signed_in, people[0]) == {"entered": True, "rule": None, "text": None}
    again = await enrol(signed_in, people[0])
    assert (again["entered"], again["rule"]) == (False, "re_entry")
    (row,) = (await signed_in.read(API))["items"]
    assert (row["journey"], row["state"], row["people"], row["live_version"]) == ("nurture", "running", 1, "v1")
    detail = await signed_in.read(f"{API}/detail", journey="nurture")
    assert detail["standing"] == [{"version": "v1", "step": "rest", "people": 1}]
    assert {(one["what"], one["rule"], one["people"]) for one in detail["totals"]} == {
        ("stands", "rest", 1), ("stayed_out", "re_entry", 1),
    }  # fmt: skip
    why = await signed_in.read(f"{API}/why", journey="nurture", contact=str(people[0]))
    assert why["items"][0]["what"] == "entered"
    assert {one["what"] for one in why["items"]} == {"entered", "stands", "stayed_out"}


async def test_a_contact_s_journeys_are_listed_and_they_are_taken_out_of_one(signed_in, context, people):
    path = f"/api/v1/contacts/{people[0]}/journeys"
    assert (await signed_in.read(path))["items"] == []
    await enrol(signed_in, people[0])
    (row,) = (await signed_in.read(path))["items"]
    assert (row["name"], row["step"], row["state"], row["left_because"]) == ("Nurture", "rest", "active", None)
    assert row["due_at"] is not None
    await send(signed_in, "/state", {"journey": "nurture", "state": "paused"}, status=204)
    async with transaction(context.sessions) as session:
        await session.execute(
            text("UPDATE enrolments SET parked_due_at = due_at, due_at = due_at + interval '9 years'")
        )
    (row,) = (await signed_in.read(path))["items"]
    assert (row["paused"], row["due_at"]) == (True, None)

    for _, status in ((1, 204), (2, 404)):
        answer = await signed_in.send("POST", f"{path}/leave", {"journey": "nurture"})
        assert answer.status == status, await answer.text()
    (row,) = (await signed_in.read(path))["items"]
    assert (row["state"], row["left_because"]) == ("exited", "A colleague took them out.")
    assert row["left_at"] is not None
    assert (await signed_in.get(f"/api/v1/contacts/{new_id()}/journeys")).status == 404


async def test_a_journey_or_contact_that_is_not_there_is_said_so(signed_in, people):
    for path, content in (
        ("/enrol", {"journey": "nowhere", "contact": str(people[0])}),
        ("/enrol", {"journey": "nurture", "contact": str(new_id())}),
        ("/state", {"journey": "nowhere", "state": "paused"}),
        ("/rollback", {"journey": "nurture", "version": "v9"}),
        ("/preview", {"journey": "nurture", "version": "v9"}),
        ("/backfills", {"journey": "nurture", "segment": str(new_id())}),
    ):
        await send(signed_in, path, content, status=404)


async def test_a_paused_journey_lets_nobody_in(signed_in, people):
    await send(signed_in, "/state", {"journey": "nurture", "state": "paused"}, status=204)
    refused = await enrol(signed_in, people[0])
    assert (refused["rule"], refused["text"]) == ("paused", "The journey was paused.")
    await send(signed_in, "/state", {"journey": "nurture", "state": "running"}, status=204)
    assert (await enrol(signed_in, people[0]))["entered"]


async def test_a_segment_is_put_in_and_the_progress_is_shown(signed_in, context, people, now):
    segment = new_id()
    async with transaction(context.sessions) as session:
        await session.execute(
            text(
                "INSERT INTO segments (id, name, tree, state, made_by, created_at, updated_at) "
                "VALUES (:id, 'All', '{}', 'live', 'user:1', now(), now())"
            ),
            {"id": segment},
        )
        await session.execute(text("INSERT INTO segment_members SELECT :id, id, now() FROM contacts"), {"id": segment})
    made = await send(signed_in, "/backfills", {"journey": "nurture", "segment": str(segment)}, status=201)
    assert (made["state"], made["total"], made["entered"]) == ("running", 3, 0)
    await Backfills(context.sessions, Library()).do_due(now)
    (row,) = (await signed_in.read(f"{API}/backfills", journey="nurture"))["items"]
    assert (row["id"], row["state"], row["looked_at"], row["entered"]) == (made["id"], "done", 3, 3)
    await send(signed_in, f"/backfills/{made['id']}/cancel", {}, status=204)
    await send(signed_in, f"/backfills/{new_id()}/cancel", {}, status=404)


async def test_a_version_is_previewed_and_rolled_back_to(signed_in, context, people, now):
    await enrol(signed_in, people[0])
    other = compiled("v2", version_policy="follow") | {
        "first": "nap",
        "steps": {"nap": {"step": "wait_for", "seconds": 60, "next": [{"to": "done"}]}, "done": {"step": "exit"}},
    }
    async with transaction(context.sessions) as session:
        await publish_journeys(session, {"nurture": other}, now)
    wish = {"journey": "nurture", "version": "v2"}
    line = {"version": "v1", "step": "rest", "people": 1}
    assert (await send(signed_in, "/preview", wish))["items"] == [line | {"lands_on": "done", "how": "nearest"}]
    told = wish | {"places": {"v1": {"rest": "nap"}}}
    assert (await send(signed_in, "/preview", told))["items"] == [line | {"lands_on": "nap", "how": "mapped"}]
    await send(signed_in, "/preview", wish | {"places": {"v1": {"rest": "nowhere"}}}, status=422)
    await send(signed_in, "/rollback", {"journey": "nurture", "version": "v1"}, status=204)
    detail = await signed_in.read(f"{API}/detail", journey="nurture")
    assert [one["version"] for one in detail["versions"] if one["live"]] == ["v1"]
