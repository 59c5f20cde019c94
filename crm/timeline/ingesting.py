"""Writes sets of events onto the timeline in one statement; what a source sent before is not written again.

Events must be of a known kind with checked properties (`crm.timeline.kinds`) and about somebody we know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import DateTime, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id

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


_INSERT = text(
    """
INSERT INTO timeline_events
    (id, contact_id, conversation_id, kind, data, occurred_at, source, source_id, received_at)
SELECT id, contact_id, conversation_id, kind, data, occurred_at, source, source_id, :received_at
FROM json_to_recordset(CAST(:events AS json)) AS given (
    id uuid, contact_id uuid, conversation_id uuid, kind text, data jsonb, occurred_at timestamptz, source text,
    source_id text
)
ON CONFLICT (source, source_id) WHERE source_id IS NOT NULL DO NOTHING
RETURNING id
"""
).bindparams(bindparam("received_at", type_=DateTime(timezone=True)))
"""One document for a whole set: it is read faster than an array a column, each of whose texts must be escaped."""


async def ingest(session: AsyncSession, events: Sequence[NewEvent], now: datetime) -> Ingested:
    """Writes them, in the caller's transaction. Given again, those with a `source_id` change nothing."""
    if not events:
        return Ingested([], 0)
    given = [
        {
            "id": str(new_id()),
            "contact_id": _text(event.contact_id),
            "conversation_id": _text(event.conversation_id),
            "kind": event.kind,
            "data": dict(event.data or {}),
            "occurred_at": event.occurred_at.isoformat(),
            "source": event.source,
            "source_id": event.source_id,
        }
        for event in events
    ]
    document = json.dumps(given, ensure_ascii=False, allow_nan=False)
    written = list(await session.scalars(_INSERT, {"events": document, "received_at": now}))
    return Ingested(written, len(events) - len(written))


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)
