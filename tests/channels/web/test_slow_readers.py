"""A browser that takes nothing off its socket is let go, with all that was kept for it; the others notice nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from base.database import transaction
from bot.warming import warm_up
from channels.web import chat
from channels.web.replays import PAGE
from tests.channels.web.chat_stage import ORIGIN, Process, texts

_MANY, _LONG = 400, 20_000


@contextlib.asynccontextmanager
async def deaf(process: Process, token: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A socket after its hello, with a small buffer, that is not read unless the test does."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    url = process.server.make_url("/chat/socket")
    await asyncio.get_running_loop().sock_connect(raw, (url.host, url.port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=1_024)
    lines = (
        f"GET /chat/socket HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nOrigin: {ORIGIN}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    writer.write(lines.encode())
    await reader.readuntil(b"\r\n\r\n")
    hello = json.dumps({"type": "hello", "token": token, "last_seen": 0}).encode()
    # A text frame of 126 to 65,535 bytes with a mask of zeros (RFC 6455 5.2).
    writer.write(bytes([0x81, 0x80 | 126, *len(hello).to_bytes(2, "big"), 0, 0, 0, 0]) + hello)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_who_does_not_read_is_let_go_and_the_others_are_served(
    process: Process, opened: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "HEARTBEAT", 1.0)
    await warm_up()  # what loads with the first words would stop the process while time runs
    talk = UUID(opened["conversation_id"])
    await process.append(str(talk), _MANY)
    async with transaction(process.sessions) as session:
        await session.execute(text("UPDATE messages SET text = repeat('x', :length)"), {"length": _LONG})
    other = await process.open()
    await process.turns.drain()
    async with deaf(process, opened["token"]) as (reader, _), asyncio.timeout(30):
        while not process.hub.is_watched(talk):
            await asyncio.sleep(0.01)
        async with process.visitor(other["token"], last_seen=1) as visitor:
            await visitor.say("anybody there?")
            assert texts(await visitor.messages(3))[-1] == (3, "bot", "echo anybody there?")
        while process.hub.is_watched(talk):
            await asyncio.sleep(0.05)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while some := await reader.read(65_536):
                received += len(some)
        assert received < PAGE * _LONG, "what this process kept for it is thrown away, not held until it reads"
