"""Contacts that may be one person as the admin room serves them."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select

import server.web  # noqa: F401  # loads every room's tables
from base.database import transaction
from base.ids import new_id
from crm.contacts.models import ContactPoint
from crm.contacts.unmerging import unmerge
from crm.resolution.finding import look_at_due
from tests.admin.people import make_contact

CANDIDATES = "/api/v1/merge-candidates"


@pytest.fixture
async def alike(context, now) -> list:
    """Two pairs, the second of which agrees in more."""
    made = []
    async with transaction(context.sessions) as session:
        for last, company in (("Garcia", None), ("Thompson", "Northwind")):
            for domain in ("a", "b"):
                fields = {"first_name": "Jane", "last_name": last} | ({"company": company} if company else {})
                email = f"{last}.{company}@{domain}.example" if company else None
                made.append(await make_contact(session, context.keys, now, email=email, fields=fields))
        await look_at_due(session, context.keys, now)
    return made


async def test_the_most_probable_pair_is_first_and_says_why_in_words(signed_in, alike) -> None:
    first = await signed_in.read(CANDIDATES, limit=1, state="open")
    rest = await signed_in.read(CANDIDATES, limit=1, state="open", cursor=first["next_cursor"])
    assert rest["next_cursor"] is None
    (item,) = first["items"]
    assert {one["id"] for one in item["contacts"]} == {str(one) for one in alike[2:]}
    assert {one["name"] for one in item["contacts"]} == {"Jane Thompson"}
    assert {one["email"] for one in item["contacts"]} == {
        "thompson.northwind@a.example",
        "thompson.northwind@b.example",
    }
    assert item["probability"] > rest["items"][0]["probability"] > 0.5
    reasons = {reason["field"]: reason for reason in item["reasons"]}
    assert reasons["company"]["words"] == "The company is the same."
    assert reasons["company"]["bits"] > 0
    of_one = await signed_in.read(CANDIDATES, contact_id=str(alike[0]))
    assert [one["id"] for one in of_one["items"]] == [rest["items"][0]["id"]]


async def test_a_pair_is_refused_once_and_leaves_the_open_list(signed_in, user, alike) -> None:
    (latest, *_) = (await signed_in.read(CANDIDATES))["items"]
    answer = await signed_in.send("POST", f"{CANDIDATES}/{latest['id']}/refuse", {})
    assert answer.status == 200, await answer.text()
    told = await answer.json()
    assert (told["state"], told["decided_by"]) == ("refused", f"user:{user.id}")
    again = await signed_in.send("POST", f"{CANDIDATES}/{latest['id']}/refuse", {})
    assert (again.status, (await again.json())["code"]) == (409, "already_decided")
    assert len((await signed_in.read(CANDIDATES, state="open"))["items"]) == 1


async def test_a_confirmed_pair_becomes_one_contact_and_can_be_parted_again(
    signed_in, context, user, now, alike
) -> None:
    (latest, *_) = (await signed_in.read(CANDIDATES))["items"]
    path, survivor = f"{CANDIDATES}/{latest['id']}/confirm", latest["contacts"][0]["id"]
    stranger = await signed_in.send("POST", path, {"survivor_id": str(alike[0])})
    assert stranger.status == 422
    answer = await signed_in.send("POST", path, {"survivor_id": survivor})
    assert answer.status == 200, await answer.text()
    told = await answer.json()
    assert (told["state"], told["decided_by"]) == ("confirmed", f"user:{user.id}")
    assert [one["id"] for one in told["contacts"]] == [survivor]
    async with context.sessions() as session:
        points = select(func.count()).where(ContactPoint.contact_id == UUID(survivor))
        assert await session.scalar(points) == 2
    again = await signed_in.send("POST", path, {"survivor_id": survivor})
    assert (again.status, (await again.json())["code"]) == (409, "already_decided")
    async with transaction(context.sessions) as session:
        await unmerge(session, UUID(told["merge_id"]), "user:1", now)
        await look_at_due(session, context.keys, now)
    assert len((await signed_in.read(CANDIDATES, state="open"))["items"]) == 1
    (parted,) = (await signed_in.read(CANDIDATES, state="confirmed"))["items"]
    assert len(parted["contacts"]) == 2


async def test_an_unknown_pair_and_a_strange_cursor_are_said_so(signed_in) -> None:
    assert (await signed_in.send("POST", f"{CANDIDATES}/{new_id()}/refuse", {})).status == 404
    for cursor in ("x", "f_gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"):
        assert (await signed_in.get(CANDIDATES, cursor=cursor)).status in (400, 422)


async def test_nobody_sees_or_decides_without_signing_in(admin) -> None:
    assert (await admin.get(CANDIDATES)).status == 401
    assert (await admin.send("POST", f"{CANDIDATES}/{new_id()}/refuse", {})).status == 401
