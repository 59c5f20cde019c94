"""The first user: one token, one winner, and no way in afterwards."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from admin.api.permissions import PERMISSIONS
from admin.models import AdminUser, SetupToken
from admin.sessions.setup import AlreadySetUp, create_setup_token
from base.database import transaction

PASSWORD = "correct horse battery"


@pytest.fixture
async def token(context, now) -> str:
    async with transaction(context.sessions) as session:
        return await create_setup_token(session, now)


def request(good: str, **changes: str) -> dict[str, str]:
    return {"token": good, "email": "Ada@Example.com", "name": " Ada ", "password": PASSWORD, **changes}


async def users_in(context) -> int:
    async with context.sessions() as session:
        return await session.scalar(select(func.count()).select_from(AdminUser))


async def test_the_token_makes_the_first_user_who_is_then_signed_in(admin, token):
    assert await admin.read("/api/v1/setup") == {"needed": True}
    answer = await admin.send("POST", "/api/v1/setup", request(token))
    made = await answer.json()
    assert answer.status == 201
    told = {"id": "", "email": "ada@example.com", "name": "Ada", "role": "owner", "permissions": sorted(PERMISSIONS)}
    told["owes_second_step"] = False
    assert made["user"] | {"id": ""} == told
    assert await admin.read("/api/v1/setup") == {"needed": False}
    assert await admin.read("/api/v1/session") == made
    admin.forget_cookies()
    assert (await admin.sign_in(email="ada@example.com", password=PASSWORD)).status == 200


async def test_of_parallel_uses_exactly_one_wins(admin, token, context):
    uses = [admin.send("POST", "/api/v1/setup", request(token, email=f"a{each}@example.com")) for each in range(6)]
    statuses = sorted(answer.status for answer in await asyncio.gather(*uses))
    assert statuses == [201, 409, 409, 409, 409, 409]
    assert await users_in(context) == 1


async def test_a_wrong_token_is_refused_and_uses_nothing_up(admin, token, context):
    for wrong in ("", "x" * 43, token[:-1], token + "x"):
        assert (await admin.send("POST", "/api/v1/setup", request(wrong))).status == 403
    assert await users_in(context) == 0
    assert (await admin.send("POST", "/api/v1/setup", request(token))).status == 201


async def test_an_old_token_is_refused(admin, token):
    admin.clock.forward(hours=24)
    assert (await admin.send("POST", "/api/v1/setup", request(token))).status == 403


async def test_a_newer_token_replaces_the_older_one(admin, token, context, now):
    async with transaction(context.sessions) as session:
        newer = await create_setup_token(session, now + timedelta(minutes=1))
    assert (await admin.send("POST", "/api/v1/setup", request(token))).status == 403
    assert (await admin.send("POST", "/api/v1/setup", request(newer))).status == 201


async def test_with_a_user_there_is_no_set_up_any_more(admin, token, user, context, now):
    assert (await admin.send("POST", "/api/v1/setup", request(token))).status == 409
    async with transaction(context.sessions) as session:
        with pytest.raises(AlreadySetUp):
            await create_setup_token(session, now)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "elevenchars"),
        ("password", "x" * 257),
        ("password", "twelve\0chars"),
        ("email", "ada"),
        ("email", "a@b" + "x" * 400 + ".example"),
        ("name", "   "),
        ("name", "x" * 201),
        ("name", "A\0da"),
        ("token", "x" * 201),
        ("surprise", "yes"),
    ],
)
async def test_a_bad_field_is_named_and_the_token_stays_good(admin, token, field, value):
    answer = await admin.send("POST", "/api/v1/setup", request(token, **{field: value}))
    problem = await answer.json()
    assert answer.status == 422
    assert [error["field"] for error in problem["errors"]] == [field]
    assert value not in await answer.text()
    assert (await admin.send("POST", "/api/v1/setup", request(token))).status == 201


@pytest.mark.parametrize("password", ["twelve chars", "x" * 256, "пароль из двенадцати"])
async def test_long_enough_passwords_of_any_script_are_taken(admin, token, password):
    assert (await admin.send("POST", "/api/v1/setup", request(token, password=password))).status == 201
    assert (await admin.sign_in(email="ada@example.com", password=password)).status == 200


async def test_the_token_is_stored_only_as_its_hash(context, token):
    async with context.sessions() as session:
        stored = await session.scalar(select(SetupToken.token_sha256))
    assert token.encode() not in stored
    assert len(stored) == 32
