"""Two web processes are as strict as one: what a visitor, an address or everybody did in one counts in the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from base.encryption import KeyRing
from channels.web.limits import CODES_TRIED, Rates
from tests.bot.scripted_dialogue import ScriptedDialogue
from tests.channels.web.chat_stage import Process, running_process
from tests.conftest import Database


@pytest.fixture
async def two(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> AsyncIterator[tuple[Process, Process]]:
    rates = Rates(messages_a_minute=8, sessions_a_minute=12, all_sessions_a_minute=15)
    async with (
        running_process(database, keys, now, dialogue, "first", rates=rates) as first,
        running_process(database, keys, now, dialogue, "second", rates=rates) as second,
    ):
        yield first, second


async def say(process: Process, token: str) -> Any:
    body = {"type": "message", "client_id": str(uuid4()), "text": "hello"}
    async with process.request("POST", "/chat/messages", token=token, json=body) as answer:
        return answer.status, answer.headers.get("Retry-After")


async def begin(process: Process, address: str | None = None) -> int:
    async with process.request("POST", "/chat/session", data="{}") as answer:
        return int(answer.status)


async def test_a_visitor_who_goes_from_process_to_process_is_counted_once(two: tuple[Process, Process]) -> None:
    token = (await two[0].open())["token"]
    said = [await say(two[number % 2], token) for number in range(24)]
    taken = [status for status, _ in said].count(202)
    # Eight in all; what one process took in advance is not the other's.
    assert 7 <= taken <= 9
    assert {status for status, _ in said} == {202, 429}
    assert all(int(wait) >= 1 for status, wait in said if status == 429)


async def test_an_address_opens_so_many_chats_at_all_processes_together(two: tuple[Process, Process]) -> None:
    begun = [await begin(two[number % 2]) for number in range(30)]
    assert 10 <= begun.count(200) <= 12
    assert begun[-1] == 429


async def test_codes_are_guessed_at_all_processes_together_no_more_often(two: tuple[Process, Process]) -> None:
    notices = [(await two[number % 2].open(resume="K7M2QX"))["notice"] for number in range(CODES_TRIED + 2)]
    assert ["too much" in one for one in notices] == [False] * CODES_TRIED + [True] * 2
