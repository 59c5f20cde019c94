"""Who a program is that shows an API token. A token never holds more than its user does at the time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from admin.api.permissions import narrow, permissions_of
from admin.api_tokens.models import APIToken
from admin.models import AdminUser
from admin.roles.models import Role
from admin.sessions.service import SignedIn
from admin.sessions.tokens import token_sha256
from base.database import Sessions, transaction

START = "parley_api_"
"""What tokens begin with, so that scanners for leaked secrets know them."""

_WORTH_WRITING = timedelta(minutes=1)  # a burst of requests notes its use once


async def find_by_api_token(sessions: Sessions, token: str, now: datetime) -> SignedIn | None:
    """The token's user, with what both hold; None when it has ended, was revoked, or never was."""
    if not token.startswith(START):
        return None
    async with transaction(sessions) as session:
        found = (
            await session.execute(
                select(APIToken, AdminUser, Role.permissions)
                .join(AdminUser, AdminUser.id == APIToken.user_id)
                .outerjoin(Role, Role.name == AdminUser.role)
                .where(
                    APIToken.token_sha256 == token_sha256(token),
                    APIToken.expires_at > now,
                    APIToken.revoked_at.is_(None),
                    AdminUser.deactivated_at.is_(None),
                )
            )
        ).one_or_none()
        if found is None:
            return None
        held, user, own = found
        unnoted = or_(APIToken.last_used_at.is_(None), APIToken.last_used_at <= now - _WORTH_WRITING)
        if held.last_used_at is None or held.last_used_at <= now - _WORTH_WRITING:
            await session.execute(update(APIToken).where(APIToken.id == held.id, unnoted).values(last_used_at=now))
    granted = narrow(held.permissions) & permissions_of(user.role, own)
    return SignedIn(user.id, user.email, user.name, user.role, granted, token_id=held.id)
