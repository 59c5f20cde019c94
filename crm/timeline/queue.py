"""The queue of events that nobody has reacted to yet: filled by a trigger, taken in sets. Reacts to nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.row_sets import insert_rows, rows_of
from base.tables import table_of
from crm.timeline.models import QueuedEvent, TimelineEvent

NOTIFY_CHANNEL = "parley_events"
"""What PostgreSQL notifies when events were committed. A lost notification loses nothing: look once a second, too."""


@dataclass(frozen=True, slots=True)
class Unreacted:
    """An event of a contact. Its other columns stand on the timeline under `event_id`."""

    seq: int
    event_id: UUID
    kind: str
    contact_id: UUID
    occurred_at: datetime


async def know_contact(session: AsyncSession, conversation_id: UUID, contact_id: UUID) -> int:
    """What happened in a talk before anybody knew whose it is, happened to this contact: it is reacted to now.

    Call it when the talk gets its first contact. Returns how many events that were; called again there are none.
    """
    connection = await session.connection()
    now_theirs = await connection.execute(_GIVE, {"of_conversation": conversation_id, "to_contact": contact_id})
    events = sorted((dict(event) for event in now_theirs.mappings()), key=itemgetter("event_id"))
    if events:
        await connection.execute(_QUEUE, rows_of(events))
        await connection.execute(_TELL)
    return len(events)


async def take_unreacted(session: AsyncSession, limit: int) -> list[Unreacted]:
    """The oldest events that no other transaction holds, in the order in which they were written.

    They are gone from the queue when the caller's transaction commits, and back in it when it does not. The contact
    may be gone since.
    """
    connection = await session.connection()
    taken = await connection.execute(_TAKE, {"most": limit})
    return sorted((Unreacted(*row) for row in taken), key=lambda event: event.seq)


_EVENTS, _QUEUED = table_of(TimelineEvent), table_of(QueuedEvent)
_GIVE = (
    update(_EVENTS)
    .where(
        _EVENTS.c.conversation_id == bindparam("of_conversation", type_=_EVENTS.c.conversation_id.type),
        _EVENTS.c.contact_id.is_(None),
    )
    .values(contact_id=bindparam("to_contact", type_=_EVENTS.c.contact_id.type))
    .returning(_EVENTS.c.id.label("event_id"), _EVENTS.c.kind, _EVENTS.c.contact_id, _EVENTS.c.occurred_at)
)
_QUEUE = insert_rows(_QUEUED, ("event_id", "kind", "contact_id", "occurred_at"))
_TELL = select(func.pg_notify(NOTIFY_CHANNEL, ""))
_oldest = (
    select(_QUEUED.c.seq)
    .order_by(_QUEUED.c.seq)
    .limit(bindparam("most", type_=BigInteger()))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    delete(_QUEUED)
    .where(_QUEUED.c.seq.in_(_oldest.scalar_subquery()))
    .returning(_QUEUED.c.seq, _QUEUED.c.event_id, _QUEUED.c.kind, _QUEUED.c.contact_id, _QUEUED.c.occurred_at)
)
