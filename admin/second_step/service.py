"""The second step at sign-in: a code of an app (TOTP, RFC 6238) or, once each, of a list on paper.

A code is taken once: who looks over a shoulder, or sits on the wire, cannot use it again.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import ColumnElement, SQLColumnExpression, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.second_step.models import CodeApp, RecoveryCode, SignInRules
from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput
from base.resealing import reseal

SEALED = "admin_code_apps.secret"
CODES = 10
"""On a list."""

_ONE_STEP = ("password", "invitation")
"""Ways to sign in that a second step can follow."""
_STEP = 30  # seconds
_DRIFT = 1  # steps that a clock may be off, either way
_DIGITS = 6
_SECRET = 20  # bytes, what RFC 4226 recommends


class CodeWrong(InvalidInput):
    """This code is not right, or was used already: take the one that is shown now."""

    code = "code_wrong"


class NoCodeApp(Conflict):
    """Set up the app first."""

    code = "no_code_app"


async def begin(session: AsyncSession, keys: KeyRing, user_id: UUID, now: datetime) -> bytes:
    """A fresh secret for an app that counts once a code of it was shown. One that counts already goes on until then.

    Raises:
        Conflict: an app counts already.
    """
    if await has_code_app(session, user_id):
        raise Conflict("You have an app of codes: remove it before you set up another.")
    secret = secrets.token_bytes(_SECRET)
    await session.execute(delete(CodeApp).where(CodeApp.user_id == user_id))
    session.add(
        CodeApp(
            user_id=user_id,
            secret_sealed=keys.seal(secret.hex(), column=SEALED, row=user_id),
            key_id=keys.newest,
            created_at=now,
        )
    )
    await session.flush()
    return secret


def address_of(secret: bytes, *, email: str, site: str) -> str:
    """The `otpauth:` address that apps read from a QR code."""
    return _totp(secret).get_provisioning_uri(email, site)


def written(secret: bytes) -> str:
    """The secret as it is typed into an app."""
    return base64.b32encode(secret).decode()


async def confirm(session: AsyncSession, keys: KeyRing, user_id: UUID, code: str, now: datetime) -> list[str]:
    """The app counts from now on; returns the recovery codes, which are stored nowhere.

    Raises:
        NoCodeApp: none was set up, or it counts already.
        CodeWrong: this is no code of it.
    """
    app = await session.scalar(select(CodeApp).where(CodeApp.user_id == user_id).with_for_update())
    if app is None or app.confirmed_at is not None:
        raise NoCodeApp
    step = _find_step(_secret_of(keys, app), code, now)
    if step is None:
        raise CodeWrong(errors=[{"field": "code", "message": "This code is not right."}])
    app.confirmed_at, app.last_step = now, step
    await session.flush()
    return await renew_recovery_codes(session, user_id)


async def renew_recovery_codes(session: AsyncSession, user_id: UUID) -> list[str]:
    """A new list; the old one stops working.

    Raises:
        NoCodeApp: there is no app that they could stand in for.
    """
    if not await has_code_app(session, user_id):
        raise NoCodeApp
    codes = [_new_recovery_code() for _ in range(CODES)]
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.add_all(RecoveryCode(user_id=user_id, code_sha256=_hash(code)) for code in codes)
    await session.flush()
    return codes


async def remove(session: AsyncSession, user_id: UUID) -> bool:
    """Takes the second step away; whether there was one."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    gone = await session.scalar(delete(CodeApp).where(CodeApp.user_id == user_id).returning(CodeApp.confirmed_at))
    return gone is not None


async def has_code_app(session: AsyncSession, user_id: UUID) -> bool:
    """Whether the user signs in by two steps."""
    found = select(CodeApp.user_id).where(CodeApp.user_id == user_id, CodeApp.confirmed_at.is_not(None))
    return await session.scalar(found) is not None


def owes_second_step(
    user_id: SQLColumnExpression[UUID], way: SQLColumnExpression[str], opened_at: SQLColumnExpression[datetime]
) -> ColumnElement[bool]:
    """Whether a session is one of somebody who must set up a second step first.

    Passkeys are both steps in one, and of who comes by the company's identity provider that demands what it wants to.
    """
    demanded = exists().where(SignInRules.second_step_since < opened_at)
    has_app = exists().where(CodeApp.user_id == user_id, CodeApp.confirmed_at.is_not(None))
    return way.in_(_ONE_STEP) & demanded & ~has_app


async def users_with_code_app(session: AsyncSession) -> frozenset[UUID]:
    """All who sign in by two steps."""
    return frozenset(await session.scalars(select(CodeApp.user_id).where(CodeApp.confirmed_at.is_not(None))))


async def count_recovery_codes(session: AsyncSession, user_id: UUID) -> int:
    """How many are left."""
    return await session.scalar(select(func.count()).where(RecoveryCode.user_id == user_id)) or 0


async def use_code(session: AsyncSession, keys: KeyRing, user_id: UUID, code: str, now: datetime) -> bool:
    """Whether this is a code of the user's app or list; it is used up then."""
    code = "".join(code.split()).replace("-", "")
    if len(code) == _DIGITS and code.isascii() and code.isdigit():
        return await _use_app(session, keys, user_id, code, now)
    used = (
        delete(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, RecoveryCode.code_sha256 == _hash(code))
        .returning(RecoveryCode.user_id)
    )
    return await session.scalar(used) is not None


async def reseal_code_apps(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """Seals up to `batch` secrets to the newest key; returns how many. Call it, committing, until it returns 0."""
    return await reseal(session, keys, CodeApp.secret_sealed, column=SEALED, batch=batch)


async def _use_app(session: AsyncSession, keys: KeyRing, user_id: UUID, code: str, now: datetime) -> bool:
    app = await session.scalar(select(CodeApp).where(CodeApp.user_id == user_id, CodeApp.confirmed_at.is_not(None)))
    step = None if app is None else _find_step(_secret_of(keys, app), code, now)
    if step is None:
        return False
    # Of two at once with the same code the second finds it used.
    fresh = or_(CodeApp.last_step.is_(None), CodeApp.last_step < step)
    used = update(CodeApp).where(CodeApp.user_id == user_id, fresh).values(last_step=step).returning(CodeApp.user_id)
    return await session.scalar(used) is not None


def _find_step(secret: bytes, code: str, now: datetime) -> int | None:
    """The step whose code this is; all are looked at, however early one fits."""
    totp, present = _totp(secret), int(now.timestamp()) // _STEP
    found = None
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if compare_digest(totp.generate(step * _STEP), code.encode()):
            found = step
    return found


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, _DIGITS, SHA1(), _STEP)  # noqa: S303  # what every app has; HMAC-SHA1 is not broken


def _secret_of(keys: KeyRing, app: CodeApp) -> bytes:
    return bytes.fromhex(keys.unseal(app.secret_sealed, column=SEALED, row=app.user_id))


def _new_recovery_code() -> str:
    """80 random bits as four groups of four letters and digits that nobody mixes up."""
    code = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(code[start : start + 4] for start in range(0, 16, 4))


def _hash(code: str) -> bytes:
    # 80 random bits: nothing slower is needed than what finds it by index.
    return hashlib.sha256(code.replace("-", "").lower().encode()).digest()
