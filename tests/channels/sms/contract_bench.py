"""Texts on the contract bench: the local Twilio plays the provider."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar
from urllib.parse import urlencode
from uuid import UUID

import aiohttp
from yarl import URL

from channels.sms.media import SMSAttachments
from channels.sms.sender import SMSSender
from channels.sms.simulator import Answer, LocalTwilio, Number, Sent
from channels.sms.simulator.calling import call, sign
from channels.sms.simulator.state import new_sid
from channels.sms.webhook import OVERRIDES, SMSWebhooks, inbound_url, routes, status_url
from tests.contracts.channel_bench import ChannelBench, Expected
from tests.contracts.house import House

ACCOUNT_SID, TOKEN, SECOND_TOKEN = "AC" + "0123456789abcdef" * 2, "primary-token-of-tests", "secondary-token-of-tests"
OURS = "+14155550100"
PEOPLE = ("+14155552671", "+14155552672")

_ANSWERS: Mapping[str, Answer] = {
    "take": Answer(),
    "the number is none": Answer("refuse", 400, 21211),
    "the number cannot text": Answer("refuse", 400, 21614),
    "they stopped us at the carrier": Answer("refuse", 400, 21610),
    "too fast": Answer("refuse", 429, 20429, retry_after=90),
    "wrong hour": Answer("refuse", 400, 30610),
    "we are not registered": Answer("refuse", 400, 30034),
    "an error nobody knows": Answer("refuse", 400, 29_999),
    "wrong credentials": Answer("refuse", 401, 20003),
    "server error": Answer("refuse", 503, 20500),
    "taken, then the line breaks": Answer("take and break"),
    "the line breaks": Answer("break"),
    "nonsense": Answer("nonsense"),
}


class Bench(ChannelBench):
    """The channel, its account and its Twilio."""

    channel: ClassVar[str] = "sms"
    forgeries: ClassVar[Sequence[str]] = (
        "no signature",
        "wrong key",
        "altered body",
        "another account's number",
        "another Twilio account",
        "unknown account",
        "no account at all",
        "as JSON",
        "a field twice",
        "no id",
        "an id that is none",
        "fields cut elsewhere",
        "broken text",
        "too many fields",
        "too large",
    )
    behaviours: ClassVar[Mapping[str, Expected]] = {
        "the number is none": Expected("failed", stops="dead address"),
        "the number cannot text": Expected("failed", stops="dead address"),
        "they stopped us at the carrier": Expected("failed", stops="opted out"),
        "too fast": Expected("planned", holds_account=True),
        "wrong hour": Expected("planned"),
        "we are not registered": Expected("failed"),
        "an error nobody knows": Expected("failed"),
        "wrong credentials": Expected("planned", holds_account=True),
        # In doubt; an answer somebody asked for may be sent once more.
        "server error": Expected("planned"),
        "taken, then the line breaks": Expected("planned", took_it=True),
        "the line breaks": Expected("planned"),
        "nonsense": Expected("planned"),
    }
    reports: ClassVar[Mapping[str, str]] = {
        "queued": "accepted",
        "sent": "accepted",
        "delivered": "delivered",
        "undelivered": "undelivered",
        "failed": "undelivered",
    }

    def __init__(self, house: House, twilio: LocalTwilio, account_id: UUID, http: aiohttp.ClientSession) -> None:
        self.house = house
        self.twilio = twilio
        self.account_id = account_id
        self.http = http
        self.number = twilio.state.numbers[0]
        self.secrets = (TOKEN, SECOND_TOKEN, *PEOPLE)
        self._last: dict[str, str] = {}

    @classmethod
    @asynccontextmanager
    async def put_up(cls, house: House) -> AsyncIterator[Bench]:
        number = Number(OURS)
        twilio = LocalTwilio(account_sid=ACCOUNT_SID, tokens=(TOKEN, SECOND_TOKEN), numbers=[number])
        settings = {
            "account_sid": ACCOUNT_SID,
            "us_registration": "CTESTED",
            "api_url": await twilio.start(),
            "per_second": 100.0,
        }
        secrets = {"auth_token": TOKEN, "secondary_token": SECOND_TOKEN}
        account_id = await house.add_account("sms", OURS, settings, secrets)
        number.sms_url = inbound_url(house.public_url, account_id) + OVERRIDES
        await house.accounts.refresh(now=True)
        sender = SMSSender(house.accounts, house.public_url)
        house.sender = sender
        house.attachments["sms"] = SMSAttachments(house.accounts)
        webhooks = SMSWebhooks(house.sessions, house.accounts, house.intake, house.clock, house.public_url)
        try:
            async with house.serve(routes(webhooks)), aiohttp.ClientSession() as http:
                yield cls(house, twilio, account_id, http)
        finally:
            await sender.close()
            await twilio.stop()

    async def say(self, text: str, *, person: int = 0) -> int:
        self._last = self.twilio.inbound_form(PEOPLE[person], self.number, text)
        return await self.repeat()

    async def repeat(self) -> int:
        called = await self.twilio.bring(self.number, self._last)
        assert called is not None
        return called.statuses[-1]

    async def forge(self, how: str) -> int:
        form = self.twilio.inbound_form(PEOPLE[0], self.number, "I am not real")
        address = inbound_url(self.house.public_url, self.account_id)
        if how == "as JSON":
            async with self.http.post(address, json={"Body": "I am not real"}) as answer:
                return answer.status
        if how == "broken text":
            body = urlencode(form) + "&Extra=%ED%A0%80"
            return await self._send(address, body.encode(), sign(TOKEN, address, {**form, "Extra": "?"}))
        if how in ("unknown account", "no account at all"):
            name = UUID(int=1) if how == "unknown account" else "nobody"
            address = f"{self.house.public_url}/hooks/sms/{name}/inbound"
        told, signature = _forged(how, form, address)
        return await self.post(address, told, signature)

    async def post(self, address: str, form: Sequence[tuple[str, str]], signature: str | None) -> int:
        """A form with any signature, or none."""
        data = aiohttp.FormData(list(form))
        headers = {} if signature is None else {"X-Twilio-Signature": signature}
        async with self.http.post(URL(address, encoded=True), data=data, headers=headers) as answer:
            return answer.status

    async def _send(self, address: str, body: bytes, signature: str) -> int:
        headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
        async with self.http.post(URL(address, encoded=True), data=body, headers=headers) as answer:
            return answer.status

    def play(self, behaviour: str) -> None:
        self.twilio.state.script = lambda _sent: _ANSWERS[behaviour]

    def arrived(self) -> list[str]:
        return [one.body for one in self.twilio.state.messages]

    async def report(self, outbox_id: UUID, status: str) -> int:
        return (await self._report(outbox_id, status, TOKEN)).statuses[-1]

    async def forge_report(self, outbox_id: UUID, status: str) -> int:
        return (await self._report(outbox_id, status, "another")).statuses[-1]

    async def _report(self, outbox_id: UUID, status: str, token: str):
        address = status_url(self.house.public_url, self.account_id, outbox_id)
        sent = next(
            (one for one in self.twilio.state.messages if one.status_callback == address),
            Sent(new_sid("SM"), OURS, None, PEOPLE[0], "never sent", address, 60),
        )
        return await call(self.http, token, address, self.twilio.report_form(sent, status))


def _forged(how: str, form: dict[str, str], address: str) -> tuple[list[tuple[str, str]], str | None]:
    """A form's fields and its signature, with one thing wrong."""
    sound = sign(TOKEN, address, form)
    by_itself: Mapping[str, tuple[Mapping[str, str], str | None]] = {
        "no signature": (form, None),
        "wrong key": (form, sign("another", address, form)),
        "altered body": ({**form, "Body": "altered"}, sound),
    }
    if how in by_itself:
        told, signature = by_itself[how]
        return list(told.items()), signature
    if how == "a field twice":
        return [*form.items(), ("Body", "twice")], sign(TOKEN, address, {**form, "Body": "I am not realBodytwice"})
    if how == "fields cut elsewhere":
        # The same bytes under the signature, read as a message of somebody else.
        whole = {**form, "Body": f"hiFrom{PEOPLE[1]}"}
        cut = {**form, "Body": "hi", "From": PEOPLE[1], f"From{form['From']}": ""}
        return list(cut.items()), sign(TOKEN, address, whole)
    changed = {
        "another account's number": {"To": "+14155550199"},
        "another Twilio account": {"AccountSid": "AC" + "f" * 32},
        "an id that is none": {"MessageSid": "SM1"},
    }
    if how == "too many fields":
        changed[how] = {f"More{number}": "1" for number in range(300)}
    if how == "too large":
        changed[how] = {"Body": "x" * 70_000}
    told = {**form, **changed.get(how, {})}
    if how == "no id":
        del told["MessageSid"]
    return list(told.items()), sign(TOKEN, address, told)
