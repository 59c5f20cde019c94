"""Tables of what lets people into journeys, or not, and of the calls that journeys make."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class EntryRefusal(Table):
    """A rule that kept a contact out of a journey, and how often. The words stand in `reasons`."""

    __tablename__ = "entry_refusals"
    __table_args__ = (Index("ix_entry_refusals_contact_id", "contact_id"),)

    journey: Mapped[str] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    times: Mapped[int] = mapped_column(default=1, server_default="1")
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class DateField(Table):
    """A contact field from which some journey counts days. Adding one fills `contact_dates`."""

    __tablename__ = "date_fields"

    field: Mapped[str] = mapped_column(primary_key=True)


class ContactDate(Table):
    """A day in such a field of a contact, kept by triggers on contacts. `yearly` is month * 100 + day."""

    __tablename__ = "contact_dates"
    __table_args__ = (
        Index("ix_contact_dates_field_zone_day", "field", "zone", "day"),
        Index("ix_contact_dates_field_zone_yearly", "field", "zone", "yearly"),
    )

    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    zone: Mapped[str]
    day: Mapped[date] = mapped_column(Date())
    yearly: Mapped[int]


class JourneyBackfill(Table):
    """Puts the members of a segment into a journey, in the order of their ids, up to `reached_to` so far."""

    __tablename__ = "journey_backfills"
    __table_args__ = (
        CheckConstraint("state in ('running','done','cancelled')", name="state"),
        Index("ix_journey_backfills_journey_made_at", "journey", "made_at"),
        Index("ix_journey_backfills_running", "made_at", postgresql_where=text("state = 'running'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    journey: Mapped[str]
    segment_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(default="running", server_default="running")
    reached_to: Mapped[UUID | None]
    total: Mapped[int]
    looked_at: Mapped[int] = mapped_column(default=0, server_default="0")
    entered: Mapped[int] = mapped_column(default=0, server_default="0")
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class JourneyCall(Table):
    """A call of a connector that an enrolment waits for. What is asked is made from the contact when it is made."""

    __tablename__ = "journey_calls"
    __table_args__ = (
        UniqueConstraint("occurrence"),
        CheckConstraint("state in ('waiting','done','failed')", name="state"),
        Index("ix_journey_calls_contact_id", "contact_id"),
        Index("ix_journey_calls_enrolment_id", "enrolment_id"),
        Index("ix_journey_calls_due", "due_at", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    occurrence: Mapped[str]
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolments.id", ondelete="CASCADE"))
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    journey: Mapped[str]
    version: Mapped[str]
    step: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    problem: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime]
    made_at: Mapped[datetime]
