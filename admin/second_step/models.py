"""Tables of the second step at sign-in: codes of an app, codes on paper for when it is lost, who must have one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class CodeApp(Table):
    """A user's app of codes (TOTP, RFC 6238). It counts once it is confirmed; `last_step` is the last one used."""

    __tablename__ = "admin_code_apps"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("admin_users.id", ondelete="CASCADE"), primary_key=True)
    secret_sealed: Mapped[bytes]
    key_id: Mapped[str]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None]


class RecoveryCode(Table):
    """A code that stands in for the app once."""

    __tablename__ = "admin_recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("admin_users.id", ondelete="CASCADE"), primary_key=True)
    code_sha256: Mapped[bytes] = mapped_column(primary_key=True)


class SignInRules(Table):
    """The one row that says since when everybody must sign in by two steps; None: who does not want to need not."""

    __tablename__ = "sign_in_rules"
    __table_args__ = (CheckConstraint("id = 1", name="only_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1, server_default="1")
    second_step_since: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
