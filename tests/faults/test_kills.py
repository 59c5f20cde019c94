"""Workers are killed at random and at five marked points while they send; the database is, too. Nothing is sent twice.

A short run belongs to every test run; `make test-long` kills two hundred times among a thousand sends.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import func, insert, select

from base.database import Sessions, create_engine, create_sessions, transaction
from base.ids import new_id
from base.migrate import migrate
from base.postgres import start_embedded
from channels.sms.simulator import Answer, LocalTwilio, Number, Sent
from channels.sms.webhook import SMSWebhooks, routes
from outreach.accounts.book import AccountBook
from outreach.accounts.service import save_account
from outreach.models import OutboxMessage
from tests.contracts.house import free_port
from tests.faults.harried_worker import KEYS, POINTS, Orders, work
from tests.faults.people import people_who_agreed
from tests.time_zones import Clock

_ACCOUNT_SID, _TOKEN, _OURS = "AC" + "0123456789abcdef" * 2, "token-of-tests", "+14155550100"
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.faults.harried_worker", "tests.faults.sms_house", "tests.faults.dying_chat"])


@contextlib.asynccontextmanager
async def forked(target: Callable[[Any, Any], None], orders: Any) -> AsyncIterator[Any]:
    """A process that has begun to do what it is ordered; killed at the end if it is alive."""
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=target, args=(orders, theirs))
    process.start()
    try:
        async with asyncio.timeout(120):
            while not ours.poll():
                assert process.is_alive(), "the process ended before it began"
                await asyncio.sleep(0.01)
        yield process
    finally:
        if process.is_alive():
            process.kill()
        await asyncio.to_thread(process.join)


def ahead() -> timedelta:
    """From now to a Tuesday on which it is day in all of America."""
    now = datetime.now(UTC)
    tuesday = now + timedelta(days=(1 - now.weekday()) % 7 or 7)
    return tuesday.replace(hour=17, minute=0) - now


@dataclass
class Scene:
    """A database full of texts that are due, a provider that takes them and reports, and workers to be killed."""

    sessions: Sessions
    twilio: LocalTwilio
    orders: Orders
    kills: int = 0

    def worker(self, **orders: Any) -> contextlib.AbstractAsyncContextManager[Any]:
        return forked(work, replace(self.orders, **orders))

    async def kill_one(self, point: str, chance: random.Random) -> None:
        async with self.worker(point=point, passes=chance.randint(0, 6)) as process:
            patience = asyncio.get_running_loop().time() + (chance.random() * 0.25 if point == "anywhere" else 5)
            while process.is_alive() and asyncio.get_running_loop().time() < patience:
                await asyncio.sleep(0.002)
        self.kills += 1

    async def states(self) -> Counter[str]:
        async with self.sessions() as session:
            rows = await session.execute(
                select(OutboxMessage.state, func.count().label("count")).group_by(OutboxMessage.state)
            )
            return Counter({row.state: row.count for row in rows})

    async def settle(self, *, within: float) -> None:
        """Lets a worker live until nothing is due, and then until what is in doubt was looked for."""
        for later in (timedelta(0), timedelta(minutes=10), timedelta(hours=2)):
            async with self.worker(point="nowhere", ahead=self.orders.ahead + later), asyncio.timeout(within):
                while (await self.states()).keys() & {"planned", "deferred", "sending"}:
                    await asyncio.sleep(0.1)
                # A look at what is in doubt is part of each round; it is over when nothing more is found.
                doubtful = None
                while (left := (await self.states())["unknown"]) != doubtful:
                    doubtful = left
                    await asyncio.sleep(3)
        await self.twilio.drain()


@contextlib.asynccontextmanager
async def scene(url: str, messages: int) -> AsyncIterator[Scene]:
    engine, offset = create_engine(url), ahead()
    sessions, clock = create_sessions(engine), Clock(offset)
    twilio = LocalTwilio(account_sid=_ACCOUNT_SID, tokens=(_TOKEN,), numbers=[Number(_OURS)], reports_by_itself=True)

    def take(sent: Sent) -> Answer:
        # The provider lives at the time of the workers.
        sent.created_at = clock.now()
        return Answer()

    twilio.state.script = take
    api_url, port = await twilio.start(), free_port()
    public_url = f"http://127.0.0.1:{port}"
    await fill(sessions, clock.now(), messages, api_url)
    accounts = AccountBook(sessions, KEYS)
    await accounts.refresh()
    app = web.Application()
    # Reports of what was sent come in; nobody writes to us here.
    app.add_routes(routes(SMSWebhooks(sessions, accounts, None, clock, public_url)))  # type: ignore[arg-type]
    server = TestServer(app, port=port)
    await server.start_server()
    try:
        yield Scene(sessions, twilio, Orders(url, public_url, "nowhere", 0, offset))
    finally:
        await twilio.stop()
        await server.close()
        await engine.dispose()


async def fill(sessions: Sessions, now: datetime, count: int, api_url: str) -> None:
    """Contacts who agreed to texts, each with one that is due and is like no other."""
    async with transaction(sessions) as session:
        await save_account(
            session, KEYS, channel="sms", name="main", address=_OURS, secrets={"auth_token": _TOKEN}, now=now,
            settings={
                "account_sid": _ACCOUNT_SID, "us_registration": "CTESTED", "api_url": api_url, "per_second": 900.0,
            },
        )  # fmt: skip
        phones = [f"+1212555{number:04}" for number in range(count)]
        people = await people_who_agreed(session, KEYS, "sms", phones, "America/New_York", now)
        await session.execute(
            insert(OutboxMessage),
            [{"id": new_id(), "occurrence": str(one), "contact_id": one, "channel": "sms", "purpose": "marketing",
              "message_class": "promotional", "text": f"News for {one.hex}", "state": "planned", "due_at": now,
              "created_at": now, "updated_at": now} for one in people],
        )  # fmt: skip


async def check(here: Scene, messages: int, oracle: Any) -> None:
    """Nothing twice, nothing lost without a trace, no more in doubt than were killed."""
    taken = Counter(one.body for one in here.twilio.state.messages)
    assert max(taken.values()) == 1
    async with here.sessions() as session:
        rows = list(await session.execute(select(OutboxMessage.text, OutboxMessage.state)))
    assert len(rows) == messages
    assert {state for _, state in rows} <= {"accepted", "delivered", "unknown"}
    # What is said to have left has left, and what has left is said to.
    doubtful = sum(state == "unknown" for _, state in rows)
    print(f"{messages} messages, {here.kills} kills: {len(taken)} taken, {doubtful} in doubt")
    assert [(text, state) for text, state in rows if (state != "unknown") != (taken[text] == 1)] == []
    assert doubtful <= here.kills
    await oracle(here.sessions, Clock(here.orders.ahead + timedelta(hours=2)).now())


@pytest.mark.parametrize(("messages", "kills"), [(60, 12), pytest.param(1_000, 200, marks=pytest.mark.long)])
async def test_killed_workers_send_nothing_twice_and_lose_nothing(fresh_database_url, oracle, messages, kills):
    chance = random.Random(20261128)
    async with scene(fresh_database_url, messages) as here:
        for number in range(kills):
            await here.kill_one(("anywhere", *POINTS)[number % 6], chance)
        await here.settle(within=120)
        await check(here, messages, oracle)


@pytest.mark.parametrize(("messages", "restarts"), [(60, 2), pytest.param(1_000, 15, marks=pytest.mark.long)])
async def test_a_database_that_is_stopped_hard_again_and_again_drains_its_backlog(oracle, messages, restarts):
    chance = random.Random(20261128)
    # Not pytest's folder, which others may not pass: PostgreSQL runs under a user of its own where tests run as root.
    with tempfile.TemporaryDirectory(prefix="parley-test-") as folder:
        postgres = start_embedded(Path(folder) / "pg")
        try:
            migrate(postgres.url)
            async with scene(postgres.url, messages) as here:
                async with here.worker():
                    for _ in range(restarts):
                        await asyncio.sleep(0.2 + chance.random())
                        await asyncio.to_thread(stop_hard, Path(folder) / "pg")
                        # What was on the wire may be in doubt, as after a kill: four messages in each of two lanes.
                        here.kills += 8
                        await asyncio.to_thread(postgres.start)
                await here.settle(within=240)
                await check(here, messages, oracle)
        finally:
            postgres.stop()


def stop_hard(folder: Path) -> None:
    """Every process of the server at once, as when its machine stops."""
    postmaster = psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0]))
    for process in (postmaster, *postmaster.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs([postmaster], timeout=10)
