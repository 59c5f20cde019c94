"""A user's password: changed by themselves, or set anew by a one-time link. Tells nobody who has an account."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.models import AdminSession, AdminUser
from admin.sessions.passwords import Passwords
from admin.sessions.tokens import new_token, token_sha256
from admin.users.models import PasswordReset
from base.database import Sessions
from base.errors import InvalidInput, NotAllowed

VALID_FOR = timedelta(hours=1)
"""A link to a new password."""


class WrongPassword(InvalidInput):
    """This is not your password."""

    code = "wrong_password"


class ResetInvalid(NotAllowed):
    """This link is wrong, used or too old: ask for another."""

    code = "reset_invalid"


async def check_password(sessions: Sessions, passwords: Passwords, user_id: UUID, password: str) -> None:
    """Whether it is really the user who sits at their browser.

    Raises:
        WrongPassword: not their password, or they have none.
    """
    async with sessions() as session:
        stored = await session.scalar(select(AdminUser.password_hash).where(AdminUser.id == user_id))
    if not await passwords.is_right(stored, password):
        raise WrongPassword(errors=[{"field": "password", "message": "This is not your password."}])


async def set_password(session: AsyncSession, user_id: UUID, password_hash: str, *, kept: UUID | None) -> None:
    """Sets it; all sessions end but the one that is kept, and a link to a new one stops working."""
    await session.execute(update(AdminUser).where(AdminUser.id == user_id).values(password_hash=password_hash))
    ended = delete(AdminSession).where(AdminSession.user_id == user_id)
    await session.execute(ended if kept is None else ended.where(AdminSession.id != kept))
    await session.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))


async def create_reset(session: AsyncSession, user_id: UUID, now: datetime) -> str:
    """The token of a link to a new password; an earlier one stops working."""
    token = new_token()
    await session.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))
    session.add(
        PasswordReset(user_id=user_id, token_sha256=token_sha256(token), created_at=now, expires_at=now + VALID_FOR)
    )
    await session.flush()
    return token


async def use_reset(session: AsyncSession, token: str, now: datetime) -> UUID:
    """Whose password may be set by a token; the token is used up.

    Raises:
        ResetInvalid: nobody's.
    """
    user_id: UUID | None = await session.scalar(
        delete(PasswordReset)
        .where(PasswordReset.token_sha256 == token_sha256(token), PasswordReset.expires_at > now)
        .returning(PasswordReset.user_id)
    )
    active = select(AdminUser.id).where(AdminUser.id == user_id, AdminUser.deactivated_at.is_(None))
    if user_id is None or await session.scalar(active) is None:
        raise ResetInvalid
    return user_id


async def check_reset(session: AsyncSession, token: str, now: datetime) -> None:
    """Refuses early what `use_reset` would refuse, before any costly work.

    Raises:
        ResetInvalid: the token is nobody's.
    """
    found = select(PasswordReset.user_id).where(
        PasswordReset.token_sha256 == token_sha256(token), PasswordReset.expires_at > now
    )
    if await session.scalar(found) is None:
        raise ResetInvalid
