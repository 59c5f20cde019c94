"""Contacts that may be one person as the admin room serves them."""

from __future__ import annotations

import pytest

from base.database import transaction
from base.ids import new_id
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


async def test_an_unknown_pair_and_a_strange_cursor_are_said_so(signed_in) -> None:
    assert (await signed_in.send("POST", f"{CANDIDATES}/{new_id()}/refuse", {})).status == 404
    for cursor in ("x", "f_gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"):
        assert (await signed_in.get(CANDIDATES, cursor=cursor)).status in (400, 422)


async def test_nobody_sees_or_decides_without_signing_in(admin) -> None:
    assert (await admin.get(CANDIDATES)).status == 401
    assert (await admin.send("POST", f"{CANDIDATES}/{new_id()}/refuse", {})).status == 401
