"""Table of owners. A colleague stands here as an id only: users are the admin room's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class ContactOwner(Table):
    """The colleague who looks after a contact; a contact without a row has none."""

    __tablename__ = "contact_owners"
    __table_args__ = (Index("ix_contact_owners_user_id", "user_id"),)

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID]
    assigned_by: Mapped[str]
    assigned_at: Mapped[datetime]
