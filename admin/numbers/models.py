"""What is kept of days that are over, so that figures of a year need not be read from every message."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class FlowVisit(Table):
    """That a talk came through a flow on a day (of UTC), and when first. It goes with its talk."""

    __tablename__ = "flow_visits"
    __table_args__ = (Index("ix_flow_visits_conversation_id", "conversation_id"),)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    flow: Mapped[str] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]


class KeptDays(Table):
    """Up to which midnight of UTC days are kept, by what of them is."""

    __tablename__ = "kept_days"

    name: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]
