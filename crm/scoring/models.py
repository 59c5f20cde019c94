"""The points a contact has, one row per rule, each with the reason and what it came from; the sums; edited rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class ScoreEntry(Table):
    """Points from one rule; a rule that holds again with other points replaces its row.

    With a `half_life` (seconds) they are `amount` at `valued_at` and half of it a half-life later: nothing is written
    while they fade. Without one they are `points`. `message_id` or `event_id` is what they came from.
    """

    __tablename__ = "score_entries"
    __table_args__ = (UniqueConstraint("contact_id", "rule"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    rule: Mapped[str]
    score: Mapped[str] = mapped_column(default="fit", server_default="fit")
    cap_group: Mapped[str | None]
    points: Mapped[int]
    amount: Mapped[float | None]
    half_life: Mapped[int | None]
    valued_at: Mapped[datetime | None]
    reason: Mapped[str]
    message_id: Mapped[UUID | None]
    event_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class ContactScores(Table):
    """A contact's scores by name, as counted at `counted_at` by the book of that number; `due_at` is when they change
    by themselves next, because points fade or what somebody did is too long ago.
    """

    __tablename__ = "contact_scores"
    __table_args__ = (Index("ix_contact_scores_due_at", "due_at"), Index("ix_contact_scores_book", "book"))

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    scores: Mapped[dict[str, Any]]
    book: Mapped[int]
    counted_at: Mapped[datetime]
    due_at: Mapped[datetime | None]


class ScoreBookVersion(Table):
    """The rules as somebody edited them; the highest number counts, and the shipped ones where there is none."""

    __tablename__ = "score_books"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    book: Mapped[dict[str, Any]]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
