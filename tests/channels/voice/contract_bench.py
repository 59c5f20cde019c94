"""Calls on the contract bench: what is said goes into a call that is begun with the first words.

What the bot says is the answer to the webhook, so nothing of it is sent; calls of ours and their reports are tried in
`test_calls_of_ours.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar
from uuid import UUID

import aiohttp

from channels.voice.addresses import call_url
from channels.voice.client import TwilioAPI
from channels.voice.sender import SEND_WITHIN
from channels.voice.simulator.calling import sign
from channels.voice.simulator.line import Line
from channels.voice.simulator.state import PhoneCall, State, new_sid
from channels.voice.talk import Talk
from channels.voice.webhook import VoiceWebhooks, routes
from tests.contracts.channel_bench import ChannelBench, Expected
from tests.contracts.house import House

ACCOUNT_SID, TOKEN, SECOND_TOKEN = "AC" + "0123456789abcdef" * 2, "primary-token-of-tests", "secondary-token-of-tests"
OURS = "+14155550100"
PEOPLE = ("+14155552671", "+14155552672")


class Bench(ChannelBench):
    """The channel, its account, and whoever calls it."""

    channel: ClassVar[str] = "voice"
    answers_by_outbox: ClassVar[bool] = False
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
        "no call",
        "a call that is none",
        "fields cut elsewhere",
        "a call of ours",
    )
    behaviours: ClassVar[Mapping[str, Expected]] = {}
    reports: ClassVar[Mapping[str, str]] = {}

    def __init__(self, house: House, account_id: UUID, http: aiohttp.ClientSession) -> None:
        self.house = house
        self.account_id = account_id
        self.http = http
        self.secrets = (TOKEN, SECOND_TOKEN, *PEOPLE)
        self._calls: dict[int, PhoneCall] = {}
        self._turns: dict[int, int] = {}
        self._last: tuple[str, dict[str, str]] = ("", {})

    @classmethod
    @asynccontextmanager
    async def put_up(cls, house: House) -> AsyncIterator[Bench]:
        settings = {"account_sid": ACCOUNT_SID, "api_url": "http://127.0.0.1:9"}
        secrets = {"auth_token": TOKEN, "secondary_token": SECOND_TOKEN}
        account_id = await house.add_account("voice", OURS, settings, secrets)
        await house.accounts.refresh(now=True)
        talk = Talk(
            sessions=house.sessions, keys=house.keys, turns=house.turns, clock=house.clock, company="Northwind Ledger"
        )
        api = TwilioAPI(timeout=SEND_WITHIN)
        webhooks = VoiceWebhooks(talk, house.accounts, house.public_url, api)
        async with house.serve(routes(webhooks)), aiohttp.ClientSession() as http:
            yield cls(house, account_id, http)

    async def say(self, text: str, *, person: int = 0) -> int:
        if person not in self._calls:
            await self._begin(person)
        self._turns[person] += 1
        address = f"{self.house.public_url}/hooks/voice/{self.account_id}/turn?n={self._turns[person]}"
        self._last = (address, {**self._facts(self._calls[person]), "SpeechResult": text, "Confidence": "0.9"})
        return await self.repeat()

    async def repeat(self) -> int:
        address, form = self._last
        return await self._post(address, list(form.items()), sign(TOKEN, address, form))

    async def _begin(self, person: int) -> None:
        """They call, and the dialogue opens the talk: no test counts that turn."""
        self._calls[person], self._turns[person] = PhoneCall(new_sid("CA"), PEOPLE[person], OURS, "inbound"), 0
        form = self._facts(self._calls[person])
        assert await self._post(self._address, list(form.items()), sign(TOKEN, self._address, form)) == 200
        requests = self.house.dialogue.requests
        requests[:] = [one for one in requests if one["message"]["kind"] != "start"]

    async def forge(self, how: str) -> int:
        form, address = self._facts(PhoneCall(new_sid("CA"), PEOPLE[0], OURS, "inbound")), self._address
        if how == "as JSON":
            async with self.http.post(address, json=form) as answer:
                return answer.status
        if how in ("unknown account", "no account at all"):
            name = UUID(int=1) if how == "unknown account" else "nobody"
            address = f"{self.house.public_url}/hooks/voice/{name}/call"
        told, signature = _forged(how, form, address)
        return await self._post(address, told, signature)

    def play(self, behaviour: str) -> None:
        assert behaviour == "take", "nothing is sent to the provider here"

    def arrived(self) -> list[str]:
        return []

    async def report(self, outbox_id: UUID, status: str) -> int:
        raise NotImplementedError(f"{status} of {outbox_id}: calls of ours have tests of their own")

    async def forge_report(self, outbox_id: UUID, status: str) -> int:
        raise NotImplementedError(f"{status} of {outbox_id}: calls of ours have tests of their own")

    @property
    def _address(self) -> str:
        return call_url(self.house.public_url, self.account_id)

    def _facts(self, call: PhoneCall) -> dict[str, str]:
        return Line(State(ACCOUNT_SID, [TOKEN]), self.http, call, print).facts()

    async def _post(self, address: str, form: Sequence[tuple[str, str]], signature: str | None) -> int:
        headers = {} if signature is None else {"X-Twilio-Signature": signature}
        async with self.http.post(address, data=aiohttp.FormData(list(form)), headers=headers) as answer:
            return answer.status


def _forged(how: str, form: dict[str, str], address: str) -> tuple[list[tuple[str, str]], str | None]:
    """A form's fields and its signature, with one thing wrong."""
    sound = sign(TOKEN, address, form)
    by_itself: Mapping[str, tuple[Mapping[str, str], str | None]] = {
        "no signature": (form, None),
        "wrong key": (form, sign("another", address, form)),
        "altered body": ({**form, "From": PEOPLE[1]}, sound),
    }
    if how in by_itself:
        told, signature = by_itself[how]
        return list(told.items()), signature
    if how == "a field twice":
        return [*form.items(), ("From", "x")], sign(TOKEN, address, {**form, "From": f"{form['From']}Fromx"})
    if how == "fields cut elsewhere":
        # The same bytes under the signature, read with a field that nobody signed as one.
        whole = {**form, "CallerName": f"AnnCity{OURS}"}
        return list({**form, "CallerName": "Ann", f"City{OURS}": ""}.items()), sign(TOKEN, address, whole)
    changed = {
        "another account's number": {"To": "+14155550199"},
        "another Twilio account": {"AccountSid": "AC" + "f" * 32},
        "a call that is none": {"CallSid": "CA1"},
        "a call of ours": {"Direction": "outbound-api"},
    }
    told = {**form, **changed.get(how, {})}
    if how == "no call":
        del told["CallSid"]
    return list(told.items()), sign(TOKEN, address, told)
