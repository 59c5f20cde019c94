"""Tables of bulk operations: what is done, how far it is, and to whom. Who is meant is fixed when it is asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table

Operation = Literal["add_tag", "remove_tag", "set_stage", "set_owner", "enrol", "export", "erase"]
BulkState = Literal["waiting", "running", "done", "failed", "cancelled"]
OPEN: tuple[BulkState, ...] = ("waiting", "running")


class BulkOperation(Table):
    """One change to many contacts, done in the order of their ids, up to `reached_to` so far.

    `selection` says how those who are meant were found, without what was searched for. `done` is how many were looked
    at, `changed` for how many something is different now, `stopped` how many a reason spoke against. `before` counts
    what was there: stages, owners. `gone`: they are no contacts any more.
    """

    __tablename__ = "bulk_operations"
    __table_args__ = (
        CheckConstraint(
            "operation in ('add_tag','remove_tag','set_stage','set_owner','enrol','export','erase')", name="operation"
        ),
        CheckConstraint("state in ('waiting','running','done','failed','cancelled')", name="state"),
        Index("ix_bulk_operations_made_at_id", "made_at", "id"),
        Index("ix_bulk_operations_open", "made_at", postgresql_where=text("state in ('waiting','running')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    operation: Mapped[str]
    value: Mapped[str | None]
    selection: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0, server_default="0")
    changed: Mapped[int] = mapped_column(default=0, server_default="0")
    stopped: Mapped[int] = mapped_column(default=0, server_default="0")
    gone: Mapped[int] = mapped_column(default=0, server_default="0")
    before: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    reached_to: Mapped[UUID | None]
    problem: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_by: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]
    made_by: Mapped[UUID]
    made_by_token: Mapped[UUID | None]
    made_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class BulkContact(Table):
    """Somebody who is meant, and the reason that spoke against it, if there was one."""

    __tablename__ = "bulk_contacts"
    __table_args__ = (Index("ix_bulk_contacts_contact_id", "contact_id"),)

    operation_id: Mapped[UUID] = mapped_column(ForeignKey("bulk_operations.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str | None]
