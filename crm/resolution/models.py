"""Tables of likeness: who is to be looked at, keyed hashes to find who is alike, and pairs that may be one person."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class DueLook(Table):
    """A contact that changed or got or lost an address since it was looked at. Written by triggers.

    Only who is inserted with fields and without any address waits for a change: nothing of ours makes such a contact.
    """

    __tablename__ = "contact_due_looks"
    __table_args__ = (Index("ix_contact_due_looks_contact_id", "contact_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))


class LikenessKey(Table):
    """A keyed hash that contacts who may be one person share."""

    __tablename__ = "contact_likeness_keys"
    __table_args__ = (Index("ix_contact_likeness_keys_contact_id", "contact_id"),)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)


class MergeCandidate(Table):
    """Two contacts that are probably one person, the one with the lesser id first; each pair once.

    A refused pair stays, so that it is not proposed again: also while one of the two is merged into somebody else.
    """

    __tablename__ = "merge_candidates"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        CheckConstraint("first_id < second_id", name="order"),
        CheckConstraint("state in ('open','refused','confirmed')", name="state"),
        Index("ix_merge_candidates_second_id", "second_id"),
        Index("ix_merge_candidates_open", "probability", "id", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    first_id: Mapped[UUID]
    second_id: Mapped[UUID]
    probability: Mapped[float]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Fields, how they agree and the bits that says; no value stands here."""
    state: Mapped[str] = mapped_column(default="open", server_default="open")
    found_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
