"""Identifiers: UUIDv7 (RFC 9562), so that keys sort by time of creation, with a type per noun."""

from __future__ import annotations

from typing import NewType
from uuid import UUID

from uuid_utils import compat

ContactId = NewType("ContactId", UUID)
ConversationId = NewType("ConversationId", UUID)
MessageId = NewType("MessageId", UUID)
OutboxId = NewType("OutboxId", UUID)
EnrolmentId = NewType("EnrolmentId", UUID)


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return compat.uuid7()
