"""The table of shared limits. Unlogged: it is empty after a crash of the database, and no copy of it is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class RateBucket(Table):
    """A token bucket. `key` is a keyed hash of a limit and of whom it counts; `granted` is what the last one got."""

    __tablename__ = "rate_buckets"
    __table_args__ = (Index("ix_rate_buckets_filled_at", "filled_at"), {"prefixes": ["UNLOGGED"]})

    key: Mapped[bytes] = mapped_column(primary_key=True)
    tokens: Mapped[float]
    granted: Mapped[float]
    filled_at: Mapped[datetime]
