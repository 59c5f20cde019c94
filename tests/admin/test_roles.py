"""Roles: the shipped ones cannot be changed; a site's own are made, changed and taken away."""

from __future__ import annotations

import pytest

from admin.api.permissions import PERMISSIONS, ROLES

READERS = {"name": "Readers", "permissions": ["contacts.read"]}


async def make(browser, body=READERS):
    return await browser.send("POST", "/api/v1/roles", body)


async def test_all_roles_are_listed_with_what_they_hold_and_how_many_have_them(signed_in, join):
    await join("agent")
    await make(signed_in)
    told = await signed_in.read("/api/v1/roles")
    assert told["permissions"] == sorted(PERMISSIONS)
    rows = {row["name"]: row for row in told["items"]}
    assert list(rows) == [*ROLES, "Readers"]
    assert (rows["owner"]["users"], rows["agent"]["users"], rows["Readers"]["users"]) == (1, 1, 0)
    assert rows["analyst"]["permissions"] == sorted(ROLES["analyst"])
    assert rows["owner"]["id"] is None
    assert rows["Readers"]["id"] is not None


@pytest.mark.parametrize("name", ["Owner", "readers", "READERS"])
async def test_a_name_is_taken_whatever_its_case(signed_in, name):
    assert (await make(signed_in)).status == 201
    assert (await make(signed_in, {**READERS, "name": name})).status == 409


@pytest.mark.parametrize(
    "body",
    [
        {"name": " ", "permissions": ["contacts.read"]},
        {"name": "None", "permissions": []},
        {"name": "Other", "permissions": ["everything"]},
        {"name": "Own", "permissions": ["own"]},
    ],
)
async def test_a_role_needs_a_name_and_permissions_that_there_are(signed_in, body):
    assert (await make(signed_in, body)).status == 422


async def test_a_change_of_a_role_holds_at_once_for_whoever_has_it(signed_in, join):
    role = await (await make(signed_in)).json()
    grace = await join("Readers")
    assert (await grace.get("/api/v1/segments")).status == 403
    answer = await signed_in.send(
        "PUT", f"/api/v1/roles/{role['id']}", {"permissions": ["segments.read"]}, **{"If-Match": '"1"'}
    )
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert (await grace.get("/api/v1/segments")).status == 200
    assert (await grace.get("/api/v1/leads")).status == 403
    late = await signed_in.send(
        "PUT", f"/api/v1/roles/{role['id']}", {"permissions": ["contacts.read"]}, **{"If-Match": '"1"'}
    )
    assert late.status == 412


async def test_a_role_that_somebody_has_or_is_invited_to_stays(signed_in, join):
    role = await (await make(signed_in)).json()
    body = {"email": "g@example.com", "name": "G", "role": "Readers"}
    assert (await signed_in.send("POST", "/api/v1/invitations", body)).status == 201
    assert (await signed_in.send("DELETE", f"/api/v1/roles/{role['id']}")).status == 409
    (invitation,) = (await signed_in.read("/api/v1/invitations"))["items"]
    await signed_in.send("DELETE", f"/api/v1/invitations/{invitation['id']}")
    assert (await signed_in.send("DELETE", f"/api/v1/roles/{role['id']}")).status == 204
    assert (await signed_in.send("DELETE", f"/api/v1/roles/{role['id']}")).status == 404
