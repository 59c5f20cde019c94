"""What other processes write reaches this process's visitors, by LISTEN/NOTIFY; when that breaks, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from base.database import libpq_url
from base.encryption import KeyRing
from channels.web.sender import WebSender
from outreach.ports import Accepted, Envelope, Refused
from tests.bot.scripted_dialogue import ScriptedDialogue
from tests.channels.web.chat_stage import SOON, Process, running_process, texts
from tests.conftest import Database

LISTENING = "FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"


@pytest.fixture
async def second(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> AsyncIterator[Process]:
    """Another web process on the same database."""
    async with running_process(database, keys, now, dialogue, "second") as running:
        yield running


def envelope(conversation_id: UUID | None, outbox_id: UUID) -> Envelope:
    return Envelope(
        outbox_id=outbox_id,
        contact_id=uuid4(),
        conversation_id=conversation_id,
        attempt=1,
        channel="web",
        address=None,
        subject=None,
        text="Here is the guide you asked for.",
        purpose="service",
        language="en",
    )


async def test_a_turn_of_another_process_is_shown_here(
    process: Process, second: Process, opened: dict[str, Any], database: Database
) -> None:
    await listeners(database, 2)
    async with process.visitor(opened["token"]) as here, second.visitor(opened["token"]) as there:
        await here.messages(1)
        await there.messages(1)
        await there.say("from the other tab")
        expected = [(2, "visitor", "from the other tab"), (3, "bot", "echo from the other tab")]
        assert texts(await here.messages(3)) == expected
        assert texts(await there.messages(3)) == expected


async def test_a_message_received_by_one_process_and_sent_again_to_another_is_one_message(
    process: Process, second: Process, opened: dict[str, Any], dialogue: ScriptedDialogue
) -> None:
    client_id = uuid4()
    async with process.visitor(opened["token"], last_seen=1) as here:
        await here.say("once", client_id)
        receipt = await here.frame("received")
    async with second.visitor(opened["token"], last_seen=1) as there:
        await there.say("once", client_id)
        assert await there.frame("received") == receipt
    async with second.visitor(opened["token"], last_seen=1) as there:
        assert len(await there.messages(3)) == 2
    assert [body["message"]["text"] for body in dialogue.requests].count("once") == 1


async def test_a_follow_up_of_the_worker_is_shown_at_once_and_only_once(
    process: Process, opened: dict[str, Any], database: Database
) -> None:
    await listeners(database, 1)
    sender, outbox_id = WebSender(process.sessions, process.clock), uuid4()
    async with process.visitor(opened["token"]) as visitor:
        await visitor.messages(1)
        for _ in range(2):
            outcome = await sender.send(envelope(UUID(opened["conversation_id"]), outbox_id))
            assert outcome == Accepted(provider_id=str(outbox_id))
        assert texts(await visitor.messages(2)) == [(2, "follow_up", "Here is the guide you asked for.")]
        assert await visitor.nothing_more()


@pytest.mark.parametrize("known", [True, False])
async def test_a_follow_up_without_a_conversation_is_refused(process: Process, known: bool) -> None:
    sender = WebSender(process.sessions, process.clock)
    outcome = await sender.send(envelope(uuid4() if known else None, uuid4()))
    assert isinstance(outcome, Refused)
    assert outcome.rule == "no_conversation"


async def test_news_lost_while_the_listener_was_away_is_shown_when_it_is_back(
    process: Process, second: Process, opened: dict[str, Any], database: Database
) -> None:
    await listeners(database, 2)
    async with process.visitor(opened["token"]) as visitor:
        await visitor.messages(1)
        async with await psycopg.AsyncConnection.connect(libpq_url(database.url), autocommit=True) as connection:
            await connection.execute(f"SELECT pg_terminate_backend(pid) {LISTENING}")
        await second.append(opened["conversation_id"], 3)
        assert [message["seq"] for message in await visitor.messages(4)] == [2, 3, 4]


@pytest.mark.parametrize(
    "payload", ["", "nonsense", "second", "second not-a-uuid", "second 0f458d77-0c65-4f2a-848d-9e115d5aa7ec", " "]
)
async def test_a_notification_that_says_nothing_sensible_is_passed_over(
    process: Process, opened: dict[str, Any], database: Database, payload: str
) -> None:
    await listeners(database, 1)
    async with await psycopg.AsyncConnection.connect(libpq_url(database.url), autocommit=True) as connection:
        await connection.execute("SELECT pg_notify('parley_conversation', %s)", (payload,))
        async with process.visitor(opened["token"]) as visitor:
            await visitor.messages(1)
            await process.append(opened["conversation_id"], 1)
            notice = f"elsewhere {opened['conversation_id']}"
            await connection.execute("SELECT pg_notify('parley_conversation', %s)", (notice,))
            assert [message["seq"] for message in await visitor.messages(2)] == [2]


async def listeners(database: Database, count: int) -> None:
    """Waits until so many processes listen."""
    async with asyncio.timeout(SOON):
        async with await psycopg.AsyncConnection.connect(libpq_url(database.url), autocommit=True) as connection:
            while (await (await connection.execute(f"SELECT count(*) {LISTENING}")).fetchone()) != (count,):
                await asyncio.sleep(0.02)
