"""Telegram on the contract bench: the local Telegram plays the provider."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from uuid import UUID, uuid4

import aiohttp

from channels.telegram.settings import webhook_secret
from channels.telegram.simulator import Answer
from channels.telegram.webhook import SECRET_HEADER, webhook_url
from tests.channels.telegram.stage import TelegramStage, staged_bot
from tests.contracts.channel_bench import ChannelBench, Expected
from tests.contracts.house import House

_BLOCKED = "Forbidden: bot was blocked by the user"
_ANSWERS: Mapping[str, Answer] = {
    "take": Answer(),
    "they blocked the bot": Answer(403, _BLOCKED),
    "their account was deleted": Answer(403, "Forbidden: user is deactivated"),
    "they never wrote to the bot": Answer(403, "Forbidden: bot can't initiate conversation with a user"),
    "there is no such chat": Answer(400, "Bad Request: chat not found"),
    "it cannot be shown": Answer(400, "Bad Request: BUTTON_DATA_INVALID"),
    "flood": Answer(429, "Too Many Requests: retry after 90", retry_after=90),
    "wrong token": Answer(401, "Unauthorized"),
    "server error": Answer(502, "Bad Gateway"),
    "taken, then the line breaks": Answer(hangs_up=True),
    "nonsense": Answer(200, body=b"<html>not Telegram</html>"),
}


class Bench(ChannelBench):
    """The channel, its account and its Telegram. What Telegram reports of messages is nothing: it has no receipts."""

    channel: ClassVar[str] = "telegram"
    forgeries: ClassVar[Sequence[str]] = (
        "no secret",
        "wrong secret",
        "another account's secret",
        "the token as secret",
        "unknown account",
        "no account at all",
        "no update",
        "an update without number",
    )
    behaviours: ClassVar[Mapping[str, Expected]] = {
        "they blocked the bot": Expected("failed", stops="opted out"),
        "their account was deleted": Expected("failed", stops="dead address"),
        "they never wrote to the bot": Expected("failed"),
        "there is no such chat": Expected("failed", stops="dead address"),
        "it cannot be shown": Expected("failed"),
        "flood": Expected("planned", holds_account=True),
        "wrong token": Expected("planned", holds_account=True),
        # In doubt; an answer somebody asked for may be sent once more.
        "server error": Expected("planned"),
        "taken, then the line breaks": Expected("planned", took_it=True),
        "nonsense": Expected("planned"),
    }
    reports: ClassVar[Mapping[str, str]] = {}

    def __init__(self, stage: TelegramStage, http: aiohttp.ClientSession) -> None:
        self.stage = stage
        self.http = http
        self.people = (stage.person("Ada"), stage.person("Bob"))
        self.secrets = (stage.bot.token, *(str(person.id) for person in self.people), self._secret())
        self._last: dict[str, Any] = {}

    @classmethod
    @asynccontextmanager
    async def put_up(cls, house: House) -> AsyncIterator[Bench]:
        # The bench brings each update itself, so that it sees what it is answered with.
        async with staged_bot(house, mode="polling") as stage, aiohttp.ClientSession() as http:
            yield cls(stage, http)

    async def say(self, text: str, *, person: int = 0) -> int:
        self._last = self.people[person].says(text) or {}
        return await self.repeat()

    async def repeat(self) -> int:
        return await self._bring(self._last, self._secret())

    async def forge(self, how: str) -> int:
        update: Any = self.people[0].says("I am not real")
        right = self._secret()
        secret = {
            "no secret": None,
            "wrong secret": right[::-1],
            "another account's secret": webhook_secret(uuid4(), self.stage.typed.token),
            "the token as secret": self.stage.typed.token,
        }.get(how, right)
        account: object = {"unknown account": UUID(int=1), "no account at all": "nobody"}.get(
            how, self.stage.account.id
        )
        content = {"no update": [update], "an update without number": {"message": update["message"]}}.get(how, update)
        return await self._bring(content, secret, account=account)

    def play(self, behaviour: str) -> None:
        self.stage.bot.script["sendMessage"] = [_ANSWERS[behaviour]] * 50 if behaviour != "take" else []

    def arrived(self) -> list[str]:
        shown = [one for person in self.people for one in person.chat.messages if one.by_bot]
        return ["\n".join([one.text, *one.labels]) for one in sorted(shown, key=lambda one: one.message_id)]

    async def report(self, outbox_id: UUID, status: str) -> int:
        raise AssertionError("Telegram reports nothing")

    async def forge_report(self, outbox_id: UUID, status: str) -> int:
        raise AssertionError("Telegram reports nothing")

    def _secret(self) -> str:
        return webhook_secret(self.stage.account.id, self.stage.typed.token)

    async def _bring(self, content: Any, secret: str | None, *, account: object = None) -> int:
        self.stage.bot.pending.clear()
        url = webhook_url(self.stage.house.public_url, self.stage.account.id)
        url = url.replace(str(self.stage.account.id), str(account or self.stage.account.id))
        headers = {} if secret is None else {SECRET_HEADER: secret}
        async with self.http.post(url, data=json.dumps(content).encode(), headers=headers) as answer:
            return answer.status
