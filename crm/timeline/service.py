"""Writes and reads the timeline, in the caller's transaction. Data holds ids and facts, never addresses or texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from base.tables import table_of
from crm.timeline.ingesting import Ingested, NewEvent, Source, ingest
from crm.timeline.models import TimelineEvent
from crm.timeline.queue import NOTIFY_CHANNEL, Unreacted, know_contact, take_unreacted
from crm.timeline.summaries import summary_of

__all__ = [
    "NOTIFY_CHANNEL",
    "Ingested",
    "NewEvent",
    "Unreacted",
    "find_event",
    "ingest",
    "know_contact",
    "list_timeline",
    "record",
    "summary_of",
    "take_unreacted",
]


async def record(
    session: AsyncSession,
    *,
    kind: str,
    contact_id: UUID | None,
    conversation_id: UUID | None,
    data: Mapping[str, Any],
    now: datetime,
    source: Source | None = None,
) -> UUID:
    """Writes one event and returns its id.

    Args:
        kind: what happened, in the past tense (`lead_captured`).
        source: where it comes from; else the conversation, or Parley itself where there is none.
    """
    event_id = new_id()
    row = {
        "id": event_id,
        "contact_id": contact_id,
        "conversation_id": conversation_id,
        "kind": kind,
        "data": dict(data),
        "occurred_at": now,
        "source": source or ("platform" if conversation_id is None else "conversation"),
        "received_at": now,
    }
    connection = await session.connection()
    await connection.execute(_RECORD, row)
    return event_id


async def find_event(
    session: AsyncSession, *, kind: str, conversation_id: UUID, data: Mapping[str, Any]
) -> UUID | None:
    """The first event of a conversation of this kind whose data holds all of `data`; None when there is none."""
    connection = await session.connection()
    of = {"of_conversation": conversation_id, "of_kind": kind, "holds": dict(data)}
    found: UUID | None = (await connection.execute(_FIND, of)).scalar_one_or_none()
    return found


async def list_timeline(
    session: AsyncSession, contact_id: UUID, limit: int = 100, *, conversation_ids: Iterable[UUID] = ()
) -> Sequence[TimelineEvent]:
    """The latest events of a contact, newest first.

    Args:
        conversation_ids: the contact's conversations, whose events from before it was known are then listed too; such
            as stand there since before `know_contact` gave them to the contact.
    """
    about = TimelineEvent.contact_id == contact_id
    before_known = TimelineEvent.contact_id.is_(None) & TimelineEvent.conversation_id.in_(list(conversation_ids))
    rows = await session.scalars(
        select(TimelineEvent).where(or_(about, before_known)).order_by(TimelineEvent.id.desc()).limit(limit)
    )
    return rows.all()


_EVENTS = table_of(TimelineEvent)
_RECORD = insert(_EVENTS)
_FIND = (
    select(_EVENTS.c.id)
    .where(
        _EVENTS.c.conversation_id == bindparam("of_conversation", type_=_EVENTS.c.conversation_id.type),
        _EVENTS.c.kind == bindparam("of_kind", type_=_EVENTS.c.kind.type),
        _EVENTS.c.data.contains(bindparam("holds", type_=_EVENTS.c.data.type)),
    )
    .order_by(_EVENTS.c.id)
    .limit(literal_column("1"))
)
