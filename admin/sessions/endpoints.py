"""Endpoints of set-up and session. They say what is asked and answered; the room's other modules do it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from admin.api.endpoints import Call, endpoint
from admin.api.fields import AnswerShape, EmailAddress, PlainText, RequestShape
from admin.api.permissions import OWNER, PERMISSIONS, Granted
from admin.sessions.passwords import MAX_LENGTH, MIN_LENGTH
from admin.sessions.service import SignedIn, close_session, find_signed_in
from admin.sessions.setup import check_setup_token, create_first_user, is_setup_needed
from admin.sessions.sign_in import let_in, sign_in
from base.database import transaction
from base.errors import NotSignedIn


def check_length(password: str) -> str:
    """The password itself, unless it is too short or too long."""
    if len(password) < MIN_LENGTH:
        raise PydanticCustomError("too_short", "Use at least {least} characters.", {"least": MIN_LENGTH})
    if len(password) > MAX_LENGTH:
        raise PydanticCustomError("too_long", "Use at most {most} characters.", {"most": MAX_LENGTH})
    return password


def check_name(name: str) -> str:
    """The name without spaces around it."""
    if not name.strip():
        raise PydanticCustomError("empty", "Tell us your name.")
    return name.strip()


class SetupState(AnswerShape):
    needed: bool


class SetupRequest(RequestShape):
    token: Annotated[PlainText, Field(max_length=200)]
    email: Annotated[EmailAddress, Field(max_length=320)]
    name: Annotated[PlainText, Field(max_length=200), AfterValidator(check_name)]
    password: Annotated[PlainText, AfterValidator(check_length)]


class LogIn(RequestShape):
    email: Annotated[PlainText, Field(max_length=320)]
    password: Annotated[PlainText, Field(max_length=MAX_LENGTH)]
    code: Annotated[PlainText, Field(max_length=40)] | None = None
    """Of the second step; a recovery code will do."""


class User(AnswerShape):
    """`owes_second_step`: a second step is demanded here, and until it is set up nothing else is open to them."""

    id: UUID
    email: str
    name: str
    role: str
    permissions: list[Granted]
    owes_second_step: bool = False


class Session(AnswerShape):
    user: User


async def welcome(call: Call, token: str) -> Session:
    """Gives the browser the token of a session that was just opened, and says whose it is."""
    found = await find_signed_in(call.context.sessions, token, call.context.clock.now())
    if found is None:
        raise NotSignedIn
    call.cookie.give(token)
    return _show(found)


def _show(user: SignedIn) -> Session:
    return Session(
        user=User(
            id=user.id,
            email=user.email,
            name=user.name,
            role=user.role,
            permissions=sorted(user.permissions),
            owes_second_step=user.owes_second_step,
        )
    )


@endpoint("GET", "/api/v1/setup", permission="public", summary="Whether the first admin is still to be made")
async def get_setup(call: Call) -> SetupState:
    async with call.context.sessions() as session:
        return SetupState(needed=await is_setup_needed(session))


@endpoint(
    "POST",
    "/api/v1/setup",
    permission="public",
    summary="Make the first admin with the one-time token, and sign in",
    status=201,
    problems={403: "Wrong token, or a foreign page", 409: "There is a user already"},
)
async def set_up(call: Call, body: SetupRequest) -> Session:
    context, now = call.context, call.context.clock.now()
    async with context.sessions() as session:
        await check_setup_token(session, body.token, now)
    password_hash = await context.passwords.hash(body.password)
    async with transaction(context.sessions) as session:
        user_id = await create_first_user(
            session, token=body.token, email=body.email, name=body.name, password_hash=password_hash, now=now
        )
        call.cookie.give(await let_in(session, user_id, now, way="password", browser=call.browser))
    user = User(id=user_id, email=body.email, name=body.name, role=OWNER, permissions=sorted(PERMISSIONS))
    return Session(user=user)


@endpoint("GET", "/api/v1/session", permission="own", summary="Who is signed in", owing=True)
async def get_session(call: Call) -> Session:
    return _show(call.user)


@endpoint(
    "POST",
    "/api/v1/session",
    permission="public",
    summary="Sign in",
    problems={401: "Wrong e-mail or password, or a code is needed or wrong", 429: "Too many failed attempts"},
)
async def log_in(call: Call, body: LogIn) -> Session:
    context = call.context
    token = await sign_in(
        context.sessions,
        context.keys,
        context.passwords,
        email=body.email,
        password=body.password,
        address=call.address,
        now=context.clock.now(),
        code=body.code,
        browser=call.browser,
    )
    return await welcome(call, token)


@endpoint("DELETE", "/api/v1/session", permission="own", summary="Sign out", status=204, owing=True)
async def log_out(call: Call) -> None:
    if call.user.session_id is not None:
        async with transaction(call.context.sessions) as session:
            await close_session(session, call.user.session_id)
    call.cookie.take()


ENDPOINTS = (get_setup, set_up, get_session, log_in, log_out)
