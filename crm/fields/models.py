"""Table of the fields that a company adds to ours. Holds what fields are, never what stands in them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class ContactField(Table):
    """A field of a company's own."""

    __tablename__ = "contact_fields"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("type in ('text','number','date','choice','yes_no','url')", name="type"),
        CheckConstraint("sensitivity in ('plain','personal','sensitive')", name="sensitivity"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    label: Mapped[str]
    type: Mapped[str]
    choices: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'"))
    sensitivity: Mapped[str] = mapped_column(default="personal", server_default="personal")
    keep_days: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
