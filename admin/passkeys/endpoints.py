"""The endpoints of passkeys: made by whoever is signed in, and a way to sign in that is both steps in one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, JsonValue
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.endpoints import Call, endpoint
from admin.api.fields import AnswerShape, PlainText, RequestShape, ShownOnce
from admin.audit.service import record
from admin.models import AdminUser
from admin.passkeys.ceremony import FRESH, Ceremony, PasskeyRefused, Ticket, credential_id_of
from admin.passkeys.models import AnsweredChallenge, Passkey
from admin.sessions.attempts import count_attempt, forgive_attempt
from admin.sessions.endpoints import Session, check_name, welcome
from admin.sessions.passwords import MAX_LENGTH
from admin.sessions.sign_in import let_in
from admin.users.passwords import check_password
from base.database import transaction
from base.errors import NotFound, NotSignedIn
from base.ids import new_id

_MOST = 20
"""Passkeys of a user."""


class PasskeyFailed(NotSignedIn):
    """This passkey is not known here, or did not answer as it should: sign in by your password."""

    code = "passkey_failed"


class PasskeyWish(RequestShape):
    password: Annotated[PlainText, Field(max_length=MAX_LENGTH)]


class PasskeyAsked(ShownOnce):
    """`options` are for `navigator.credentials`; `ticket` is sent back with what it answers."""

    ticket: str
    options: dict[str, Any]


class NewPasskey(RequestShape):
    ticket: Annotated[PlainText, Field(max_length=500)]
    name: Annotated[PlainText, Field(max_length=100), AfterValidator(check_name)]
    credential: dict[str, JsonValue]


class PasskeyShown(RequestShape):
    ticket: Annotated[PlainText, Field(max_length=500)]
    credential: dict[str, JsonValue]


class SignInWish(RequestShape):
    """Nothing needs to be said: the device knows who it is."""


class PasskeyRow(AnswerShape):
    id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None


class PasskeyList(AnswerShape):
    items: list[PasskeyRow]


@endpoint("GET", "/api/v1/account/passkeys", permission="own", summary="Your passkeys")
async def list_passkeys(call: Call) -> PasskeyList:
    async with call.context.sessions() as session:
        rows = await session.scalars(
            select(Passkey).where(Passkey.user_id == call.user.id).order_by(Passkey.created_at, Passkey.id)
        )
        return PasskeyList(items=[PasskeyRow.model_validate(row, from_attributes=True) for row in rows])


@endpoint(
    "POST",
    "/api/v1/account/passkeys/begin",
    permission="own",
    summary="Begin to make a passkey",
    problems={409: "This site is opened by a number, not a name", 422: "Fields not valid, or not your password"},
)
async def begin_passkey(call: Call, body: PasskeyWish) -> PasskeyAsked:
    context, user = call.context, call.user
    ceremony = Ceremony(context.keys, context.public_url)
    await check_password(context.sessions, context.passwords, user.id, body.password)
    async with context.sessions() as session:
        known = list(await session.scalars(select(Passkey.public_key).where(Passkey.user_id == user.id)))
    asked = ceremony.ask_for_new(user.id, email=user.email, name=user.name, known=known)
    return PasskeyAsked(ticket=asked.ticket, options=asked.options)


@endpoint(
    "POST",
    "/api/v1/account/passkeys",
    permission="own",
    summary="Keep a passkey that your device has made",
    status=201,
    problems={422: "Fields not valid, or not an answer to what was asked"},
)
async def add_passkey(call: Call, body: NewPasskey) -> PasskeyRow:
    context, now = call.context, call.context.clock.now()
    ceremony = Ceremony(context.keys, context.public_url)
    ticket = ceremony.read_ticket(body.ticket)
    if ticket.user_id != call.user.id:
        raise PasskeyRefused
    made = ceremony.check_new(ticket, body.credential)
    row = Passkey(
        id=new_id(),
        user_id=call.user.id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        name=body.name,
        created_at=now,
    )
    async with transaction(context.sessions) as session:
        await _use_up(session, ticket, now)
        held = list(await session.scalars(select(Passkey.id).where(Passkey.user_id == call.user.id)))
        same = select(Passkey.id).where(Passkey.credential_id == made.credential_id)
        if len(held) >= _MOST or await session.scalar(same) is not None:
            raise PasskeyRefused
        session.add(row)
        await record(session, call, "add_passkey", "user", call.user.id, None, {"passkey": body.name})
    return PasskeyRow.model_validate(row, from_attributes=True)


@endpoint("DELETE", "/api/v1/account/passkeys/{id}", permission="own", summary="Forget a passkey", status=204)
async def remove_passkey(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        gone = delete(Passkey).where(Passkey.id == call.ids["id"], Passkey.user_id == call.user.id)
        name = await session.scalar(gone.returning(Passkey.name))
        if name is None:
            raise NotFound
        await record(session, call, "remove_passkey", "user", call.user.id, {"passkey": name}, None)


@endpoint(
    "POST",
    "/api/v1/passkey-sign-in/begin",
    permission="public",
    summary="Begin to sign in with a passkey",
    problems={409: "This site is opened by a number, not a name"},
)
async def begin_passkey_sign_in(call: Call, body: SignInWish) -> PasskeyAsked:  # noqa: ARG001  # takes JSON: nothing
    asked = Ceremony(call.context.keys, call.context.public_url).ask_who()
    return PasskeyAsked(ticket=asked.ticket, options=asked.options)


@endpoint(
    "POST",
    "/api/v1/passkey-sign-in",
    permission="public",
    summary="Sign in with a passkey: no password, and no second step",
    problems={401: "Not known, or not an answer to what was asked", 429: "Too many failed attempts"},
)
async def sign_in_with_passkey(call: Call, body: PasskeyShown) -> Session:
    context, now = call.context, call.context.clock.now()
    ceremony = Ceremony(context.keys, context.public_url)
    ticket, credential_id = ceremony.read_ticket(body.ticket), credential_id_of(body.credential)
    async with transaction(context.sessions) as session:
        who = f"passkey:{credential_id.hex()}"
        attempt = await count_attempt(session, context.keys, email=who, address=call.address, now=now)
        found = (
            await session.execute(
                select(Passkey, AdminUser)
                .join(AdminUser, AdminUser.id == Passkey.user_id)
                .where(Passkey.credential_id == credential_id, AdminUser.deactivated_at.is_(None))
            )
        ).one_or_none()
    if found is None or ticket.user_id is not None:
        raise PasskeyFailed
    passkey, user = found
    try:
        signed = ceremony.check_answer(ticket, passkey.public_key, body.credential)
    except PasskeyRefused as error:
        raise PasskeyFailed from error
    if signed.user_handle is not None and signed.user_handle != user.id.bytes:
        raise PasskeyFailed
    async with transaction(context.sessions) as session:
        await _use_up(session, ticket, now)
        await _note_use(session, passkey.id, signed.sign_count, now)
        await forgive_attempt(session, attempt)
        token = await let_in(session, user.id, now, way="passkey", browser=call.browser)
    return await welcome(call, token)


async def _use_up(session: AsyncSession, ticket: Ticket, now: datetime) -> None:
    """What was signed once is not taken again."""
    used = insert(AnsweredChallenge).values(challenge=ticket.challenge, expires_at=now + 2 * FRESH)
    made = await session.scalar(used.on_conflict_do_nothing().returning(AnsweredChallenge.challenge))
    if made is None:
        raise PasskeyFailed


async def _note_use(session: AsyncSession, passkey_id: UUID, sign_count: int, now: datetime) -> None:
    """A device that counts only counts up: one that does not is a copy."""
    passkey = await session.scalar(select(Passkey).where(Passkey.id == passkey_id).with_for_update())
    if passkey is None or ((passkey.sign_count or sign_count) and sign_count <= passkey.sign_count):
        raise PasskeyFailed
    passkey.sign_count, passkey.used_at = sign_count, now


ENDPOINTS = (
    list_passkeys,
    begin_passkey,
    add_passkey,
    remove_passkey,
    begin_passkey_sign_in,
    sign_in_with_passkey,
)
