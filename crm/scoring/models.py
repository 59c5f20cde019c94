"""The points a contact has, one row per rule, each with the reason and the chat turn it came from."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class ScoreEntry(Table):
    """Points from one rule; a rule that holds again with other points replaces its row."""

    __tablename__ = "score_entries"
    __table_args__ = (UniqueConstraint("contact_id", "rule"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    rule: Mapped[str]
    points: Mapped[int]
    reason: Mapped[str]
    message_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
