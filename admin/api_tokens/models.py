"""The table of API tokens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class APIToken(Table):
    """What a program of a user may do, known by the SHA-256 of its token; never more than the user may."""

    __tablename__ = "api_tokens"
    __table_args__ = (UniqueConstraint("token_sha256"), Index("ix_api_tokens_user_id", "user_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("admin_users.id", ondelete="CASCADE"))
    name: Mapped[str]
    token_sha256: Mapped[bytes]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
