"""Writes sets of events onto the timeline in one statement; what a source sent before is not written again.

Events must be of a known kind with checked properties (`crm.timeline.kinds`) and about somebody we know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from base.row_sets import insert_rows, rows_of
from base.tables import table_of
from crm.timeline.models import TimelineEvent

Source = Literal["conversation", "web", "api", "import", "webhook", "mqtt", "calendar", "platform"]


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be written.

    `source_id` is what its source calls it: of events alike in both only one is ever written. None: it is always new.
    """

    kind: str
    occurred_at: datetime
    source: Source
    contact_id: UUID | None = None
    conversation_id: UUID | None = None
    data: Mapping[str, Any] | None = None
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a set: the ids of what was written, and how many were there before."""

    written: list[UUID]
    repeated: int


_INSERT = (
    insert_rows(
        table_of(TimelineEvent),
        ("id", "contact_id", "conversation_id", "kind", "data", "occurred_at", "source", "source_id", "received_at"),
    )
    .on_conflict_do_nothing(index_elements=["source", "source_id"], index_where=TimelineEvent.source_id.is_not(None))
    .returning(table_of(TimelineEvent).c.id)
)


async def ingest(session: AsyncSession, events: Sequence[NewEvent], now: datetime) -> Ingested:
    """Writes them, in the caller's transaction. Given again, those with a `source_id` change nothing."""
    if not events:
        return Ingested([], 0)
    given = [
        {
            "id": new_id(),
            "contact_id": event.contact_id,
            "conversation_id": event.conversation_id,
            "kind": event.kind,
            "data": dict(event.data or {}),
            "occurred_at": event.occurred_at,
            "source": event.source,
            "source_id": event.source_id,
            "received_at": now,
        }
        for event in events
    ]
    connection = await session.connection()
    written = list((await connection.execute(_INSERT, rows_of(given))).scalars())
    return Ingested(written, len(events) - len(written))
