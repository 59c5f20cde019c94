"""Tables of what was spent. They hold sums only: which message cost what stands with its gate decision."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Spending(Table):
    """What a channel cost on a day (UTC), by the price list, for all that left or may have."""

    __tablename__ = "spendings"

    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[float]
    messages: Mapped[int]


class SpendingAlert(Table):
    """That a day (`2026-11-28@100`: of at most 100) or month (`2026-11@1000`) came to so many percent: told once."""

    __tablename__ = "spending_alerts"

    period: Mapped[str] = mapped_column(primary_key=True)
    percent: Mapped[int] = mapped_column(primary_key=True)
    raised_at: Mapped[datetime]
