"""Tables of the people who steer: users, their sessions, the one-time set-up token, what they were told by mail."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class AdminUser(Table):
    """Somebody who may sign in, unless deactivated. `password_hash` is argon2id; None: never by password.

    `role` names a shipped role or one of `admin_roles`. `version` is what an edit is made at.

    `mails_tasks`: whether they are told of tasks by mail; the next leaves at `next_task_mail_at`, or at once.
    `digest_wanted_at`: since when they want the week in numbers by mail; None: they do not. It is written in `language`
    and leaves by the clocks of `time_zone`, the company's if None.
    """

    __tablename__ = "admin_users"
    __table_args__ = (UniqueConstraint("email"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    deactivated_at: Mapped[datetime | None]
    mails_tasks: Mapped[bool] = mapped_column(default=True, server_default=true())
    next_task_mail_at: Mapped[datetime | None]
    digest_wanted_at: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    time_zone: Mapped[str | None]
    created_at: Mapped[datetime]


class TaskNotice(Table):
    """That somebody was told of a task by mail."""

    __tablename__ = "task_notices"

    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("admin_users.id", ondelete="CASCADE"), primary_key=True)
    told_at: Mapped[datetime]


class AdminSession(Table):
    """A signed-in browser, known by the SHA-256 of its token.

    `way` is what it was signed in by, `browser` what it calls itself, shortened: its user tells theirs apart by them.
    """

    __tablename__ = "admin_sessions"
    __table_args__ = (UniqueConstraint("token_sha256"), Index("ix_admin_sessions_user_id", "user_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("admin_users.id", ondelete="CASCADE"))
    token_sha256: Mapped[bytes]
    way: Mapped[str] = mapped_column(default="password", server_default="password")
    browser: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class SetupToken(Table):
    """The one-time token that makes the first user; used once, then gone."""

    __tablename__ = "admin_setup_tokens"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class LoginAttempt(Table):
    """A failed sign-in, counted per account and per address (both as keyed hashes) to slow guessing down."""

    __tablename__ = "admin_login_attempts"
    __table_args__ = (Index("ix_admin_login_attempts_subject_attempted_at", "subject", "attempted_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[bytes]
    attempted_at: Mapped[datetime]
