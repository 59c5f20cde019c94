"""The first user, made with a one-time token that the operator's command line prints. Over once there is a user."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.models import AdminUser, SetupToken
from admin.sessions.tokens import new_token, token_sha256
from base.errors import Conflict, NotAllowed
from base.ids import new_id

VALID_FOR = timedelta(hours=24)

_LOCK = 7_274_003  # pg_advisory_xact_lock; base.migrate has 7_274_001, the consent ledger 7_274_002


class AlreadySetUp(Conflict):
    """There is a user already: sign in, or ask a colleague who can."""

    code = "already_set_up"


class SetupTokenInvalid(NotAllowed):
    """This set-up token is wrong, used or too old: take the latest one that the server printed."""

    code = "setup_token_invalid"


async def is_setup_needed(session: AsyncSession) -> bool:
    """Whether nobody can sign in yet."""
    return await session.scalar(select(AdminUser.id).limit(1)) is None


async def create_setup_token(session: AsyncSession, now: datetime) -> str:
    """A fresh token for making the first user; earlier ones stop working.

    Raises:
        AlreadySetUp: there is a user.
    """
    await _lock(session)
    if not await is_setup_needed(session):
        raise AlreadySetUp
    await session.execute(delete(SetupToken))
    token = new_token()
    session.add(SetupToken(token_sha256=token_sha256(token), created_at=now, expires_at=now + VALID_FOR))
    await session.flush()
    return token


async def check_setup_token(session: AsyncSession, token: str, now: datetime) -> None:
    """Refuses early what `create_first_user` would refuse, before any costly work.

    Raises:
        AlreadySetUp: there is a user.
        SetupTokenInvalid: there is none, and the token is not the one to make one with.
    """
    found = select(SetupToken).where(SetupToken.token_sha256 == token_sha256(token), SetupToken.expires_at > now)
    is_good = await session.scalar(found) is not None
    # After the token: who wins between the two reads has used the token up, and must be seen.
    if not await is_setup_needed(session):
        raise AlreadySetUp
    if not is_good:
        raise SetupTokenInvalid


async def create_first_user(
    session: AsyncSession, *, token: str, email: str, name: str, password_hash: str, now: datetime
) -> UUID:
    """Makes the first user and uses the token up. Of two at once the second sees the first's user.

    Raises:
        AlreadySetUp: there is a user.
        SetupTokenInvalid: the token is wrong, used or too old.
    """
    await _lock(session)
    await check_setup_token(session, token, now)
    await session.execute(delete(SetupToken))
    user = AdminUser(id=new_id(), email=email, name=name, role="owner", password_hash=password_hash, created_at=now)
    session.add(user)
    await session.flush()
    return user.id


async def _lock(session: AsyncSession) -> None:
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
