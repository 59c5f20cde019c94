"""API tokens: what a program may do by one, for how long, and that a browser's cookie is no token."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from admin.api_tokens.models import APIToken
from tests.admin.conftest import PASSWORD, Admin, client_of

NEW = {"name": "Nightly export", "permissions": ["contacts.read", "segments.write"], "days": 30}


@pytest.fixture
async def program(context, clock):
    """A program: no cookies and no header of our pages."""
    async with client_of(context) as client:
        yield Admin(client, context, clock, headers={"Content-Type": "application/json"})


async def make(browser: Admin, **changes) -> dict:
    answer = await browser.send("POST", "/api/v1/api-tokens", {**NEW, **changes})
    assert answer.status == 201, await answer.text()
    return await answer.json()


def bear(program: Admin, token: str) -> None:
    program.headers["Authorization"] = f"Bearer {token}"


async def read(program: Admin, path: str = "/api/v1/leads") -> int:
    return (await program.send("GET", path)).status


async def test_a_token_opens_what_it_holds_and_no_more(signed_in, program):
    bear(program, (await make(signed_in))["token"])
    assert await read(program) == 200
    assert await read(program, "/api/v1/score-rules") == 403
    # No page sent it, so nothing of pages is asked; what is sent is still looked at.
    body = {"name": "Everybody", "rule": {}}
    assert (await program.send("POST", "/api/v1/segments", body)).status in (201, 422)
    assert (await program.send("POST", "/api/v1/companies", {"name": "A"})).status == 403


async def test_a_token_is_shown_once_and_only_its_hash_is_stored(signed_in, context):
    made = await make(signed_in)
    assert made["token"].startswith("parley_api_")
    (listed,) = (await signed_in.read("/api/v1/api-tokens"))["items"]
    assert "token" not in listed
    assert listed["permissions"] == sorted(NEW["permissions"])
    async with context.sessions() as session:
        assert made["token"].encode() not in await session.scalar(select(APIToken.token_sha256))


async def test_a_token_ends_by_time_and_by_being_revoked(signed_in, program):
    made = await make(signed_in, days=1)
    bear(program, made["token"])
    program.clock.forward(hours=23, minutes=59)
    assert await read(program) == 200
    program.clock.forward(minutes=1)
    assert await read(program) == 401
    await signed_in.sign_in()
    second = await make(signed_in)
    bear(program, second["token"])
    assert await read(program) == 200
    assert (await signed_in.send("DELETE", f"/api/v1/api-tokens/{second['id']}")).status == 204
    assert await read(program) == 401


async def test_a_token_never_holds_more_than_its_user_does_now(signed_in, join, program):
    grace = await join("marketer")
    bear(program, (await make(grace))["token"])
    assert await read(program) == 200
    (user,) = [row for row in (await signed_in.read("/api/v1/users"))["items"] if row["role"] == "marketer"]
    path, at = f"/api/v1/users/{user['id']}", {"If-Match": '"1"'}
    assert (await signed_in.send("PATCH", path, {"role": "analyst"}, **at)).status == 200
    assert await read(program) == 403
    assert (await signed_in.send("PATCH", path, {"is_active": False}, **{"If-Match": '"2"'})).status == 200
    assert await read(program) == 401


async def test_whoever_is_let_in_again_makes_new_tokens(signed_in, join, program):
    grace = await join("marketer")
    bear(program, (await make(grace))["token"])
    (user,) = [row for row in (await signed_in.read("/api/v1/users"))["items"] if row["role"] == "marketer"]
    for number, active in enumerate((False, True), start=1):
        await signed_in.send(
            "PATCH", f"/api/v1/users/{user['id']}", {"is_active": active}, **{"If-Match": f'"{number}"'}
        )
    assert await read(program) == 401


async def test_no_token_opens_an_account_or_makes_another_token(signed_in, program):
    bear(program, (await make(signed_in))["token"])
    program.headers["X-Requested-With"] = "parley"
    assert await read(program, "/api/v1/account") == 401
    assert (await program.send("POST", "/api/v1/api-tokens", NEW)).status == 401
    body = {"password": PASSWORD, "new_password": "a whole new password"}
    assert (await program.send("PUT", "/api/v1/account/password", body)).status == 401


@pytest.mark.parametrize("token", ["x", "parley_api_", "parley_api_" + "x" * 43, "é" * 20, "parley_api_" + "x" * 9_000])
async def test_a_made_up_token_is_nobody_even_beside_a_good_cookie(signed_in, token):
    answer = await signed_in.client.get("/api/v1/leads", headers={"Authorization": f"Bearer {token}"})
    assert answer.status in (400, 401)


async def test_a_browsers_cookie_still_needs_the_header_of_our_pages(signed_in):
    answer = await signed_in.client.post("/api/v1/companies", json={"name": "A"})
    assert answer.status == 403


async def test_its_use_is_noted_once_a_minute(signed_in, program, counted):
    bear(program, (await make(signed_in))["token"])
    with counted() as statements:
        for _ in range(3):
            assert await read(program) == 200
    assert sum(statement.startswith("UPDATE api_tokens") for statement in statements) == 1
    (listed,) = (await signed_in.read("/api/v1/api-tokens"))["items"]
    assert datetime.fromisoformat(listed["last_used_at"]) == program.clock.now()


async def test_only_whoever_changes_users_sees_and_revokes_the_tokens_of_others(signed_in, join):
    agent, marketer = await join("agent"), await join("marketer")
    made = await make(marketer, permissions=["contacts.read"])
    assert (await agent.read("/api/v1/api-tokens"))["items"] == []
    assert (await agent.send("DELETE", f"/api/v1/api-tokens/{made['id']}")).status == 404
    (seen,) = (await signed_in.read("/api/v1/api-tokens"))["items"]
    assert seen["user_name"] == "Grace"
    assert (await signed_in.send("DELETE", f"/api/v1/api-tokens/{made['id']}")).status == 204


@pytest.mark.parametrize("changes", [{"permissions": []}, {"permissions": ["own"]}, {"days": 0}, {"days": 367}])
async def test_a_token_holds_something_for_a_year_at_most(signed_in, changes):
    assert (await signed_in.send("POST", "/api/v1/api-tokens", {**NEW, **changes})).status == 422


async def test_it_lasts_as_long_as_was_said(signed_in, now):
    made = await make(signed_in)
    assert datetime.fromisoformat(made["expires_at"]) == now + timedelta(days=30)
