"""Which digest of which week went to whom."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Digest(Table):
    """One a person and week, so that nobody gets two. `week` is the Monday on which it leaves.

    States: held (somebody is writing it, until `held_until`, or waits until then to try again) → sending (it is being
    handed over: from here on it is never begun again) → sent, refused, or in_doubt (it may have left).
    """

    __tablename__ = "digests"
    __table_args__ = (CheckConstraint("state in ('held','sending','sent','refused','in_doubt')", name="state"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("admin_users.id", ondelete="CASCADE"), primary_key=True)
    week: Mapped[date] = mapped_column(Date, primary_key=True)
    state: Mapped[str]
    attempts: Mapped[int]
    held_until: Mapped[datetime]
    settled_at: Mapped[datetime | None]
