"""A local server that speaks the turn protocol and says what a test scripts: the stand-in for Rasa's process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.signed_models import model_id_of
from bot.vectors import write_vector

SECRET = "a-secret-of-the-tests-0123456789abcdef"

Answer = dict[str, Any]
Script = Callable[[dict[str, Any]], Answer | int | web.Response]

STATE_TOO_NEW = Answer(error="state_too_new")
"""As a script's answer: refused with 409."""


def say(
    *texts: str,
    state: dict[str, Any] | None = None,
    effects: list[dict[str, Any]] | None = None,
    need: dict[str, Any] | None = None,
    timer: dict[str, Any] | None = None,
    debounce: float = 0,
) -> Answer:
    """A turn's answer with plain texts."""
    return {
        "state": state or {"v": 2},
        "replies": [{"text": text} for text in texts],
        "effects": effects or [],
        "need": need,
        "timer": timer,
        "debounce": debounce,
    }


class ScriptedDialogue:
    """Answers each turn by `script(request body)`; an int answers with that status; keeps every request.

    Attributes:
        may_answer: set; as long as it is cleared, turns are kept waiting for their answer.
        in_hand, most_in_hand: turns that are being answered, and most of them at the same time.
        is_well: what its health says.
        strict: refuses with 409 what was not pushed, as a real replica does.
        push_status: what a push is answered with instead of being taken.
        push_delay: seconds that taking a push lasts.
        flows, models: what was pushed, by version and id.
        pushes: the paths of all pushes, in order.
    """

    def __init__(self) -> None:
        self.script: Script = lambda body: say(f"echo {body['message']['text']}")
        self.landing: Callable[[dict[str, Any]], dict[str, Any]] = _stay
        self.delay = 0.0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.in_hand = self.most_in_hand = 0
        self.requests: list[dict[str, Any]] = []
        self.secrets: list[str | None] = []
        self.traceparents: list[str | None] = []
        self.url = ""
        self.is_well = True
        self.strict = False
        self.push_status: int | None = None
        self.push_delay = 0.0
        self.flows: dict[str, dict[str, Any]] = {}
        self.models: dict[str, bytes] = {}
        self.pushes: list[str] = []
        self.landing_batches: list[int] = []
        self.vectors: Callable[[list[str]], dict[str, Any]] = _lengths
        self.vector_batches: list[int] = []
        self.facts: Callable[[str], list[dict[str, str]]] = lambda _text: []

    async def handle(self, request: web.Request) -> web.Response:
        """One turn."""
        body = await request.json()
        self.secrets.append(request.headers.get("X-Parley-Secret"))
        self.traceparents.append(request.headers.get("traceparent"))
        if missing := self._missing(body):
            return web.json_response({"error": "missing", "missing": missing}, status=409)
        self.requests.append(body)
        self.in_hand += 1
        self.most_in_hand = max(self.most_in_hand, self.in_hand)
        try:
            await asyncio.sleep(self.delay)
            await self.may_answer.wait()
        finally:
            self.in_hand -= 1
        answer = self.script(body)
        if isinstance(answer, web.Response):
            return answer
        if isinstance(answer, int):
            return web.Response(status=answer, text="no")
        return web.json_response(answer, status=409 if "error" in answer else 200)

    async def take_push(self, request: web.Request) -> web.Response:
        """Flows or a model."""
        self.pushes.append(request.path)
        data = await request.read()
        await asyncio.sleep(self.push_delay)
        if self.push_status is not None:
            return web.json_response({"error": "not taken"}, status=self.push_status)
        name = request.match_info["name"]
        if "/flows/" in request.path:
            self.flows[name] = json.loads(data)
        elif model_id_of(data) == name:
            self.models[name] = data
        else:
            return web.json_response({"error": "the id is not the SHA-256 of the content"}, status=400)
        return web.Response(status=204)

    async def land(self, request: web.Request) -> web.Response:
        """One batch of landings."""
        body = await request.json()
        if self.strict and body["flows"] not in self.flows:
            return web.json_response({"error": "missing", "missing": ["flows"]}, status=409)
        self.landing_batches.append(len(body["states"]))
        return web.json_response({"landings": [self.landing(state) for state in body["states"]]})

    async def embed(self, request: web.Request) -> web.Response:
        """One batch of vectors."""
        texts = (await request.json())["texts"]
        self.vector_batches.append(len(texts))
        return web.json_response(self.vectors(texts))

    async def find_facts(self, request: web.Request) -> web.Response:
        """What tells who wrote each text."""
        texts = (await request.json())["texts"]
        return web.json_response({"facts": [self.facts(text) for text in texts]})

    async def health(self, request: web.Request) -> web.Response:
        """What was pushed, the latest first."""
        if not self.is_well:
            return web.Response(status=503, text="no")
        held = {"flows": list(self.flows)[::-1], "models": list(self.models)[::-1]}
        return web.json_response({"status": "ok", **held, "state_version": 2})

    def _missing(self, body: dict[str, Any]) -> list[str]:
        if not self.strict:
            return []
        held = {"flows": self.flows, "model": self.models}
        return [part for part, names in held.items() if body[part] not in names]


def _lengths(texts: list[str]) -> dict[str, Any]:
    vectors = [write_vector([1.0, float(len(text))]) for text in texts]
    return {"encoder": "lengths/1", "dimensions": 2, "vectors": vectors}


def _stay(state: dict[str, Any]) -> dict[str, Any]:
    stack = state.get("stack") or []
    step = f"{stack[-1]['flow']}/{stack[-1]['step']}" if stack else None
    return {"before": step, "after": step, "moved": False}


@asynccontextmanager
async def scripted_dialogue() -> AsyncIterator[ScriptedDialogue]:
    """The server on a free port of loopback."""
    dialogue = ScriptedDialogue()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/webhooks/turn/", dialogue.handle)
    app.router.add_post("/webhooks/turn/landing", dialogue.land)
    app.router.add_post("/webhooks/turn/vectors", dialogue.embed)
    app.router.add_post("/webhooks/turn/facts", dialogue.find_facts)
    app.router.add_get("/webhooks/turn/health", dialogue.health)
    app.router.add_put("/webhooks/turn/flows/{name}", dialogue.take_push)
    app.router.add_put("/webhooks/turn/models/{name}", dialogue.take_push)
    server = TestServer(app)
    await server.start_server()
    dialogue.url = str(server.make_url("")).rstrip("/")
    try:
        yield dialogue
    finally:
        await server.close()
