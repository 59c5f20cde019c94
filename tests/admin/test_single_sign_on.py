"""Single sign-on: with an OpenID Connect server that is not ours, and with one of ours that lies in every way."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import func, select, update
from yarl import URL

from admin.models import AdminUser
from admin.single_sign_on.models import ProviderIdentity
from admin.single_sign_on.provider import FRESH, Provider, ProviderSettings
from base.database import transaction
from tests.admin.conftest import EMAIL, Admin, client_of
from tests.admin.identity_provider import CLIENT, CODE, SECRET, IdentityProvider, identity_provider

INVITATION = {"email": "grace@example.com", "name": "Grace", "role": "agent"}


@pytest.fixture
async def provider() -> AsyncIterator[IdentityProvider]:
    async with identity_provider() as running:
        yield running


def with_provider(context, issuer: str, *, secret: str = SECRET, role: str | None = None):
    settings = ProviderSettings(issuer, CLIENT, secret, role)
    return replace(context, provider=Provider(settings, context.keys, context.public_url))


@pytest.fixture
async def guest(context, provider, user) -> AsyncIterator[Admin]:
    """A browser of somebody who is known to the provider; the site has one user."""
    own = with_provider(context, provider.url)
    async with client_of(own) as client:
        yield Admin(client, own, context.clock)


async def depart(browser: Admin) -> tuple[URL, str]:
    answer = await browser.send("POST", "/api/v1/single-sign-on/begin", {})
    assert answer.status == 200, await answer.text()
    told = await answer.json()
    return URL(told["address"]), told["ticket"]


async def come(browser: Admin, provider: IdentityProvider, **changes: str):
    address, ticket = await depart(browser)
    provider.leave(dict(address.query))
    body = {"code": CODE, "state": address.query["state"], "ticket": ticket, **changes}
    return await browser.send("POST", "/api/v1/single-sign-on", body)


async def users_in(context) -> int:
    async with context.sessions() as session:
        return await session.scalar(select(func.count()).select_from(AdminUser))


async def test_the_browser_is_sent_with_everything_that_protects_its_way_back(guest, provider):
    address, _ = await depart(guest)
    assert str(address).startswith(f"{provider.url}/authorize?tenant=1&")
    assert address.query["redirect_uri"] == "http://127.0.0.1:8080/admin/single-sign-on"
    assert (address.query["response_type"], address.query["code_challenge_method"]) == ("code", "S256")
    assert set(address.query["scope"].split()) == {"openid", "email", "profile"}
    assert len({address.query[name] for name in ("state", "nonce", "code_challenge")}) == 3


async def test_a_user_is_found_by_their_verified_address_and_then_by_the_subject(guest, provider, context):
    provider.claims |= {"email": "ADA@example.com", "sub": "ada"}
    answer = await come(guest, provider)
    assert answer.status == 200, await answer.text()
    assert (await guest.read("/api/v1/session"))["user"]["email"] == EMAIL
    (session,) = (await guest.read("/api/v1/account/sessions"))["items"]
    assert session["way"] == "single_sign_on"
    provider.claims |= {"email": "renamed@example.com", "email_verified": False}
    answer = await come(guest, provider)
    assert (await answer.json())["user"]["email"] == EMAIL
    async with context.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(ProviderIdentity)) == 1


async def test_whoever_is_invited_becomes_a_user_with_that_role_and_without_a_password(
    guest, provider, context, signed_in
):
    assert (await signed_in.send("POST", "/api/v1/invitations", INVITATION)).status == 201
    answer = await come(guest, provider)
    assert (await answer.json())["user"] | {"id": "", "permissions": []} == {
        "id": "", "permissions": [], "email": "grace@example.com", "name": "Grace", "role": "agent",
        "owes_second_step": False,
    }  # fmt: skip
    assert (await guest.read("/api/v1/account"))["has_password"] is False
    assert (await signed_in.read("/api/v1/invitations"))["items"] == []


async def test_whoever_is_not_invited_has_no_access_unless_there_is_a_role_for_all(guest, provider, context):
    answer = await come(guest, provider)
    assert (answer.status, (await answer.json())["code"]) == (403, "no_access")
    assert await users_in(context) == 1
    own = with_provider(context, provider.url, role="analyst")
    async with client_of(own) as client:
        answer = await come(Admin(client, own, context.clock), provider)
        assert (await answer.json())["user"]["role"] == "analyst"


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": None}, {"email": "no address"}])
async def test_an_address_that_the_provider_has_not_verified_is_nobodys(guest, provider, claims, signed_in):
    await signed_in.send("POST", "/api/v1/invitations", INVITATION)
    provider.claims |= claims
    assert (await come(guest, provider)).status == 403


async def test_whoever_was_let_out_stays_out(guest, provider, context):
    provider.claims |= {"email": EMAIL}
    assert (await come(guest, provider)).status == 200
    async with transaction(context.sessions) as session:
        await session.execute(update(AdminUser).values(deactivated_at=context.clock.now()))
    assert (await come(guest, provider)).status == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"sub": None},
        {"sub": ""},
    ],
)
async def test_a_token_that_is_not_for_this_sign_in_is_refused(guest, provider, changes):
    provider.claims |= {"email": EMAIL}
    provider.changes = changes
    answer = await come(guest, provider)
    assert (answer.status, (await answer.json())["code"]) == (401, "single_sign_on_failed")
    assert (await guest.get("/api/v1/session")).status == 401


def signed_with(public_key: bytes, claims: dict) -> str:
    """A token whose secret is the provider's public key, for whoever takes the algorithm from the token."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, claims)]
    mark = hmac.digest(public_key, b".".join(parts), "sha256")
    return b".".join([*parts, base64.urlsafe_b64encode(mark).rstrip(b"=")]).decode()


async def test_a_token_that_another_key_or_no_key_has_signed_is_refused(guest, provider):
    provider.claims |= {"email": EMAIL}
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "1"}, auto_kid=False)
    assert (await come(guest, provider)).status == 401
    provider.signs_with = None
    address, ticket = await depart(guest)
    provider.leave(dict(address.query))
    claims = {**provider.claims, "iss": provider.url, "aud": CLIENT, "iat": int(time.time()),
              "exp": int(time.time()) + 300, "nonce": address.query["nonce"]}  # fmt: skip
    for token in (signed_with(provider.key.as_pem(private=False), claims), "e30.e30.", "junk", ""):
        provider.token, provider.is_redeemed = token or " ", False
        body = {"code": CODE, "state": address.query["state"], "ticket": ticket}
        assert (await guest.send("POST", "/api/v1/single-sign-on", body)).status == 401


async def test_new_keys_of_the_provider_are_learned(guest, provider):
    provider.claims |= {"email": EMAIL}
    assert (await come(guest, provider)).status == 200
    provider.key = RSAKey.generate_key(2048, {"kid": "1"}, auto_kid=False)
    assert (await come(guest, provider)).status == 200


async def test_another_browsers_way_back_or_a_code_that_is_used_opens_nothing(guest, provider):
    provider.claims |= {"email": EMAIL}
    assert (await come(guest, provider, state="another")).status == 401
    assert (await come(guest, provider, ticket="made.up.ticket")).status == 401
    assert (await come(guest, provider, code="another")).status == 401
    other, _ = await depart(guest)
    assert (await come(guest, provider, state=other.query["state"])).status == 401
    address, ticket = await depart(guest)
    provider.leave(dict(address.query))
    body = {"code": CODE, "state": address.query["state"], "ticket": ticket}
    assert [(await guest.send("POST", "/api/v1/single-sign-on", body)).status for _ in range(2)] == [200, 401]


async def test_a_ticket_ends(guest, provider):
    import time_machine

    provider.claims |= {"email": EMAIL}
    address, ticket = await depart(guest)
    provider.leave(dict(address.query))
    body = {"code": CODE, "state": address.query["state"], "ticket": ticket}
    with time_machine.travel(time.time() + FRESH.total_seconds() + 2):
        assert (await guest.send("POST", "/api/v1/single-sign-on", body)).status == 401


async def test_what_is_missing_in_the_token_is_asked_for_and_must_be_of_the_same_person(guest, provider):
    provider.claims = {"sub": "ada", "email_verified": True}
    provider.user_info = {"sub": "ada", "email": EMAIL, "email_verified": "true", "name": "Ada"}
    assert (await come(guest, provider)).status == 200
    provider.claims["sub"] = "eve"
    assert (await come(guest, provider)).status == 401
    provider.user_info = {"sub": "eve", "email": EMAIL}
    assert (await come(guest, provider)).status == 403


async def test_a_secret_is_sent_as_the_provider_wants_it(guest, provider):
    provider.claims |= {"email": EMAIL}
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await come(guest, provider)).status == 200


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "http://127.0.0.1:1"},
        {"jwks_uri": "http://127.0.0.1:1/keys"},
        {"jwks_uri": "http://evil.example/keys"},
        {"token_endpoint": None},
    ],
)
async def test_a_provider_that_is_not_who_it_should_be_is_not_used(guest, provider, metadata):
    provider.metadata = metadata
    answer = await guest.send("POST", "/api/v1/single-sign-on/begin", {})
    assert (answer.status, (await answer.json())["code"]) == (503, "provider_unavailable")


async def test_a_site_without_a_provider_says_so(admin):
    assert await admin.read("/api/v1/sign-in-ways") == {"provider": None}
    assert (await admin.send("POST", "/api/v1/single-sign-on/begin", {})).status == 404


@pytest.fixture
async def foreign_server() -> AsyncIterator[str]:
    """`oidc-provider-mock`, an OpenID Connect server that is not ours, as a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    claims = '{"sub": "ada", "email": "ada@example.com", "email_verified": true, "name": "Ada"}'
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--user-claims", claims, "--require-nonce"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as http:
            for _ in range(300):
                try:
                    async with http.get(f"{url}/.well-known/openid-configuration") as answer:
                        assert answer.status == 200
                        break
                except aiohttp.ClientConnectionError:
                    assert process.poll() is None
                    await asyncio.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


async def test_a_user_signs_in_at_an_openid_connect_server_that_is_not_ours(foreign_server, context, user):
    own = with_provider(context, foreign_server)
    async with client_of(own) as client, aiohttp.ClientSession() as http:
        browser = Admin(client, own, context.clock)
        assert await browser.read("/api/v1/sign-in-ways") == {"provider": "127.0.0.1"}
        address, ticket = await depart(browser)
        async with http.post(address, data={"sub": "ada"}, allow_redirects=False) as answer:
            back = URL(answer.headers["Location"])
        assert str(back).startswith("http://127.0.0.1:8080/admin/single-sign-on?")
        body = {"code": back.query["code"], "state": back.query["state"], "ticket": ticket}
        answer = await browser.send("POST", "/api/v1/single-sign-on", body)
        assert answer.status == 200, await answer.text()
        assert (await browser.read("/api/v1/session"))["user"]["email"] == EMAIL
