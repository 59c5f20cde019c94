"""Another system on the loopback, which answers what a test wants and notes what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Script = Callable[[Asked], Awaitable[web.StreamResponse] | web.StreamResponse]


@dataclass
class OtherSystem:
    """Its address, what it was asked, and how it answers."""

    url: str = ""
    script: Script = field(default=lambda _asked: web.json_response({"plan": "pro"}))
    asked: list[Asked] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request.method, request.raw_path, dict(request.headers), await request.read())
        self.asked.append(asked)
        answer = self.script(asked)
        return answer if isinstance(answer, web.StreamResponse) else await answer


@asynccontextmanager
async def other_system() -> AsyncIterator[OtherSystem]:
    system = OtherSystem()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", system.handle)
    async with TestServer(app, host="127.0.0.1") as server:
        system.url = str(server.make_url("")).rstrip("/")
        yield system
