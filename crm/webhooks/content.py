"""What a webhook message says: an event by its ids and facts; addresses of the person only where that was chosen."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class EventData(BaseModel):
    """The event. `details` is what its kind holds (`GET /api/v1/event-kinds`); `addresses` is None unless chosen."""

    model_config = ConfigDict(frozen=True)

    event_id: UUID
    contact_id: UUID | None
    conversation_id: UUID | None
    source: str
    details: dict[str, Any]
    addresses: dict[str, str] | None = None


class EventMessage(BaseModel):
    """A message, by Standard Webhooks: `type` is the kind of the event, `timestamp` when it happened."""

    model_config = ConfigDict(frozen=True)

    type: str
    timestamp: datetime
    data: EventData


class TrialData(BaseModel):
    """A message that tells of nothing: somebody tries whether it arrives."""

    model_config = ConfigDict(frozen=True)

    webhook_id: UUID


class TrialMessage(BaseModel):
    """The message that a colleague sends to try a webhook. No event is of the kind `test`."""

    model_config = ConfigDict(frozen=True)

    type: str = "test"
    timestamp: datetime
    data: TrialData


def message_id(event_id: UUID) -> str:
    """What the message is called, however often it is sent: receivers know by it what they have already."""
    return f"evt_{event_id.hex}"


def write_test(webhook_id: UUID, at: datetime) -> str:
    """The body of a test."""
    return TrialMessage(timestamp=at, data=TrialData(webhook_id=webhook_id)).model_dump_json()


def write_message(kind: str, at: datetime, data: EventData) -> str:
    """The body, byte for byte as it is signed."""
    return EventMessage(type=kind, timestamp=at, data=data).model_dump_json()
