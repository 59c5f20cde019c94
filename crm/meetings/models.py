"""Tables of calendars and meetings. That no two meetings overlap is kept by booking under the calendar's row lock."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, UniqueConstraint, and_, or_
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table

SEALED_COLUMN = "calendars.busy_url_sealed"
SEALED_ACCESS = "calendar_links.access_sealed"
UNWRITTEN = ("to_write", "failed")
"""States of entries that are still to be written; see `is_unwritten`, too."""


class Calendar(Table):
    """When somebody can be met. `hours` maps weekdays to spans as in `flows.models.Team`, in `zone`.

    `busy_url_sealed` is the address of an iCalendar feed whose events are not free; it may carry a secret. One that was
    `removed_at` stays for the meetings that were in it; another may have its name.
    """

    __tablename__ = "calendars"
    __table_args__ = (Index("uq_calendars_name", "name", unique=True, postgresql_where=sql("removed_at is null")),)

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
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    removed_at: Mapped[datetime | None]


class Meeting(Table):
    """A time in a calendar: held for a person for some minutes, then booked by the turn that confirms it.

    `sequence` counts what became of it since, as invitations do (RFC 5546); `told_sequence` is the last one that the
    person was mailed. `language` and `time_zone` are those of the talk. `changed_by` is who last moved or cancelled it:
    `person`, `colleague`, `calendar` (a colleague, in their own one) or `clash`.
    """

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
        Index("ix_meetings_state_ends_at", "state", "ends_at"),
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
    language: Mapped[str | None]
    time_zone: Mapped[str | None]
    sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    told_sequence: Mapped[int | None]
    changed_at: Mapped[datetime | None]
    changed_by: Mapped[str | None]


class CalendarLink(Table):
    """The calendar behind one of ours, on a CalDAV server. `access_sealed` holds its address, user and password.

    `sync_token` is the server's name of what it held at the last look; `problem` why the last one failed.
    """

    __tablename__ = "calendar_links"
    __table_args__ = (Index("ix_calendar_links_key_id", "key_id"),)

    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendars.id", ondelete="CASCADE"), primary_key=True)
    access_sealed: Mapped[bytes]
    key_id: Mapped[str]
    linked_at: Mapped[datetime]
    sync_token: Mapped[str | None]
    look_at: Mapped[datetime]
    looked_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    problem: Mapped[str | None]


class CalendarEntry(Table):
    """What a meeting is in the calendar behind ours, and whether that is still to be written. Its id is the UID there.

    Without a meeting, as somebody was erased, the event is to be removed. `version` goes up with each change that is to
    be written, so that a write that took long does not pass for the one that came after it. `starts_at` and `ends_at`
    are those last written or seen there.
    """

    __tablename__ = "calendar_entries"
    __table_args__ = (
        CheckConstraint("state in ('to_write','failed','written','removed')", name="state"),
        Index("ix_calendar_entries_due_at", "due_at", postgresql_where=sql("state in ('to_write','failed')")),
        Index("ix_calendar_entries_calendar_id_ends_at", "calendar_id", "ends_at"),
        Index("ix_calendar_entries_meeting_id", "meeting_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendars.id", ondelete="CASCADE"))
    meeting_id: Mapped[UUID | None] = mapped_column(ForeignKey("meetings.id", ondelete="SET NULL"))
    state: Mapped[str]
    version: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime]
    held_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    problem: Mapped[str | None]
    etag: Mapped[str | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    clashes: Mapped[bool] = mapped_column(default=False, server_default="false")


def is_unwritten() -> ColumnElement[bool]:
    """Whether the calendar behind ours was not told an entry: as it changed, or as its event is somebody's erased."""
    erased = and_(CalendarEntry.meeting_id.is_(None), CalendarEntry.state == "written")
    return or_(CalendarEntry.state.in_(UNWRITTEN), erased)
