"""The queue of events that nobody has reacted to yet: filled by a trigger, taken in sets. Reacts to nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

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
    theirs = (
        update(TimelineEvent)
        .where(TimelineEvent.conversation_id == conversation_id, TimelineEvent.contact_id.is_(None))
        .values(contact_id=contact_id)
        .returning(TimelineEvent.id, TimelineEvent.kind, TimelineEvent.contact_id, TimelineEvent.occurred_at)
        .execution_options(synchronize_session=False)
    )
    events = sorted((await session.execute(theirs)).all(), key=lambda event: event.id)
    if events:
        names = ("event_id", "kind", "contact_id", "occurred_at")
        await session.execute(insert(QueuedEvent), [dict(zip(names, event, strict=True)) for event in events])
        await session.execute(select(func.pg_notify(NOTIFY_CHANNEL, "")))
    return len(events)


async def take_unreacted(session: AsyncSession, limit: int) -> list[Unreacted]:
    """The oldest events that no other transaction holds, in the order in which they were written.

    They are gone from the queue when the caller's transaction commits, and back in it when it does not. The contact
    may be gone since.
    """
    oldest = select(QueuedEvent.seq).order_by(QueuedEvent.seq).limit(limit).with_for_update(skip_locked=True)
    taken = (
        delete(QueuedEvent)
        .where(QueuedEvent.seq.in_(oldest.scalar_subquery()))
        .returning(
            QueuedEvent.seq, QueuedEvent.event_id, QueuedEvent.kind, QueuedEvent.contact_id, QueuedEvent.occurred_at
        )
        .execution_options(synchronize_session=False)
    )
    return sorted((Unreacted(*row) for row in await session.execute(taken)), key=lambda event: event.seq)
