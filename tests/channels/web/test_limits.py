"""How often: too much is told, forgotten soon, and never stored."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from base.encryption import KeyRing
from base.errors import TooMany
from bot.models import Message
from channels.web.limits import RateLimit
from tests.bot.scripted_dialogue import ScriptedDialogue
from tests.channels.web.chat_stage import ORIGIN, running_process
from tests.conftest import Database

A_MINUTE = 60


async def test_too_many_messages_are_refused_not_stored_and_taken_again_a_little_later(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> None:
    async with running_process(database, keys, now, dialogue, messages_a_minute=A_MINUTE) as process:
        opened = await process.open()
        async with process.visitor(opened["token"]) as visitor:
            taken = 0
            while True:
                client_id = await visitor.say(f"m{taken}")
                frame = await visitor.frame("received", "error")
                if frame["type"] == "error":
                    break
                taken += 1
            assert (frame["code"], frame["client_id"]) == ("too_fast", client_id)
            assert A_MINUTE <= taken <= A_MINUTE + 10
            async with process.request("POST", "/chat/messages", token=opened["token"], json={
                "type": "message", "client_id": str(uuid4()), "text": "x"}) as answer:  # fmt: skip
                assert (answer.status, (await answer.json())["code"]) == (429, "too_fast")
                assert int(answer.headers["Retry-After"]) >= 1
                assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
            async with process.sessions() as session:
                assert await session.scalar(select(func.count()).where(Message.text.like("m%"))) == taken
            await asyncio.sleep(1.1)
            await visitor.say("slowly", client_id=None)
            assert (await visitor.frame("received", "error"))["type"] == "received"


async def test_nobody_is_too_fast_to_opt_out(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> None:
    async with running_process(database, keys, now, dialogue, messages_a_minute=1) as process:
        opened = await process.open()
        async with process.visitor(opened["token"]) as visitor:
            for text, expected in (("a", "received"), ("b", "error"), ("STOP", "received"), ("STOP", "error")):
                await visitor.say(text)
                assert (await visitor.frame("received", "error"))["type"] == expected
        async with process.sessions() as session:
            assert await session.scalar(select(func.count()).where(Message.text == "STOP")) == 1


async def test_one_visitors_haste_is_not_anothers(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> None:
    async with running_process(database, keys, now, dialogue, messages_a_minute=1) as process:
        hasty, calm = await process.open(), await process.open()
        async with process.visitor(hasty["token"]) as visitor:
            for expected in ("received", "error"):
                await visitor.say("quick")
                assert (await visitor.frame("received", "error"))["type"] == expected
        async with process.visitor(calm["token"]) as visitor:
            await visitor.say("hello")
            await visitor.frame("received")


async def test_too_many_new_chats_from_one_address_are_refused_but_old_ones_go_on(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> None:
    async with running_process(database, keys, now, dialogue, sessions_a_minute=2) as process:
        opened = [await process.open() for _ in range(2)]
        async with process.request("POST", "/chat/session", data="{}") as answer:
            assert (answer.status, (await answer.json())["code"]) == (429, "too_fast")
        assert (await process.open(token=opened[0]["token"]))["conversation_id"] == opened[0]["conversation_id"]


async def test_a_bucket_fills_again_evenly_and_never_beyond_its_size() -> None:
    limit = RateLimit(2, 0.2)
    for _ in range(2):
        for _ in range(2):
            limit.check("a")
        with pytest.raises(TooMany) as caught:
            limit.check("a")
        assert caught.value.retry_after == 1
        await asyncio.sleep(0.12)
        limit.check("a")
        await asyncio.sleep(0.5)


def test_keys_are_counted_apart_and_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.web.limits._KEPT", 3)
    limit = RateLimit(1, 1_000)
    for key in "abcd":
        limit.check(key)
    for key in "bcd":
        with pytest.raises(TooMany):
            limit.check(key)
    limit.check("a")
