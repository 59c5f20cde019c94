"""The endpoints of roles."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from admin.api.endpoints import Call, endpoint
from admin.api.fields import AnswerShape, PlainText, RequestShape
from admin.api.permissions import PERMISSIONS, ROLES, Granted, narrow
from admin.api.versions import Versioned
from admin.audit.service import record
from admin.roles import service
from admin.roles.models import Role
from admin.snapshot import snapshot
from base.database import transaction


def _check_name(name: str) -> str:
    if not name.strip():
        raise PydanticCustomError("empty", "Give it a name.")
    return name.strip()


class RoleRow(AnswerShape):
    """A shipped role has no id and cannot be changed."""

    id: UUID | None
    name: str
    permissions: list[Granted]
    users: int
    version: int | None


class RoleList(AnswerShape):
    items: list[RoleRow]
    permissions: list[Granted]
    """All there are."""


class NewRole(RequestShape):
    name: Annotated[PlainText, Field(max_length=60), AfterValidator(_check_name)]
    permissions: Annotated[list[Granted], Field(min_length=1, max_length=100)]


class RoleChange(RequestShape):
    permissions: Annotated[list[Granted], Field(min_length=1, max_length=100)]


class OwnRole(Versioned):
    id: UUID
    name: str
    permissions: list[Granted]


@endpoint("GET", "/api/v1/roles", permission="users.read", summary="All roles, and all permissions there are")
async def list_roles(call: Call) -> RoleList:
    async with snapshot(call.context.sessions) as session:
        own, users = await service.list_roles(session), await service.count_users(session)
    shipped = [
        RoleRow(id=None, name=name, permissions=sorted(held), users=users.get(name, 0), version=None)
        for name, held in ROLES.items()
    ]
    made = [
        RoleRow(
            id=role.id, name=role.name, permissions=_known(role), users=users.get(role.name, 0), version=role.version
        )
        for role in own
    ]
    return RoleList(items=[*shipped, *made], permissions=sorted(PERMISSIONS))


@endpoint(
    "POST",
    "/api/v1/roles",
    permission="users.write",
    summary="Make a role of your own",
    status=201,
    problems={409: "There is a role of this name"},
)
async def create_role(call: Call, body: NewRole) -> OwnRole:
    async with transaction(call.context.sessions) as session:
        role = await service.create_role(
            session,
            name=body.name,
            permissions=set(body.permissions),
            held=call.user.permissions,
            now=call.context.clock.now(),
        )
        shown = _show(role)
        await record(session, call, "create_role", "role", role.id, None, shown)
    return shown


@endpoint(
    "PUT",
    "/api/v1/roles/{id}",
    permission="users.write",
    summary="Give a role other permissions, at once for all who have it",
    edits=True,
)
async def change_role(call: Call, body: RoleChange) -> OwnRole:
    async with transaction(call.context.sessions) as session:
        before, role = await service.change_role(
            session,
            call.ids["id"],
            permissions=set(body.permissions),
            version=call.version,
            held=call.user.permissions,
            now=call.context.clock.now(),
        )
        shown = _show(role)
        await record(
            session, call, "change_role", "role", role.id, {"permissions": before}, {"permissions": shown.permissions}
        )
    return shown


@endpoint(
    "DELETE",
    "/api/v1/roles/{id}",
    permission="users.write",
    summary="Take a role away that nobody has",
    status=204,
    problems={409: "Somebody has it"},
)
async def remove_role(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        role = await service.remove_role(session, call.ids["id"], held=call.user.permissions)
        await record(session, call, "remove_role", "role", role.id, _show(role), None)


def _show(role: Role) -> OwnRole:
    return OwnRole(id=role.id, name=role.name, permissions=_known(role), version=role.version)


def _known(role: Role) -> list[Granted]:
    return sorted(narrow(role.permissions))


ENDPOINTS = (list_roles, create_role, change_role, remove_role)
