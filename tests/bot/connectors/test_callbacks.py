"""Calls back from other systems: one value, once, for the conversation that waits."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select, text

from admin.api.problems import problem_middleware
from bot.connectors.callbacks import CallbackReceiver, routes
from bot.models import Conversation, Message
from tests.bot.connectors.conftest import Calls


@pytest.fixture
async def site(calls: Calls) -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application(middlewares=[problem_middleware])
    app.add_routes(routes(CallbackReceiver(calls.sessions, calls.clock)))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield client


async def hand_out(calls: Calls) -> str:
    """Calls the other system with an address to call back; gives the path of that address."""
    await calls.add()
    assert (await calls.call(body={"order": 7}, callback=True))["ok"]
    sent = json.loads(calls.system.asked[-1].body)
    assert sent["order"] == 7
    assert sent["callback_url"].startswith("https://site.example/callbacks/")
    return str(sent["callback_url"]).removeprefix("https://site.example")


async def stored(calls: Calls) -> list[Message]:
    async with calls.sessions() as session:
        return list(await session.scalars(select(Message).where(Message.kind == "callback").order_by(Message.seq)))


async def test_the_value_waits_for_its_turn(calls: Calls, site: TestClient[Any, Any]) -> None:
    path = await hand_out(calls)
    response = await site.post(path, json={"status": "paid"})
    assert response.status == 202
    [message] = await stored(calls)
    assert (message.author, message.turn_state, message.data, message.text) == (
        "system",
        "pending",
        {"value": {"status": "paid"}},
        "",
    )
    async with calls.sessions() as session:
        conversation = await session.get_one(Conversation, calls.conversation_id)
    assert (message.seq, conversation.next_seq) == (1, 2)


async def test_an_address_is_good_once(calls: Calls, site: TestClient[Any, Any]) -> None:
    path = await hand_out(calls)
    responses: list[ClientResponse] = await asyncio.gather(*(site.post(path, json={"n": n}) for n in range(5)))
    assert sorted(response.status for response in responses) == [202, 404, 404, 404, 404]
    assert len(await stored(calls)) == 1


async def test_what_is_not_understood_does_not_use_the_address_up(calls: Calls, site: TestClient[Any, Any]) -> None:
    path = await hand_out(calls)
    headers = {"Content-Type": "application/json"}
    assert (await site.post(path, data=b"{", headers=headers)).status == 400
    assert (await site.post(path, data=b"", headers=headers)).status == 400
    assert (await site.post(path, data=b'"\\u0000"', headers=headers)).status == 400
    assert (await site.post(path, data=b'"' + b"x" * 70_000 + b'"', headers=headers)).status == 413
    assert (await site.post(path, data=b"a=1")).status == 415
    assert (await site.get(path)).status == 405
    assert (await site.post(path, json=[1, 2])).status == 202


async def test_an_address_ends_after_thirty_days(calls: Calls, site: TestClient[Any, Any]) -> None:
    path = await hand_out(calls)
    calls.clock.move(timedelta(days=30, seconds=1))
    assert (await site.post(path, json={})).status == 404


async def test_an_unknown_address_is_not_found(site: TestClient[Any, Any]) -> None:
    for token in ("x", "a" * 43, "%F0%9F%98%80", "%00"):
        assert (await site.post(f"/callbacks/{token}", json={})).status == 404


async def test_an_address_dies_with_its_conversation(calls: Calls, site: TestClient[Any, Any]) -> None:
    path = await hand_out(calls)
    async with calls.sessions.begin() as session:
        await session.execute(text("delete from conversations"))
    assert (await site.post(path, json={})).status == 404


async def test_only_a_hash_of_the_token_is_stored(calls: Calls) -> None:
    token = (await hand_out(calls)).rsplit("/", 1)[1]
    async with calls.sessions() as session:
        [row] = (await session.execute(text("select callbacks::text, token_sha256 from callbacks"))).all()
        kept = (await session.execute(text("select connector_calls::text from connector_calls"))).scalar_one()
    assert row.token_sha256 == hashlib.sha256(token.encode()).digest()
    assert token not in row[0]
    assert token not in kept
    assert len(token) == 43


async def test_a_value_that_no_turn_could_take_is_refused_and_may_be_sent_again(
    calls: Calls, site: TestClient[Any, Any]
) -> None:
    path = await hand_out(calls)
    headers = {"Content-Type": "application/json"}
    wide = json.dumps([1] * 30_000, separators=(",", ":"))
    assert (await site.post(path, data=wide, headers=headers)).status == 413
    assert (await site.post(path, json=[1])).status == 202
    assert len(await stored(calls)) == 1
