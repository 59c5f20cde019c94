"""Passkeys: made by whoever knows their password, and a way in that is both steps in one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from admin.models import AdminUser
from admin.passkeys.models import Passkey
from base.database import transaction
from tests.admin.conftest import EMAIL, PASSWORD, Admin, client_of
from tests.admin.device import Device


async def begin(browser: Admin) -> dict:
    answer = await browser.send("POST", "/api/v1/account/passkeys/begin", {"password": PASSWORD})
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def keep(browser: Admin, device: Device, name: str = "Telephone"):
    asked = await begin(browser)
    body = {"ticket": asked["ticket"], "name": name, "credential": device.make(asked["options"])}
    return await browser.send("POST", "/api/v1/account/passkeys", body)


async def ask_in(browser: Admin) -> dict:
    answer = await browser.send("POST", "/api/v1/passkey-sign-in/begin", {})
    assert answer.status == 200
    return await answer.json()


async def enter(browser: Admin, device: Device, asked: dict | None = None):
    asked = asked or await ask_in(browser)
    body = {"ticket": asked["ticket"], "credential": device.sign(asked["options"])}
    return await browser.send("POST", "/api/v1/passkey-sign-in", body)


@pytest.fixture
async def device(signed_in) -> Device:
    """A passkey of the one user, whose browser is then signed out."""
    made = Device()
    answer = await keep(signed_in, made)
    assert answer.status == 201, await answer.text()
    signed_in.forget_cookies()
    return made


async def test_a_passkey_signs_in_without_password_and_second_step(signed_in, device):
    answer = await enter(signed_in, device)
    assert answer.status == 200, await answer.text()
    assert (await answer.json())["user"]["email"] == EMAIL
    sessions = (await signed_in.read("/api/v1/account/sessions"))["items"]
    assert [session["way"] for session in sessions if session["is_this"]] == ["passkey"]
    (row,) = (await signed_in.read("/api/v1/account/passkeys"))["items"]
    assert (row["name"], row["used_at"] is not None) == ("Telephone", True)


async def test_an_answer_is_taken_once_also_of_two_at_once(signed_in, device):
    asked = await ask_in(signed_in)
    body = {"ticket": asked["ticket"], "credential": device.sign(asked["options"])}
    answers = await asyncio.gather(*(signed_in.send("POST", "/api/v1/passkey-sign-in", body) for _ in range(2)))
    assert sorted(answer.status for answer in answers) == [200, 401]


async def test_a_copy_that_counts_from_before_is_refused_and_a_device_that_never_counts_is_not(signed_in, device):
    copy = replace(device)
    assert (await enter(signed_in, device)).status == 200
    assert (await enter(signed_in, copy)).status == 401
    plain = Device(counts=False)
    assert (await keep(signed_in, plain)).status == 201
    assert [(await enter(signed_in, plain)).status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "http://evil.example"},
        {"origin": "https://localhost:8080"},
        {"verifies": False},
        {"credential_id": b"\x00" * 32},
        {"user_handle": b"\x00" * 16},
    ],
)
async def test_what_another_page_or_device_signs_is_refused(signed_in, device, changes):
    assert (await enter(signed_in, replace(device, **changes))).status == 401


async def test_another_key_or_another_challenge_is_refused(signed_in, device):
    assert (await enter(signed_in, replace(device, key=Device().key))).status == 401
    first, second = await ask_in(signed_in), await ask_in(signed_in)
    assert (await enter(signed_in, device, {**first, "options": second["options"]})).status == 401
    assert (await enter(signed_in, device, {**first, "ticket": "made.up.ticket"})).status == 422


async def test_a_ticket_for_a_new_passkey_signs_nobody_in_and_is_only_its_users(signed_in, device, join):
    await signed_in.sign_in()
    asked = await begin(signed_in)
    options = {"publicKey": {"challenge": asked["options"]["publicKey"]["challenge"], "rpId": "localhost"}}
    assert (await enter(signed_in, device, {"ticket": asked["ticket"], "options": options})).status == 401
    other = await join("agent")
    body = {"ticket": asked["ticket"], "name": "Mine", "credential": Device().make(asked["options"])}
    assert (await other.send("POST", "/api/v1/account/passkeys", body)).status == 422
    (ticket,) = [(await ask_in(other))["ticket"]]
    body = {"ticket": ticket, "name": "Mine", "credential": Device().make(asked["options"])}
    assert (await other.send("POST", "/api/v1/account/passkeys", body)).status == 422


async def test_it_takes_the_password_to_make_one_and_a_device_makes_one_only(signed_in):
    answer = await signed_in.send("POST", "/api/v1/account/passkeys/begin", {"password": "not my password"})
    assert (answer.status, (await answer.json())["code"]) == (422, "wrong_password")
    device = Device()
    assert (await keep(signed_in, device)).status == 201
    asked = await begin(signed_in)
    (known,) = asked["options"]["publicKey"]["excludeCredentials"]
    assert known["type"] == "public-key"
    assert (await keep(signed_in, device)).status == 422


async def test_a_passkey_that_is_forgotten_or_whose_user_is_let_out_opens_nothing(signed_in, device, context):
    async with transaction(context.sessions) as session:
        await session.execute(update(AdminUser).values(deactivated_at=context.clock.now()))
    assert (await enter(signed_in, device)).status == 401
    async with transaction(context.sessions) as session:
        await session.execute(update(AdminUser).values(deactivated_at=None))
    assert (await enter(signed_in, device)).status == 200
    (row,) = (await signed_in.read("/api/v1/account/passkeys"))["items"]
    assert (await signed_in.send("DELETE", f"/api/v1/account/passkeys/{row['id']}")).status == 204
    assert (await signed_in.send("DELETE", f"/api/v1/account/passkeys/{row['id']}")).status == 404
    assert (await enter(signed_in, device)).status == 401


async def test_a_colleague_who_lost_their_device_loses_its_passkeys_too(signed_in, join, context):
    grace = await join("agent", email="grace@example.com")
    assert (await keep(grace, Device())).status == 201
    (row,) = [row for row in (await signed_in.read("/api/v1/users"))["items"] if row["email"] == "grace@example.com"]
    assert (await signed_in.send("DELETE", f"/api/v1/users/{row['id']}/second-step")).status == 204
    async with context.sessions() as session:
        assert await session.scalar(select(Passkey.id)) is None


async def test_a_site_that_is_opened_by_a_number_says_what_is_missing(context, user):
    async with client_of(replace(context, public_url="http://192.0.2.7:8080")) as client:
        browser = Admin(client, context, context.clock)
        answer = await browser.send("POST", "/api/v1/passkey-sign-in/begin", {})
        assert (answer.status, (await answer.json())["code"]) == (409, "no_passkeys_here")


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"rawId": 1},
        {"rawId": "AA"},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": None},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA"}},
        {"id": "AA", "rawId": "ÄÄ", "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": 1}},
        {"id": [], "rawId": "A", "response": []},
    ],
)
async def test_junk_is_the_senders_fault(signed_in, credential):
    ticket = (await ask_in(signed_in))["ticket"]
    for path, more in (("/api/v1/passkey-sign-in", {}), ("/api/v1/account/passkeys", {"name": "N"})):
        body = {"ticket": ticket, "credential": credential, **more}
        assert (await signed_in.send("POST", path, body)).status in (401, 422)
