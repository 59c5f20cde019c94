"""Dialogue models signed by this set-up: what is made by others is unpacked by no dialogue process.

A signed model is a line, an Ed25519 signature and the archive; its id is the SHA-256 of the archive alone.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from base.encryption import KeyRing

MARK = b"parley model 1\n"
_SIGNATURE = 64
_PURPOSE = "dialogue models"


def sign_model(keys: KeyRing, archive: bytes) -> bytes:
    """The archive with a signature before it; the same each time."""
    key = Ed25519PrivateKey.from_private_bytes(keys.derive(_PURPOSE))
    return MARK + key.sign(MARK + hashlib.sha256(archive).digest()) + archive


def model_id_of(data: bytes) -> str:
    """What a model is known by, signed or not."""
    archive = data[len(MARK) + _SIGNATURE :] if data.startswith(MARK) else data
    return hashlib.sha256(archive).hexdigest()


def model_keys(keys: KeyRing) -> str:
    """The public halves of all keys that may have signed, as a dialogue process is given them."""
    halves = (Ed25519PrivateKey.from_private_bytes(key).public_key() for key in keys.derive_all(_PURPOSE))
    return ",".join(base64.b64encode(half.public_bytes_raw()).decode() for half in halves)
