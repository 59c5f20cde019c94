"""What the tests of the web chat share: a web process as far as the chat goes, and visitors with real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from admin.api.problems import problem_middleware
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.messages import Author, Stored
from bot.conversations import append_message
from bot.dialogue import MemorySource, RasaDialogue
from bot.needs import PlatformNeeds
from bot.ports import Live
from bot.presence import Presence
from bot.turns import TurnService, TurnSettings
from channels.web.chat import WebChat, WebChatSettings
from channels.web.hub import Hub
from channels.web.limits import ChatLimits, Rates
from channels.web.number_work import NumberWork
from channels.web.tokens import VisitorTokens
from tests.bot.scripted_dialogue import SECRET, ScriptedDialogue
from tests.bot.stage import MovedClock, NotedFollowUps, SetLive
from tests.conftest import Database

ORIGIN = "https://www.northwind.example"
OTHER_ORIGIN = "https://shop.northwind.example"
FOREIGN_ORIGIN = "https://evil.example"
SOON = 5.0
"""Seconds after which something that should have come is taken to be lost."""


@dataclass(frozen=True)
class Process:
    """One web process."""

    server: TestServer
    http: aiohttp.ClientSession
    sessions: Sessions
    turns: TurnService
    hub: Hub
    tokens: VisitorTokens
    clock: MovedClock
    keys: KeyRing

    async def open(self, *, origin: str | None = ORIGIN, **body: Any) -> dict[str, Any]:
        """Opens a session and lets its opening be answered."""
        async with self.request("POST", "/chat/session", origin=origin, data=json.dumps(body)) as answer:
            assert answer.status == 200, await answer.text()
            opened: dict[str, Any] = await answer.json()
        return opened

    def request(
        self, method: str, path: str, *, origin: str | None = ORIGIN, token: str | None = None, **rest: Any
    ) -> Any:
        """A request as a page of `origin` makes it."""
        headers = rest.pop("headers", {}) | ({"Origin": origin} if origin is not None else {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self.http.request(method, self.server.make_url(path), headers=headers, **rest)

    @asynccontextmanager
    async def socket(self, *, origin: str | None = ORIGIN) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A socket before its hello."""
        headers = {"Origin": origin} if origin is not None else {}
        async with self.http.ws_connect(self.server.make_url("/chat/socket"), headers=headers) as socket:
            yield socket

    @asynccontextmanager
    async def visitor(self, token: str, *, last_seen: int = 0) -> AsyncIterator[Visitor]:
        """A socket after its hello."""
        async with self.socket() as socket:
            visitor = Visitor(socket)
            await visitor.send({"type": "hello", "token": token, "last_seen": last_seen})
            yield visitor

    async def append(self, conversation_id: str, count: int, author: Author = "person") -> list[Stored]:
        """Messages that need no turn, stored but not shown to anybody."""
        async with transaction(self.sessions) as session:
            stored = [
                await append_message(
                    session,
                    conversation_id=UUID(conversation_id),
                    author=author,
                    text=f"note {number}",
                    data={},
                    client_id=uuid4(),
                    now=self.clock.now(),
                )
                for number in range(count)
            ]
        return [message for message in stored if message is not None]


class Visitor:
    """A browser's end of a socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, frame: dict[str, Any] | str) -> None:
        # As JSON.stringify writes it.
        raw = frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
        await self.socket.send_str(raw)

    async def say(self, text: str, client_id: UUID | None = None) -> str:
        """Sends a text; returns its client id."""
        sent = str(client_id or uuid4())
        await self.send({"type": "message", "client_id": sent, "text": text})
        return sent

    async def frame(self, *types: str) -> dict[str, Any]:
        """The next frame of one of these types; skips others."""
        async with asyncio.timeout(SOON):
            while True:
                frame: dict[str, Any] = json.loads(await self.socket.receive_str())
                if frame["type"] in types:
                    return frame

    async def messages(self, until: int) -> list[dict[str, Any]]:
        """All messages shown up to this seq."""
        shown: list[dict[str, Any]] = []
        while not shown or shown[-1]["seq"] < until:
            shown += (await self.frame("messages"))["messages"]
        return shown

    async def nothing_more(self) -> bool:
        """Whether no message comes for a moment."""
        with suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                while True:
                    if json.loads(await self.socket.receive_str())["type"] == "messages":
                        return False
        return True

    async def close_code(self) -> int | None:
        """What the server closed the socket with."""
        async with asyncio.timeout(SOON):
            async for _ in self.socket:
                pass
        return self.socket.close_code


def texts(messages: Sequence[dict[str, Any]]) -> list[tuple[int, str, str]]:
    """Seq, author and text of messages."""
    return [(message["seq"], message["author"], message["text"]) for message in messages]


@asynccontextmanager
async def running_process(
    database: Database,
    keys: KeyRing,
    now: datetime,
    dialogue: ScriptedDialogue,
    name: str = "first",
    *,
    messages_a_minute: int = 10_000,
    sessions_a_minute: int = 10_000,
    rates: Rates | None = None,
) -> AsyncIterator[Process]:
    """A web process on the database, listening for what the others do."""
    clock = MovedClock(now)
    presence = Presence()
    hub = Hub(database_url=database.url, process_id=name, presence=presence)
    client = RasaDialogue([dialogue.url], SECRET, MemorySource())
    await client.open()
    follow_ups = NotedFollowUps()
    turns = TurnService(
        sessions=database.sessions,
        dialogue=client,
        live=SetLive(Live(1, "flows-1", "model-1", ("en", "de"))),
        needs=PlatformNeeds(database.sessions, keys, clock, ORIGIN),
        follow_ups=follow_ups,
        watchers=hub,
        keys=keys,
        clock=clock,
        wording=lambda name, language, channel: f"<{name} {language}>",
        settings=TurnSettings("Northwind Ledger", name),
        presence=presence,
    )
    tokens = VisitorTokens(keys)
    limits = ChatLimits(database.sessions, keys, rates or Rates(messages_a_minute, sessions_a_minute, 10_000))
    chat = WebChat(
        sessions=database.sessions,
        turns=turns,
        hub=hub,
        tokens=tokens,
        clock=clock,
        limits=limits,
        settings=WebChatSettings(frozenset({ORIGIN, OTHER_ORIGIN})),
        work=NumberWork(database.sessions, keys, clock, limits, "US", follow_ups.settled),
    )
    app = web.Application(middlewares=[problem_middleware])
    chat.add_to(app)
    server = TestServer(app)
    await server.start_server()
    listening = asyncio.create_task(hub.listen())
    async with aiohttp.ClientSession() as http:
        try:
            yield Process(server, http, database.sessions, turns, hub, tokens, clock, keys)
        finally:
            await server.close()
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            await client.close()
