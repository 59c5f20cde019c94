"""The table of commands that carry an idempotency key, and what was answered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class IdempotentCommand(Table):
    """A command of a caller under a key of theirs. `state`: begun, done (its change is committed) or answered.

    `body_sealed` is what was answered, sealed: it can be about anybody. None where it may be shown only once.
    """

    __tablename__ = "idempotent_commands"
    __table_args__ = (
        UniqueConstraint("caller_id", "key"),
        CheckConstraint("state in ('begun','done','answered')", name="state"),
        Index("ix_idempotent_commands_begun_at", "begun_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    caller_id: Mapped[UUID]
    key: Mapped[str]
    fingerprint: Mapped[bytes]
    state: Mapped[str]
    begun_at: Mapped[datetime]
    etag: Mapped[str | None]
    body_sealed: Mapped[bytes | None]
    key_id: Mapped[str | None]
