"""Long-poll: the same chat for networks without WebSockets."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.channels.web.chat_stage import ORIGIN, Process, texts


async def poll(process: Process, token: str, query: str, origin: str | None = None) -> list[dict[str, Any]]:
    """The messages of one poll; browsers send no Origin with a GET of the same origin."""
    async with process.request("GET", f"/chat/messages?{query}", origin=origin, token=token) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Cache-Control"] == "no-store"
        messages: list[dict[str, Any]] = (await answer.json())["messages"]
        return messages


async def say(process: Process, token: str, text: str, client_id: UUID | None = None) -> tuple[int, dict[str, Any]]:
    frame = {"type": "message", "client_id": str(client_id or uuid4()), "text": text}
    async with process.request("POST", "/chat/messages", token=token, json=frame) as answer:
        return answer.status, await answer.json()


async def test_what_is_newer_comes_at_once(process: Process, opened: dict[str, Any]) -> None:
    began = time.monotonic()
    assert texts(await poll(process, opened["token"], "after=0&wait=25")) == [(1, "bot", "welcome")]
    assert time.monotonic() - began < 2


async def test_without_a_wait_an_empty_answer_comes_at_once(process: Process, opened: dict[str, Any]) -> None:
    assert await poll(process, opened["token"], "after=1") == []
    assert await poll(process, opened["token"], "after=1&wait=0") == []


async def test_with_nothing_new_the_poll_waits_as_long_as_asked(process: Process, opened: dict[str, Any]) -> None:
    began = time.monotonic()
    assert await poll(process, opened["token"], "after=1&wait=1") == []
    assert 0.9 < time.monotonic() - began < 3


async def test_a_waiting_poll_is_woken_by_a_message(process: Process, opened: dict[str, Any]) -> None:
    waiting = asyncio.create_task(poll(process, opened["token"], "after=1&wait=20"))
    await watched(process, opened)
    status, receipt = await say(process, opened["token"], "hello")
    assert (status, receipt["seq"]) == (202, 2)
    seen = await waiting
    assert seen[0]["text"] == "hello"
    while len(seen) < 2:
        seen += await poll(process, opened["token"], f"after={seen[-1]['seq']}&wait=5")
    assert texts(seen) == [(2, "visitor", "hello"), (3, "bot", "echo hello")]


async def test_a_wake_up_without_news_does_not_end_the_wait(process: Process, opened: dict[str, Any]) -> None:
    waiting = asyncio.create_task(poll(process, opened["token"], "after=1&wait=20"))
    await watched(process, opened)
    process.hub.wake_all()
    done, _ = await asyncio.wait({waiting}, timeout=0.3)
    assert not done
    (stored,) = await process.append(opened["conversation_id"], 1)
    process.hub.publish(stored.conversation_id, [stored])
    assert [message["seq"] for message in await waiting] == [2]


async def test_the_same_message_posted_again_gives_the_same_receipt(process: Process, opened: dict[str, Any]) -> None:
    client_id = uuid4()
    receipts = [await say(process, opened["token"], "once", client_id) for _ in range(3)]
    assert receipts == [(202, {"type": "received", "client_id": str(client_id), "seq": 2})] * 3
    await process.turns.drain()
    assert len(await poll(process, opened["token"], "after=1")) == 2


async def test_a_long_history_is_read_page_by_page(process: Process, opened: dict[str, Any]) -> None:
    await process.append(opened["conversation_id"], 450)
    seen: list[int] = [0]
    while page := await poll(process, opened["token"], f"after={seen[-1]}"):
        seen += [message["seq"] for message in page]
    assert seen == list(range(452))


async def test_polls_and_sockets_show_the_same(process: Process, opened: dict[str, Any]) -> None:
    async with process.visitor(opened["token"]) as visitor:
        await visitor.say("both")
        over_socket = await visitor.messages(3)
    assert await poll(process, opened["token"], "after=0", ORIGIN) == over_socket


@pytest.mark.parametrize(
    "query",
    ["after=-1", "after=x", "after=1e3", "after=", "after=99999999999999999999", f"after={'9' * 6000}", "wait=26",
     "wait=-1", "wait=nan", "after=1.5"],
)  # fmt: skip
async def test_a_query_that_makes_no_sense_is_refused(process: Process, opened: dict[str, Any], query: str) -> None:
    async with process.request("GET", f"/chat/messages?{query}", token=opened["token"]) as answer:
        assert answer.status == 400
        assert answer.content_type == "application/problem+json"


async def watched(process: Process, opened: dict[str, Any]) -> None:
    """Waits until the poll has begun to wait."""
    async with asyncio.timeout(5):
        while not process.hub.is_watched(UUID(opened["conversation_id"])):
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
