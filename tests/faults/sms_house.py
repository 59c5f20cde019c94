"""A web side that takes texts in, over any database and at any port; and a process of it that dies at a point."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

import server.web  # noqa: F401  # every room's tables
from base.database import create_engine, create_sessions
from base.encryption import KeyRing
from channels.sms.sender import SMSSender
from channels.sms.webhook import SMSWebhooks, routes
from outreach.accounts.book import AccountBook
from tests.bot.scripted_dialogue import scripted_dialogue
from tests.bot.stage import staged
from tests.contracts.house import House, free_port

KEYS = KeyRing("k1", {"k1": b"\x01" * 32}, b"\x02" * 32)
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@dataclass(frozen=True)
class WebOrders:
    """Where a process serves, and where it dies: before or after what came in is committed, at which text."""

    url: str
    port: int
    point: str
    passes: int


@asynccontextmanager
async def sms_house(url: str, port: int = 0, intake: Callable[[Any], Any] = lambda real: real) -> AsyncIterator[House]:
    """Serves the webhooks of texts.

    Args:
        intake: what stands before the real intake.
    """
    engine = create_engine(url, pool_size=5)
    sessions = create_sessions(engine)
    try:
        async with scripted_dialogue() as dialogue, staged(sessions, KEYS, NOW, dialogue) as stage:
            accounts = AccountBook(sessions, KEYS, fresh_for=0)
            house = House(stage, accounts, port or free_port())
            house.sender = SMSSender(accounts, house.public_url)
            webhooks = SMSWebhooks(sessions, accounts, intake(house.intake), house.clock, house.public_url)
            async with house.serve(routes(webhooks)):
                yield house
            await house.sender.close()
    finally:
        await engine.dispose()


class FatedIntake:
    """The real intake, in a process that dies before or after it has kept what came."""

    def __init__(self, real: Any, orders: WebOrders) -> None:
        self._real, self._orders, self._left = real, orders, orders.passes

    async def receive(self, *args: Any) -> None:
        self._left -= 1
        if self._left < 0 and self._orders.point == "before commit":
            os.kill(os.getpid(), signal.SIGKILL)
        await self._real.receive(*args)
        if self._left < 0 and self._orders.point == "after commit":
            os.kill(os.getpid(), signal.SIGKILL)


def serve(orders: WebOrders, progress: Any) -> None:
    """Serves until it is killed; tells its parent when it begins."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    asyncio.run(_serve(orders, progress))


async def _serve(orders: WebOrders, progress: Any) -> None:
    async with sms_house(orders.url, orders.port, lambda real: FatedIntake(real, orders)):
        progress.send("begins")
        await asyncio.Event().wait()
