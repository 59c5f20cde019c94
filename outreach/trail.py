"""Leaves what outreach did in the contacts' timelines, many events at once. Data holds ids, never addresses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from crm.timeline.models import TimelineEvent


@dataclass(frozen=True, slots=True)
class Happened:
    """One event about a contact."""

    kind: str
    contact_id: UUID
    conversation_id: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)


async def record_all(session: AsyncSession, events: Iterable[Happened], now: datetime) -> None:
    """Adds the events in the caller's transaction."""
    rows = [
        {
            "id": new_id(),
            "contact_id": event.contact_id,
            "conversation_id": event.conversation_id,
            "kind": event.kind,
            "data": event.data,
            "occurred_at": now,
        }
        for event in events
    ]
    if rows:
        await session.execute(insert(TimelineEvent), rows)
