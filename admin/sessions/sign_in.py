"""Signing in: a limited number of guesses, and one answer in one time whatever was wrong."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.audit.chain import Author, Change
from admin.audit.trail import remember
from admin.models import AdminUser
from admin.second_step.service import has_code_app, use_code
from admin.sessions.attempts import count_attempt, count_code, forgive_attempt, forgive_codes
from admin.sessions.passwords import Passwords
from admin.sessions.service import Way, open_session
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import NotSignedIn
from crm.contacts.addresses import InvalidAddress, normalise_email


class SignInFailed(NotSignedIn):
    """This e-mail address and password do not belong together."""

    code = "sign_in_failed"


class SecondStepNeeded(NotSignedIn):
    """Send a code of your app, or one of your recovery codes, along with your password."""

    code = "second_step_needed"


class SecondStepFailed(NotSignedIn):
    """This code is not right, or was used already: take the one that is shown now."""

    code = "second_step_failed"


async def sign_in(
    sessions: Sessions,
    keys: KeyRing,
    passwords: Passwords,
    *,
    email: str,
    password: str,
    address: str,
    now: datetime,
    code: str | None = None,
    browser: str = "",
) -> str:
    """The token of a new session. No transaction is open while the password is hashed.

    Args:
        address: the network address it comes from.
        code: of the second step, for whoever has one.

    Raises:
        SignInFailed: no such user, or not their password, or they may not sign in any more.
        SecondStepNeeded: the password is right, the code is missing.
        SecondStepFailed: the code is wrong.
        TooManySignIns: before the password, or the code, was looked at.
    """
    email = normalised(email)
    async with transaction(sessions) as session:
        attempt = await count_attempt(session, keys, email=email, address=address, now=now)
        user = await session.scalar(select(AdminUser).where(AdminUser.email == email))
        has_second_step = user is not None and await has_code_app(session, user.id)
    if not await passwords.is_right(user.password_hash if user else None, password) or user is None:
        raise SignInFailed
    if user.deactivated_at is not None:
        raise SignInFailed
    if has_second_step:
        if code is None:
            raise SecondStepNeeded
        async with transaction(sessions) as session:
            await count_code(session, keys, user_id=user.id, now=now)
    rehashed = await _rehash(passwords, user, password)
    async with transaction(sessions) as session:
        if has_second_step:
            if not await use_code(session, keys, user.id, code or "", now):
                raise SecondStepFailed
            await forgive_codes(session, keys, user_id=user.id)
        await forgive_attempt(session, attempt)
        if rehashed:
            await session.execute(update(AdminUser).where(AdminUser.id == user.id).values(password_hash=rehashed))
        way: Way = "password_and_code" if has_second_step else "password"
        return await let_in(session, user.id, now, way=way, browser=browser)


async def let_in(session: AsyncSession, user_id: UUID, now: datetime, *, way: Way, browser: str) -> str:
    """A fresh session, of which the audit log tells; returns its token. The session's trail is a request's."""
    token = await open_session(session, user_id, now, way=way, browser=browser)
    remember(session.sync_session, Change(Author("user", user_id), "sign_in", "user", str(user_id), after={"way": way}))
    return token


async def _rehash(passwords: Passwords, user: AdminUser, password: str) -> str | None:
    if user.password_hash is None or not passwords.is_outdated(user.password_hash):
        return None
    return await passwords.hash(password)


def normalised(email: str) -> str:
    """What was typed as an address, as users are found by it; what can be none finds nobody."""
    try:
        return normalise_email(email)
    except InvalidAddress:
        return email.strip().lower()
