"""The append-only timeline of events about a contact or conversation. Data holds ids and facts, never addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class TimelineEvent(Table):
    """Something that happened, named in the past tense (`lead_captured`)."""

    __tablename__ = "timeline_events"
    __table_args__ = (
        Index("ix_timeline_events_contact_id_id", "contact_id", "id"),
        Index("ix_timeline_events_conversation_id_id", "conversation_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID | None]
    conversation_id: Mapped[UUID | None]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
