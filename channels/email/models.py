"""The table of what can be counted of e-mails. Addresses to lead to stand here, so that no link carries one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table
from outreach.models import OutboxMessage


class EmailLink(Table):
    """A link of an e-mail that is counted; number 0, which leads nowhere, is the picture that tells of an opening."""

    __tablename__ = "email_links"

    outbox_id: Mapped[UUID] = mapped_column(ForeignKey(OutboxMessage.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str | None]
    count: Mapped[int] = mapped_column(default=0, server_default="0")
    first_at: Mapped[datetime | None]
