"""Tables of calendars and meetings. That no two meetings overlap is kept by booking under the calendar's row lock."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table

SEALED_COLUMN = "calendars.busy_url_sealed"


class Calendar(Table):
    """When somebody can be met. `hours` maps weekdays to spans as in `flows.models.Team`, in `zone`.

    `busy_url_sealed` is the address of an iCalendar feed whose events are not free; it may carry a secret.
    """

    __tablename__ = "calendars"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    title: Mapped[str]
    zone: Mapped[str]
    hours: Mapped[dict[str, Any]]
    minutes: Mapped[int]
    pause_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    notice_minutes: Mapped[int] = mapped_column(default=120, server_default="120")
    days_ahead: Mapped[int] = mapped_column(default=14, server_default="14")
    place: Mapped[str] = mapped_column(default="", server_default="")
    busy_url_sealed: Mapped[bytes | None]
    key_id: Mapped[str | None]
    created_at: Mapped[datetime]


class Meeting(Table):
    """A time in a calendar: held for a person for some minutes, then booked by the turn that confirms it."""

    __tablename__ = "meetings"
    __table_args__ = (
        UniqueConstraint("hold_key"),
        CheckConstraint("state in ('held','booked','cancelled')", name="state"),
        CheckConstraint("starts_at < ends_at", name="span"),
        Index(
            "ix_meetings_calendar_id_starts_at",
            "calendar_id",
            "starts_at",
            postgresql_where=sql("state <> 'cancelled'"),
        ),
        Index("ix_meetings_contact_id", "contact_id"),
        Index("ix_meetings_conversation_id", "conversation_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendars.id", ondelete="CASCADE"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"))
    hold_key: Mapped[str]
    state: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    held_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
