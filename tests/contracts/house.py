"""What every channel's bench is put up in: PostgreSQL, turns with a scripted dialogue, intake, delivery, a server."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import func, select

from admin.api.problems import problem_middleware
from base.database import Sessions, transaction
from base.encryption import KeyRing
from bot.intake.models import InboundEvent
from bot.intake.service import Attachments, Intake
from bot.models import Conversation, Message
from bot.turns import TurnService
from crm.contacts.models import Contact, ContactPoint
from outreach.accounts.book import AccountBook
from outreach.accounts.service import save_account
from outreach.delivery import Delivery
from outreach.gatekeeper import Gatekeeper
from outreach.models import GateDecision, OutboxMessage
from outreach.ports import Sender
from outreach.rule_pack import read_rule_pack
from server.metrics.requests import watch_requests
from tests.bot.scripted_dialogue import ScriptedDialogue
from tests.bot.stage import MovedClock, Stage

MAX_BODY = 65_536


@dataclass
class House:
    """Everything around a channel; a bench adds the channel itself."""

    stage: Stage
    accounts: AccountBook
    port: int
    sender: Sender | None = None
    attachments: dict[str, Attachments] = field(default_factory=dict)
    _intake: Intake | None = None

    @property
    def sessions(self) -> Sessions:
        return self.stage.sessions

    @property
    def keys(self) -> KeyRing:
        return self.stage.keys

    @property
    def clock(self) -> MovedClock:
        return self.stage.clock

    @property
    def dialogue(self) -> ScriptedDialogue:
        return self.stage.dialogue

    @property
    def turns(self) -> TurnService:
        return self.stage.turns

    @property
    def public_url(self) -> str:
        """Where the channel's webhooks are, as its provider is told."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def intake(self) -> Intake:
        if self._intake is None:
            self._intake = Intake(
                sessions=self.sessions,
                turns=self.turns,
                keys=self.keys,
                clock=self.clock,
                attachments=self.attachments,
            )
        return self._intake

    async def add_account(
        self, channel: str, address: str, settings: Mapping[str, Any], secrets: Mapping[str, str], name: str = "main"
    ) -> UUID:
        """An account as `parley channels add` keeps it."""
        async with transaction(self.sessions) as session:
            return await save_account(
                session, self.keys, channel=channel, name=name, address=address, settings=settings, secrets=secrets,
                now=self.clock.now(),
            )  # fmt: skip

    @asynccontextmanager
    async def serve(self, routes: Sequence[web.RouteDef]) -> AsyncIterator[None]:
        """The channel's routes as the web process serves them."""
        app = web.Application(middlewares=[watch_requests, problem_middleware], client_max_size=MAX_BODY)
        app.add_routes(routes)
        server = TestServer(app, port=self.port)
        await server.start_server()
        try:
            yield
        finally:
            await self.settle()
            await server.close()

    async def settle(self) -> None:
        """Until everything that was taken in has been answered."""
        await self.intake.drain()
        await self.turns.drain()

    async def deliver(self) -> None:
        """Sends what is due, as the worker does."""
        assert self.sender is not None, "the bench has not given its sender"
        senders = {self.sender.channel: self.sender}
        gatekeeper = Gatekeeper(read_rule_pack(), senders, ("Europe/London",), self.accounts, self.keys)
        await Delivery(self.sessions, self.keys, gatekeeper).deliver_due(self.clock)

    # What is in the database

    async def rows(self, model: Any) -> list[Any]:
        async with self.sessions() as session:
            return list(await session.scalars(select(model).order_by(model.id)))

    async def count_rows(self) -> dict[str, int]:
        """How many rows there are of all that a message can leave behind."""
        models = (InboundEvent, Conversation, Message, Contact, ContactPoint, OutboxMessage, GateDecision)
        async with self.sessions() as session:
            return {
                model.__tablename__: await session.scalar(select(func.count()).select_from(model)) or 0
                for model in models
            }

    async def heard(self) -> list[str]:
        """What visitors said, as it stands in the conversations of the channel."""
        return [one.text for one in await self.rows(Message) if one.author == "visitor" and one.text]

    async def outbox(self) -> list[OutboxMessage]:
        return await self.rows(OutboxMessage)

    async def states(self) -> list[str]:
        return [one.state for one in await self.outbox()]


def free_port() -> int:
    """A port of loopback that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
