"""Signing in and out, sessions and their end, and the limits on guessing."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from sqlalchemy import func, select, update

from admin.models import AdminSession, AdminUser, LoginAttempt
from admin.sessions.attempts import PER_ACCOUNT, PER_ADDRESS, WINDOW
from admin.sessions.cookie import NAME
from admin.sessions.passwords import Passwords
from admin.sessions.service import IDLE, LONGEST, remove_expired
from base.database import transaction
from tests.admin.conftest import EMAIL, PASSWORD, client_of


async def attempts_in(context) -> int:
    async with context.sessions() as session:
        return await session.scalar(select(func.count()).select_from(LoginAttempt))


async def test_the_right_password_opens_a_session_and_sign_out_ends_it(signed_in):
    assert (await signed_in.read("/api/v1/session"))["user"]["email"] == EMAIL
    token = signed_in.client.session.cookie_jar.filter_cookies(signed_in.client.make_url("/"))[NAME].value

    answer = await signed_in.send("DELETE", "/api/v1/session")

    assert answer.status == 204
    assert answer.cookies[NAME]["max-age"] == "0"
    again = await signed_in.client.get("/api/v1/session", headers={"Cookie": f"{NAME}={token}"})
    assert again.status == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(admin, user):
    cookie = (await admin.sign_in()).cookies[NAME]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/"
    assert not cookie["secure"]


async def test_the_cookie_is_secure_on_an_https_site(context, user):
    from dataclasses import replace

    from tests.admin.conftest import COMMAND

    async with client_of(replace(context, public_url="https://chat.example.com")) as client:
        body = {"email": EMAIL, "password": PASSWORD}
        answer = await client.post("/api/v1/session", json=body, headers=COMMAND)
        assert answer.cookies[NAME]["secure"] is True


async def test_only_the_hash_of_the_token_is_stored_and_each_sign_in_has_its_own(admin, user, context):
    tokens = {(await admin.sign_in()).cookies[NAME].value for _ in range(2)}
    async with context.sessions() as session:
        stored = set(await session.scalars(select(AdminSession.token_sha256)))
    assert len(tokens) == 2
    assert stored == {hashlib.sha256(token.encode()).digest() for token in tokens}


async def test_case_of_the_address_does_not_matter_at_sign_in(admin, user):
    assert (await admin.sign_in(email=" ADA@Example.com")).status == 200


async def test_wrong_password_and_unknown_user_get_the_same_answer(admin, user):
    wrong = await admin.sign_in(password="wrong horse battery")
    unknown = await admin.sign_in(email="nobody@example.com")
    no_address = await admin.sign_in(email="nobody")
    assert [answer.status for answer in (wrong, unknown, no_address)] == [401, 401, 401]
    assert await wrong.json() == await unknown.json() == await no_address.json()


async def test_an_unknown_user_costs_a_whole_password_check_too():
    loop, passwords = asyncio.get_running_loop(), Passwords()
    stored = await passwords.hash(PASSWORD)

    async def seconds(stored_or_none: str | None) -> float:
        began = loop.time()
        assert not await passwords.is_right(stored_or_none, "wrong horse battery")
        return loop.time() - began

    known = min([await seconds(stored) for _ in range(3)])
    unknown = min([await seconds(None) for _ in range(3)])
    assert unknown > known / 3


async def test_passwords_are_hashed_by_argon2id_with_the_parameters_of_the_library():
    parameters = extract_parameters(await Passwords().hash(PASSWORD))
    assert parameters.type is Type.ID
    assert parameters.memory_cost == PasswordHasher().memory_cost >= 65_536


async def test_the_loop_goes_on_while_a_password_is_hashed():
    passwords, beats = Passwords(), 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.001)
            beats += 1

    heart = asyncio.create_task(beat())
    await passwords.hash(PASSWORD)
    heart.cancel()
    assert beats >= 3


async def test_a_used_session_slides_but_not_beyond_its_longest(signed_in, now):
    for _ in range(int(LONGEST / timedelta(hours=11))):
        signed_in.clock.forward(hours=11)
        assert (await signed_in.get("/api/v1/session")).status == 200
    signed_in.clock.moment = now + LONGEST
    assert (await signed_in.get("/api/v1/session")).status == 401


async def test_an_idle_session_ends(signed_in):
    signed_in.clock.forward(seconds=IDLE.total_seconds())
    assert (await signed_in.get("/api/v1/session")).status == 401


async def test_a_burst_of_requests_writes_the_session_once(signed_in, counted):
    signed_in.clock.forward(minutes=30)
    with counted() as statements:
        for _ in range(3):
            await signed_in.read("/api/v1/session")
    assert sum(statement.startswith("UPDATE admin_sessions") for statement in statements) == 1


@pytest.mark.parametrize("cookie", ["", "x", "x" * 43, '"' * 43, "é" * 43, "x" * 4_000])
async def test_a_made_up_cookie_is_nobody(admin, user, cookie):
    answer = await admin.client.get("/api/v1/session", headers={"Cookie": f"{NAME}={cookie}"})
    assert answer.status == 401


async def test_guessing_is_stopped_even_with_the_right_password_until_the_window_has_passed(admin, user):
    for _ in range(PER_ACCOUNT):
        assert (await admin.sign_in(password="wrong horse battery")).status == 401
        admin.clock.forward(seconds=10)
    answer = await admin.sign_in()
    assert answer.status == 429
    wait = int(answer.headers["Retry-After"])
    assert wait == WINDOW.total_seconds() - 10 * PER_ACCOUNT
    admin.clock.forward(seconds=wait)
    assert (await admin.sign_in()).status == 200


async def test_a_locked_account_does_not_lock_another_one(admin, user):
    for _ in range(PER_ACCOUNT + 1):
        await admin.sign_in(email="eve@example.com")
    assert (await admin.sign_in()).status == 200


async def test_an_address_that_tries_many_accounts_is_stopped(admin, user):
    for number in range(PER_ADDRESS):
        assert (await admin.sign_in(email=f"user{number}@example.com")).status == 401
    assert (await admin.sign_in()).status == 429


async def test_a_volley_at_once_gets_no_more_guesses_than_a_row(admin, user):
    guesses = [admin.sign_in(password=f"wrong horse {number}") for number in range(PER_ACCOUNT * 2)]
    answers = [answer.status for answer in await asyncio.gather(*guesses)]
    assert sorted(answers) == [401] * PER_ACCOUNT + [429] * PER_ACCOUNT


async def test_a_success_forgives_earlier_slips(admin, user, context):
    for _ in range(PER_ACCOUNT - 1):
        await admin.sign_in(password="wrong horse battery")
    for _ in range(PER_ADDRESS):
        assert (await admin.sign_in()).status == 200
    for _ in range(PER_ACCOUNT - 1):
        assert (await admin.sign_in(password="wrong horse battery")).status == 401


async def test_neither_address_nor_account_can_be_read_from_the_attempts(admin, user, context):
    await admin.sign_in(password="wrong horse battery")
    async with context.sessions() as session:
        subjects = set(await session.scalars(select(LoginAttempt.subject)))
    plain = {name.encode() for name in ("127.0.0.1", EMAIL, f"account:127.0.0.1:{EMAIL}", "address:127.0.0.1")}
    assert len(subjects) == 2
    assert not subjects & (plain | {hashlib.sha256(name).digest() for name in plain})


async def test_a_hash_of_weaker_parameters_is_renewed_at_sign_in(admin, user, context):
    weak = PasswordHasher(time_cost=1, memory_cost=512, parallelism=1).hash(PASSWORD)
    async with transaction(context.sessions) as session:
        await session.execute(update(AdminUser).values(password_hash=weak))
    assert (await admin.sign_in()).status == 200
    async with context.sessions() as session:
        renewed = await session.scalar(select(AdminUser.password_hash))
    assert renewed != weak
    assert not context.passwords.is_outdated(renewed)
    assert (await admin.sign_in()).status == 200


async def test_what_has_ended_is_swept_away_and_nothing_else(admin, user, context):
    await admin.sign_in(password="wrong horse battery")
    await admin.sign_in()
    async with transaction(context.sessions) as session:
        await remove_expired(session, admin.clock.now())
    assert (await admin.get("/api/v1/session")).status == 200
    admin.clock.forward(days=8)
    async with transaction(context.sessions) as session:
        await remove_expired(session, admin.clock.now())
        assert await session.scalar(select(func.count()).select_from(AdminSession)) == 0
    assert await attempts_in(context) == 0
