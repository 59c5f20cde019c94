"""Sessions: opened at sign-in, found by the token's hash, slid forward while used, closed at sign-out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.permissions import Granted, permissions_of
from admin.idempotency.models import IdempotentCommand
from admin.idempotency.service import KEPT
from admin.models import AdminSession, AdminUser, LoginAttempt, SetupToken
from admin.passkeys.models import AnsweredChallenge
from admin.roles.models import Role
from admin.second_step.service import owes_second_step
from admin.sessions.tokens import new_token, token_sha256
from admin.users.models import Invitation, PasswordReset
from base.database import Sessions, transaction
from base.ids import new_id

IDLE = timedelta(hours=12)
"""A session nobody uses ends after this."""
LONGEST = timedelta(days=7)
"""A session ends after this, however much it is used."""
KEPT_ATTEMPTS = timedelta(days=1)
"""Failed sign-ins are forgotten after this."""

_WORTH_WRITING = timedelta(minutes=5)  # a page's burst of requests moves the end once

Way = Literal["password", "password_and_code", "passkey", "single_sign_on", "invitation"]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user with the session or the API token they came by.

    `owes_second_step`: nothing but setting up a second step is open to them until they have.
    """

    id: UUID
    email: str
    name: str
    role: str
    permissions: frozenset[Granted]
    session_id: UUID | None = None
    token_id: UUID | None = None
    owes_second_step: bool = False


async def open_session(
    session: AsyncSession, user_id: UUID, now: datetime, *, way: Way = "password", browser: str = ""
) -> str:
    """A fresh session of the user; returns its token, which is stored nowhere."""
    token = new_token()
    session.add(
        AdminSession(
            id=new_id(),
            user_id=user_id,
            token_sha256=token_sha256(token),
            way=way,
            browser=browser,
            created_at=now,
            seen_at=now,
            expires_at=now + IDLE,
        )
    )
    await session.flush()
    return token


async def close_session(session: AsyncSession, session_id: UUID) -> None:
    """Ends a session; one that has ended already stays so."""
    await session.execute(delete(AdminSession).where(AdminSession.id == session_id))


async def find_signed_in(sessions: Sessions, token: str | None, now: datetime) -> SignedIn | None:
    """Who a token stands for, and the session slid forward; None when it has ended or never was."""
    if token is None:
        return None
    async with transaction(sessions) as session:
        found = (
            await session.execute(
                select(
                    AdminSession,
                    AdminUser,
                    Role.permissions,
                    owes_second_step(AdminSession.user_id, AdminSession.way, AdminSession.created_at),
                )
                .join(AdminUser, AdminUser.id == AdminSession.user_id)
                .outerjoin(Role, Role.name == AdminUser.role)
                .where(
                    AdminSession.token_sha256 == token_sha256(token),
                    AdminSession.expires_at > now,
                    AdminUser.deactivated_at.is_(None),
                )
            )
        ).one_or_none()
        if found is None:
            return None
        opened, user, own, owes = found
        slid = min(now + IDLE, opened.created_at + LONGEST)
        if slid - opened.expires_at >= _WORTH_WRITING or (opened.seen_at or opened.created_at) <= now - _WORTH_WRITING:
            await session.execute(
                update(AdminSession).where(AdminSession.id == opened.id).values(expires_at=slid, seen_at=now)
            )
    held = permissions_of(user.role, own)
    return SignedIn(user.id, user.email, user.name, user.role, held, session_id=opened.id, owes_second_step=owes)


async def remove_expired(session: AsyncSession, now: datetime) -> None:
    """Deletes what has ended: sessions, failed sign-ins, links, challenges, answers kept for commands sent again."""
    await session.execute(delete(AdminSession).where(AdminSession.expires_at <= now))
    await session.execute(delete(LoginAttempt).where(LoginAttempt.attempted_at <= now - KEPT_ATTEMPTS))
    await session.execute(delete(IdempotentCommand).where(IdempotentCommand.begun_at <= now - KEPT))
    for table in (SetupToken, Invitation, PasswordReset, AnsweredChallenge):
        await session.execute(delete(table).where(table.expires_at <= now))
