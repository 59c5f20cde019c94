"""The endpoints of users and invitations, for those who steer who may what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.models import AdminSession, AdminUser
from admin.passkeys.models import Passkey
from admin.second_step import service as second_step
from admin.snapshot import snapshot
from admin.users import passwords, service
from admin.users.letters import write_invitation, write_reset
from admin.users.models import Invitation
from admin.users.own import list_sessions
from admin.users.posting import link_of, post
from admin.users.shapes import (
    Colleague,
    ColleagueList,
    InvitationList,
    InvitationRow,
    LinkMade,
    NewInvitation,
    SessionList,
    UserChange,
    UserList,
    UserRow,
)
from base.database import transaction
from base.errors import NotFound

_MORE = {403: "A foreign page, not permitted, or they are permitted more than you"}


@endpoint("GET", "/api/v1/users", permission="users.read", summary="Everybody who has, or had, access")
async def list_users(call: Call) -> UserList:
    async with snapshot(call.context.sessions) as session:
        two_steps = await second_step.users_with_code_app(session)
        rows = await service.list_users(session)
    return UserList(items=[_show(user, seen_at, has_second_step=user.id in two_steps) for user, seen_at in rows])


@endpoint("GET", "/api/v1/colleagues", permission="own", summary="The names of all who can sign in")
async def list_colleagues(call: Call) -> ColleagueList:
    async with call.context.sessions() as session:
        rows = await session.execute(
            select(AdminUser.id, AdminUser.name)
            .where(AdminUser.deactivated_at.is_(None))
            .order_by(AdminUser.name, AdminUser.id)
        )
    return ColleagueList(items=[Colleague(id=row.id, name=row.name) for row in rows])


@endpoint(
    "PATCH",
    "/api/v1/users/{id}",
    permission="users.write",
    summary="Give a user another role, or let them out or in again",
    problems={**_MORE, 409: "Nobody else is an owner"},
    edits=True,
)
async def change_user(call: Call, body: UserChange) -> UserRow:
    held, now = call.user.permissions, call.context.clock.now()
    async with transaction(call.context.sessions) as session:
        user = await service.get_user(session, call.ids["id"], held=held)
        if user.version != call.version:
            raise service.UserChanged
        before = _audited(user)
        if body.role is not None and body.role != user.role:
            await service.set_role(session, user, body.role, held=held)
        if body.is_active is not None and body.is_active != (user.deactivated_at is None):
            await service.set_active(session, user, now, active=body.is_active)
        user.version += 1
        await record(session, call, "change_user", "user", user.id, before, _audited(user))
        two_steps = await second_step.has_code_app(session, user.id)
        return _show(user, await service.find_seen_at(session, user.id), has_second_step=two_steps)


@endpoint(
    "GET",
    "/api/v1/users/{id}/sessions",
    permission="users.write",
    summary="Where a user is signed in",
    problems={403: "Not permitted, or they are permitted more than you"},
)
async def list_user_sessions(call: Call) -> SessionList:
    async with transaction(call.context.sessions) as session:
        user = await service.get_user(session, call.ids["id"], held=call.user.permissions)
        return await list_sessions(session, user.id, call.user.session_id, call.context.clock.now())


@endpoint(
    "DELETE",
    "/api/v1/users/{id}/sessions",
    permission="users.write",
    summary="Sign a user out everywhere",
    status=204,
    problems=_MORE,
)
async def end_user_sessions(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        user = await service.get_user(session, call.ids["id"], held=call.user.permissions)
        await session.execute(delete(AdminSession).where(AdminSession.user_id == user.id))


@endpoint(
    "DELETE",
    "/api/v1/users/{id}/second-step",
    permission="users.write",
    summary="Take the second step and the passkeys away from a user who lost their device",
    status=204,
    problems=_MORE,
)
async def remove_user_second_step(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        user = await service.get_user(session, call.ids["id"], held=call.user.permissions)
        before = {"has_second_step": await second_step.has_code_app(session, user.id)}
        await record(session, call, "remove_user_second_step", "user", user.id, before, {"has_second_step": False})
        await second_step.remove(session, user.id)
        await session.execute(delete(Passkey).where(Passkey.user_id == user.id))
        await session.execute(delete(AdminSession).where(AdminSession.user_id == user.id))


@endpoint(
    "POST",
    "/api/v1/users/{id}/password-reset",
    permission="users.write",
    summary="Give a user a one-time link to a new password",
    status=201,
    problems=_MORE,
)
async def reset_user_password(call: Call) -> LinkMade:
    now = call.context.clock.now()
    async with transaction(call.context.sessions) as session:
        user = await service.get_user(session, call.ids["id"], held=call.user.permissions)
        token = await passwords.create_reset(session, user.id, now)
    link = link_of(call.context.public_url, "new-password", token)
    mailed = await post(call.context, user.email, write_reset(user.name, link, user.language))
    return LinkMade(mailed=mailed, link=None if mailed else link, expires_at=now + passwords.VALID_FOR)


@endpoint("GET", "/api/v1/invitations", permission="users.read", summary="Who is invited and has not come yet")
async def list_invitations(call: Call) -> InvitationList:
    now = call.context.clock.now()
    async with call.context.sessions() as session:
        rows = await session.scalars(
            select(Invitation).where(Invitation.expires_at > now).order_by(Invitation.created_at.desc())
        )
        return InvitationList(items=[InvitationRow.model_validate(row, from_attributes=True) for row in rows])


@endpoint(
    "POST",
    "/api/v1/invitations",
    permission="users.write",
    summary="Invite somebody by a one-time link; once more makes a new link",
    status=201,
    problems={**_MORE, 409: "There is a user with this address"},
)
async def invite_user(call: Call, body: NewInvitation) -> LinkMade:
    context, user = call.context, call.user
    async with transaction(context.sessions) as session:
        invitation, token = await service.invite(
            session,
            email=body.email,
            name=body.name,
            role=body.role,
            by=user.id,
            held=user.permissions,
            now=context.clock.now(),
        )
        shown = {"name": body.name, "role": body.role}
        await record(session, call, "invite_user", "invitation", invitation.id, None, shown)
    link = link_of(context.public_url, "invitation", token)
    letter = write_invitation(body.name, user.name, context.company_name, link, call.language)
    mailed = await post(context, body.email, letter)
    return LinkMade(mailed=mailed, link=None if mailed else link, expires_at=invitation.expires_at)


@endpoint("DELETE", "/api/v1/invitations/{id}", permission="users.write", summary="Take an invitation back", status=204)
async def revoke_invitation(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        gone = delete(Invitation).where(Invitation.id == call.ids["id"]).returning(Invitation.name, Invitation.role)
        row = (await session.execute(gone)).one_or_none()
        if row is None:
            raise NotFound
        before = {"name": row.name, "role": row.role}
        await record(session, call, "revoke_invitation", "invitation", call.ids["id"], before, None)


def _audited(user: AdminUser) -> dict[str, object]:
    return {"role": user.role, "is_active": user.deactivated_at is None}


def _show(user: AdminUser, seen_at: datetime | None, *, has_second_step: bool) -> UserRow:
    return UserRow(
        id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        is_active=user.deactivated_at is None,
        has_second_step=has_second_step,
        seen_at=seen_at,
        created_at=user.created_at,
        version=user.version,
    )


ENDPOINTS = (
    list_users,
    list_colleagues,
    change_user,
    list_user_sessions,
    end_user_sessions,
    remove_user_second_step,
    reset_user_password,
    list_invitations,
    invite_user,
    revoke_invitation,
)
