"""Signed tokens of links, each kind for one purpose. Stored nowhere; whoever has one has what it is of."""

from __future__ import annotations

from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from base.encryption import KeyRing

NOT_OURS = (BadData, ValueError, TypeError, AttributeError)
"""What reading a token raises that we did not make, or whose content is not what it should be."""


def create_serializer(keys: KeyRing, purpose: str) -> URLSafeSerializer:
    """Signs and reads tokens that hold for ever. Those signed with an older root key stay valid."""
    return URLSafeSerializer(_signing_keys(keys, purpose), salt=purpose)


def create_timed_serializer(keys: KeyRing, purpose: str) -> URLSafeTimedSerializer:
    """The same for tokens whose age is asked for."""
    return URLSafeTimedSerializer(_signing_keys(keys, purpose), salt=purpose)


def issue_id_token(keys: KeyRing, purpose: str, id_: UUID) -> str:
    """A token of one id, for ever."""
    return str(create_serializer(keys, purpose).dumps(id_.hex))


def read_id_token(keys: KeyRing, purpose: str, token: str) -> UUID | None:
    """The id a token was issued for; None when it is not ours."""
    try:
        return UUID(hex=create_serializer(keys, purpose).loads(token))
    except NOT_OURS:
        return None


def _signing_keys(keys: KeyRing, purpose: str) -> list[bytes]:
    # itsdangerous signs with the last key and accepts any.
    return keys.derive_all(purpose)[::-1]
