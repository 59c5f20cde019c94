"""Leaves what outreach did in the contacts' timelines, many events at once. Data holds ids, never addresses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm.timeline.service import NewEvent, ingest


@dataclass(frozen=True, slots=True)
class Happened:
    """One event about a contact."""

    kind: str
    contact_id: UUID
    conversation_id: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)


async def record_all(session: AsyncSession, events: Iterable[Happened], now: datetime) -> None:
    """Adds the events in the caller's transaction, in one statement."""
    await ingest(
        session,
        [
            NewEvent(
                event.kind,
                now,
                "platform",
                contact_id=event.contact_id,
                conversation_id=event.conversation_id,
                data=event.data,
            )
            for event in events
        ],
        now,
    )
