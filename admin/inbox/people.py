"""The names of colleagues, and which of them may be given talks. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.inbox.shapes import Colleague, ColleagueThere
from admin.models import AdminUser
from base.errors import InvalidInput
from bot.handoff.models import AwayColleague, Team


async def read_names(session: AsyncSession, user_ids: Iterable[UUID | None]) -> Mapping[UUID, str]:
    """The names of users; one who is no longer there is absent."""
    wanted = {user_id for user_id in user_ids if user_id is not None}
    if not wanted:
        return {}
    rows = await session.execute(select(AdminUser.id, AdminUser.name).where(AdminUser.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def colleague(user_id: UUID | None, names: Mapping[UUID, str]) -> Colleague | None:
    """The user as the inbox shows them."""
    return None if user_id is None else Colleague(user_id=user_id, name=names.get(user_id))


async def list_colleagues(session: AsyncSession) -> list[ColleagueThere]:
    """Everybody who can sign in."""
    rows = await session.execute(
        select(AdminUser.id, AdminUser.name, AwayColleague.user_id.is_not(None).label("away"))
        .outerjoin(AwayColleague, AwayColleague.user_id == AdminUser.id)
        .where(AdminUser.deactivated_at.is_(None))
        .order_by(AdminUser.name, AdminUser.id)
    )
    return [ColleagueThere(user_id=row.id, name=row.name, away=row.away) for row in rows]


async def check_receivers(session: AsyncSession, *, team_id: UUID | None, user_ids: Iterable[UUID]) -> None:
    """Refuses teams and users that are not there.

    Raises:
        InvalidInput: says which.
    """
    if team_id is not None and await session.get(Team, team_id) is None:
        raise InvalidInput("There is no such team.", errors=[{"field": "team_id", "message": "No such team."}])
    wanted = set(user_ids)
    active = select(AdminUser.id).where(AdminUser.id.in_(wanted), AdminUser.deactivated_at.is_(None))
    if wanted and set(await session.scalars(active)) != wanted:
        raise InvalidInput("There is no such user.", errors=[{"field": "user_id", "message": "No such user."}])
