"""An identity provider of ours for attacks: it speaks OpenID Connect, and says in its tokens what a test wants."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "parley", "s3cret & more"
CODE = "the-code"


@dataclass
class IdentityProvider:
    """What it says of who signs in; `changes` is laid over the claims, `header` over the token's header."""

    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}, auto_kid=False))
    signs_with: RSAKey | None = None
    claims: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "u-1", "email": "grace@example.com", "email_verified": True, "name": "Grace",
        }
    )  # fmt: skip
    changes: dict[str, Any] = field(default_factory=dict)
    token: str | None = None
    user_info: dict[str, Any] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    """The query that the browser came with."""
    is_redeemed: bool = False

    def leave(self, address: dict[str, str]) -> None:
        """The browser arrives; the person signs in."""
        self.asked, self.is_redeemed = address, False

    async def describe(self, _request: web.Request) -> web.Response:
        told = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize?tenant=1",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/me",
        }
        return web.json_response({**told, **self.metadata})

    async def keys(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def redeem(self, request: web.Request) -> web.Response:
        form = await request.post()
        pair = base64.b64encode(b"parley:s3cret+%26+more").decode()
        if "client_secret" in form:
            assert (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
        else:
            assert request.headers["Authorization"] == f"Basic {pair}"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form["code_verifier"]).encode()).digest()).decode()
        is_good = form["code"] == CODE and challenge.rstrip("=") == self.asked["code_challenge"]
        if self.is_redeemed or not is_good or form["redirect_uri"] != self.asked["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.is_redeemed = True
        return web.json_response({"access_token": "a", "token_type": "Bearer", "id_token": self.token or self.sign()})

    async def tell(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer a"
        return web.json_response(self.user_info or {})

    def sign(self) -> str:
        now = int(time.time())
        claims = {
            **self.claims, "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": self.asked["nonce"], **self.changes,
        }  # fmt: skip
        held = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "1"}, held, self.signs_with or self.key)


@asynccontextmanager
async def identity_provider() -> AsyncIterator[IdentityProvider]:
    """It listens on loopback."""
    provider, app = IdentityProvider(), web.Application()
    app.add_routes(
        [
            web.get("/.well-known/openid-configuration", provider.describe),
            web.get("/keys", provider.keys),
            web.post("/token", provider.redeem),
            web.get("/me", provider.tell),
        ]
    )
    async with TestServer(app) as server:
        provider.url = str(server.make_url("")).rstrip("/")
        yield provider
