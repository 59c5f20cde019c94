"""When things end or break: slow readers, a database that fails, a process that stops."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text

from base.encryption import KeyRing
from bot.conversations import list_messages
from bot.models import Message
from channels.web.hub import _BUFFER, Watcher
from tests.bot.scripted_dialogue import ScriptedDialogue
from tests.channels.web.chat_stage import SOON, Process, running_process, texts
from tests.conftest import Database


async def test_a_reader_who_falls_behind_the_buffer_loses_nothing(process: Process, opened: dict[str, Any]) -> None:
    count = 3 * _BUFFER
    async with process.visitor(opened["token"]) as visitor:
        await visitor.messages(1)
        stored = await process.append(opened["conversation_id"], count)
        for message in stored:  # without a pause, so that the socket's writer cannot keep up
            process.hub.publish(message.conversation_id, [message])
        shown = await visitor.messages(count + 1)
        assert [message["seq"] for message in shown] == list(range(2, count + 2))
        assert await visitor.nothing_more()


async def test_a_reader_who_does_not_read_at_all_is_shown_everything_once_when_it_does(
    process: Process, opened: dict[str, Any], dialogue: ScriptedDialogue
) -> None:
    async with process.visitor(opened["token"]) as slow, process.visitor(opened["token"]) as other:
        for _ in range(_BUFFER):
            await other.say("x" * 3_000)
            await other.frame("received")
        await process.turns.drain()
        until = 1 + 2 * _BUFFER
        assert [message["seq"] for message in await slow.messages(until)] == list(range(1, until + 1))


async def test_messages_out_of_order_are_put_in_order(process: Process, opened: dict[str, Any]) -> None:
    async with process.visitor(opened["token"]) as visitor:
        await visitor.messages(1)
        first, second, third = await process.append(opened["conversation_id"], 3)
        for message in (third, first, second, second):
            process.hub.publish(message.conversation_id, [message])
        assert [message["seq"] for message in await visitor.messages(4)] == [2, 3, 4]
        assert await visitor.nothing_more()


async def test_a_full_buffer_becomes_a_look_into_the_table() -> None:
    watcher = Watcher()
    for _ in range(_BUFFER + 1):
        watcher.offer([None])  # type: ignore[list-item]
    assert await watcher.wait() == ()
    assert not await watcher.wait_until(asyncio.get_running_loop().time() + 0.01)


async def test_a_database_that_fails_closes_the_socket_so_that_the_browser_comes_back(
    process: Process, opened: dict[str, Any], database: Database, logged: list[MutableMapping[str, Any]]
) -> None:
    async with process.visitor(opened["token"]) as speaking, process.visitor(opened["token"]) as listening:
        await speaking.messages(1)
        await listening.messages(1)
        async with database.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE messages RENAME TO away"))
        await speaking.say("lost?")
        process.hub.wake_all()
        assert await speaking.close_code() == 1011
        assert await listening.close_code() == 1011
    assert {entry["event"] for entry in logged} == {"socket_broke"}
    async with process.request("GET", "/chat/messages", token=opened["token"]) as answer:
        assert (answer.status, (await answer.json())["code"]) == (500, "internal_error")
    async with database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE away RENAME TO messages"))
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        await visitor.say("found")
        assert texts(await visitor.messages(3))[-1] == (3, "bot", "echo found")


async def test_a_socket_that_goes_away_leaves_no_watcher(process: Process, opened: dict[str, Any]) -> None:
    async with process.visitor(opened["token"]) as visitor:
        await visitor.messages(1)
        assert process.hub.is_watched(UUID(opened["conversation_id"]))
    async with asyncio.timeout(SOON):
        while process.hub.is_watched(UUID(opened["conversation_id"])):
            await asyncio.sleep(0.01)


async def test_stopping_closes_sockets_with_1001_and_finishes_the_turn_in_hand(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> None:
    async with running_process(database, keys, now, dialogue) as process:
        opened = await process.open()
        await process.turns.drain()
        dialogue.delay = 0.5
        async with process.visitor(opened["token"]) as visitor:
            await visitor.say("just before the end")
            await visitor.frame("received")
            stopping = asyncio.create_task(process.server.close())
            assert await visitor.close_code() == 1001
            await stopping
    async with database.sessions() as session:
        stored = await list_messages(session, UUID(opened["conversation_id"]), after=1)
        assert [message.text for message in stored] == ["just before the end", "echo just before the end"]
        assert list(await session.scalars(select(Message.turn_state).where(Message.seq == 2))) == ["done"]


async def test_stopping_does_not_wait_for_silent_browsers_one_after_the_other(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> None:
    async with running_process(database, keys, now, dialogue) as process:
        opened = await process.open()
        request = (
            f"GET /chat/socket HTTP/1.1\r\nHost: x\r\nOrigin: https://www.northwind.example\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n"
        ).encode()
        writers = []
        for _ in range(4):
            reader, writer = await asyncio.open_connection("127.0.0.1", process.server.port)
            writer.write(request)
            assert b"101" in await reader.readline()
            writers.append(writer)
        waiting = asyncio.create_task(poll(process, opened["token"]))
        await asyncio.sleep(0.2)
        async with asyncio.timeout(9):
            await process.server.close()
        assert await waiting == 200
        for writer in writers:
            writer.close()


async def poll(process: Process, token: str) -> int:
    async with process.request("GET", "/chat/messages?after=1&wait=25", token=token) as answer:
        return int(answer.status)


async def test_a_message_taken_by_a_process_that_stops_is_not_lost(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> None:
    echo = dialogue.script
    dialogue.script = lambda _body: 503
    async with running_process(database, keys, now, dialogue) as process:
        opened = await process.open()
        async with process.visitor(opened["token"]) as visitor:
            await visitor.say("anybody?", uuid4())
            await visitor.frame("received")
    dialogue.script = echo
    async with running_process(database, keys, now, dialogue, "next") as process:
        while await process.turns.resume_waiting():
            pass
        async with process.visitor(opened["token"]) as visitor:
            assert [author for _, author, _ in texts(await visitor.messages(3))] == ["visitor", "bot", "bot"]
