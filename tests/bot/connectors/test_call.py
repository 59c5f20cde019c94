"""Calling another system for a turn: once per key, within what is allowed, whatever it answers."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from base.database import transaction
from bot.connectors.call import ConnectorRequest
from bot.connectors.service import list_calls
from tests.base.other_system import Asked
from tests.bot.connectors.conftest import Calls


async def test_the_answer_is_given_to_the_turn(calls: Calls) -> None:
    await calls.add()
    result = await calls.call(path="/leads/a%20b", query={"q": "x y"}, body={"name": "Ada", "people": 12})
    assert result == {"ok": True, "status": 200, "json": {"plan": "pro"}}
    [asked] = calls.system.asked
    assert (asked.method, asked.path) == ("POST", "/v2/leads/a%20b?q=x%20y")
    assert json.loads(asked.body) == {"name": "Ada", "people": 12}
    assert asked.headers["Idempotency-Key"] == "turn/1"
    assert asked.headers["Authorization"] == "Bearer very-secret"
    assert asked.headers["Content-Type"] == "application/json"


async def test_the_same_key_is_the_same_call(calls: Calls) -> None:
    await calls.add()
    first = await calls.call()
    calls.system.script = lambda _asked: web.json_response({"plan": "other"})
    assert await calls.call() == first
    assert len(calls.system.asked) == 1


async def test_a_failure_is_kept_as_well(calls: Calls) -> None:
    await calls.add()
    calls.system.script = lambda _asked: web.json_response({}, status=500)
    failed = {"ok": False, "problem": "answered with status 500"}
    assert await calls.call() == failed
    calls.system.script = lambda _asked: web.json_response({})
    assert await calls.call() == failed


async def test_calls_at_the_same_time_with_one_key_are_made_once(calls: Calls) -> None:
    await calls.add()

    async def slowly(_asked: Asked) -> web.Response:
        await asyncio.sleep(0.3)
        return web.json_response({"n": len(calls.system.asked)})

    calls.system.script = slowly
    results = await asyncio.gather(*(calls.call() for _ in range(5)))
    assert results == [{"ok": True, "status": 200, "json": {"n": 1}}] * 5
    assert len(calls.system.asked) == 1


async def leave_calling(calls: Calls, **changed: Any) -> None:
    """Makes a call whose process dies while the other system thinks."""
    reached = asyncio.Event()

    async def never(_asked: Asked) -> web.Response:
        reached.set()
        await asyncio.sleep(30)
        return web.json_response({})

    before, calls.system.script = calls.system.script, never
    dying = asyncio.create_task(calls.call(**changed))
    await reached.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    calls.system.script = before
    calls.clock.move(timedelta(seconds=20))


async def test_what_a_dead_process_may_have_done_is_not_done_again(calls: Calls) -> None:
    await calls.add()
    await leave_calling(calls)
    unknown = {"ok": False, "problem": "unknown whether it was done"}
    assert await calls.call() == unknown
    assert await calls.call() == unknown
    assert len(calls.system.asked) == 1
    async with calls.sessions() as session:
        [row] = await list_calls(session, "crm")
    assert (row.state, row.problem) == ("failed", "unknown whether it was done")


async def test_a_question_a_dead_process_left_is_asked_again(calls: Calls) -> None:
    await calls.add()
    await leave_calling(calls, method="GET", body=None)
    assert (await calls.call(method="GET", body=None))["ok"]
    assert [asked.headers["Idempotency-Key"] for asked in calls.system.asked] == ["turn/1", "turn/1"]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"connector": "erp"}, "no such connector"),
        ({"method": "PUT"}, "method not allowed"),
        ({"path": "/admin"}, "path not allowed"),
        ({"path": "/leads/../admin"}, "path not allowed"),
        ({"path": "/leads/%2e%2e/admin"}, "path not allowed"),
        ({"path": "@evil.example/"}, "path not allowed"),
        ({"method": "GET"}, "a GET has no body"),
        ({"method": "GET", "body": None, "callback": True}, "a GET has no body"),
        ({"body": {"a": "x" * 70_000}}, "the body cannot be sent"),
        ({"body": {"a": float("nan")}}, "the body cannot be sent"),
    ],
)
async def test_what_is_not_allowed_is_not_called(calls: Calls, changed: dict[str, Any], problem: str) -> None:
    await calls.add(methods=["GET", "POST"])
    assert await calls.call(**changed) == {"ok": False, "problem": problem}
    assert calls.system.asked == []


async def test_a_private_address_is_called_only_where_the_operator_allows_it(calls: Calls) -> None:
    port = calls.system.url.rsplit(":", 1)[1]
    for number, host in enumerate(["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "169.254.169.254"]):
        await calls.add(name=f"inside_{number}", base_url=f"https://{host}:{port}", allow_private=False)
        result = await calls.call(key=f"turn/{number}", connector=f"inside_{number}")
        assert result == {"ok": False, "problem": "address not allowed"}
    assert calls.system.asked == []


async def test_calls_in_a_day_are_counted_also_when_they_come_at_once(calls: Calls) -> None:
    await calls.add(calls_a_day=3)
    results = await asyncio.gather(*(calls.call(key=f"turn/{number}") for number in range(6)))
    assert sum(result["ok"] for result in results) == 3
    assert {"ok": False, "problem": "too many calls in a day"} in results
    calls.clock.move(timedelta(days=1, seconds=1))
    assert (await calls.call(key="tomorrow"))["ok"]


def not_json(_asked: Asked) -> web.Response:
    return web.Response(text="<html>", content_type="text/html")


def broken_json(_asked: Asked) -> web.Response:
    return web.Response(text="{", content_type="application/json")


def unkeepable_json(_asked: Asked) -> web.Response:
    return web.Response(text='{"a": "\\u0000"}', content_type="application/json")


def redirect(_asked: Asked) -> web.Response:
    return web.Response(status=307, headers={"Location": "/v2/admin"})


def large(_asked: Asked) -> web.Response:
    return web.json_response({"a": "x" * 300_000})


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (not_json, "the answer is not JSON"),
        (broken_json, "the answer is not JSON"),
        (unkeepable_json, "the answer is not JSON"),
        (redirect, "answered with status 307"),
        (large, "answer too large"),
    ],
)
async def test_an_answer_that_is_of_no_use_is_a_failure(calls: Calls, script: Any, problem: str) -> None:
    await calls.add()
    calls.system.script = script
    assert await calls.call() == {"ok": False, "problem": problem}
    assert len(calls.system.asked) == 1


async def test_an_answer_without_content_is_fine(calls: Calls) -> None:
    await calls.add()
    calls.system.script = lambda _asked: web.Response(status=204)
    assert await calls.call() == {"ok": True, "status": 204, "json": None}


async def test_a_system_that_is_away_is_a_failure(calls: Calls) -> None:
    await calls.add(base_url="http://127.0.0.1:1")
    assert await calls.call() == {"ok": False, "problem": "not reached"}


async def test_the_call_is_in_the_log_before_it_is_made(calls: Calls) -> None:
    await calls.add()
    seen: list[str] = []

    async def look(_asked: Asked) -> web.Response:
        async with calls.sessions() as session:
            seen.extend(call.state for call in await list_calls(session, "crm"))
        return web.json_response({})

    calls.system.script = look
    await calls.call()
    assert seen == ["calling"]


async def test_neither_secrets_nor_contents_are_logged(calls: Calls, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await calls.add()
    await calls.add(name="gone", base_url="http://127.0.0.1:1")
    with capture_logs() as logs:
        await calls.call(body={"email": "ada@example.com"}, query={"q": "private"})
        await calls.call(key="turn/2", connector="gone", body={"email": "ada@example.com"})
        await calls.call(key="turn/3", path="/admin")
    ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]  # the other system's
    said = json.dumps(logs, default=str) + " ".join(ours)
    assert "connector_called" in said
    for secret in ("very-secret", "ada@example.com", "private"):
        assert secret not in said


async def test_a_call_without_a_conversation_can_be_made(calls: Calls) -> None:
    await calls.add()
    request = ConnectorRequest("crm", "POST", "/leads")
    result = await calls.connectors.call(request, key="turn/9", conversation_id=None)
    assert result["ok"]
    async with transaction(calls.sessions) as session:
        assert [call.conversation_id for call in await list_calls(session, "crm")] == [None]


async def test_an_answer_that_no_turn_could_take_is_a_failure(calls: Calls) -> None:
    """It is written out wider than it comes, and a dialogue process that refuses it would refuse it again."""
    await calls.add()
    compact = json.dumps([1] * 30_000, separators=(",", ":"))
    calls.system.script = lambda _asked: web.Response(text=compact, content_type="application/json")
    assert len(compact) < 64 * 1024
    assert await calls.call() == {"ok": False, "problem": "answer too large"}
