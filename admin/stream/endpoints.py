"""The endpoint of live news. What it tells are ids: whoever is told looks by the endpoints they may use."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from admin.api.endpoints import Call, endpoint
from admin.api.permissions import Granted
from admin.api.streams import CONTENT_TYPE, EventStream
from admin.stream.feed import News
from admin.stream.reader import may_still_read
from base.metrics import SOCKETS

HEARTBEAT = 5.0
"""Seconds after which a quiet stream is looked after: whether its reader is still signed in, and there."""
_AGAIN_AFTER = 2_000  # milliseconds a browser waits before it comes back
_NEEDED: Granted = "conversations.read"


@endpoint(
    "GET",
    "/api/v1/stream",
    permission=_NEEDED,
    summary="What is new, as it happens: server-sent events that name talks; resumed by Last-Event-ID",
    gives=(CONTENT_TYPE,),
)
async def stream_news(call: Call) -> EventStream:
    return EventStream(lambda place: _tell(call, place))


async def _tell(call: Call, place: str) -> AsyncGenerator[str]:
    """Ends with the process, and soon after the reader signs out or loses the permission."""
    feed, loop = call.context.feed, asyncio.get_running_loop()
    with feed.subscribe() as queue, SOCKETS.labels("admin").track_inprogress():
        yield f"retry: {_AGAIN_AFTER}\n\n"
        for news in feed.since(place) if place else ():
            yield _event(call, news)
        checked_at = loop.time()
        while not feed.closing:
            heard = await _next(queue)
            if loop.time() - checked_at >= HEARTBEAT:
                if not await may_still_read(call.context.sessions, call.user, _NEEDED, call.context.clock.now()):
                    return
                checked_at = loop.time()
            if isinstance(heard, News):
                yield _event(call, heard)
            elif heard is None:
                return
            else:
                yield ": still here\n\n"


class _Quiet:
    """Nothing was heard for a while."""


async def _next(queue: asyncio.Queue[News | None]) -> News | _Quiet | None:
    try:
        async with asyncio.timeout(HEARTBEAT):
            return await queue.get()
    except TimeoutError:
        return _Quiet()


def _event(call: Call, news: News) -> str:
    data: dict[str, Any] = {}
    if news.conversation_id is not None:
        data["conversation_id"] = str(news.conversation_id)
    if news.kind == "typing":
        data["on"] = news.typing
    return f"id: {call.context.feed.place_of(news)}\nevent: {news.kind}\ndata: {json.dumps(data)}\n\n"


ENDPOINTS = (stream_news,)
