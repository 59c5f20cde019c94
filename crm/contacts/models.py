"""Tables of contacts. An address stands only in `contact_points`, sealed, and is found by its blind index."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table

SEALED_COLUMN = "contact_points.value_sealed"


class Contact(Table):
    """A person. `fields` holds what they told us (first_name, company …); `score` is the sum of score entries."""

    __tablename__ = "contacts"
    __table_args__ = (
        CheckConstraint("stage in ('visitor','lead','mql','sql','customer','disqualified')", name="stage"),
        CheckConstraint("qualification in ('hot','warm','cold')", name="qualification"),
        Index("ix_contacts_created_at_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(default="visitor", server_default="visitor")
    qualification: Mapped[str | None]
    score: Mapped[int] = mapped_column(default=0, server_default="0")
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    time_zone: Mapped[str | None]
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    tags: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ContactPoint(Table):
    """An address of a contact: one row per address in the whole system."""

    __tablename__ = "contact_points"
    __table_args__ = (
        UniqueConstraint("kind", "blind_index"),
        CheckConstraint("kind in ('email','phone','telegram')", name="kind"),
        Index("ix_contact_points_contact_id", "contact_id"),
        Index("ix_contact_points_key_id", "key_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    kind: Mapped[str]
    value_sealed: Mapped[bytes]
    key_id: Mapped[str]
    blind_index: Mapped[bytes]
    verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
