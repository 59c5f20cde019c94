"""The identity provider of a site (OpenID Connect Core 1.0): where people are sent to, and who comes back.

Authorization code flow with PKCE, state and nonce. Believes only what the provider's own keys have signed for this
site. Knows no users. The provider's address is the operator's own setting, so it may lie in their own network.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from typing import Any
from urllib.parse import quote_plus, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, ValidationError
from yarl import URL

from admin.sessions.own_pages import LOOPBACK
from base.encryption import KeyRing
from base.errors import NotSignedIn, ParleyError
from base.link_tokens import NOT_OURS, create_timed_serializer
from base.outbound_http import OutboundAnswer, OutboundFailed, OutboundRequest, fetch

FRESH = timedelta(minutes=10)
"""How long somebody may take to sign in at their provider."""

_PURPOSE = "single_sign_on"
_KEPT = 600.0  # seconds that what the provider says of itself is kept
_LEEWAY = 60  # seconds that the provider's clock may be off
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class ProviderUnavailable(ParleyError):
    """The identity provider did not answer as it should: try again, or sign in by your password."""

    code = "provider_unavailable"
    status = 503


class SignInRefused(NotSignedIn):
    """This sign-in was not completed by the identity provider: begin again."""

    code = "single_sign_on_failed"


@dataclass(frozen=True)
class ProviderSettings:
    """What the provider and this site know of each other. `role` is what people get who come for the first time."""

    issuer: str
    client_id: str
    client_secret: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser is sent, and the ticket that it keeps until it is back."""

    address: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who the provider says has come. `email` is None unless the provider has verified it."""

    issuer: str
    subject: str
    email: str | None
    name: str


class _Metadata(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]


class Provider:
    """One provider; what it says of itself is kept for some minutes."""

    def __init__(self, settings: ProviderSettings, keys: KeyRing, public_url: str) -> None:
        self.settings = settings
        self._tickets = create_timed_serializer(keys, _PURPOSE)
        self._return_to = f"{public_url.rstrip('/')}/admin/single-sign-on"
        self._known: tuple[float, _Metadata, KeySet] | None = None

    @property
    def name(self) -> str:
        """What the button says."""
        return URL(self.settings.issuer).host or self.settings.issuer

    async def depart(self) -> Departure:
        """Begins a sign-in.

        Raises:
            ProviderUnavailable: it does not say where.
        """
        metadata, _ = await self._learn()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self._return_to,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        address = f"{metadata.authorization_endpoint}{joint}{urlencode(asked)}"
        return Departure(address, str(self._tickets.dumps({"s": state, "n": nonce, "v": verifier})))

    async def arrive(self, *, code: str, state: str, ticket: str) -> Arrival:
        """Who has come back.

        Raises:
            SignInRefused: not what we sent away, or the provider does not stand by it.
            ProviderUnavailable: it cannot be asked.
        """
        try:
            kept = self._tickets.loads(ticket, max_age=int(FRESH.total_seconds()))
            known_state, nonce, verifier = str(kept["s"]), str(kept["n"]), str(kept["v"])
        except (*NOT_OURS, KeyError) as error:
            raise SignInRefused from error
        if not compare_digest(known_state.encode(), state.encode()):
            raise SignInRefused
        metadata, _ = await self._learn()
        tokens = await self._redeem(metadata, code, verifier)
        claims = await self._check(str(tokens.get("id_token", "")), nonce)
        told = claims
        if "email" not in claims and metadata.userinfo_endpoint is not None:
            told = await self._ask_user_info(metadata.userinfo_endpoint, tokens, claims["sub"])
        # Some send it as text.
        is_verified = str(told.get("email_verified", "")).lower() == "true"
        email = str(told["email"]) if is_verified and told.get("email") else None
        return Arrival(self.settings.issuer, claims["sub"], email, str(told.get("name") or "").strip())

    async def _redeem(self, metadata: _Metadata, code: str, verifier: str) -> Mapping[str, Any]:
        held = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._return_to,
            "code_verifier": verifier,
        }
        headers = dict(_FORM)
        if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            pair = f"{quote_plus(self.settings.client_id)}:{quote_plus(self.settings.client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            held |= {"client_id": self.settings.client_id, "client_secret": self.settings.client_secret}
        answer = await self._fetch("POST", metadata.token_endpoint, headers, urlencode(held).encode())
        if 400 <= answer.status < 500:  # a code that is used, old or another's
            raise SignInRefused
        return _json(answer)

    async def _check(self, token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that is for this site and this sign-in."""
        claims = await self._open(token)
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            registry.validate(claims)
        except JoseError as error:
            raise SignInRefused from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != self.settings.client_id:
            raise SignInRefused
        if not claims["sub"]:
            raise SignInRefused
        return claims

    async def _open(self, token: str) -> dict[str, Any]:
        """What stands in a token that the provider has signed; its keys are asked for anew once, as they change."""
        for is_last in (False, True):
            _, keys = await self._learn(anew=is_last)
            try:
                return dict(jwt.decode(token, keys, algorithms=_ALGORITHMS).claims)
            except (JoseError, ValueError, TypeError, LookupError) as error:
                if is_last:
                    raise SignInRefused from error
        raise SignInRefused

    async def _ask_user_info(self, address: str, tokens: Mapping[str, Any], subject: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {tokens.get('access_token', '')}", "Accept": "application/json"}
        told = dict(_json(await self._fetch("GET", address, headers)))
        if told.get("sub") != subject:
            raise SignInRefused
        return told

    async def _learn(self, *, anew: bool = False) -> tuple[_Metadata, KeySet]:
        if self._known is not None and not anew and time.monotonic() - self._known[0] < _KEPT:
            return self._known[1], self._known[2]
        base = self.settings.issuer.rstrip("/")
        try:
            told = _json(await self._fetch("GET", f"{base}/.well-known/openid-configuration"))
            metadata = _Metadata.model_validate(told)
            if metadata.issuer != self.settings.issuer:
                raise ProviderUnavailable("The identity provider calls itself otherwise than PARLEY_OIDC_ISSUER.")
            keys = KeySet.import_key_set({"keys": _json(await self._fetch("GET", metadata.jwks_uri))["keys"]})
        except (ValidationError, JoseError, ValueError, TypeError, LookupError) as error:
            raise ProviderUnavailable from error
        self._known = (time.monotonic(), metadata, keys)
        return metadata, keys

    async def _fetch(
        self, method: str, address: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> OutboundAnswer:
        _check_secure(address)
        try:
            answer = await fetch(OutboundRequest(method, address, headers or {}, body, allow_private=True))
        except OutboundFailed as error:
            raise ProviderUnavailable from error
        if answer.status >= 500 or (method == "GET" and answer.status != 200):
            raise ProviderUnavailable
        return answer


def _check_secure(address: str) -> None:
    url = URL(address)
    if url.scheme != "https" and url.host not in LOOPBACK:
        raise ProviderUnavailable("The identity provider must be asked by https.")


def _json(answer: OutboundAnswer) -> Mapping[str, Any]:
    try:
        told = json.loads(answer.body)
    except ValueError as error:
        raise ProviderUnavailable from error
    if not isinstance(told, dict):
        raise ProviderUnavailable
    return told
