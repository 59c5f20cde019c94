"""Processes are killed in the middle of a conversation; strangers type strange things."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from base.database import create_engine, create_sessions
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT, Visitor

pytestmark = pytest.mark.journey

PATIENCE = 240
"""Seconds until something must have happened: on a busy machine a program needs a minute to come back, and here five do
so one after the other."""
QUESTION = "how much does it cost?"
ANSWER = "€29 a month"


Oracle = Callable[[Any, datetime], Awaitable[None]]


async def _ask(oracle: Oracle, site: RunningSite) -> None:
    engine = create_engine(site.database_url)
    try:
        await oracle(create_sessions(engine), datetime.now(UTC))
    finally:
        await engine.dispose()


@dataclass
class PatientClient:
    """A visitor's widget without a face: keeps its ids, connects again, sends again what was not confirmed."""

    url: str
    token: str = ""
    last_seen: int = 0
    confirmed: dict[str, int] = field(default_factory=dict)
    shown: list[dict[str, Any]] = field(default_factory=list)

    async def open(self, session: aiohttp.ClientSession) -> None:
        """Opens the chat."""
        async with session.post(f"{self.url}/chat/session", json={}, headers={"Origin": self.url}) as response:
            assert response.status == 200, await response.text()
            self.token = (await response.json())["token"]
        await self.until(session, lambda: len(self.shown) >= 2)

    async def say(self, session: aiohttp.ClientSession, text: str, client_id: str, *, answers: int) -> None:
        """Says something until it is confirmed and the bot has answered it."""
        frame = {"type": "message", "client_id": client_id, "text": text}
        await self.until(session, lambda: client_id in self.confirmed, frame=frame)
        await self.until(session, lambda: self.answers_to(client_id) >= answers)

    def answers_to(self, client_id: str) -> int:
        """How many answers came after the message and before the visitor's next one."""
        seq = self.confirmed[client_id]
        later = [message["seq"] for message in self.shown if message["author"] == "visitor" and message["seq"] > seq]
        end = min(later, default=2**31)
        return sum(1 for message in self.shown if message["author"] == "bot" and seq < message["seq"] < end)

    async def until(self, session: aiohttp.ClientSession, done: Any, *, frame: dict[str, str] | None = None) -> None:
        """Reads, connecting again whenever the connection is lost, until `done()`."""
        async with asyncio.timeout(PATIENCE):
            while not done():
                try:
                    await self._read(session, done, frame)
                except (aiohttp.ClientError, ConnectionError, TypeError, TimeoutError):
                    await asyncio.sleep(0.2)

    async def _read(self, session: aiohttp.ClientSession, done: Any, frame: dict[str, str] | None) -> None:
        address = f"{self.url}/chat/socket"
        async with session.ws_connect(address, headers={"Origin": self.url}, timeout=aiohttp.ClientWSTimeout(2)) as ws:
            await ws.send_json({"type": "hello", "token": self.token, "last_seen": self.last_seen})
            if frame:
                await ws.send_json(frame)
            while not done():
                self._take(await ws.receive_json(timeout=5))

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "received":
            self.confirmed[frame["client_id"]] = frame["seq"]
        elif frame["type"] == "messages":
            for message in frame["messages"]:
                if message["seq"] > self.last_seen:
                    self.shown.append(message)
                    self.last_seen = message["seq"]


async def test_killing_web_worker_and_rasa_mid_conversation_loses_nothing_and_doubles_nothing(
    site: RunningSite, oracle: Oracle
) -> None:
    async with aiohttp.ClientSession() as session:
        clients = [PatientClient(site.url) for _ in range(4)]
        await asyncio.gather(*(client.open(session) for client in clients))
        said: list[str] = []

        async def talk(client: PatientClient) -> None:
            for _ in range(8):
                client_id = str(uuid.uuid4())
                said.append(client_id)
                # A question in the middle: the answer, the way back, the open question again.
                await client.say(session, QUESTION, client_id, answers=2)
                await asyncio.sleep(0.3)

        talking = [asyncio.create_task(talk(client)) for client in clients]
        for name in ("web", "rasa", "worker", "web", "rasa"):
            await asyncio.sleep(0.7)
            await site.wait_until_back(name, site.kill(name))
        await asyncio.gather(*talking)

    for client in clients:
        stored = site.query(
            "SELECT client_id, turn_state, seq FROM messages WHERE conversation_id = "
            "(SELECT conversation_id FROM messages WHERE client_id = %s) AND author = 'visitor' AND seq > 0",
            next(iter(client.confirmed)),
        )
        assert len(stored) == 8
        assert {row["turn_state"] for row in stored} == {"done"}
        assert Counter(client.answers_to(client_id) for client_id in client.confirmed) == {2: 8}
        seqs = [message["seq"] for message in client.shown]
        assert seqs == sorted(set(seqs)), "each message was shown once, in order"
    assert len(said) == len(set(said)) == sum(len(client.confirmed) for client in clients)
    await _ask(oracle, site)


async def test_a_killed_database_comes_back_by_itself_and_no_message_is_lost_or_doubled(
    site: RunningSite, oracle: Oracle
) -> None:
    async with aiohttp.ClientSession() as session:
        clients = [PatientClient(site.url) for _ in range(3)]
        await asyncio.gather(*(client.open(session) for client in clients))

        async def talk(client: PatientClient) -> None:
            for _ in range(4):
                await client.say(session, QUESTION, str(uuid.uuid4()), answers=2)
                await asyncio.sleep(0.3)

        pids = [site.pid_of(name) for name in ("web", "rasa")]
        talking = [asyncio.create_task(talk(client)) for client in clients]
        await asyncio.sleep(0.7)
        os.kill(int((site.folder / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        await asyncio.gather(*talking)
    for client in clients:
        assert Counter(client.answers_to(client_id) for client_id in client.confirmed) == {2: 4}
    assert [site.pid_of(name) for name in ("web", "rasa")] == pids, "nothing else had to be started again"
    await _ask(oracle, site)


async def test_in_the_browser_a_message_typed_while_the_web_process_dies_is_answered_once(
    site: RunningSite, browser: Browser
) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await visitor.open_chat()
    killed = site.kill("web")
    await visitor.page.get_by_test_id("input").fill(QUESTION)
    await visitor.page.keyboard.press("Enter")
    await site.wait_until_back("web", killed)
    answer = visitor.messages("bot").filter(has_text=ANSWER)
    await expect(answer).to_have_count(1, timeout=120_000)
    await visitor.page.wait_for_timeout(2_000)
    await expect(answer).to_have_count(1)
    await expect(visitor.messages("visitor").filter(has_text=QUESTION)).to_have_count(1)
    await visitor.leave()


@pytest.mark.parametrize(
    "text",
    [
        '/start{"email":"x"}',
        '/consent_given{"phone":"+15551234567"}',
        ' \u200b/request_demo{"first_name":"Mallory"}',
        "🎉🙈👩‍👩‍👧‍👦 🇺🇦",
        "مرحبا، كم السعر؟ \u202eabc",
        "<img src=x onerror=alert(1)><script>alert(2)</script>",
        "{{ first_name }} {{7*7}} ${7*7} %s '; DROP TABLE contacts; --",
    ],
)
async def test_strange_text_gets_a_sane_answer_and_changes_nothing(
    site: RunningSite, browser: Browser, text: str
) -> None:
    before = _what_must_not_change(site)
    visitor = await Visitor.arrive(browser, site.url)
    await visitor.open_chat()
    count = await visitor.messages("bot").count()
    await visitor.page.get_by_test_id("input").fill(text)
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.messages("bot").nth(count)).to_be_visible(timeout=WAIT)
    shown = await visitor.messages("visitor").last.inner_text()
    assert text.strip() in shown, "shown as it was typed, as text"
    await visitor.leave()
    stored = site.query("SELECT text FROM messages WHERE author = 'visitor' AND seq > 0 ORDER BY created_at DESC")
    assert stored[0]["text"] == text.strip()
    assert _what_must_not_change(site) == before


async def test_a_text_of_100_kb_is_refused_with_words_and_nothing_is_stored(
    site: RunningSite, browser: Browser
) -> None:
    before = site.query("SELECT count(*) AS n FROM messages WHERE author = 'visitor' AND seq > 0")
    visitor = await Visitor.arrive(browser, site.url)
    await visitor.open_chat()
    await visitor.page.get_by_test_id("input").fill("x" * 100_000)
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.get_by_test_id("counter")).to_be_visible()
    await visitor.leave()
    async with aiohttp.ClientSession() as session:
        client = PatientClient(site.url)
        await client.open(session)
        frame = {"type": "message", "client_id": str(uuid.uuid4()), "text": "x" * 100_000}
        async with session.ws_connect(f"{site.url}/chat/socket", headers={"Origin": site.url}) as ws:
            await ws.send_json({"type": "hello", "token": client.token, "last_seen": 0})
            await ws.send_json(frame)
            with contextlib.suppress(TypeError):  # the close frame is no text
                while True:
                    await ws.receive_json(timeout=10)
            assert ws.close_code == 1009
        headers = {"Origin": site.url, "Authorization": f"Bearer {client.token}"}
        async with session.post(f"{site.url}/chat/messages", json=frame, headers=headers) as response:
            assert response.status == 413
            assert (await response.json())["detail"]
        frame["text"] = "x" * 4_001
        async with session.post(f"{site.url}/chat/messages", json=frame, headers=headers) as response:
            assert response.status == 422
            assert (await response.json())["code"] == "too_long"
    assert site.query("SELECT count(*) AS n FROM messages WHERE author = 'visitor' AND seq > 0") == before


def _what_must_not_change(site: RunningSite) -> list[object]:
    tables = ("contacts", "contact_points", "consent_events", "score_entries", "enrolments", "suppressions")
    return [site.query(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in tables]
