"""Users after the first: invited, given roles, deactivated. A site always has an owner who can sign in.

Nobody touches a user who is permitted more than they are.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.permissions import OWNER, Granted
from admin.api_tokens.models import APIToken
from admin.models import AdminSession, AdminUser
from admin.roles.service import check_within, get_permissions
from admin.sessions.tokens import new_token, token_sha256
from admin.users.models import Invitation
from base.errors import Conflict, NotAllowed, NotFound
from base.ids import new_id

VALID_FOR = timedelta(days=7)
"""An invitation."""

_SEEN = func.max(func.coalesce(AdminSession.seen_at, AdminSession.created_at))
_LOCK = 7_274_005  # pg_advisory_xact_lock; the audit log has 7_274_004


class LastOwner(Conflict):
    """This is the last owner who can sign in: make somebody else an owner first."""

    code = "last_owner"


class EmailTaken(Conflict):
    """There is a user with this e-mail address."""

    code = "email_taken"


class UserChanged(Conflict):
    """Somebody else changed this user: load it again."""

    code = "user_changed"
    status = 412


class InvitationInvalid(NotAllowed):
    """This invitation is wrong, used or too old: ask whoever invited you for another."""

    code = "invitation_invalid"


async def list_users(session: AsyncSession) -> list[tuple[AdminUser, datetime | None]]:
    """All users by name, each with when they were last seen."""
    rows = await session.execute(
        select(AdminUser, _SEEN)
        .outerjoin(AdminSession, AdminSession.user_id == AdminUser.id)
        .group_by(AdminUser.id)
        .order_by(AdminUser.name, AdminUser.id)
    )
    return [(user, at) for user, at in rows]


async def find_seen_at(session: AsyncSession, user_id: UUID) -> datetime | None:
    """When a user was last seen; None when they are signed in nowhere."""
    seen_at: datetime | None = await session.scalar(select(_SEEN).where(AdminSession.user_id == user_id))
    return seen_at


async def get_user(session: AsyncSession, user_id: UUID, *, held: Collection[Granted]) -> AdminUser:
    """A user who may be touched by somebody who is permitted `held`; locked until the transaction ends.

    Raises:
        NotFound: there is no such user.
        MoreThanOwn: the user is permitted more.
    """
    user = await session.scalar(select(AdminUser).where(AdminUser.id == user_id).with_for_update())
    if user is None:
        raise NotFound
    check_within(held, await get_permissions(session, user.role))
    return user


async def set_role(session: AsyncSession, user: AdminUser, role: str, *, held: Collection[Granted]) -> None:
    """Gives a user another role, from their next request on.

    Raises:
        InvalidInput: there is no such role.
        MoreThanOwn: it holds more than `held`.
        LastOwner: nobody else is one.
    """
    check_within(held, await get_permissions(session, role))
    if user.role == OWNER and role != OWNER:
        await check_another_owner(session, user.id)
    user.role = role


async def set_active(session: AsyncSession, user: AdminUser, now: datetime, *, active: bool) -> None:
    """Lets a user in again, or out: then their sessions end at once, and their API tokens for good.

    Raises:
        LastOwner: nobody else is one.
    """
    if active:
        user.deactivated_at = None
        return
    if user.role == OWNER:
        await check_another_owner(session, user.id)
    user.deactivated_at = user.deactivated_at or now
    await session.execute(delete(AdminSession).where(AdminSession.user_id == user.id))
    unrevoked = update(APIToken).where(APIToken.user_id == user.id, APIToken.revoked_at.is_(None))
    await session.execute(unrevoked.values(revoked_at=now))


async def check_another_owner(session: AsyncSession, user_id: UUID) -> None:
    """Raises `LastOwner` unless somebody else is an owner who can sign in; nobody else asks at the same time."""
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    others = select(AdminUser.id).where(
        AdminUser.role == OWNER, AdminUser.deactivated_at.is_(None), AdminUser.id != user_id
    )
    if await session.scalar(others.limit(1)) is None:
        raise LastOwner


async def invite(
    session: AsyncSession,
    *,
    email: str,
    name: str,
    role: str,
    by: UUID,
    held: Collection[Granted],
    now: datetime,
) -> tuple[Invitation, str]:
    """An invitation and the token of its link; an earlier one to the same address stops working.

    Raises:
        EmailTaken: there is such a user.
        InvalidInput: there is no such role.
        MoreThanOwn: it holds more than `held`.
    """
    check_within(held, await get_permissions(session, role))
    if await session.scalar(select(AdminUser.id).where(AdminUser.email == email)) is not None:
        raise EmailTaken
    await session.execute(delete(Invitation).where(Invitation.email == email))
    token = new_token()
    invitation = Invitation(
        id=new_id(),
        email=email,
        name=name,
        role=role,
        token_sha256=token_sha256(token),
        invited_by=by,
        created_at=now,
        expires_at=now + VALID_FOR,
    )
    session.add(invitation)
    await session.flush()
    return invitation, token


async def find_invitation(session: AsyncSession, token: str, now: datetime) -> Invitation:
    """Who is invited by a token.

    Raises:
        InvitationInvalid: nobody.
    """
    found = await session.scalar(
        select(Invitation).where(Invitation.token_sha256 == token_sha256(token), Invitation.expires_at > now)
    )
    if found is None:
        raise InvitationInvalid
    return found


async def accept(session: AsyncSession, *, token: str, name: str, password_hash: str, now: datetime) -> AdminUser:
    """Makes the user who was invited, and uses the invitation up.

    Raises:
        InvitationInvalid: nobody is invited by it.
        EmailTaken: they became a user otherwise.
    """
    invitation = await session.scalar(
        delete(Invitation)
        .where(Invitation.token_sha256 == token_sha256(token), Invitation.expires_at > now)
        .returning(Invitation)
    )
    if invitation is None:
        raise InvitationInvalid
    if await session.scalar(select(AdminUser.id).where(AdminUser.email == invitation.email)) is not None:
        raise EmailTaken
    # A role that was taken away since would permit nothing, so it is said here.
    await get_permissions(session, invitation.role)
    user = AdminUser(
        id=new_id(),
        email=invitation.email,
        name=name,
        role=invitation.role,
        password_hash=password_hash,
        created_at=now,
    )
    session.add(user)
    await session.flush()
    return user
