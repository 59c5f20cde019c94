"""The endpoints of people who cannot sign in yet, or not any more: invitations, and links to a new password."""

from __future__ import annotations

from sqlalchemy import select

from admin.api.endpoints import Call, endpoint
from admin.audit.chain import Author, Change
from admin.audit.trail import remember
from admin.context import AdminContext
from admin.models import AdminUser
from admin.sessions.attempts import count_attempt
from admin.sessions.endpoints import Session, welcome
from admin.sessions.sign_in import let_in, normalised
from admin.users import passwords, service
from admin.users.letters import write_reset
from admin.users.posting import link_of, post
from admin.users.shapes import Acceptance, Invited, ResetUse, ResetWish, TokenShown
from base.database import transaction

_WRONG = {403: "The link is wrong, used or too old, or a foreign page"}


@endpoint(
    "POST",
    "/api/v1/invitations/look",
    permission="public",
    summary="Who is invited by a link",
    problems=_WRONG,
)
async def look_at_invitation(call: Call, body: TokenShown) -> Invited:
    async with call.context.sessions() as session:
        found = await service.find_invitation(session, body.token, call.context.clock.now())
    return Invited(email=found.email, name=found.name)


@endpoint(
    "POST",
    "/api/v1/invitations/accept",
    permission="public",
    summary="Become a user by an invitation, and sign in",
    status=201,
    problems={**_WRONG, 409: "You are a user already"},
)
async def accept_invitation(call: Call, body: Acceptance) -> Session:
    context, now = call.context, call.context.clock.now()
    async with context.sessions() as session:
        await service.find_invitation(session, body.token, now)
    hashed = await context.passwords.hash(body.password)
    async with transaction(context.sessions) as session:
        user = await service.accept(session, token=body.token, name=body.name, password_hash=hashed, now=now)
        author = Author("user", user.id)
        made = Change(author, "accept_invitation", "user", str(user.id), after={"role": user.role})
        remember(session.sync_session, made)
        opened = await let_in(session, user.id, now, way="invitation", browser=call.browser)
    return await welcome(call, opened)


@endpoint(
    "POST",
    "/api/v1/password-resets",
    permission="public",
    summary="Have a link to a new password mailed to you; the answer is the same for everybody",
    status=204,
    problems={429: "Too many attempts"},
)
async def ask_for_reset(call: Call, body: ResetWish) -> None:
    context = call.context
    email = normalised(body.email)
    async with transaction(context.sessions) as session:
        # Counted with failed sign-ins: it costs a mail, and tells an attacker as little.
        await count_attempt(session, context.keys, email=email, address=call.address, now=context.clock.now())
    context.errands.run(_mail_reset(context, email))


@endpoint(
    "POST",
    "/api/v1/password-resets/use",
    permission="public",
    summary="Set a new password by a link; all your sessions end",
    status=204,
    problems=_WRONG,
)
async def use_reset(call: Call, body: ResetUse) -> None:
    context, now = call.context, call.context.clock.now()
    async with context.sessions() as session:
        await passwords.check_reset(session, body.token, now)
    hashed = await context.passwords.hash(body.password)
    async with transaction(context.sessions) as session:
        user_id = await passwords.use_reset(session, body.token, now)
        await passwords.set_password(session, user_id, hashed, kept=None)
        remember(session.sync_session, Change(Author("user", user_id), "reset_password", "user", str(user_id)))


async def _mail_reset(context: AdminContext, email: str) -> None:
    if context.colleague_mail is None or context.colleague_mail.configured() is not None:
        return
    # Of whoever comes by their company's identity provider alone, that decides who may sign in.
    found = select(AdminUser).where(
        AdminUser.email == email, AdminUser.deactivated_at.is_(None), AdminUser.password_hash.is_not(None)
    )
    async with transaction(context.sessions) as session:
        user = await session.scalar(found)
        if user is None:
            return
        token = await passwords.create_reset(session, user.id, context.clock.now())
    link = link_of(context.public_url, "new-password", token)
    await post(context, user.email, write_reset(user.name, link, user.language))


ENDPOINTS = (look_at_invitation, accept_invitation, ask_for_reset, use_reset)
