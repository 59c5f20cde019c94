"""Two steps: an app of codes is set up, asked for at sign-in, and no code is taken twice."""

from __future__ import annotations

import asyncio
import base64

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import select
from yarl import URL

from admin.audit.chain import Author
from admin.audit.trail import Trail, trailed
from admin.second_step.models import CodeApp, RecoveryCode
from admin.second_step.service import CODES, reseal_code_apps
from admin.sessions.attempts import PER_USER, TooManySignIns
from admin.sessions.sign_in import SecondStepFailed, sign_in
from base.database import transaction
from base.encryption import KeyRing
from tests.admin.conftest import EMAIL, PASSWORD, Admin, client_of


def code_of(secret: str, clock, steps: int = 0) -> str:
    """What an app of codes shows, by another's implementation of RFC 6238."""
    totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
    return totp.generate(int(clock.now().timestamp()) + steps * 30).decode()


async def begin(browser: Admin) -> dict:
    answer = await browser.send("POST", "/api/v1/account/code-app", {"password": PASSWORD})
    assert answer.status == 201, await answer.text()
    return await answer.json()


async def confirm(browser: Admin, code: str):
    return await browser.send("POST", "/api/v1/account/code-app/confirm", {"code": code})


@pytest.fixture
async def secured(signed_in) -> tuple[Admin, str, list[str]]:
    """A browser whose user has a second step, its secret and the recovery codes. The next code is fresh."""
    secret = (await begin(signed_in))["secret"]
    answer = await confirm(signed_in, code_of(secret, signed_in.clock))
    assert answer.status == 200, await answer.text()
    signed_in.clock.forward(seconds=60)
    return signed_in, secret, (await answer.json())["codes"]


async def enter(browser: Admin, code: str | None = None):
    body = {"email": EMAIL, "password": PASSWORD} | ({} if code is None else {"code": code})
    answer = await browser.send("POST", "/api/v1/session", body)
    return answer.status, (await answer.json()).get("code")


async def test_an_app_counts_once_a_code_of_it_was_shown(signed_in):
    begun = await begin(signed_in)
    assert (await signed_in.read("/api/v1/account"))["has_code_app"] is False
    assert await enter(signed_in) == (200, None)
    wrong = "000000" if code_of(begun["secret"], signed_in.clock) != "000000" else "111111"
    assert (await confirm(signed_in, wrong)).status == 422
    assert (await confirm(signed_in, code_of(begun["secret"], signed_in.clock))).status == 200
    account = await signed_in.read("/api/v1/account")
    assert (account["has_code_app"], account["recovery_codes"]) == (True, CODES)
    assert (await confirm(signed_in, code_of(begun["secret"], signed_in.clock))).status == 409


async def test_the_address_for_apps_names_the_site_the_user_and_the_secret(signed_in):
    begun = await begin(signed_in)
    address = URL(begun["address"])
    assert (address.scheme, address.host) == ("otpauth", "totp")
    assert address.query["secret"] == begun["secret"]
    assert EMAIL in address.path
    assert begun["qr"].startswith("data:image/svg+xml")


async def test_it_takes_the_password_to_set_up_remove_or_renew(secured):
    browser, _, _ = secured
    for path in ("code-app", "code-app/remove", "recovery-codes"):
        answer = await browser.send("POST", f"/api/v1/account/{path}", {"password": "not my password"})
        assert (answer.status, (await answer.json())["code"]) == (422, "wrong_password")
    assert (await browser.send("POST", "/api/v1/account/code-app", {"password": PASSWORD})).status == 409


async def test_signing_in_takes_a_code_and_a_wrong_password_never_says_so(secured):
    browser, secret, _ = secured
    browser.forget_cookies()
    assert await enter(browser) == (401, "second_step_needed")
    assert (await browser.get("/api/v1/session")).status == 401
    answer = await browser.sign_in(password="wrong horse battery")
    assert (await answer.json())["code"] == "sign_in_failed"
    assert await enter(browser, code_of(secret, browser.clock)) == (200, None)
    assert (await browser.read("/api/v1/account/sessions"))["items"][0]["way"] == "password_and_code"


async def test_a_code_is_taken_once_also_of_two_at_once(secured):
    browser, secret, _ = secured
    code = code_of(secret, browser.clock)
    async with client_of(browser.context) as client:
        other = Admin(client, browser.context, browser.clock)
        told = await asyncio.gather(enter(browser, code), enter(other, code))
    assert sorted(told, key=str) == sorted([(200, None), (401, "second_step_failed")], key=str)
    assert await enter(browser, code) == (401, "second_step_failed")


async def test_a_code_is_taken_a_step_early_or_late_but_no_earlier_than_the_last(secured):
    browser, secret, _ = secured
    assert await enter(browser, code_of(secret, browser.clock, -2)) == (401, "second_step_failed")
    assert await enter(browser, code_of(secret, browser.clock, 2)) == (401, "second_step_failed")
    assert await enter(browser, code_of(secret, browser.clock, 1)) == (200, None)
    assert await enter(browser, code_of(secret, browser.clock, -1)) == (401, "second_step_failed")
    browser.clock.forward(seconds=60)
    assert await enter(browser, code_of(secret, browser.clock, -1)) == (401, "second_step_failed")
    assert await enter(browser, code_of(secret, browser.clock)) == (200, None)


async def test_a_recovery_code_stands_in_once_however_it_is_written(secured):
    browser, _, codes = secured
    assert len(set(codes)) == CODES
    assert await enter(browser, f" {codes[0].upper()} ") == (200, None)
    assert await enter(browser, codes[0]) == (401, "second_step_failed")
    assert await enter(browser, codes[1].replace("-", "")) == (200, None)
    assert (await browser.read("/api/v1/account"))["recovery_codes"] == CODES - 2


async def test_a_new_list_of_recovery_codes_ends_the_old_one(secured):
    browser, _, codes = secured
    answer = await browser.send("POST", "/api/v1/account/recovery-codes", {"password": PASSWORD})
    fresh = (await answer.json())["codes"]
    assert await enter(browser, codes[0]) == (401, "second_step_failed")
    assert await enter(browser, fresh[0]) == (200, None)


async def test_guessing_codes_is_stopped_from_wherever_it_comes(secured, context):
    browser, secret, _ = secured

    async def attempt(address: str, code: str) -> None:
        await sign_in(
            trailed(context.sessions, Trail(Author("nobody"), context.clock)), context.keys, context.passwords,
            email=EMAIL, password=PASSWORD, address=address, now=context.clock.now(), code=code,
        )  # fmt: skip

    right = code_of(secret, browser.clock)
    for number in range(PER_USER):
        with pytest.raises(SecondStepFailed):
            await attempt(f"198.51.100.{number}", "000001" if right != "000001" else "000002")
    with pytest.raises(TooManySignIns):
        await attempt("203.0.113.9", right)


async def test_without_the_second_step_a_password_is_enough_again(secured):
    browser, _, codes = secured
    assert (await browser.send("POST", "/api/v1/account/code-app/remove", {"password": PASSWORD})).status == 204
    assert await enter(browser) == (200, None)
    account = await browser.read("/api/v1/account")
    assert (account["has_code_app"], account["recovery_codes"]) == (False, 0)
    assert codes


async def test_an_owner_takes_it_from_a_colleague_who_lost_their_device(signed_in, join):
    grace = await join("agent", email="grace@example.com")
    secret = (await begin(grace))["secret"]
    await confirm(grace, code_of(secret, grace.clock))
    (row,) = [row for row in (await signed_in.read("/api/v1/users"))["items"] if row["email"] == "grace@example.com"]
    assert row["has_second_step"] is True
    assert (await signed_in.send("DELETE", f"/api/v1/users/{row['id']}/second-step")).status == 204
    assert (await grace.get("/api/v1/session")).status == 401
    assert (await grace.sign_in(email="grace@example.com")).status == 200


async def test_the_secret_is_sealed_and_codes_are_hashed(secured, context):
    _, secret, codes = secured
    async with context.sessions() as session:
        sealed = await session.scalar(select(CodeApp.secret_sealed))
        hashes = list(await session.scalars(select(RecoveryCode.code_sha256)))
    assert base64.b32decode(secret) not in sealed
    assert base64.b32decode(secret).hex().encode() not in sealed
    assert len(hashes) == CODES
    assert not any(code.encode() in stored for code in codes for stored in hashes)


async def test_the_secret_is_sealed_anew_when_the_key_changes(secured, context):
    browser, secret, _ = secured
    newer = KeyRing("k2", {"k1": b"\x01" * 32, "k2": b"\x03" * 32}, b"\x02" * 32)
    async with transaction(context.sessions) as session:
        assert await reseal_code_apps(session, newer) == 1
    async with transaction(context.sessions) as session:
        assert await reseal_code_apps(session, newer) == 0
        app = await session.scalar(select(CodeApp))
        opened = newer.unseal(app.secret_sealed, column="admin_code_apps.secret", row=app.user_id)
    assert bytes.fromhex(opened) == base64.b32decode(secret)
    assert browser


async def demand(browser: Admin, *, wanted: bool = True):
    """The answer to demanding a second step of everybody."""
    version = (await browser.read("/api/v1/sign-in-rules"))["version"]
    body = {"second_step_for_all": wanted}
    return await browser.send("PUT", "/api/v1/sign-in-rules", body, **{"If-Match": f'"{version}"'})


async def test_who_demands_a_second_step_of_everybody_has_one(signed_in):
    answer = await demand(signed_in)
    assert (answer.status, (await answer.json())["code"]) == (409, "own_step_first")
    assert (await demand(signed_in, wanted=False)).status == 200


async def test_whoever_has_no_second_step_can_do_nothing_but_set_one_up_from_the_next_sign_in_on(secured, join):
    owner, *_ = secured
    agent = await join("agent", email="grace@example.com")
    assert (await demand(owner)).status == 200
    assert (await agent.get("/api/v1/leads")).status == 200
    owner.clock.forward(seconds=1)
    again = await agent.sign_in(email="grace@example.com")
    assert (again.status, (await again.json())["user"]["owes_second_step"]) == (200, True)
    for path in ("/api/v1/leads", "/api/v1/colleagues", "/api/v1/api-tokens", "/api/v1/account/sessions"):
        answer = await agent.get(path)
        assert (answer.status, (await answer.json())["code"]) == (403, "second_step_owed"), path
    token = await agent.send("POST", "/api/v1/api-tokens", {"name": "Way round", "permissions": ["contacts.read"]})
    assert token.status == 403
    assert (await agent.read("/api/v1/session"))["user"]["owes_second_step"] is True
    secret = (await begin(agent))["secret"]
    assert (await confirm(agent, code_of(secret, owner.clock))).status == 200
    assert (await agent.read("/api/v1/session"))["user"]["owes_second_step"] is False
    assert (await agent.get("/api/v1/leads")).status == 200


async def test_who_has_a_second_step_and_programs_with_a_token_go_on_when_it_is_demanded(secured):
    owner, secret, _ = secured
    wish = {"name": "Nightly", "permissions": ["contacts.read"]}
    token = (await (await owner.send("POST", "/api/v1/api-tokens", wish)).json())["token"]
    assert (await demand(owner)).status == 200
    owner.clock.forward(seconds=60)
    assert await enter(owner, code_of(secret, owner.clock)) == (200, None)
    assert (await owner.get("/api/v1/leads")).status == 200
    answer = await owner.client.get("/api/v1/leads", headers={"Authorization": f"Bearer {token}", "Cookie": ""})
    assert answer.status == 200


async def test_a_second_step_is_no_longer_demanded_once_that_is_taken_back(secured, join):
    owner, *_ = secured
    agent = await join("agent", email="grace@example.com")
    assert (await demand(owner)).status == 200
    owner.clock.forward(seconds=1)
    await agent.sign_in(email="grace@example.com")
    assert (await agent.get("/api/v1/leads")).status == 403
    assert (await demand(owner, wanted=False)).status == 200
    assert (await agent.get("/api/v1/leads")).status == 200


async def test_how_people_sign_in_is_changed_at_the_version_that_was_read(secured):
    owner, *_ = secured
    for tag, status in (('"9"', 412), (None, 428)):
        headers = {} if tag is None else {"If-Match": tag}
        answer = await owner.send("PUT", "/api/v1/sign-in-rules", {"second_step_for_all": True}, **headers)
        assert answer.status == status


async def test_the_audit_log_says_who_demanded_a_second_step(secured):
    owner, *_ = secured
    await demand(owner)
    (entry,) = (await owner.read("/api/v1/audit", action="change_sign_in_rules"))["items"]
    assert (entry["before"]["second_step_for_all"], entry["after"]["second_step_for_all"]) == (False, True)
