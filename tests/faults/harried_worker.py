"""A delivery process that dies at a marked point, as a worker does that is killed there. Forked by test_kills.py."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
import twilio.rest.api.v2010  # noqa: F401  # takes seconds: loaded once, before the forks
from sqlalchemy.exc import OperationalError

import server.web  # noqa: F401  # every room's tables
from base.database import create_engine, create_sessions
from base.encryption import KeyRing
from channels.sms.sender import SMSSender
from outreach.accounts.book import AccountBook
from outreach.delivery import Delivery
from outreach.gatekeeper import Gatekeeper
from outreach.looking import Looking
from outreach.ports import Envelope, SendOutcome
from outreach.rule_pack import read_rule_pack
from tests.time_zones import Clock

POINTS = ("before claim", "after claim", "during HTTP", "after 2xx before commit", "after commit")
KEYS = KeyRing("k1", {"k1": b"\x01" * 32}, b"\x02" * 32)


@dataclass(frozen=True)
class Orders:
    """What a worker is to do.

    Attributes:
        point: where it dies; `anywhere` leaves that to its parent, `nowhere` lets it live.
        passes: how often it comes by the point before that.
        ahead: how far its clock is before the machine's.
        poison: a text that ends the process that is about to send it, as a fault in a library does.
    """

    url: str
    public_url: str
    point: str
    passes: int
    ahead: timedelta
    poison: str = ""


class Fate:
    """Counts how often its point was come by, and kills at the last."""

    def __init__(self, orders: Orders) -> None:
        self._point, self._left = orders.point, orders.passes

    def come_by(self, point: str, times: int = 1) -> None:
        if point != self._point:
            return
        self._left -= times
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


class FatedSender(SMSSender):
    """Dies while a request is on its way."""

    def __init__(self, accounts: AccountBook, public_url: str, fate: Fate) -> None:
        super().__init__(accounts, public_url)
        self._fate = fate

    async def send(self, envelope: Envelope) -> SendOutcome:
        handing_over = asyncio.create_task(super().send(envelope))
        await asyncio.sleep(0)
        # The request is made by now, and has left or is about to.
        await asyncio.sleep(0.001)
        self._fate.come_by("during HTTP")
        return await handing_over


class FatedDelivery(Delivery):
    """Dies before or after a claim, or before or after outcomes are stored."""

    def __init__(self, *args: Any, fate: Fate, poison: str = "") -> None:
        super().__init__(*args, send_timeout=timedelta(seconds=1), concurrency=4, claimed_at_once=8)
        self._fate = fate
        self._poison = poison

    async def claim(self, clock: Any) -> Any:
        self._fate.come_by("before claim")
        claim = await super().claim(clock)
        if claim.messages:
            self._fate.come_by("after claim")
        return claim

    async def _open_the_gate(self, messages: Sequence[Any], clock: Any) -> Any:
        if self._poison and any(message.text == self._poison for message in messages):
            os.abort()
        return await super()._open_the_gate(messages, clock)

    async def _write(self, ended: Sequence[Any]) -> None:
        self._fate.come_by("after 2xx before commit", len(ended))
        await super()._write(ended)
        self._fate.come_by("after commit", len(ended))


def work(orders: Orders, progress: Any) -> None:
    """Delivers until it is killed, or until nothing is left to do; tells its parent when it begins."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    asyncio.run(_work(orders, progress))


async def _work(orders: Orders, progress: Any) -> None:
    engine = create_engine(orders.url, pool_size=4)
    sessions, clock, fate = create_sessions(engine), Clock(orders.ahead), Fate(orders)
    accounts = AccountBook(sessions, KEYS)
    sender = FatedSender(accounts, orders.public_url, fate)
    gatekeeper = Gatekeeper(read_rule_pack(), {"sms": sender}, ("America/New_York",), accounts, KEYS)
    delivery = FatedDelivery(sessions, KEYS, gatekeeper, fate=fate, poison=orders.poison)
    looking = Looking(sessions, KEYS, {"sms": sender}, accounts)
    progress.send("begins")
    while True:
        try:
            await delivery.sweep(clock)
            await looking.do_due(clock.now())
            await delivery.deliver_due(clock)
        except (OperationalError, OSError):
            # As server.worker does: the database is away, and comes back.
            await asyncio.sleep(0.2)
        except ExceptionGroup as errors:
            # Outcomes that could not be stored: Procrastinate logs it, and the next wake-up goes on.
            _, others = errors.split((OperationalError, OSError))
            if others is not None:
                raise
            await asyncio.sleep(0.2)
        await asyncio.sleep(0.05)
