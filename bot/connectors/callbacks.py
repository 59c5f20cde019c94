"""Takes calls back from other systems: one JSON value for a conversation, at an address that is good once.

What it means is the dialogue's to say: here it only becomes a message that waits for its turn.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.errors import Malformed, NotFound
from base.ids import new_id
from base.request_bodies import read_limited
from bot.connectors.models import Callback
from bot.connectors.strict_json import MOST_FOR_TURN, NotUsable, TooLong, read_json
from bot.models import Conversation, Message

_log = structlog.get_logger(__name__)

PATH = "/callbacks/{token}"
LARGEST = 64 * 1024
"""Bytes of JSON."""


@dataclass(frozen=True)
class CallbackReceiver:
    """The handler and what it needs. The turn is taken by whoever next looks for waiting messages."""

    sessions: Sessions
    clock: Clock

    async def handle(self, request: web.Request) -> web.Response:
        """Stores the value, then says so; the same for a token that is unknown, used or too old: there is nothing."""
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        value = await _read_value(request)
        async with transaction(self.sessions) as session:
            await take_callback(session, request.match_info["token"], value, self.clock.now())
        return web.Response(status=202, headers={"Cache-Control": "no-store"})


def routes(receiver: CallbackReceiver) -> list[web.RouteDef]:
    """The address other systems call."""
    return [web.post(PATH, receiver.handle)]


async def take_callback(session: AsyncSession, token: str, value: Any, now: datetime) -> None:
    """Uses up a token and leaves the value as a message of kind `callback` that waits for its turn.

    Raises:
        NotFound: the token is unknown, used or too old.
    """
    # One statement finds and uses it: of two calls at once the second waits here and then finds it used.
    used = (
        update(Callback)
        .where(
            Callback.token_sha256 == hashlib.sha256(token.encode("utf-8", "replace")).digest(),
            Callback.answered_at.is_(None),
            Callback.expires_at > now,
        )
        .values(answered_at=now)
        .returning(Callback.id, Callback.conversation_id)
    )
    callback = (await session.execute(used)).first()
    if callback is None:
        raise NotFound
    numbered = (
        update(Conversation)
        .where(Conversation.id == callback.conversation_id)
        .values(next_seq=Conversation.next_seq + 1)
        .returning(Conversation.next_seq)
    )
    next_seq = await session.scalar(numbered)
    if next_seq is None:
        raise NotFound
    await session.execute(
        insert(Message).values(
            id=new_id(),
            conversation_id=callback.conversation_id,
            seq=next_seq - 1,
            author="system",
            kind="callback",
            text="",
            data={"value": value},
            client_id=callback.id,
            turn_state="pending",
            created_at=now,
        )
    )
    _log.info("callback_taken", callback_id=str(callback.id), conversation_id=str(callback.conversation_id))


async def _read_value(request: web.Request) -> Any:
    body = await read_limited(request, LARGEST)
    if not body.strip():
        raise Malformed("Send a JSON value.")
    try:
        return read_json(body, most=MOST_FOR_TURN)
    except TooLong as error:
        raise web.HTTPRequestEntityTooLarge(max_size=MOST_FOR_TURN, actual_size=len(body)) from error
    except NotUsable as error:
        raise Malformed("Send a JSON value in UTF-8.") from error
