"""Signs what others are to check: Ed25519 keys derived from the root keys, and JWS over canonical JSON.

A public key that signed something is kept for good, so that what an older root key signed can be checked after that
root is gone. Must not hand out a private key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.consent.models import ConsentKey
from crm.consent.verify_ledger import canonical, key_id_of, to_base64url

_PURPOSE = "consent-signature"


@dataclass(frozen=True)
class Signer:
    """Signs with the key of the newest root."""

    key_id: str
    public_key: bytes
    _private: Ed25519PrivateKey

    def sign(self, content: Mapping[str, Any], kind: str) -> str:
        """A compact JWS that holds the content."""
        header, payload = self._header(kind), to_base64url(canonical(dict(content)))
        return f"{header}.{payload}.{self._signature(header, payload)}"

    def sign_detached(self, content: Mapping[str, Any], kind: str) -> str:
        """A compact JWS without its payload (RFC 7515, appendix F), to stand beside the content."""
        header = self._header(kind)
        return f"{header}..{self._signature(header, to_base64url(canonical(dict(content))))}"

    def _header(self, kind: str) -> str:
        return to_base64url(canonical({"alg": "EdDSA", "kid": self.key_id, "typ": kind}))

    def _signature(self, header: str, payload: str) -> str:
        return to_base64url(self._private.sign(f"{header}.{payload}".encode()))


def signer_of(keys: KeyRing) -> Signer:
    """The signer of the newest root key."""
    return _signer(keys.derive(_PURPOSE))


async def keep_public_keys(session: AsyncSession, keys: KeyRing, now: datetime) -> dict[str, str]:
    """Keeps the public keys of every root there is; returns all that were ever kept, by id."""
    own = {one.key_id: to_base64url(one.public_key) for one in map(_signer, keys.derive_all(_PURPOSE))}
    known = await read_public_keys(session)
    missing = [
        {"key_id": key_id, "public_key": public_key, "created_at": now}
        for key_id, public_key in own.items()
        if key_id not in known
    ]
    if missing:
        await session.execute(insert(ConsentKey).on_conflict_do_nothing(index_elements=["key_id"]), missing)
    return known | own


async def read_public_keys(session: AsyncSession) -> dict[str, str]:
    """All public keys that were ever kept, by id."""
    found = await session.execute(select(ConsentKey.key_id, ConsentKey.public_key).order_by(ConsentKey.created_at))
    return {row.key_id: row.public_key for row in found}


def jwks_of(public_keys: Mapping[str, str]) -> dict[str, Any]:
    """The JWK set (RFC 7517, RFC 8037) of public keys by id."""
    return {
        "keys": [
            {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": key_id, "alg": "EdDSA", "use": "sig"}
            for key_id, x in public_keys.items()
        ]
    }


def to_json_file(content: Mapping[str, Any]) -> bytes:
    """A file for people and programs to read."""
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _signer(seed: bytes) -> Signer:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    return Signer(key_id_of(public), public, private)
