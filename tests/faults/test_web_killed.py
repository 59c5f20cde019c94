"""The web process is killed while a text is brought, before or after it is kept, and its provider brings it again;
or in the middle of a turn, and another web process answers at once.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from base.database import create_engine, create_sessions, transaction
from bot.intake.models import InboundEvent
from bot.intake.service import Intake
from bot.models import Conversation, Message
from channels.sms.simulator import LocalTwilio, Number
from channels.sms.webhook import inbound_url
from outreach.accounts.service import save_account
from server.web import _sweep
from tests.bot.scripted_dialogue import scripted_dialogue
from tests.channels.sms.known_accounts import SID, TOKEN
from tests.channels.web.chat_stage import running_process, texts
from tests.conftest import Database
from tests.contracts.house import House, free_port
from tests.faults.dying_chat import ChatOrders, begin_a_turn
from tests.faults.sms_house import KEYS, NOW, WebOrders, serve, sms_house
from tests.faults.test_kills import forked


@pytest.mark.parametrize("kills", [2, pytest.param(60, marks=pytest.mark.long)])
async def test_a_text_told_to_a_web_process_that_dies_is_kept_once_and_answered_once(
    fresh_database_url: str, kills: int
) -> None:
    chance, port = random.Random(20261128), free_port()
    engine = create_engine(fresh_database_url)
    sessions, ours = create_sessions(engine), Number("+16462000000")
    twilio = LocalTwilio(account_sid=SID, tokens=(TOKEN,), numbers=[ours])
    api_url = await twilio.start()
    try:
        async with transaction(sessions) as session:
            settings = {"account_sid": SID, "us_registration": "CTESTED", "api_url": api_url, "per_second": 1000.0}
            account = await save_account(
                session, KEYS, channel="sms", name="main", address=ours.number, settings=settings,
                secrets={"auth_token": TOKEN}, now=NOW,
            )  # fmt: skip
        ours.sms_url = inbound_url(f"http://127.0.0.1:{port}", account)
        told: list[dict[str, str]] = []
        for number in range(kills):
            point = ("before commit", "after commit")[number % 2]
            # Whoever was not told that it arrived is told of it again, as Twilio does.
            async with forked(serve, WebOrders(fresh_database_url, port, point, chance.randint(0, 1))) as web:
                while web.is_alive():
                    form = twilio.inbound_form(f"+1212555{number:04}", ours, f"text {len(told)}")
                    told.append(form)
                    await bring(twilio, ours, form)
                    await asyncio.sleep(0.05)
        async with sms_house(fresh_database_url, port) as house:
            for form in told:
                assert await bring(twilio, ours, form), "what is told again is acknowledged"
            await finish(house)
        async with sessions() as session:
            events = list(await session.scalars(select(InboundEvent.provider_id)))
            messages = list(await session.execute(select(Message.author, Message.text)))
        assert sorted(events) == sorted(form["MessageSid"] for form in told)
        texts = sorted(form["Body"] for form in told)
        assert sorted(one.text for one in messages if one.author == "visitor" and one.text) == texts
        answers = [one.text for one in messages if one.author == "bot" and str(one.text).startswith("echo ")]
        assert sorted(answers) == [f"echo {text}" for text in texts]
    finally:
        await twilio.stop()
        await engine.dispose()


async def test_a_turn_in_which_a_web_process_is_killed_is_answered_by_another_within_seconds(
    database: Database, oracle: Callable[..., Any]
) -> None:
    async with scripted_dialogue() as dialogue, running_process(database, KEYS, NOW, dialogue) as process:
        opened = await process.open()
        await process.turns.drain()
        intake = Intake(sessions=process.sessions, turns=process.turns, keys=KEYS, clock=process.clock)
        sweeping = asyncio.create_task(_sweep(process.turns, intake))
        async with process.visitor(opened["token"]) as visitor:
            await visitor.messages(1)
            orders = ChatOrders(database.url, UUID(opened["conversation_id"]), "Prices")
            async with forked(begin_a_turn, orders):
                await asyncio.sleep(1.5)  # more than a look
                assert len(dialogue.requests) == 1, "the opening: who lives is left in peace"
            died_at = time.monotonic()
            shown = texts(await visitor.messages(3))
            took = time.monotonic() - died_at
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)
        print(f"answered {took:.2f} s after its process was killed")
        assert shown == [(2, "visitor", "Prices"), (3, "bot", "echo Prices")]
        assert took < 3, "far from the twelve seconds of a claim"
        assert len(dialogue.requests) == 2
        await oracle(process.sessions, process.clock.now() + timedelta(minutes=1))


async def finish(house: House) -> None:
    """As the worker and time do: what dead processes had in hand is taken up by others."""
    for _ in range(3):
        async with transaction(house.sessions) as session:
            # Twelve seconds by the database's clock, which cannot be moved.
            await session.execute(update(Conversation).values(turn_claimed_until=None))
        house.clock.move(timedelta(seconds=20))
        await house.intake.resume()
        await house.settle()
        await house.turns.resume_waiting()
        await house.settle()


async def bring(twilio: LocalTwilio, number: Number, form: dict[str, str]) -> bool:
    called = await twilio.bring(number, form)
    return called is not None and called.was_taken
