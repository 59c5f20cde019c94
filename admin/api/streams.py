"""Server-sent events: an answer that goes on as long as its reader stays. Knows nothing of what is told."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from aiohttp import web

CONTENT_TYPE = "text/event-stream"


@dataclass(frozen=True)
class EventStream:
    """Events as they go over the wire, ending in an empty line each; begun with the `Last-Event-ID` of the request."""

    begin: Callable[[str], AsyncGenerator[str]]


async def stream(request: web.Request, events: EventStream) -> web.StreamResponse:
    """Answers until the events end or the reader is gone."""
    response = web.StreamResponse(
        headers={
            "Cache-Control": "no-store",
            "Content-Type": f"{CONTENT_TYPE}; charset=utf-8",
            "X-Accel-Buffering": "no",
            "X-Content-Type-Options": "nosniff",
        }
    )
    await response.prepare(request)
    async with aclosing(events.begin(request.headers.get("Last-Event-ID", ""))) as pieces:
        with suppress(ConnectionError):
            async for piece in pieces:
                await response.write(piece.encode())
            await response.write_eof()
    return response
