"""A bot on a local Telegram, its channel in a house: webhooks really called, answers really delivered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from base.channel_contract import Finding
from channels.telegram.api import Bots
from channels.telegram.arrivals import Arrivals
from channels.telegram.files import TelegramFiles
from channels.telegram.sender import TelegramSender
from channels.telegram.settings import TelegramAccount, read_account
from channels.telegram.setup import TelegramSetup
from channels.telegram.simulator import LocalTelegram, Person, SimulatedBot
from channels.telegram.webhook import TelegramWebhook, routes
from outreach.accounts.service import Account
from tests.contracts.house import House


@dataclass
class TelegramStage:
    """Everything a test of this channel moves."""

    house: House
    telegram: LocalTelegram
    bot: SimulatedBot
    bots: Bots
    arrivals: Arrivals
    account: Account

    @property
    def typed(self) -> TelegramAccount:
        return read_account(self.account)

    def person(self, name: str = "Ada", *, language: str | None = "en") -> Person:
        return self.telegram.person(self.bot, name, language=language)

    async def settle(self) -> None:
        """Until all that Telegram told is answered and delivered, as far as the pace allows at once."""
        await self.telegram.settled(self.bot)
        await self.house.settle()
        for _ in range(8):
            await self.house.deliver()
            self.house.clock.move_seconds(2)
        await self.house.settle()

    async def set_webhook(self) -> Sequence[Finding]:
        return await TelegramSetup().set_webhook(self.account, public_url=self.house.public_url)


@asynccontextmanager
async def staged_bot(house: House, **settings: Any) -> AsyncIterator[TelegramStage]:
    """A bot whose updates come as the settings say; by webhook, set as an operator does."""
    telegram = LocalTelegram()
    api_url = await telegram.start()
    bot = telegram.add_bot("northwind_bot")
    told = {"mode": "webhook", "per_second": 30.0, "seconds_apart": 1.0, "api_url": api_url, **settings}
    account_id = await house.add_account("telegram", bot.username, told, {"token": bot.token})
    await house.accounts.refresh(now=True)
    account = house.accounts.find("telegram", account_id)
    assert account is not None
    bots = Bots()
    house.sender = TelegramSender(house.accounts, bots)
    house.attachments["telegram"] = TelegramFiles(house.accounts, bots)
    arrivals = Arrivals(house.intake, house.turns, bots)
    stage = TelegramStage(house, telegram, bot, bots, arrivals, account)
    try:
        async with house.serve(routes(TelegramWebhook(house.accounts, arrivals))):
            if told["mode"] == "webhook":
                findings = await stage.set_webhook()
                assert {one.level for one in findings} == {"ok"}
            yield stage
    finally:
        await bots.close()
        await telegram.stop()
