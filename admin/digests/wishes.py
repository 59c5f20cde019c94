"""Who wants the digest, in which language and by which clocks: each decides for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, DateTime, case, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.permissions import ROLES, Granted
from admin.models import AdminUser
from admin.roles.models import Role

READS: Granted = "numbers.read"
_TOLD = frozenset(role for role, granted in ROLES.items() if READS in granted)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants. `time_zone` None: the company's."""

    wanted: bool
    language: str
    time_zone: str | None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who gets the digest, and since when they want it."""

    id: UUID
    email: str
    name: str
    language: str
    time_zone: str | None
    wanted_at: datetime

    def zone(self, company: ZoneInfo) -> ZoneInfo:
        """By which clocks their Monday begins."""
        return ZoneInfo(self.time_zone) if self.time_zone else company


async def read_wish(session: AsyncSession, user_id: UUID) -> Wish:
    """What they want."""
    found = select(AdminUser.digest_wanted_at, AdminUser.language, AdminUser.time_zone)
    wanted_at, language, time_zone = (await session.execute(found.where(AdminUser.id == user_id))).one()
    return Wish(wanted_at is not None, language, time_zone)


async def set_wish(session: AsyncSession, user_id: UUID, wish: Wish, now: datetime) -> None:
    """Keeps it. Who wanted it before wants it since then."""
    since = case((AdminUser.digest_wanted_at.is_(None), now), else_=AdminUser.digest_wanted_at)
    await session.execute(
        update(AdminUser)
        .where(AdminUser.id == user_id)
        .values(digest_wanted_at=since if wish.wanted else None, language=wish.language, time_zone=wish.time_zone)
    )


async def turn_off(session: AsyncSession, user_id: UUID) -> None:
    """No more digests, whatever else they chose."""
    await session.execute(update(AdminUser).where(AdminUser.id == user_id).values(digest_wanted_at=None))


async def list_subscribers(session: AsyncSession) -> list[Subscriber]:
    """All who want it and may read the numbers."""
    found = select(
        AdminUser.id,
        AdminUser.email,
        AdminUser.name,
        AdminUser.language,
        AdminUser.time_zone,
        type_coerce(AdminUser.digest_wanted_at, DateTime(timezone=True)),
    ).where(*_may_get())
    rows = await session.execute(found.order_by(AdminUser.id))
    return [Subscriber(*row) for row in rows]


def _may_get() -> tuple[ColumnElement[bool], ...]:
    own_roles = select(Role.name).where(Role.permissions.contains([READS]))
    may_read = or_(AdminUser.role.in_(_TOLD), AdminUser.role.in_(own_roles))
    return (AdminUser.digest_wanted_at.is_not(None), AdminUser.deactivated_at.is_(None), may_read)
