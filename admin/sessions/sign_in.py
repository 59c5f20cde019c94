"""Signing in: a limited number of guesses, and one answer in one time whatever was wrong."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from admin.models import AdminUser
from admin.sessions.attempts import count_attempt, forgive_attempt
from admin.sessions.passwords import Passwords
from admin.sessions.service import open_session
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import NotSignedIn
from crm.contacts.addresses import InvalidAddress, normalise_email


class SignInFailed(NotSignedIn):
    """This e-mail address and password do not belong together."""

    code = "sign_in_failed"


async def sign_in(
    sessions: Sessions,
    keys: KeyRing,
    passwords: Passwords,
    *,
    email: str,
    password: str,
    address: str,
    now: datetime,
) -> tuple[AdminUser, str]:
    """The user and the token of a new session. No transaction is open while the password is hashed.

    Args:
        address: the network address it comes from.

    Raises:
        SignInFailed: no such user, or not their password.
        TooManySignIns: before the password was looked at.
    """
    email = _normalised(email)
    async with transaction(sessions) as session:
        attempt = await count_attempt(session, keys, email=email, address=address, now=now)
        user = await session.scalar(select(AdminUser).where(AdminUser.email == email))
    if not await passwords.is_right(user.password_hash if user else None, password) or user is None:
        raise SignInFailed
    rehashed = await passwords.hash(password) if passwords.is_outdated(user.password_hash) else None
    async with transaction(sessions) as session:
        await forgive_attempt(session, attempt)
        if rehashed:
            await session.execute(update(AdminUser).where(AdminUser.id == user.id).values(password_hash=rehashed))
        return user, await open_session(session, user.id, now)


def _normalised(email: str) -> str:
    try:
        return normalise_email(email)
    except InvalidAddress:
        return email.strip().lower()
