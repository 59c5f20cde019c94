"""The chat in the terminal: typed lines become updates, what the bot shows is shown, buttons go by their number."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from channels.telegram.api import Bots
from channels.telegram.arrivals import Arrivals
from channels.telegram.sender import TelegramSender
from channels.telegram.simulator import simulate, simulated_account
from channels.telegram.webhook import TelegramWebhook, routes
from tests.bot.scripted_dialogue import Answer, say
from tests.contracts.house import House, free_port

CHOICES = [{"value": "small", "label": "1 to 10"}, {"value": "large", "label": "More"}]


def asking(body: dict[str, Any]) -> Answer:
    kind = body["message"]["kind"]
    if kind == "start":
        answer = say("How many are you?")
        answer["replies"][0] |= {"step": "demo/ask", "input": "choice", "choices": CHOICES}
        return answer
    if kind == "choice":
        answer = say("Your number?")
        answer["replies"][0] |= {"step": "demo/phone", "input": "phone"}
        return answer
    return say(f"heard {body['message']['text']}")


class Terminal:
    """What is typed, each line once something was shown that it answers; and everything shown."""

    def __init__(self, house: House, lines: list[tuple[str, str]]) -> None:
        self.house = house
        self.lines = lines
        self.shown: list[str] = []

    def show(self, line: str) -> None:
        self.shown.append(line)

    async def read_line(self) -> str | None:
        if not self.lines:
            await self._until("heard +14155550123")
            return None
        awaited, line = self.lines.pop(0)
        await self._until(awaited)
        return line

    async def _until(self, awaited: str) -> None:
        async with asyncio.timeout(15):
            while not any(awaited in line for line in self.shown):
                await self.house.settle()
                await self.house.deliver()
                self.house.clock.move_seconds(2)
                await asyncio.sleep(0.05)


@pytest.fixture
async def channel(house: House) -> Callable[[Terminal], Awaitable[None]]:
    async def run(terminal: Terminal) -> None:
        address, settings, secrets = simulated_account(free_port())
        account_id = await house.add_account("telegram", address, settings, secrets)
        await house.accounts.refresh(now=True)
        account = house.accounts.find("telegram", account_id)
        assert account is not None
        bots = Bots()
        house.sender = TelegramSender(house.accounts, bots)
        webhook = TelegramWebhook(house.accounts, Arrivals(house.intake, house.turns, bots))
        async with house.serve(routes(webhook)):
            await simulate(house.public_url, account, terminal.read_line, terminal.show)
        await bots.close()

    return run


async def test_one_can_talk_to_the_bot_in_a_terminal(
    house: House, channel: Callable[[Terminal], Awaitable[None]]
) -> None:
    house.dialogue.script = asking
    terminal = Terminal(house, [("[2] More", "2"), ("Your number?", "  "), ("<Share", "/share +14155550123")])
    await channel(terminal)
    spoken = [line for line in terminal.shown if line.startswith(("◂", "  [", "  <"))]
    assert spoken == [
        "◂ How many are you?",
        "  [1] 1 to 10",
        "  [2] More",
        "◂ Your number?",
        "  <Share my phone number>",
        "◂ heard +14155550123",
    ]
    assert [body["message"]["kind"] for body in house.dialogue.requests] == ["start", "choice", "text"]


async def test_a_parley_that_is_not_running_is_said_so(house: House) -> None:
    address, settings, secrets = simulated_account(free_port())
    account_id = await house.add_account("telegram", address, settings, secrets)
    await house.accounts.refresh(now=True)
    account = house.accounts.find("telegram", account_id)
    assert account is not None
    shown: list[str] = []
    lines = ["hello", "are you there?"]

    async def read_line() -> str | None:
        await asyncio.sleep(0.4)
        return lines.pop(0) if lines else None

    await simulate(house.public_url, account, read_line, shown.append)
    assert any("did not take it" in line for line in shown)
