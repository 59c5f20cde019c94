"""The endpoints by which everybody steers their own account: name, password, second step, sessions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import segno
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.models import AdminSession, AdminUser
from admin.second_step import service as second_step
from admin.users.passwords import check_password, set_password
from admin.users.shapes import (
    Account,
    CodeAppBegun,
    CodeShown,
    LanguageChoice,
    NameChange,
    OpenSession,
    PasswordChange,
    PasswordShown,
    RecoveryCodes,
    SessionList,
)
from base.database import transaction
from base.errors import NotFound

_NOT_YOURS = {422: "Fields not valid, or not your password"}


@endpoint("GET", "/api/v1/account", permission="own", summary="Your account", owing=True)
async def get_account(call: Call) -> Account:
    async with call.context.sessions() as session:
        return await _read_account(session, call.user.id)


@endpoint("PATCH", "/api/v1/account", permission="own", summary="Change your name")
async def change_account(call: Call, body: NameChange) -> Account:
    async with transaction(call.context.sessions) as session:
        await session.execute(update(AdminUser).where(AdminUser.id == call.user.id).values(name=body.name))
        before, after = {"name": call.user.name}, {"name": body.name}
        await record(session, call, "change_account", "user", call.user.id, before, after)
        return await _read_account(session, call.user.id)


@endpoint(
    "PUT",
    "/api/v1/account/language",
    permission="own",
    summary="In which language mails are written to you",
    status=204,
    leaves_trail=False,
)
async def set_own_language(call: Call, body: LanguageChoice) -> None:
    async with transaction(call.context.sessions) as session:
        await session.execute(update(AdminUser).where(AdminUser.id == call.user.id).values(language=body.language))


@endpoint(
    "PUT",
    "/api/v1/account/password",
    permission="own",
    summary="Change your password; all your other sessions end",
    status=204,
    problems=_NOT_YOURS,
)
async def change_password(call: Call, body: PasswordChange) -> None:
    context, user = call.context, call.user
    await check_password(context.sessions, context.passwords, user.id, body.password)
    hashed = await context.passwords.hash(body.new_password)
    async with transaction(context.sessions) as session:
        await set_password(session, user.id, hashed, kept=user.session_id)
        await record(session, call, "change_password", "user", user.id)


@endpoint("GET", "/api/v1/account/sessions", permission="own", summary="Where you are signed in")
async def list_own_sessions(call: Call) -> SessionList:
    async with call.context.sessions() as session:
        return await list_sessions(session, call.user.id, call.user.session_id, call.context.clock.now())


@endpoint("DELETE", "/api/v1/account/sessions", permission="own", summary="Sign out everywhere but here", status=204)
async def end_other_sessions(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        await session.execute(
            delete(AdminSession).where(AdminSession.user_id == call.user.id, AdminSession.id != call.user.session_id)
        )


@endpoint("DELETE", "/api/v1/account/sessions/{id}", permission="own", summary="Sign one browser out", status=204)
async def end_own_session(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        ended = delete(AdminSession).where(AdminSession.id == call.ids["id"], AdminSession.user_id == call.user.id)
        if await session.scalar(ended.returning(AdminSession.id)) is None:
            raise NotFound
    if call.ids["id"] == call.user.session_id:
        call.cookie.take()


@endpoint(
    "POST",
    "/api/v1/account/code-app",
    permission="own",
    summary="Begin to set up an app of codes as your second step",
    status=201,
    problems={**_NOT_YOURS, 409: "You have one"},
    owing=True,
)
async def begin_code_app(call: Call, body: PasswordShown) -> CodeAppBegun:
    context, user = call.context, call.user
    await check_password(context.sessions, context.passwords, user.id, body.password)
    async with transaction(context.sessions) as session:
        secret = await second_step.begin(session, context.keys, user.id, context.clock.now())
    site = f"Parley {context.company_name}".strip()
    address = second_step.address_of(secret, email=user.email, site=site)
    qr = segno.make(address, micro=False).svg_data_uri(scale=4, border=4, light="#fff")
    return CodeAppBegun(secret=second_step.written(secret), address=address, qr=qr)


@endpoint(
    "POST",
    "/api/v1/account/code-app/confirm",
    permission="own",
    summary="Show a code of the app: from now on signing in takes one",
    problems={409: "No app is being set up", 422: "Not a code of it"},
    owing=True,
)
async def confirm_code_app(call: Call, body: CodeShown) -> RecoveryCodes:
    context, user = call.context, call.user
    async with transaction(context.sessions) as session:
        codes = await second_step.confirm(session, context.keys, user.id, body.code, context.clock.now())
        await record(session, call, "set_up_code_app", "user", user.id)
    return RecoveryCodes(codes=codes)


@endpoint(
    "POST",
    "/api/v1/account/code-app/remove",
    permission="own",
    summary="Sign in without a second step again",
    status=204,
    problems=_NOT_YOURS,
)
async def remove_code_app(call: Call, body: PasswordShown) -> None:
    context, user = call.context, call.user
    await check_password(context.sessions, context.passwords, user.id, body.password)
    async with transaction(context.sessions) as session:
        await second_step.remove(session, user.id)
        await record(session, call, "remove_code_app", "user", user.id)


@endpoint(
    "POST",
    "/api/v1/account/recovery-codes",
    permission="own",
    summary="A new list of recovery codes; the old one stops working",
    status=201,
    problems={**_NOT_YOURS, 409: "You have no app of codes"},
)
async def renew_recovery_codes(call: Call, body: PasswordShown) -> RecoveryCodes:
    context, user = call.context, call.user
    await check_password(context.sessions, context.passwords, user.id, body.password)
    async with transaction(context.sessions) as session:
        codes = await second_step.renew_recovery_codes(session, user.id)
        await record(session, call, "renew_recovery_codes", "user", user.id)
    return RecoveryCodes(codes=codes)


async def list_sessions(session: AsyncSession, user_id: UUID, this: UUID | None, now: datetime) -> SessionList:
    """A user's open sessions, the last used first."""
    rows = await session.scalars(
        select(AdminSession)
        .where(AdminSession.user_id == user_id, AdminSession.expires_at > now)
        .order_by(AdminSession.seen_at.desc().nulls_last(), AdminSession.id)
    )
    return SessionList(
        items=[
            OpenSession(
                id=row.id,
                way=row.way,
                browser=row.browser,
                created_at=row.created_at,
                seen_at=row.seen_at,
                is_this=row.id == this,
            )
            for row in rows
        ]
    )


async def _read_account(session: AsyncSession, user_id: UUID) -> Account:
    user = (await session.scalars(select(AdminUser).where(AdminUser.id == user_id))).one()
    return Account(
        id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        has_password=user.password_hash is not None,
        has_code_app=await second_step.has_code_app(session, user_id),
        recovery_codes=await second_step.count_recovery_codes(session, user_id),
    )


ENDPOINTS = (
    get_account,
    change_account,
    set_own_language,
    change_password,
    list_own_sessions,
    end_other_sessions,
    end_own_session,
    begin_code_app,
    confirm_code_app,
    remove_code_app,
    renew_recovery_codes,
)
