"""The tag's script and where it tells. What may be kept is `service`'s to say; a page is answered alike either way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from base.clock import Clock
from base.database import Sessions, transaction
from base.limits.shared import SharedLimit
from base.request_bodies import read_limited
from channels.web.tag.service import keep_tag_events, read_tag_events
from channels.web.tokens import TokenInvalid, VisitorTokens
from crm.privacy.signals import asks_to_opt_out

SCRIPT = Path(__file__).with_name("tag.js")
PATH = "/chat/events"
"""Below the chat's: pages of allowed origins may call it as they call that."""
MAX_BODY = 16_384


@dataclass(frozen=True)
class TagEventsHandler:
    """The handlers and what they need."""

    sessions: Sessions
    tokens: VisitorTokens
    clock: Clock
    allowed_origins: frozenset[str]
    limit: SharedLimit

    async def handle_events(self, request: web.Request) -> web.Response:
        """Takes what a page tells. 204 whatever became of it: nobody learns from it who agreed to what."""
        origin = request.headers.get("Origin")
        if origin not in self.allowed_origins:
            raise web.HTTPForbidden
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenInvalid
        conversation_id = self.tokens.read(token, origin)
        await self.limit.check(str(conversation_id))
        events = read_tag_events(await read_limited(request, MAX_BODY))
        if not asks_to_opt_out(request.headers):
            async with transaction(self.sessions) as session:
                await keep_tag_events(session, conversation_id, events, self.clock.now())
        return web.Response(status=204)

    async def handle_preflight(self, request: web.Request) -> web.Response:
        """Lets pages of allowed origins call us."""
        if request.headers.get("Origin") not in self.allowed_origins:
            raise web.HTTPForbidden
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": "POST",
                "Access-Control-Allow-Headers": "Authorization, Content-Type",
                "Access-Control-Max-Age": "600",
            },
        )

    async def handle_script(self, _request: web.Request) -> web.StreamResponse:
        """The script."""
        return web.FileResponse(SCRIPT, headers={"Cache-Control": "no-cache"})


def routes(handler: TagEventsHandler) -> list[web.RouteDef]:
    """The script and where it tells."""
    return [
        web.get("/tag.js", handler.handle_script),
        web.post(PATH, handler.handle_events),
        web.options(PATH, handler.handle_preflight),
    ]
