"""A number that people call, with everything behind it: PostgreSQL, a scripted dialogue, the local Twilio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from base.encryption import KeyRing
from channels.voice.addresses import answered_url, call_url, detected_url, status_url
from channels.voice.client import TwilioAPI
from channels.voice.models import Call
from channels.voice.outbound import OutboundWebhooks
from channels.voice.outbound import routes as outbound_routes
from channels.voice.relay import Patience, RelaySockets
from channels.voice.relay import routes as relay_routes
from channels.voice.sender import SEND_WITHIN, VoiceSender
from channels.voice.simulator import LocalTwilio, Number, Person
from channels.voice.simulator.calling import call
from channels.voice.talk import Talk
from channels.voice.webhook import VoiceWebhooks, routes
from outreach.accounts.book import AccountBook
from tests.bot.scripted_dialogue import ScriptedDialogue, say
from tests.bot.stage import staged
from tests.conftest import Database
from tests.contracts.house import House, free_port

ACCOUNT_SID, TOKEN, SECOND_TOKEN = "AC" + "0123456789abcdef" * 2, "primary-token-of-tests", "secondary-token-of-tests"
OURS, TEAM = "+14155550100", "+14155550177"
CALLER = "+14155552671"
COMPANY = "Northwind Ledger"


@dataclass
class Desk:
    """The number and what is behind it."""

    house: House
    twilio: LocalTwilio
    account_id: UUID
    webhooks: VoiceWebhooks
    sockets: RelaySockets

    @property
    def dialogue(self) -> ScriptedDialogue:
        return self.house.dialogue

    def asks(self, text: str, *labels: str, step: str = "demo/ask", **more: Any) -> None:
        """From now on the bot asks this."""
        self.dialogue.script = lambda _body: question(text, *labels, step=step, **more)

    def script(self, *answers: Any) -> None:
        """The bot says these one after the other, the last again and again."""
        left = list(answers)
        self.dialogue.script = lambda _body: left.pop(0) if len(left) > 1 else left[0]

    def dial(self, phone: str = CALLER, **how: Any) -> Person:
        return self.twilio.dial(phone, self.twilio.state.numbers[0], **how)

    async def call(self, phone: str = CALLER, **how: Any) -> Person:
        """Somebody who calls and listens to the first words."""
        person = self.dial(phone, **how)
        await person.listens()
        assert person.call.problems == []
        return person

    async def answered(self, outbox_id: Any, sid: str = "CA" + "a" * 32) -> str:
        """Twilio says that a call of ours was taken; what it is answered with."""
        form = {"CallSid": sid, "AccountSid": ACCOUNT_SID, "From": OURS, "To": CALLER, "Direction": "outbound-api",
                "CallStatus": "in-progress"}  # fmt: skip
        called = await call(
            self.twilio.session, TOKEN, answered_url(self.house.public_url, self.account_id, outbox_id), form
        )
        assert called.statuses == (200,)
        return called.body

    async def detected(self, outbox_id: Any, sid: str, answered_by: str) -> int:
        """Twilio says who took it."""
        form = {"CallSid": sid, "AccountSid": ACCOUNT_SID, "AnsweredBy": answered_by}
        address = detected_url(self.house.public_url, self.account_id, outbox_id)
        return (await call(self.twilio.session, TOKEN, address, form)).statuses[-1]

    async def until_ended(self) -> None:
        """Until it is known that every call is over."""
        for _ in range(200):
            if all(one.ended_at is not None for one in await self.house.rows(Call)):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("a call does not end")

    def told(self) -> list[dict[str, Any]]:
        """What the dialogue was told people said, the opening left out."""
        return [one["message"] for one in self.dialogue.requests if one["message"]["kind"] != "start"]


def question(text: str, *labels: str, step: str = "demo/ask", **more: Any) -> dict[str, Any]:
    """A turn's answer that asks with choices."""
    answer = say(text, state=more.pop("state", None), effects=more.pop("effects", None))
    asked: dict[str, Any] = {"step": step, **more}
    if labels:
        choices = [{"value": label.lower().replace(" ", "_"), "label": label} for label in labels]
        asked = {"input": "choice", "choices": choices, **asked}
    answer["replies"][-1] |= asked
    return answer


NOTICE = "Hello, this is Northwind Ledger. I'm an automated assistant, not a person."


def notice() -> dict[str, Any]:
    """The AI notice as flows begin with it."""
    answer = say(NOTICE)
    answer["replies"][0]["notice"] = "ai"
    return answer


@asynccontextmanager
async def opened_desk(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue, **settings: Any
) -> AsyncIterator[Desk]:
    settings = dict(settings)
    answers_within = settings.pop("answers_within", 8.0)
    patience = settings.pop("patience", Patience())
    async with staged(database.sessions, keys, now, dialogue) as stage:
        house = House(stage, AccountBook(database.sessions, keys, fresh_for=0), free_port())
        number = Number(OURS)
        twilio = LocalTwilio(account_sid=ACCOUNT_SID, tokens=(TOKEN, SECOND_TOKEN), numbers=[number])
        kept = {"account_sid": ACCOUNT_SID, "api_url": await twilio.start(), "per_second": 100.0, **settings}
        account_id = await house.add_account(
            "voice", OURS, kept, {"auth_token": TOKEN, "secondary_token": SECOND_TOKEN}
        )
        number.voice_url = call_url(house.public_url, account_id)
        number.status_callback = status_url(house.public_url, account_id)
        await house.accounts.refresh(now=True)
        sender = VoiceSender(house.accounts, house.public_url)
        house.sender = sender
        talk = Talk(sessions=house.sessions, keys=keys, turns=house.turns, clock=house.clock, company=COMPANY)
        api = TwilioAPI(timeout=SEND_WITHIN)
        webhooks = VoiceWebhooks(talk, house.accounts, house.public_url, api, answers_within)
        sockets = RelaySockets(webhooks, patience)
        served = [
            *routes(webhooks),
            *outbound_routes(OutboundWebhooks(webhooks)),
            *relay_routes(sockets),
        ]
        try:
            async with house.serve(served):
                yield Desk(house, twilio, account_id, webhooks, sockets)
                # While the routes are there: a call that is open reports its end.
                await twilio.stop()
        finally:
            await sender.close()
            await api.close()
            await twilio.stop()


@pytest.fixture
def settings() -> dict[str, Any]:
    """What the account is set to; tests override it by parametrising."""
    return {}


@pytest.fixture
async def desk(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue, settings: dict[str, Any]
) -> AsyncIterator[Desk]:
    async with opened_desk(database, keys, now, dialogue, **settings) as opened:
        yield opened
