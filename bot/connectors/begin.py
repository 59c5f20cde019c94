"""The first half of a call: what is known of it, whether it may be made, and the row that says it is being made.

Runs in one transaction that is committed before anything is sent.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.ids import new_id
from base.outbound_http import OutboundRequest
from bot.connectors.models import SEALED_COLUMN, Callback, Connector, ConnectorCall
from bot.connectors.rules import build_url, is_path_allowed

STILL_CALLING = timedelta(seconds=7)
"""How long a call may be under way elsewhere; its process is dead when it took longer."""
CALLBACK_LASTS = timedelta(days=30)
LARGEST_BODY = 64 * 1024
"""Bytes sent with a call."""
UNKNOWN = "unknown whether it was done"
HELD = "held back in quarantine"

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ConnectorRequest:
    """What a flow asks of a connector (protocols.md, need `http`). The path is quoted already, the query is not."""

    connector: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    callback: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """A call that is to be made now, or its result, or neither: another process is making it."""

    result: Result | None = None
    call_id: UUID | None = None
    outbound: OutboundRequest | None = None


def failed(problem: str) -> Result:
    """The result of a call that came to nothing."""
    return {"ok": False, "problem": problem}


async def begin_call(
    session: AsyncSession,
    keys: KeyRing,
    request: ConnectorRequest,
    *,
    key: str,
    conversation_id: UUID | None,
    callback_base: str,
    is_held: bool,
    now: datetime,
) -> Begun:
    """Finds what became of the call, or notes that it begins; while `is_held` none does."""
    # The lock makes calls at the same time be counted one after the other, and waits for a revocation.
    named = select(Connector).where(Connector.name == request.connector).with_for_update(key_share=True)
    connector = await session.scalar(named)
    if connector is None:
        return Begun(failed("no such connector"))
    kept = await session.scalar(select(ConnectorCall).where(ConnectorCall.idempotency_key == key))
    if kept is not None and (kept.result is not None or now - kept.started_at < STILL_CALLING):
        return Begun(kept.result)
    if kept is not None and kept.method != "GET":
        result = failed(UNKNOWN)
        await end_call(session, kept.id, result, status=None, now=now)
        return Begun(result)
    problem = HELD if is_held else await _find_problem(session, connector, request, conversation_id, now)
    if problem is not None:
        return Begun(failed(problem))
    body = dict(request.body) if request.body is not None else None
    if request.callback:
        assert conversation_id is not None
        token = await _create_callback(session, conversation_id, now)
        body = {**(body or {}), "callback_url": f"{callback_base.rstrip('/')}/callbacks/{token}"}
    sent = json.dumps(body).encode() if body is not None else None
    call = kept or ConnectorCall(
        id=new_id(),
        connector_id=connector.id,
        conversation_id=conversation_id,
        idempotency_key=key,
        method=request.method,
        path=request.path,
        state="calling",
    )
    call.started_at = now
    session.add(call)
    await session.flush()
    return Begun(call_id=call.id, outbound=_outbound(keys, connector, request, key, sent))


async def end_call(
    session: AsyncSession, call_id: UUID, result: Result, *, status: int | None, now: datetime
) -> Result | None:
    """Keeps how a call ended, if nobody did before; returns the result that counts."""
    ended = (
        update(ConnectorCall)
        .where(ConnectorCall.id == call_id, ConnectorCall.state == "calling")
        .values(
            state="answered" if result["ok"] else "failed",
            status=status,
            problem=result.get("problem"),
            result=result,
            ended_at=now,
        )
        .returning(ConnectorCall.result)
    )
    kept: Result | None = await session.scalar(ended)
    return kept or await session.scalar(select(ConnectorCall.result).where(ConnectorCall.id == call_id))


async def _find_problem(
    session: AsyncSession, connector: Connector, request: ConnectorRequest, conversation_id: UUID | None, now: datetime
) -> str | None:
    refusals = (
        (connector.revoked_at is not None, "connector revoked"),
        (request.method not in connector.methods, "method not allowed"),
        (not is_path_allowed(request.path, connector.paths), "path not allowed"),
        (request.method == "GET" and (request.body is not None or request.callback), "a GET has no body"),
        (request.callback and conversation_id is None, "no conversation to call back to"),
        (not _can_be_sent(request.body), "the body cannot be sent"),
    )
    problem = next((words for refused, words in refusals if refused), None)
    if problem is not None:
        return problem
    # Counted no further than needed, so that it stays cheap beyond the limit too.
    lately = (
        select(ConnectorCall.id)
        .where(ConnectorCall.connector_id == connector.id, ConnectorCall.started_at > now - timedelta(days=1))
        .limit(connector.calls_a_day)
        .subquery()
    )
    count = await session.scalar(select(func.count()).select_from(lately))
    return "too many calls in a day" if (count or 0) >= connector.calls_a_day else None


def _can_be_sent(body: Mapping[str, Any] | None) -> bool:
    try:
        return len(json.dumps(body, allow_nan=False)) <= LARGEST_BODY
    except (TypeError, ValueError):
        return False


async def _create_callback(session: AsyncSession, conversation_id: UUID, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    await session.execute(
        insert(Callback).values(
            id=new_id(),
            conversation_id=conversation_id,
            token_sha256=hashlib.sha256(token.encode()).digest(),
            created_at=now,
            expires_at=now + CALLBACK_LASTS,
        )
    )
    return token


def _outbound(
    keys: KeyRing, connector: Connector, request: ConnectorRequest, key: str, body: bytes | None
) -> OutboundRequest:
    headers = {"Accept": "application/json", "Idempotency-Key": key}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if connector.headers_sealed is not None:
        headers |= json.loads(keys.unseal(connector.headers_sealed, column=SEALED_COLUMN, row=connector.id))
    return OutboundRequest(
        request.method,
        build_url(connector.base_url, request.path, request.query),
        headers,
        body,
        allow_private=connector.allow_private,
    )
