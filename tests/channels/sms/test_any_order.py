"""Whatever order Twilio's webhooks come in, late and repeated, the same true events end in the same state.

A state machine tells the events of a made-up day to the real webhooks over a real PostgreSQL, in any order and any
number of times, with the work behind them done at any moment between, and compares what is left with the day itself.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select

from base.database import create_engine, create_sessions, transaction
from base.delivery_states import further
from base.encryption import KeyRing
from bot.intake.models import InboundEvent
from bot.models import Conversation, Message
from channels.sms.sender import SMSSender
from channels.sms.simulator import Answer, LocalTwilio, Number, Sent
from channels.sms.webhook import OVERRIDES, SMSWebhooks, inbound_url, routes
from outreach.accounts.book import AccountBook
from outreach.accounts.service import save_account
from outreach.models import OutboxMessage
from tests.bot.scripted_dialogue import scripted_dialogue
from tests.bot.stage import staged
from tests.channels.sms.known_accounts import SID, TOKEN
from tests.contracts.house import House, free_port

_MOST_PEOPLE, _MOST_TEXTS = 3, 4
_STATES = {
    "queued": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "undelivered",
}
# What Twilio says of one message over its life, as it can really happen: a status, and an error code.
_LIVES: list[list[tuple[str, int | None]]] = [
    [("queued", None), ("sent", None), ("delivered", None)],
    [("sent", None)],
    [("sent", None), ("delivered", None), ("read", None)],
    [("sent", None), ("undelivered", 30003)],
    [("sent", None), ("undelivered", 30003), ("delivered", None)],
    [("sent", None), ("undelivered", 30610)],
]
_numbers = itertools.count(1)


class Day:
    """One day's truth: who texted what, and what became of each answer; a number of ours that has it all alone."""

    def __init__(self, world: World, texts: list[list[str]], lives: list[int], *, early: bool) -> None:
        self.world = world
        self.number = Number(f"+1646{2000000 + next(_numbers)}")
        people = [f"+1212{2000000 + next(_numbers)}" for _ in texts]
        self.twilio = LocalTwilio(account_sid=SID, tokens=(TOKEN,), numbers=[self.number])
        self.texts = texts
        self.lives = lives
        self.early = early
        self.webhooks = [
            self.twilio.inbound_form(phone, self.number, text)
            for phone, said in zip(people, texts, strict=True)
            for text in said
        ]
        self.told: set[int] = set()
        self.account_id = UUID(int=0)

    async def begin(self) -> None:
        url = await self.twilio.start()
        house = self.world.house
        told = {"account_sid": SID, "us_registration": "CTESTED", "api_url": url, "per_second": 1000.0}
        async with transaction(house.sessions) as session:
            self.account_id = await save_account(
                session, house.keys, channel="sms", name=self.number.number, address=self.number.number,
                settings=told, secrets={"auth_token": TOKEN}, now=house.clock.now(),
            )  # fmt: skip
        self.number.sms_url = inbound_url(house.public_url, self.account_id) + OVERRIDES
        self.twilio.state.script = self._answer

    def _answer(self, sent: Sent) -> Answer:
        """Some reports overtake the answer: the first of the message's life."""
        return Answer(statuses=(self.life_of(sent)[0][0],), early=self.early)

    def life_of(self, sent: Sent) -> list[tuple[str, int | None]]:
        every = sorted(text for said in self.texts for text in said)
        return _LIVES[self.lives[every.index(sent.body.removeprefix("echo ")) % len(self.lives)]]

    async def tell(self, which: int) -> None:
        called = await self.twilio.bring(self.number, self.webhooks[which])
        assert called is not None
        assert called.was_taken
        self.told.add(which)

    async def report(self, sent: Sent, which: int) -> None:
        status, code = self.life_of(sent)[which]
        assert (await self.twilio.report(sent, status, code)).was_taken

    async def work(self) -> None:
        await self.world.house.settle()
        await self.world.house.deliver()


@dataclass
class World:
    """What all days share: a database, the web side, the worker's side, a loop to run it all in."""

    house: House
    runner: asyncio.Runner

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)


class AnyOrder(RuleBasedStateMachine):
    """Tells a day's events; at the end each has been told at least once."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.day: Day | None = None

    @initialize(
        sizes=st.lists(st.integers(1, _MOST_TEXTS), min_size=1, max_size=_MOST_PEOPLE),
        lives=st.lists(st.integers(0, len(_LIVES) - 1), min_size=1, max_size=6),
        early=st.booleans(),
    )
    def begin(self, sizes: list[int], lives: list[int], early: bool) -> None:
        texts = [[f"p{person} t{number}" for number in range(size)] for person, size in enumerate(sizes)]
        self.day = Day(self.world, texts, lives, early=early)
        self.world.run(self.day.begin())

    @rule(data=st.data())
    def tell(self, data: st.DataObject) -> None:
        which = data.draw(st.integers(0, len(self.day.webhooks) - 1), label="webhook")
        self.world.run(self.day.tell(which))

    @rule(data=st.data())
    def tell_several_at_once(self, data: st.DataObject) -> None:
        every = st.integers(0, len(self.day.webhooks) - 1)
        which = data.draw(st.lists(every, min_size=2, max_size=5), label="webhooks at once")

        async def all_of_them() -> None:
            await asyncio.gather(*(self.day.tell(one) for one in which))

        self.world.run(all_of_them())

    @rule()
    def work(self) -> None:
        self.world.run(self.day.work())

    @rule(data=st.data())
    def report(self, data: st.DataObject) -> None:
        messages = self.day.twilio.state.messages
        if messages:
            sent = data.draw(st.sampled_from(range(len(messages))), label="message")
            which = data.draw(st.integers(0, len(self.day.life_of(messages[sent])) - 1), label="report")
            self.world.run(self.day.report(messages[sent], which))

    def teardown(self) -> None:
        if self.day is not None:
            self.world.run(self.finish(self.day))

    async def finish(self, day: Day) -> None:
        try:
            for which in sorted(set(range(len(day.webhooks))) - day.told, reverse=True):
                await day.tell(which)
            await day.work()
            for sent in list(day.twilio.state.messages):
                for which in reversed(range(len(day.life_of(sent)))):
                    await day.report(sent, which)
            await day.work()
            await check_state(day)
        finally:
            await day.twilio.stop()


async def check_state(day: Day) -> None:
    """What is left is what the day was, whatever order it was told in."""
    async with day.world.house.sessions() as session:
        events = (await session.scalars(select(InboundEvent).where(InboundEvent.account_id == day.account_id))).all()
        talks = (await session.scalars(select(Conversation).where(Conversation.account_id == day.account_id))).all()
        messages = (
            await session.scalars(select(Message).where(Message.conversation_id.in_([one.id for one in talks])))
        ).all()
        outbox = (await session.scalars(select(OutboxMessage).where(OutboxMessage.account_id == day.account_id))).all()
    texts = sorted(text for said in day.texts for text in said)
    assert sorted((one.provider_id, one.state) for one in events) == sorted(
        (form["MessageSid"], "done") for form in day.webhooks
    )
    by_talk = {
        frozenset(one.text for one in messages if one.conversation_id == talk.id and one.author == "visitor")
        for talk in talks
    }
    assert by_talk == {frozenset(said) for said in day.texts}
    assert len(talks) == len(day.texts)
    assert sorted(one.text for one in messages if one.author == "visitor") == texts
    assert sorted(one.text for one in messages if one.author == "bot") == [f"echo {text}" for text in texts]
    assert all(one.turn_state != "pending" for one in messages)
    sent = {one.body: one for one in day.twilio.state.messages}
    assert sorted(one.body for one in day.twilio.state.messages) == [f"echo {text}" for text in texts]
    first = [one for one in outbox if not one.occurrence.endswith(":put_off")]
    again = [one for one in outbox if one.occurrence.endswith(":put_off")]
    expected = {body: _furthest(day.life_of(one)) for body, one in sent.items()}
    assert {one.text: one.state for one in first} == expected
    assert {one.text: one.provider_id for one in first} == {body: one.sid for body, one in sent.items()}
    held_back = sorted(body for body, one in sent.items() if ("undelivered", 30610) in day.life_of(one))
    assert sorted((one.text, one.state) for one in again) == [(body, "planned") for body in held_back]


def _furthest(life: list[tuple[str, int | None]]) -> str:
    reached = "accepted"
    for status, _ in life:
        reached = further(reached, _STATES[status])  # type: ignore[arg-type]
    return reached


@pytest.fixture
def world(fresh_database_url: str) -> Iterator[World]:
    """Everything in a loop of its own: Hypothesis calls its rules from outside of any."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def open_it() -> House:
            engine = create_engine(fresh_database_url, pool_size=10)
            stack.push_async_callback(engine.dispose)
            sessions = create_sessions(engine)
            keys = KeyRing("k1", {"k1": b"\x01" * 32}, b"\x02" * 32)
            dialogue = await stack.enter_async_context(scripted_dialogue())
            now = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
            stage = await stack.enter_async_context(staged(sessions, keys, now, dialogue))
            accounts = AccountBook(sessions, keys, fresh_for=0)
            house = House(stage, accounts, free_port())
            sender = SMSSender(accounts, house.public_url)
            stack.push_async_callback(sender.close)
            house.sender = sender
            webhooks = SMSWebhooks(sessions, accounts, house.intake, house.clock, house.public_url)
            await stack.enter_async_context(house.serve(routes(webhooks)))
            return house

        yield World(runner.run(open_it()), runner)
        runner.run(stack.aclose())


def test_the_same_true_events_in_any_order_and_number_end_in_the_same_state(world: World) -> None:
    run_state_machine_as_test(
        lambda: AnyOrder(world),
        settings=settings(
            max_examples=20,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
