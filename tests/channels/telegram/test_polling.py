"""Updates that are asked for: one process a bot, nothing lost and nothing twice however processes end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from base.database import libpq_url, transaction
from channels.telegram.api import Bots
from channels.telegram.arrivals import Arrivals
from channels.telegram.polling import Polling
from channels.telegram.simulator import Answer
from outreach.accounts.book import AccountBook
from outreach.accounts.service import disable_account, save_account
from tests.channels.telegram.stage import TelegramStage, staged_bot
from tests.conftest import Database
from tests.contracts.house import House

SOON = timedelta(milliseconds=50)


@pytest.fixture
async def stage(house: House) -> AsyncIterator[TelegramStage]:
    async with staged_bot(house, mode="polling") as ready:
        yield ready


@asynccontextmanager
async def polling(
    stage: TelegramStage, database: Database, arrivals: Arrivals | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """A process that asks; killed at the end as a process is."""
    bots = Bots()
    book = AccountBook(stage.house.sessions, stage.house.keys, fresh_for=0)
    asking = Polling(
        book,
        arrivals or stage.arrivals,
        bots,
        database.url,
        wait=timedelta(seconds=1),
        look_every=SOON,
        rest=SOON,
    )
    task = asyncio.create_task(asking.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await bots.close()


async def until(what: Callable[[], Awaitable[bool]], *, patience: float = 10) -> None:
    """Waits for it."""
    async with asyncio.timeout(patience):
        while not await what():
            await asyncio.sleep(0.05)


async def hears(stage: TelegramStage, *texts: str) -> None:
    """Until exactly this was heard; what a dead process kept and left is swept up, as every web process does."""

    async def all_heard() -> bool:
        stage.house.clock.move_seconds(10)
        await stage.house.intake.resume()
        await stage.house.settle()
        return await stage.house.heard() == list(texts)

    await until(all_heard)


async def test_what_was_written_before_and_while_it_is_asked_is_heard_in_order(
    stage: TelegramStage, database: Database
) -> None:
    ada = stage.person()
    for number in range(3):
        ada.says(f"before {number}")
    async with polling(stage, database):
        await hears(stage, "before 0", "before 1", "before 2")
        ada.says("now")
        await hears(stage, "before 0", "before 1", "before 2", "now")
    assert [method for method, _ in stage.bot.calls if method != "getUpdates"] == []


async def test_of_two_processes_one_asks_and_when_it_dies_the_other_goes_on(
    stage: TelegramStage, database: Database
) -> None:
    ada = stage.person()
    async with polling(stage, database) as first:
        ada.says("one")
        await hears(stage, "one")
        async with polling(stage, database):
            await asyncio.sleep(0.3)
            ada.says("two")
            await hears(stage, "one", "two")
            first.cancel()
            ada.says("three")
            await hears(stage, "one", "two", "three")


async def test_two_processes_never_ask_at_the_same_time(stage: TelegramStage, database: Database) -> None:
    """Telegram would end the question of the one that asked first; it does not have to."""
    async with polling(stage, database), polling(stage, database):
        await until(lambda: _polled(stage.bot))
        before = stage.bot.poll
        await asyncio.sleep(0.6)
        assert stage.bot.poll - before <= 1, "each question waits a second, so one process asks once in that time"


class DyingArrivals(Arrivals):
    """Keeps some of a batch, then the process is gone."""

    def __init__(self, stage: TelegramStage, survive: int) -> None:
        super().__init__(stage.house.intake, stage.house.turns, stage.bots)
        self.left = survive
        self.died = asyncio.Event()

    async def take(self, *args: Any) -> None:
        if self.left == 0:
            self.died.set()
            await asyncio.Event().wait()
        self.left -= 1
        await super().take(*args)


@pytest.mark.parametrize("survive", [0, 1, 3])
async def test_a_process_that_dies_in_the_middle_loses_nothing_and_doubles_nothing(
    stage: TelegramStage, database: Database, survive: int
) -> None:
    ada = stage.person()
    texts = [f"message {number}" for number in range(4)]
    for text in texts:
        ada.says(text)
    dying = DyingArrivals(stage, survive)
    async with polling(stage, database, dying):
        await asyncio.wait_for(dying.died.wait(), 5)
    assert len(stage.bot.pending) == 4, "nothing was acknowledged that was not kept"
    async with polling(stage, database):
        await hears(stage, *texts)
    assert [body["message"]["text"] for body in stage.house.dialogue.requests] == texts


async def test_what_the_database_did_not_keep_is_told_again(
    stage: TelegramStage, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, failures = stage.house.intake._keeper._together._write, [1, 2]

    async def fail_first(rows: Any) -> Any:
        if failures:
            failures.pop()
            raise OperationalError("insert", {}, Exception("the database is away"))
        return await write(rows)

    monkeypatch.setattr(stage.house.intake._keeper._together, "_write", fail_first)
    stage.person().says("do not lose me")
    async with polling(stage, database):
        await hears(stage, "do not lose me")
    assert failures == []


async def test_a_process_whose_lock_is_gone_asks_no_more_until_it_has_it_again(
    stage: TelegramStage, database: Database
) -> None:
    ada = stage.person()
    async with polling(stage, database):
        ada.says("one")
        await hears(stage, "one")
        async with await psycopg.AsyncConnection.connect(libpq_url(database.url), autocommit=True) as admin:
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
            )
        ada.says("two")
        await hears(stage, "one", "two")


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(401, "Unauthorized"),
        Answer(409, "Conflict: can't use getUpdates method while webhook is active"),
        Answer(502, "Bad Gateway"),
        Answer(429, "Too Many Requests", retry_after=1),
        Answer(200, body=b"<html>"),
        Answer(hangs_up=True),
    ],
)
async def test_whatever_telegram_answers_it_is_asked_again(
    stage: TelegramStage, database: Database, trouble: Answer
) -> None:
    stage.bot.script["getUpdates"] = [trouble, trouble]
    stage.person().says("still here")
    async with polling(stage, database):
        await hears(stage, "still here")


async def test_a_tap_is_answered_as_by_webhook(stage: TelegramStage, database: Database) -> None:
    def ask(body: dict[str, Any]) -> dict[str, Any]:
        reply = {"text": "Which?", "step": "demo/ask", "input": "choice", "choices": [{"value": "a", "label": "A"}]}
        return {"state": {"v": 2}, "replies": [reply], "effects": [], "need": None, "timer": None, "debounce": 0}

    stage.house.dialogue.script = ask
    ada = stage.person()
    async with polling(stage, database):
        ada.starts()

        async def asked() -> bool:
            await stage.house.settle()
            await stage.house.deliver()
            return bool(ada.sees)

        await until(asked)
        ada.taps("A")

        async def marked() -> bool:
            return ada.chat.messages[1].labels == ["✓ A"]

        await until(marked)
    assert len(stage.bot.answered) == 1


async def test_a_bot_that_was_removed_is_asked_no_more_and_one_that_was_added_is(
    stage: TelegramStage, database: Database
) -> None:
    house = stage.house
    async with polling(stage, database):
        await until(lambda: _polled(stage.bot))
        async with transaction(house.sessions) as session:
            await disable_account(session, channel="telegram", name="main", now=house.clock.now())
        await asyncio.sleep(0.3)
        before = stage.bot.poll
        await asyncio.sleep(1.2)
        assert stage.bot.poll == before
        other = stage.telegram.add_bot("other_bot")
        settings = {"mode": "polling", "api_url": stage.telegram.url}
        async with transaction(house.sessions) as session:
            await save_account(
                session, house.keys, channel="telegram", name="other", address=other.username, settings=settings,
                secrets={"token": other.token}, now=house.clock.now(),
            )  # fmt: skip
        await until(lambda: _polled(other))


async def _polled(bot: Any) -> bool:
    return bool(bot.poll)


async def test_a_bot_whose_webhook_is_to_be_called_is_not_asked(house: House, database: Database) -> None:
    async with staged_bot(house) as stage, polling(stage, database):
        await asyncio.sleep(0.4)
        assert stage.bot.poll == 0
