"""A local server that speaks the turn protocol and says what a test scripts: the stand-in for Rasa's process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

SECRET = "a-secret-of-the-tests-0123456789abcdef"

Answer = dict[str, Any]


def say(*texts: str, state: dict[str, Any] | None = None, effects: list[dict[str, Any]] | None = None) -> Answer:
    """A turn's answer with plain texts."""
    return {"state": state or {"v": 1}, "replies": [{"text": text} for text in texts], "effects": effects or []}


class ScriptedDialogue:
    """Answers each turn by `script(request body)`; an int answers with that status; keeps every request."""

    def __init__(self) -> None:
        self.script: Callable[[dict[str, Any]], Answer | int] = lambda body: say(f"echo {body['message']['text']}")
        self.delay = 0.0
        self.requests: list[dict[str, Any]] = []
        self.secrets: list[str | None] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        """One turn."""
        body = await request.json()
        self.requests.append(body)
        self.secrets.append(request.headers.get("X-Parley-Secret"))
        await asyncio.sleep(self.delay)
        answer = self.script(body)
        if isinstance(answer, int):
            return web.Response(status=answer, text="no")
        return web.json_response(answer)


@asynccontextmanager
async def scripted_dialogue() -> AsyncIterator[ScriptedDialogue]:
    """The server on a free port of loopback."""
    dialogue = ScriptedDialogue()
    app = web.Application()
    app.router.add_post("/webhooks/turn/", dialogue.handle)
    server = TestServer(app)
    await server.start_server()
    dialogue.url = str(server.make_url("")).rstrip("/")
    try:
        yield dialogue
    finally:
        await server.close()
