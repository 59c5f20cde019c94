"""The table of tasks. A task is about one contact and, once the contact is somebody's, for that colleague."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Task(Table):
    """Something a colleague is to do. `owner_id` None: nobody's yet, so everybody sees it."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_contact_id", "contact_id"),
        Index("ix_tasks_open", "owner_id", "made_at", postgresql_where=text("done_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    owner_id: Mapped[UUID | None]
    kind: Mapped[str]
    title: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    due_at: Mapped[datetime | None]
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
