"""Slows guessing down: failed sign-ins are counted per account and address. Stores keyed hashes, no address."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.models import LoginAttempt
from base.encryption import KeyRing
from base.errors import TooMany
from base.ids import new_id
from base.limits.networks import network_of

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 5
"""Failures in the window for one account from one address."""
PER_ADDRESS = 20
"""Failures in the window from one address, whatever the account."""
PER_USER = 10
"""Wrong codes in the window for one user, from wherever they come: whoever sends them knows the password."""


class TooManySignIns(TooMany):
    """Too many failed attempts to sign in; wait a little and try again."""

    code = "too_many_sign_ins"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that counts as failed until `forgive_attempt`."""

    ids: tuple[UUID, ...]
    account: bytes


async def count_attempt(session: AsyncSession, keys: KeyRing, *, email: str, address: str, now: datetime) -> Attempt:
    """Counts an attempt before its password is looked at, so that a volley at once gets no more guesses than a row.

    Raises:
        TooManySignIns: the limit is reached; this one is not counted.
    """
    network = network_of(address)
    account, place = _subject(keys, f"account:{network}:{email}"), _subject(keys, f"address:{network}")
    await session.execute(select(func.pg_advisory_xact_lock(_lock_key(place))))
    await session.execute(
        delete(LoginAttempt).where(
            LoginAttempt.subject.in_((account, place)), LoginAttempt.attempted_at <= now - WINDOW
        )
    )
    for subject, most in ((account, PER_ACCOUNT), (place, PER_ADDRESS)):
        await _check(session, subject, most, now)
    rows = [{"id": new_id(), "subject": subject, "attempted_at": now} for subject in (account, place)]
    await session.execute(insert(LoginAttempt), rows)
    return Attempt(tuple(row["id"] for row in rows if isinstance(row["id"], UUID)), account)


async def forgive_attempt(session: AsyncSession, attempt: Attempt) -> None:
    """The password was right: neither this attempt nor earlier slips of this account from this address count."""
    await session.execute(
        delete(LoginAttempt).where(LoginAttempt.id.in_(attempt.ids) | (LoginAttempt.subject == attempt.account))
    )


async def count_code(session: AsyncSession, keys: KeyRing, *, user_id: UUID, now: datetime) -> None:
    """Counts a code of the second step before it is looked at.

    Raises:
        TooManySignIns: the limit is reached; this one is not counted.
    """
    subject = _subject(keys, f"code:{user_id}")
    await session.execute(select(func.pg_advisory_xact_lock(_lock_key(subject))))
    await _check(session, subject, PER_USER, now)
    await session.execute(insert(LoginAttempt), [{"id": new_id(), "subject": subject, "attempted_at": now}])


async def forgive_codes(session: AsyncSession, keys: KeyRing, *, user_id: UUID) -> None:
    """The code was right: earlier slips do not count."""
    await session.execute(delete(LoginAttempt).where(LoginAttempt.subject == _subject(keys, f"code:{user_id}")))


async def _check(session: AsyncSession, subject: bytes, most: int, now: datetime) -> None:
    times = (await session.scalars(_latest(subject, most, now))).all()
    if len(times) == most:
        # The oldest of the latest `most` must leave the window before the next attempt.
        raise TooManySignIns(retry_after=max(1, round((times[-1] + WINDOW - now).total_seconds())))


def _latest(subject: bytes, most: int, now: datetime) -> Select[datetime]:
    return (
        select(LoginAttempt.attempted_at)
        .where(LoginAttempt.subject == subject, LoginAttempt.attempted_at > now - WINDOW)
        .order_by(LoginAttempt.attempted_at.desc())
        .limit(most)
    )


def _subject(keys: KeyRing, name: str) -> bytes:
    return hmac.digest(keys.derive("login_attempts"), name.encode(), hashlib.sha256)


def _lock_key(subject: bytes) -> int:
    return int.from_bytes(subject[:8], signed=True)
