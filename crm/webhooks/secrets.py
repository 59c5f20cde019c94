"""The secrets that an endpoint's messages are signed with: the newest first, the one before for a day more. Pure."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, TypeAdapter
from standardwebhooks import Webhook

OLD_ONE_SIGNS = timedelta(hours=24)
"""How long messages are signed with the old secret, too, after a new one was made."""
_START = "whsec_"


class Secret(BaseModel):
    """A secret; `until` is None of the one that has no end yet."""

    model_config = ConfigDict(frozen=True)

    secret: str
    until: datetime | None = None


_stored = TypeAdapter(tuple[Secret, ...])


def new_secret() -> str:
    """A secret as Standard Webhooks writes it: 32 random bytes."""
    return _START + base64.b64encode(secrets.token_bytes(32)).decode()


def rotate(held: Sequence[Secret], secret: str, now: datetime) -> tuple[Secret, ...]:
    """A new one, and beside it the one before for as long as receivers may need to take the new one."""
    before = [Secret(secret=one.secret, until=now + OLD_ONE_SIGNS) for one in held if one.until is None]
    return (Secret(secret=secret), *before)


def dump(held: Sequence[Secret]) -> str:
    """As it is sealed."""
    return _stored.dump_json(tuple(held)).decode()


def load(text: str) -> tuple[Secret, ...]:
    """Again what was sealed."""
    return _stored.validate_json(text)


def sign(held: Sequence[Secret], message_id: str, body: str, now: datetime) -> dict[str, str]:
    """The three headers of a message, signed with every secret that counts."""
    live = [one.secret for one in held if one.until is None or one.until > now]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, now, body) for secret in live),
    }
