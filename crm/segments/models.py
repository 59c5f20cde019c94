"""Tables of segments: their rules, who is in them since when, and what is to be looked at again, now or at a time.

Triggers write the looks (migration 0016): whatever changes a contact, its segments hear of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Segment(Table):
    """A segment's rule. `version` counts its changes.

    `state`: `building` while the members of a new or changed rule are found, in the order of the contacts' ids;
    `built_to` is the last one looked at and `built` how many they were. Then `live`.
    """

    __tablename__ = "segments"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("state in ('building','live')", name="state"),
        Index("ix_segments_building", "updated_at", postgresql_where=text("state = 'building'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    tree: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    state: Mapped[str] = mapped_column(default="building", server_default="building")
    built_to: Mapped[UUID | None]
    built: Mapped[int] = mapped_column(default=0, server_default="0")
    built_at: Mapped[datetime | None]
    made_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class SegmentTopic(Table):
    """What a segment's rule speaks of (`event:page_viewed`, `consent` …): only that has contacts looked at again."""

    __tablename__ = "segment_topics"
    __table_args__ = (Index("ix_segment_topics_topic", "topic"),)

    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)


class SegmentMember(Table):
    """A contact in a segment, since when."""

    __tablename__ = "segment_members"
    __table_args__ = (
        Index("ix_segment_members_contact_id", "contact_id"),
        Index("ix_segment_members_segment_id_entered_at_contact_id", "segment_id", "entered_at", "contact_id"),
    )

    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    entered_at: Mapped[datetime]


class SegmentDue(Table):
    """When the passing of time alone may put a contact into a segment, or out of it."""

    __tablename__ = "segment_due"
    __table_args__ = (Index("ix_segment_due_due_at", "due_at"), Index("ix_segment_due_contact_id", "contact_id"))

    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    due_at: Mapped[datetime]


class SegmentLook(Table):
    """Something changed about a contact that its segments were not asked about yet. Rows are taken by deleting them."""

    __tablename__ = "segment_looks"
    __table_args__ = (Index("ix_segment_looks_contact_id", "contact_id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    contact_id: Mapped[UUID]
    topic: Mapped[str]


class SegmentPerson(Table):
    """Whether a contact may be sorted into segments that profile: `refusal` is why not, in words.

    Who has no row was not looked at yet, and is in none. `recheck_at` is when their consent to it runs out.
    """

    __tablename__ = "segment_people"
    __table_args__ = (
        Index("ix_segment_people_allowed", "contact_id", postgresql_where=text("refusal is null")),
        Index("ix_segment_people_recheck_at", "recheck_at", postgresql_where=text("recheck_at is not null")),
    )

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    refusal: Mapped[str | None]
    recheck_at: Mapped[datetime | None]


class SegmentConsent(Table):
    """How the ledger stands to a purpose on a channel (`all`: to each), as folded last. Only segments read it."""

    __tablename__ = "segment_consents"
    __table_args__ = (
        CheckConstraint("state in ('given','refused','withdrawn','expired')", name="state"),
        Index("ix_segment_consents_scope", "purpose", "channel", "state", "contact_id", "valid_until"),
    )

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    valid_until: Mapped[datetime | None]
    seq: Mapped[int]


class SegmentVector(Table):
    """What a text that a rule names means, as a vector of an encoder."""

    __tablename__ = "segment_vectors"

    text_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    encoder: Mapped[str] = mapped_column(primary_key=True)
    embedding: Mapped[Any] = mapped_column(VECTOR())
