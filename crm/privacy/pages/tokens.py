"""Tokens of the pages' links: signed, stored nowhere. The one for preferences holds for ever, as a way out must."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from base.encryption import KeyRing
from base.link_tokens import NOT_OURS, create_serializer, create_timed_serializer

_PREFERENCES = "privacy-preferences"
_REQUEST = "privacy-request"
REQUEST_HOURS = 24


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a link to the preferences was sent to: a contact, and the keyed hash of the address."""

    contact_id: UUID
    address_index: bytes


def issue_preferences_token(keys: KeyRing, holder: Holder) -> str:
    """The token of a link to the preferences."""
    return str(create_serializer(keys, _PREFERENCES).dumps([holder.contact_id.hex, holder.address_index.hex()]))


def read_preferences_token(keys: KeyRing, token: str) -> Holder | None:
    """Whom a token is of; None when it is not ours. Tokens signed with an older root key stay valid."""
    try:
        contact_id, address_index = create_serializer(keys, _PREFERENCES).loads(token)
        return Holder(UUID(hex=contact_id), bytes.fromhex(address_index))
    except NOT_OURS:
        return None


def issue_request_token(keys: KeyRing, request_id: UUID) -> str:
    """The token of the link that shows that a request is the person's own."""
    return str(create_timed_serializer(keys, _REQUEST).dumps(request_id.hex))


def read_request_token(keys: KeyRing, token: str) -> UUID | None:
    """The request; None when the token is not ours or its hours are over."""
    try:
        return UUID(hex=create_timed_serializer(keys, _REQUEST).loads(token, max_age=REQUEST_HOURS * 3_600))
    except NOT_OURS:
        return None
