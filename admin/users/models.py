"""Tables of people who are to become users, and of users who forgot their password."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Invitation(Table):
    """Somebody who may become a user by a one-time link, known by the SHA-256 of its token."""

    __tablename__ = "admin_invitations"
    __table_args__ = (UniqueConstraint("email"), UniqueConstraint("token_sha256"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    token_sha256: Mapped[bytes]
    invited_by: Mapped[UUID] = mapped_column(ForeignKey("admin_users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class PasswordReset(Table):
    """A one-time link to a new password; a user has one at most."""

    __tablename__ = "admin_password_resets"
    __table_args__ = (UniqueConstraint("token_sha256"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("admin_users.id", ondelete="CASCADE"), primary_key=True)
    token_sha256: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
