"""The endpoints of API tokens: made, listed and revoked by browsers only, so that no token makes another."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from sqlalchemy import select

from admin.api.endpoints import Call, endpoint
from admin.api.fields import AnswerShape, PlainText, RequestShape, ShownOnce
from admin.api.permissions import Granted, narrow
from admin.api_tokens.finding import START
from admin.api_tokens.models import APIToken
from admin.audit.service import record
from admin.models import AdminUser
from admin.roles.service import check_within
from admin.sessions.endpoints import check_name
from admin.sessions.tokens import new_token, token_sha256
from base.database import transaction
from base.errors import NotFound
from base.ids import new_id

_OTHERS = "users.write"
"""Who may see and revoke the tokens of others."""


class TokenRow(AnswerShape):
    """A token without its secret. `last_used_at` is right to a minute."""

    id: UUID
    name: str
    user_id: UUID
    user_name: str
    permissions: list[Granted]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenList(AnswerShape):
    items: list[TokenRow]


class NewToken(RequestShape):
    name: Annotated[PlainText, Field(max_length=100), AfterValidator(check_name)]
    permissions: Annotated[list[Granted], Field(min_length=1, max_length=100)]
    days: Annotated[int, Field(ge=1, le=366)] = 90


class TokenMade(ShownOnce):
    """The token itself is shown this once. Send it as `Authorization: Bearer …`."""

    id: UUID
    token: str
    expires_at: datetime


@endpoint(
    "GET", "/api/v1/api-tokens", permission="own", summary="Your API tokens; everybody's for whoever may change users"
)
async def list_api_tokens(call: Call) -> TokenList:
    found = select(APIToken, AdminUser.name).join(AdminUser, AdminUser.id == APIToken.user_id)
    if _OTHERS not in call.user.permissions:
        found = found.where(APIToken.user_id == call.user.id)
    async with call.context.sessions() as session:
        rows = await session.execute(found.order_by(APIToken.created_at.desc(), APIToken.id))
    return TokenList(
        items=[
            TokenRow(
                id=row.id,
                name=row.name,
                user_id=row.user_id,
                user_name=user_name,
                permissions=sorted(narrow(row.permissions)),
                created_at=row.created_at,
                expires_at=row.expires_at,
                last_used_at=row.last_used_at,
                revoked_at=row.revoked_at,
            )
            for row, user_name in rows
        ]
    )


@endpoint(
    "POST",
    "/api/v1/api-tokens",
    permission="own",
    summary="Make an API token; it can do at most what you can",
    status=201,
    problems={403: "A foreign page, or more than you are permitted"},
)
async def create_api_token(call: Call, body: NewToken) -> TokenMade:
    check_within(call.user.permissions, body.permissions)
    now, token = call.context.clock.now(), START + new_token()
    row = APIToken(
        id=new_id(),
        user_id=call.user.id,
        name=body.name,
        token_sha256=token_sha256(token),
        permissions=sorted(set(body.permissions)),
        created_at=now,
        expires_at=now + timedelta(days=body.days),
    )
    async with transaction(call.context.sessions) as session:
        session.add(row)
        after = {"name": row.name, "permissions": row.permissions, "expires_at": row.expires_at}
        await record(session, call, "create_api_token", "api_token", row.id, None, after)
    return TokenMade(id=row.id, token=token, expires_at=row.expires_at)


@endpoint("DELETE", "/api/v1/api-tokens/{id}", permission="own", summary="Revoke an API token, at once", status=204)
async def revoke_api_token(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        row = await session.scalar(select(APIToken).where(APIToken.id == call.ids["id"]).with_for_update())
        if row is None or (row.user_id != call.user.id and _OTHERS not in call.user.permissions):
            raise NotFound
        before, after = _audited(row), {**_audited(row), "is_revoked": True}
        row.revoked_at = row.revoked_at or call.context.clock.now()
        await record(session, call, "revoke_api_token", "api_token", row.id, before, after)


def _audited(row: APIToken) -> dict[str, object]:
    return {"name": row.name, "is_revoked": row.revoked_at is not None}


ENDPOINTS = (list_api_tokens, create_api_token, revoke_api_token)
