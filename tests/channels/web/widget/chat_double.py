"""A small server that speaks the web chat's protocol and can be told to fail, so that the widget can be tested alone.

It must not import the real server: both are held to docs/reference/protocols.md, not to each other.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

WEB = Path(__file__).resolve().parents[4] / "channels" / "web"
STRICT_POLICY = (
    "default-src 'self'; img-src 'self' https:; media-src https:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Frame = dict[str, Any]
Bot = Callable[["ChatDouble", Frame], Awaitable[None]]


class ChatDouble:
    """One conversation at a time; `bot` is called once for every stored message of the visitor."""

    def __init__(self) -> None:
        self.bot: Bot | None = None
        self.messages: list[Frame] = []
        self.token = "token-1"
        self.sessions: list[Frame] = []
        self.hellos: list[Frame] = []
        self.frames: list[Frame] = []
        self.typings = 0
        self.polls: list[int] = []
        self.sockets_allowed = True
        self.sessions_allowed = True
        self.notice: str | None = None
        self.files: list[tuple[str, bytes]] = []
        self.refuse_file: tuple[int, str, str] | None = None
        self.hold_files = asyncio.Event()
        self.hold_files.set()
        self.lose_next_receipt = False
        self.refuse_next: tuple[str, str] | None = None
        self.socket_trials = 0
        self.work: Frame | None = None
        self.work_asked = 0
        self.worked: list[int] = []
        self._sockets: set[web.WebSocketResponse] = set()
        self._news = asyncio.Condition()
        self._answering: set[asyncio.Future[None]] = set()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[_add_policy], client_max_size=20_000_000)
        app.router.add_post("/chat/session", self.handle_session)
        app.router.add_get("/chat/socket", self.handle_socket)
        app.router.add_get("/chat/messages", self.handle_poll)
        app.router.add_post("/chat/messages", self.handle_post)
        app.router.add_post("/chat/files", self.handle_file)
        app.router.add_get("/chat/number-work", self.handle_work_asked)
        app.router.add_post("/chat/number-work", self.handle_work)
        app.router.add_get("/chat/number-work.js", _serve(WEB / "number_work.js"))
        app.router.add_get("/widget.js", _serve(WEB / "widget" / "dist" / "widget.js"))
        app.router.add_get("/", _serve(WEB / "site" / "index.html"))
        app.router.add_static("/", WEB / "site")
        return app

    async def say(self, text: str, **fields: Any) -> None:
        """Add a message of the bot (or of `author`) and push it to whoever is connected."""
        await self._store({"author": "bot", "text": text, **fields})

    async def send(self, frame: Frame) -> None:
        for socket in list(self._sockets):
            await socket.send_json(frame)

    async def first_frame(self) -> Frame:
        """What the widget sent first, as soon as it is here: a message is shown before it is sent."""
        async with asyncio.timeout(10):
            while not self.frames:
                await asyncio.sleep(0.01)
        return self.frames[0]

    async def close(self, code: int) -> None:
        for socket in list(self._sockets):
            await socket.close(code=code)

    def written(self) -> list[str]:
        """The visitor's messages as stored."""
        return [message["text"] for message in self.messages if message["author"] == "visitor"]

    async def handle_session(self, request: web.Request) -> web.Response:
        if not self.sessions_allowed:
            raise web.HTTPServiceUnavailable
        self.sessions.append(await request.json())
        body = {"token": self.token, "conversation_id": f"conversation-of-{self.token}", "notice": self.notice}
        return web.json_response(body | {"socket": "/chat/socket", "poll": "/chat/messages"})

    async def handle_socket(self, request: web.Request) -> web.StreamResponse:
        self.socket_trials += 1
        if not self.sockets_allowed:
            raise web.HTTPBadGateway
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        hello = json.loads((await socket.receive()).data)
        self.hellos.append(hello)
        if hello["token"] != self.token:
            await socket.close(code=4401)
            return socket
        await socket.send_json({"type": "messages", "messages": self._after(hello["last_seen"])})
        self._sockets.add(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._take_frame(socket, json.loads(message.data))
        finally:
            self._sockets.discard(socket)
        return socket

    async def handle_poll(self, request: web.Request) -> web.Response:
        self._check_token(request)
        after = int(request.query["after"])
        self.polls.append(after)
        try:
            async with asyncio.timeout(min(2, int(request.query["wait"]))), self._news:
                await self._news.wait_for(lambda: self._after(after))
        except TimeoutError:
            pass
        return web.json_response({"messages": self._after(after)})

    async def handle_post(self, request: web.Request) -> web.Response:
        self._check_token(request)
        frame = await request.json()
        self.frames.append(frame)
        if self.refuse_next is not None:
            (code, detail), self.refuse_next = self.refuse_next, None
            problem = {"title": "Refused", "code": code, "detail": detail}
            return web.json_response(problem, status=422, content_type="application/problem+json")
        return web.json_response(await self._receive(frame), status=202)

    async def handle_file(self, request: web.Request) -> web.Response:
        self._check_token(request)
        file = (await request.post())["file"]
        assert isinstance(file, web.FileField)
        await self.hold_files.wait()
        if self.refuse_file is not None:
            (status, code, detail), self.refuse_file = self.refuse_file, None
            return web.json_response({"code": code, "detail": detail}, status=status)
        self.files.append((file.filename, file.file.read()))
        frame = {"type": "file", "client_id": request.headers["X-Client-Id"], "text": file.filename}
        return web.json_response(await self._receive(frame), status=202)

    async def handle_work_asked(self, request: web.Request) -> web.Response:
        self._check_token(request)
        self.work_asked += 1
        return web.Response(status=204) if self.work is None else web.json_response(self.work)

    async def handle_work(self, request: web.Request) -> web.Response:
        self._check_token(request)
        told = await request.json()
        assert self.work is not None
        assert told["task"] == self.work["task"]
        salt = bytes.fromhex(self.work["salt"])
        found = hashlib.pbkdf2_hmac("sha256", str(told["answer"]).encode(), salt, self.work["rounds"])
        if int.from_bytes(found) >> (256 - self.work["bits"]):
            raise web.HTTPUnprocessableEntity
        self.worked.append(told["answer"])
        self.work = None
        return web.Response(status=204)

    async def _take_frame(self, socket: web.WebSocketResponse, frame: Frame) -> None:
        if frame["type"] == "typing":
            self.typings += 1
            return
        self.frames.append(frame)
        if self.refuse_next is not None:
            (code, text), self.refuse_next = self.refuse_next, None
            await socket.send_json({"type": "error", "code": code, "message": text, "client_id": frame["client_id"]})
            return
        receipt = await self._receive(frame)
        if self.lose_next_receipt:
            self.lose_next_receipt = False
            await socket.close(code=1001)
            return
        await socket.send_json(receipt)

    async def _receive(self, frame: Frame) -> Frame:
        known = [message for message in self.messages if message["client_id"] == frame["client_id"]]
        if not known:
            own = {"author": "visitor", "text": frame["text"], "client_id": frame["client_id"]}
            known = [await self._store(own, push=not self.lose_next_receipt)]
            if self.bot is not None:
                answering = asyncio.ensure_future(self.bot(self, frame))
                self._answering.add(answering)
                answering.add_done_callback(self._answering.discard)
        return {"type": "received", "client_id": frame["client_id"], "seq": known[0]["seq"]}

    async def _store(self, fields: Frame, *, push: bool = True) -> Frame:
        empty: Frame = dict.fromkeys(("input", "step", "notice", "source", "media", "limits", "client_id"))
        empty |= {"choices": [], "cards": []}
        number = len(self.messages) + 1
        at = datetime.now(UTC).isoformat()
        message = {"id": f"message-{number}", "seq": number, "at": at} | empty | fields
        self.messages.append(message)
        async with self._news:
            self._news.notify_all()
        if push:
            await self.send({"type": "messages", "messages": [message]})
        return message

    def _after(self, seq: int) -> list[Frame]:
        return [message for message in self.messages if message["seq"] > seq]

    def _check_token(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise web.HTTPUnauthorized


def _serve(path: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(path)

    return handle


@web.middleware
async def _add_policy(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    response = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = STRICT_POLICY
    return response
