"""Opaque tokens: random, shown once, stored only as their SHA-256. Pure but for the randomness."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_LENGTH = 43
"""Characters of a token: 32 bytes in URL-safe base64."""


def new_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(32)


def token_sha256(token: str) -> bytes:
    """What is stored of a token. A plain hash is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
