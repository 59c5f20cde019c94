"""Unsubscribe tokens: signed, valid for ever, naming a message and a contact by id. They hold no address, only the
keyed hash by which it is suppressed: who got the message may not be who the contact says they are by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from base.encryption import KeyRing
from base.link_tokens import NOT_OURS, create_serializer

_PURPOSE = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Whom a link unsubscribes, the message it stood in, and the blind index of the address that message went to."""

    outbox_id: UUID
    contact_id: UUID
    address_index: bytes


def issue_token(keys: KeyRing, unsubscribe: Unsubscribe) -> str:
    """The token for one message's link."""
    return create_serializer(keys, _PURPOSE).dumps(
        [unsubscribe.outbox_id.hex, unsubscribe.contact_id.hex, unsubscribe.address_index.hex()]
    )


def read_token(keys: KeyRing, token: str) -> Unsubscribe | None:
    """What a token says; None when it is not ours or was altered. Tokens signed with an older root key stay valid."""
    try:
        outbox_id, contact_id, address_index = create_serializer(keys, _PURPOSE).loads(token)
        return Unsubscribe(UUID(hex=outbox_id), UUID(hex=contact_id), bytes.fromhex(address_index))
    except NOT_OURS:
        return None
