"""The append-only timeline of events about a contact or conversation. Data holds ids and facts, never addresses.

A trigger puts every event of a contact into the queue of what was not reacted to yet, and wakes who reacts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Identity, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class TimelineEvent(Table):
    """Something that happened, named in the past tense (`lead_captured`). `source_id` is what its source calls it."""

    __tablename__ = "timeline_events"
    __table_args__ = (
        Index("ix_timeline_events_contact_id_id", "contact_id", "id"),
        Index("ix_timeline_events_conversation_id_id", "conversation_id", "id"),
        # The gate asks with each message who only claimed an address: however long a timeline is.
        Index("ix_timeline_events_claims", "contact_id", postgresql_where=text("kind = 'address_claimed'")),
        # Scores and segments count what somebody did, how often and since when.
        Index("ix_timeline_events_contact_id_kind_occurred_at", "contact_id", "kind", "occurred_at"),
        Index("ix_timeline_events_kind_occurred_at", "kind", "occurred_at", "contact_id"),
        Index(
            "uq_timeline_events_source_source_id",
            "source",
            "source_id",
            unique=True,
            postgresql_where=text("source_id is not null"),
        ),
        CheckConstraint(
            "source in ('conversation','web','api','import','webhook','mqtt','calendar','platform')", name="source"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID | None]
    conversation_id: Mapped[UUID | None]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(default="platform", server_default="platform")
    source_id: Mapped[str | None]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())


class QueuedEvent(Table):
    """An event of a contact that nobody has reacted to yet. Rows are taken by deleting them."""

    __tablename__ = "event_queue"
    __table_args__ = (Index("ix_event_queue_contact_id", "contact_id"),)

    seq: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    event_id: Mapped[UUID]
    kind: Mapped[str]
    contact_id: Mapped[UUID]
    occurred_at: Mapped[datetime]
