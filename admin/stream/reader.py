"""Whether who reads a stream still may: a session can end, a token be revoked, a role change while it runs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.permissions import Granted, narrow, permissions_of
from admin.api_tokens.models import APIToken
from admin.models import AdminSession, AdminUser
from admin.roles.models import Role
from admin.sessions.service import SignedIn
from base.database import Sessions


async def may_still_read(sessions: Sessions, reader: SignedIn, needed: Granted, now: datetime) -> bool:
    """Whether the session or token they came by goes on, and grants what is needed."""
    async with sessions() as session:
        user = (
            await session.execute(
                select(AdminUser.role, Role.permissions)
                .outerjoin(Role, Role.name == AdminUser.role)
                .where(AdminUser.id == reader.id, AdminUser.deactivated_at.is_(None))
            )
        ).one_or_none()
        if user is None or needed not in permissions_of(user.role, user.permissions):
            return False
        if reader.token_id is None:
            going_on = select(AdminSession.id).where(
                AdminSession.id == reader.session_id, AdminSession.expires_at > now
            )
            return await session.scalar(going_on) is not None
        return await _token_grants(session, reader, needed, now)


async def _token_grants(session: AsyncSession, reader: SignedIn, needed: Granted, now: datetime) -> bool:
    held = await session.scalar(
        select(APIToken.permissions).where(
            APIToken.id == reader.token_id, APIToken.revoked_at.is_(None), APIToken.expires_at > now
        )
    )
    return held is not None and needed in narrow(held)
