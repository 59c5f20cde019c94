"""Roles of a site's own, and who may give which. Nobody gives away more than they hold."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.permissions import ROLES, Granted, narrow, permissions_of
from admin.models import AdminUser
from admin.roles.models import Role
from admin.users.models import Invitation
from base.errors import Conflict, InvalidInput, NotAllowed, NotFound
from base.ids import new_id


class MoreThanOwn(NotAllowed):
    """This would give, or touches, more than you are permitted yourself: ask an owner of this site."""

    code = "more_than_own"


class RoleTaken(Conflict):
    """There is a role of this name: choose another."""

    code = "role_taken"


class RoleInUse(Conflict):
    """Somebody has this role: give them another first."""

    code = "role_in_use"


class RoleChanged(Conflict):
    """Somebody else changed this role: load it again."""

    code = "role_changed"
    status = 412


def check_within(held: Collection[Granted], wanted: Collection[str]) -> None:
    """Raises `MoreThanOwn` when more is wanted than is held."""
    if not set(wanted) <= set(held):
        raise MoreThanOwn


async def get_permissions(session: AsyncSession, role: str) -> frozenset[Granted]:
    """What a role holds; it stays until the transaction ends.

    Raises:
        InvalidInput: there is no such role.
    """
    own = await session.scalar(select(Role.permissions).where(Role.name == role).with_for_update(read=True))
    if own is None and role not in ROLES:
        raise InvalidInput("There is no such role.", errors=[{"field": "role", "message": "There is no such role."}])
    return permissions_of(role, own)


async def read_permissions(session: AsyncSession, role: str) -> frozenset[Granted]:
    """What a role holds; nothing where there is no such role any more."""
    return permissions_of(role, await session.scalar(select(Role.permissions).where(Role.name == role)))


async def list_roles(session: AsyncSession) -> list[Role]:
    """A site's own roles by name."""
    return list(await session.scalars(select(Role).order_by(Role.name)))


async def count_users(session: AsyncSession) -> dict[str, int]:
    """By role, how many users have it who may sign in."""
    counted = (
        select(AdminUser.role, func.count().label("users"))
        .where(AdminUser.deactivated_at.is_(None))
        .group_by(AdminUser.role)
    )
    return {row.role: row.users for row in await session.execute(counted)}


async def create_role(
    session: AsyncSession, *, name: str, permissions: Collection[str], held: Collection[Granted], now: datetime
) -> Role:
    """A role of this site's own.

    Raises:
        MoreThanOwn: it would hold more than who makes it.
        RoleTaken: there is one.
    """
    check_within(held, permissions)
    same = select(Role.id).where(func.lower(Role.name) == name.lower())
    if name.lower() in ROLES or await session.scalar(same) is not None:
        raise RoleTaken
    role = Role(id=new_id(), name=name, permissions=sorted(permissions), version=1, created_at=now, updated_at=now)
    session.add(role)
    await session.flush()
    return role


async def change_role(
    session: AsyncSession,
    role_id: UUID,
    *,
    permissions: Collection[str],
    version: int,
    held: Collection[Granted],
    now: datetime,
) -> tuple[list[str], Role]:
    """Gives a role other permissions, at once for whoever has it; returns what it held before, too.

    Raises:
        MoreThanOwn: it holds, or would hold, more than who changes it.
        RoleChanged: it was changed since it was read.
    """
    role = await _get(session, role_id)
    check_within(held, narrow([*role.permissions, *permissions]))
    if role.version != version:
        raise RoleChanged
    before = role.permissions
    role.permissions, role.version, role.updated_at = sorted(permissions), version + 1, now
    await session.flush()
    return before, role


async def remove_role(session: AsyncSession, role_id: UUID, *, held: Collection[Granted]) -> Role:
    """Takes a role away that nobody has.

    Raises:
        MoreThanOwn: it holds more than who takes it away.
        RoleInUse: somebody has it, or is invited to.
    """
    role = await _get(session, role_id)
    check_within(held, narrow(role.permissions))
    for table in (AdminUser, Invitation):
        if await session.scalar(select(table.id).where(table.role == role.name).limit(1)) is not None:
            raise RoleInUse
    await session.delete(role)
    await session.flush()
    return role


async def _get(session: AsyncSession, role_id: UUID) -> Role:
    role = await session.scalar(select(Role).where(Role.id == role_id).with_for_update())
    if role is None:
        raise NotFound
    return role
