"""Sessions: opened at sign-in, found by the token's hash, slid forward while used, closed at sign-out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.permissions import ROLES, Granted
from admin.models import AdminSession, AdminUser, LoginAttempt, SetupToken
from admin.sessions.tokens import new_token, token_sha256
from base.database import Sessions, transaction
from base.ids import new_id

IDLE = timedelta(hours=12)
"""A session nobody uses ends after this."""
LONGEST = timedelta(days=7)
"""A session ends after this, however much it is used."""
KEPT_ATTEMPTS = timedelta(days=1)
"""Failed sign-ins are forgotten after this."""

_WORTH_WRITING = timedelta(minutes=5)  # a page's burst of requests moves the end once


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user with the session they came by."""

    session_id: UUID
    id: UUID
    email: str
    name: str
    role: str
    permissions: frozenset[Granted]


async def open_session(session: AsyncSession, user_id: UUID, now: datetime) -> str:
    """A fresh session of the user; returns its token, which is stored nowhere."""
    token = new_token()
    session.add(
        AdminSession(
            id=new_id(), user_id=user_id, token_sha256=token_sha256(token), created_at=now, expires_at=now + IDLE
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
                select(AdminSession, AdminUser)
                .join(AdminUser, AdminUser.id == AdminSession.user_id)
                .where(AdminSession.token_sha256 == token_sha256(token), AdminSession.expires_at > now)
            )
        ).one_or_none()
        if found is None:
            return None
        opened, user = found
        slid = min(now + IDLE, opened.created_at + LONGEST)
        if slid - opened.expires_at >= _WORTH_WRITING:
            await session.execute(update(AdminSession).where(AdminSession.id == opened.id).values(expires_at=slid))
    return SignedIn(opened.id, user.id, user.email, user.name, user.role, ROLES.get(user.role, frozenset()))


async def remove_expired(session: AsyncSession, now: datetime) -> None:
    """Deletes ended sessions, old failed sign-ins and unused set-up tokens; to be called now and then by a worker."""
    await session.execute(delete(AdminSession).where(AdminSession.expires_at <= now))
    await session.execute(delete(LoginAttempt).where(LoginAttempt.attempted_at <= now - KEPT_ATTEMPTS))
    await session.execute(delete(SetupToken).where(SetupToken.expires_at <= now))
