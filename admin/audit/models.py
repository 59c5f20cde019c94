"""Tables of the audit log. Entries and heads are append-only by trigger and hold nothing personal; details can go."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table
from crm.consent.models import HeadRow


class AuditEntry(Table):
    """That somebody changed something. `details_sha256` binds its details to the chain, also when they are gone."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("hash"),
        # Two entries after the same one would be two chains.
        UniqueConstraint("prev_hash"),
        CheckConstraint("author in ('user','token','command_line','nobody')", name="author"),
        Index("ix_audit_entries_at", "at", "id"),
        Index("ix_audit_entries_user_id_at", "user_id", "at"),
        Index("ix_audit_entries_action_at_id", "action", "at", "id"),
        Index("ix_audit_entries_subject", "subject_kind", "subject_id", "at"),
    )

    seq: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    id: Mapped[UUID]
    schema_version: Mapped[int]
    at: Mapped[datetime]
    author: Mapped[str]
    user_id: Mapped[UUID | None]
    token_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str | None]
    details_sha256: Mapped[str | None]
    prev_hash: Mapped[str]
    hash: Mapped[str]


class AuditDetail(Table):
    """What an entry changed. `salt` keeps anybody from finding erased details again by trying what they were.

    `contact_id` is the person they tell of: whose erasure takes them away.
    """

    __tablename__ = "audit_details"
    __table_args__ = (Index("ix_audit_details_contact_id", "contact_id"), Index("ix_audit_details_at", "at"))

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("audit_entries.id"), primary_key=True)
    contact_id: Mapped[UUID | None]
    at: Mapped[datetime]
    salt: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]


class AuditHead(HeadRow):
    """A signed head of the audit log."""

    __tablename__ = "audit_heads"
