"""Fields as the admin room defines and fills them."""

from __future__ import annotations

import pytest

from base.database import transaction
from base.ids import new_id
from tests.admin.people import make_contact

FIELDS = "/api/v1/contact-fields"
SIZE = {"name": "size", "label": "Size", "type": "choice", "choices": ["S", "L"], "sensitivity": "plain"}


@pytest.fixture
async def jane(context, now):
    async with transaction(context.sessions) as session:
        return await make_contact(session, context.keys, now, fields={"first_name": "Jane", "mood": "good"})


async def test_a_field_is_defined_listed_after_ours_changed_and_taken_away(signed_in) -> None:
    made = await signed_in.send("POST", FIELDS, SIZE)
    assert made.status == 201, await made.text()
    size = await made.json()
    assert size == {"id": size["id"], "keep_days": None, **SIZE}
    items = (await signed_in.read(FIELDS))["items"]
    assert (items[0]["name"], items[0]["id"]) == ("first_name", None)
    assert items[-1] == size
    changed = await signed_in.send("PATCH", f"{FIELDS}/{size['id']}", {"label": "T-shirt", "keep_days": 30})
    assert await changed.json() == {**size, "label": "T-shirt", "keep_days": 30}
    forever = await signed_in.send("PATCH", f"{FIELDS}/{size['id']}", {"keep_days": None})
    assert (await forever.json())["keep_days"] is None
    assert (await signed_in.send("DELETE", f"{FIELDS}/{size['id']}", {})).status == 204
    assert (await signed_in.send("DELETE", f"{FIELDS}/{size['id']}", {})).status == 404


async def test_a_field_that_cannot_be_is_refused_and_says_why(signed_in) -> None:
    await signed_in.send("POST", FIELDS, SIZE)
    again = await signed_in.send("POST", FIELDS, SIZE)
    assert (again.status, (await again.json())["code"]) == (409, "field_exists")
    for change in ({"name": "Size"}, {"name": "shoe", "choices": []}, {"name": "shoe", "type": "colour"}):
        assert (await signed_in.send("POST", FIELDS, SIZE | change)).status == 422


async def test_values_are_set_and_forgotten_in_the_form_their_field_stores(signed_in, jane) -> None:
    await signed_in.send("POST", FIELDS, SIZE)
    path = f"/api/v1/contacts/{jane}/fields"
    answer = await signed_in.send("PATCH", path, {"fields": {"size": "l", "first_name": None, "website": "a.example"}})
    assert answer.status == 200, await answer.text()
    assert (await answer.json())["fields"] == {"mood": "good", "size": "L", "website": "https://a.example"}


async def test_values_that_do_not_fit_or_have_no_field_change_nothing_and_name_each(signed_in, jane) -> None:
    await signed_in.send("POST", FIELDS, SIZE)
    path = f"/api/v1/contacts/{jane}/fields"
    wrong = await signed_in.send("PATCH", path, {"fields": {"size": "M", "website": "?", "first_name": "Ann"}})
    told = await wrong.json()
    assert (wrong.status, told["code"]) == (422, "wrong_value")
    assert {error["field"] for error in told["errors"]} == {"size", "website"}
    unknown = await signed_in.send("PATCH", path, {"fields": {"shoe": 1}})
    assert (unknown.status, (await unknown.json())["errors"][0]["field"]) == (422, "shoe")
    forgotten = await signed_in.send("PATCH", path, {"fields": {"mood": None}})
    assert (await forgotten.json())["fields"] == {"first_name": "Jane"}
    assert (
        await signed_in.send("PATCH", f"/api/v1/contacts/{new_id()}/fields", {"fields": {"size": "S"}})
    ).status == 404


async def test_nobody_defines_or_fills_fields_without_signing_in(admin, jane) -> None:
    assert (await admin.get(FIELDS)).status == 401
    assert (await admin.send("POST", FIELDS, SIZE)).status == 401
    assert (await admin.send("PATCH", f"/api/v1/contacts/{jane}/fields", {"fields": {"city": "Rome"}})).status == 401
