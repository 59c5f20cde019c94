"""Companies and owners as the admin room serves them."""

from __future__ import annotations

import pytest

from base.database import transaction
from base.ids import new_id
from tests.admin.people import make_contact

COMPANIES = "/api/v1/companies"


@pytest.fixture
async def ann(context, now):
    async with transaction(context.sessions) as session:
        return await make_contact(
            session,
            context.keys,
            now,
            email="ann@northwind.example",
            fields={"first_name": "Ann", "company": "Northwind Ltd"},
            stage="mql",
            score=30,
        )


async def make(signed_in, **content) -> dict:
    answer = await signed_in.send("POST", COMPANIES, content)
    assert answer.status == 201, await answer.text()
    return await answer.json()


async def test_a_company_is_suggested_made_and_linked(signed_in, ann) -> None:
    path = f"/api/v1/contacts/{ann}/company"
    told = await signed_in.read(path)
    assert told == {
        "contact_id": str(ann),
        "company": None,
        "source": None,
        "suggestion": {"name": "Northwind Ltd", "domain": "northwind.example"},
    }
    company = await make(signed_in, name="Northwind", domains=["northwind.example"], fields={"seats": 12, "vip": True})
    linked = await signed_in.send("PUT", path, {"company_id": company["id"]})
    assert linked.status == 200, await linked.text()
    told = await linked.json()
    assert (told["source"], told["suggestion"]) == ("person", None)
    assert told["company"] == {**company, "people": 1, "stage": "mql", "score": 30, "highest_score": 30}
    assert company["fields"] == {"seats": 12, "vip": True}
    (person,) = (await signed_in.read(f"{COMPANIES}/{company['id']}/people"))["items"]
    assert person == {"id": str(ann), "name": "Ann", "stage": "mql", "score": 30, "source": "person"}
    unlinked = await signed_in.send("PUT", path, {"company_id": None})
    assert (await unlinked.json())["company"] is None
    assert (await signed_in.read(f"{COMPANIES}/{company['id']}"))["people"] == 0


async def test_companies_are_paged_found_changed_and_taken_away(signed_in) -> None:
    for name, domain in (("Northwind", "northwind.example"), ("Acme 100%", "acme.example"), ("Acme", "b.example")):
        await make(signed_in, name=name, domains=[domain])
    first = await signed_in.read(COMPANIES, limit=2)
    rest = await signed_in.read(COMPANIES, limit=2, cursor=first["next_cursor"])
    assert rest["next_cursor"] is None
    assert {one["name"] for one in first["items"] + rest["items"]} == {"Northwind", "Acme 100%", "Acme"}
    assert [one["name"] for one in (await signed_in.read(COMPANIES, q="100%"))["items"]] == ["Acme 100%"]
    (acme,) = (await signed_in.read(COMPANIES, q="B.example"))["items"]
    changed = await signed_in.send("PATCH", f"{COMPANIES}/{acme['id']}", {"name": "Acme Inc", "domains": []})
    assert ((await changed.json())["name"], (await changed.json())["domains"]) == ("Acme Inc", [])
    taken = await signed_in.send("PATCH", f"{COMPANIES}/{acme['id']}", {"domains": ["northwind.example"]})
    assert (taken.status, (await taken.json())["code"]) == (409, "domain_taken")
    assert (await signed_in.send("DELETE", f"{COMPANIES}/{acme['id']}", {})).status == 204
    assert (await signed_in.get(f"{COMPANIES}/{acme['id']}")).status == 404


async def test_what_cannot_be_a_company_is_refused(signed_in) -> None:
    for content in (
        {"name": ""},
        {"name": "a", "domains": ["gmail.com"]},
        {"name": "a", "fields": {"Bad Name": "x"}},
        {"name": "a", "fields": {"x": None}},
        {"name": "a\0"},
    ):
        assert (await signed_in.send("POST", COMPANIES, content)).status == 422


async def test_a_contact_has_an_owner_whom_lists_show_and_filter_by(signed_in, user, ann) -> None:
    path = f"/api/v1/contacts/{ann}/owner"
    answer = await signed_in.send("PUT", path, {"user_id": str(user.id)})
    owner = {"user_id": str(user.id), "name": user.name}
    assert (answer.status, await answer.json()) == (200, {"contact_id": str(ann), "owner": owner})
    (lead,) = (await signed_in.read("/api/v1/leads", owner=str(user.id)))["items"]
    assert lead["owner"] == owner
    assert (await signed_in.read(f"/api/v1/leads/{ann}"))["owner"] == owner
    assert (await signed_in.read("/api/v1/leads", owner=str(new_id())))["items"] == []
    stranger = await signed_in.send("PUT", path, {"user_id": str(new_id())})
    assert stranger.status == 422
    nobody = await signed_in.send("PUT", path, {"user_id": None})
    assert (await nobody.json())["owner"] is None
    assert (await signed_in.send("PUT", f"/api/v1/contacts/{new_id()}/owner", {"user_id": None})).status == 404


async def test_nobody_sees_or_changes_companies_without_signing_in(admin, ann) -> None:
    assert (await admin.get(COMPANIES)).status == 401
    assert (await admin.send("POST", COMPANIES, {"name": "a"})).status == 401
    assert (await admin.send("PUT", f"/api/v1/contacts/{ann}/owner", {"user_id": None})).status == 401
