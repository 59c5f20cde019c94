"""Tables of passkeys (WebAuthn) and of the challenges they have answered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Passkey(Table):
    """A public key of a user's device."""

    __tablename__ = "admin_passkeys"
    __table_args__ = (UniqueConstraint("credential_id"), Index("ix_admin_passkeys_user_id", "user_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("admin_users.id", ondelete="CASCADE"))
    credential_id: Mapped[bytes]
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    name: Mapped[str]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AnsweredChallenge(Table):
    """What a device has signed already: it is not taken again while it would still be fresh."""

    __tablename__ = "admin_answered_challenges"

    challenge: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
