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

from sqlalchemy import DateTime, Text, Uuid, bindparam, cast, column, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
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


_COLUMNS: Mapping[str, Any] = {
    "id": Uuid(),
    "contact_id": Uuid(),
    "conversation_id": Uuid(),
    "kind": Text(),
    "data": Text(),
    "occurred_at": DateTime(timezone=True),
    "source": Text(),
    "source_id": Text(),
}


def _build() -> Any:
    given = (
        func.unnest(*(cast(bindparam(name), ARRAY(kind)) for name, kind in _COLUMNS.items()))
        .table_valued(*(column(name, kind) for name, kind in _COLUMNS.items()), name="given")
        .render_derived()
    )
    rows = select(
        *(cast(given.c.data, JSONB) if name == "data" else given.c[name] for name in _COLUMNS),
        bindparam("received_at", type_=DateTime(timezone=True)),
    ).select_from(given)
    return (
        insert(table_of(TimelineEvent))
        .from_select([*_COLUMNS, "received_at"], rows)
        .on_conflict_do_nothing(index_elements=["source", "source_id"], index_where=text("source_id is not null"))
        .returning(table_of(TimelineEvent).c.id)
    )


_INSERT = _build()
"""Built once: it runs with every set of events."""


async def ingest(session: AsyncSession, events: Sequence[NewEvent], now: datetime) -> Ingested:
    """Writes them, in the caller's transaction. Given again, those with a `source_id` change nothing."""
    if not events:
        return Ingested([], 0)
    given = {
        "id": [new_id() for _ in events],
        "contact_id": [event.contact_id for event in events],
        "conversation_id": [event.conversation_id for event in events],
        "kind": [event.kind for event in events],
        "data": [json.dumps(dict(event.data or {}), ensure_ascii=False) for event in events],
        "occurred_at": [event.occurred_at for event in events],
        "source": [event.source for event in events],
        "source_id": [event.source_id for event in events],
    }
    written = list(await session.scalars(_INSERT, given | {"received_at": now}))
    return Ingested(written, len(events) - len(written))
