"""Asks Telegram for updates, for operators whose site it cannot call: one process a bot, whichever gets its lock.

Telegram forgets an update when the next ones are asked for, which is done only after it is kept: a process that dies
in between is told it again, and what was kept already changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from telegram.error import TelegramError

from base.errors import InvalidInput
from base.one_process import hold_alone
from channels.telegram.api import Bots
from channels.telegram.arrivals import Arrivals
from channels.telegram.settings import TelegramAccount, read_account
from channels.telegram.updates import UPDATE_KINDS, NotAnUpdate, Update, read_update
from outreach.accounts.book import AccountBook
from outreach.accounts.service import Account

_log = structlog.get_logger(__name__)

WAIT = timedelta(seconds=25)
"""How long Telegram keeps a question open when there is nothing to tell."""
LOOK_EVERY = timedelta(seconds=5)
"""How often it is looked for bots that were added, changed or removed."""
REST = timedelta(seconds=3)
"""While another process has the bot; after something went wrong, longer each time."""
LONGEST_REST = timedelta(minutes=1)


class Polling:
    """Asks for the updates of every bot whose account says so."""

    def __init__(
        self,
        accounts: AccountBook,
        arrivals: Arrivals,
        bots: Bots,
        database_url: str,
        *,
        wait: timedelta = WAIT,
        look_every: timedelta = LOOK_EVERY,
        rest: timedelta = REST,
    ) -> None:
        self._accounts = accounts
        self._arrivals = arrivals
        self._bots = bots
        self._database_url = database_url
        self._wait = wait
        self._look_every = look_every
        self._rest = rest

    async def run(self) -> None:
        """Until it is cancelled."""
        asking: dict[tuple[UUID, TelegramAccount], asyncio.Task[None]] = {}
        try:
            while True:
                try:
                    await self._accounts.refresh()
                except SQLAlchemyError as error:
                    _log.warning("telegram_accounts_not_read", error=type(error).__name__)
                wanted = {(one.id, typed): one for one, typed in self._polled()}
                for key in asking.keys() - wanted.keys():
                    await _end(asking.pop(key))
                for key in wanted.keys() - asking.keys():
                    asking[key] = asyncio.create_task(self._ask(wanted[key], key[1]))
                await asyncio.sleep(self._look_every.total_seconds())
        finally:
            for task in asking.values():
                await _end(task)
            await self._bots.close()

    def _polled(self) -> list[tuple[Account, TelegramAccount]]:
        found: list[tuple[Account, TelegramAccount]] = []
        for account in self._accounts.of_channel("telegram"):
            with suppress(InvalidInput):  # `parley channels check` says what is wrong with it
                typed = read_account(account)
                if typed.mode == "polling":
                    found.append((account, typed))
        return found

    async def _ask(self, account: Account, typed: TelegramAccount) -> None:
        rest = self._rest
        while True:
            began = time.monotonic()
            rest, before = self._rest, rest
            try:
                async with hold_alone(self._database_url, f"parley telegram polling {account.id}") as connection:
                    if connection is not None:
                        await self._ask_alone(account, typed, connection)
            except (TelegramError, psycopg.Error, SQLAlchemyError) as error:
                # A token that is wrong, a webhook that is set, a database or a network that is away: it is tried again.
                rest = _longer(before, began)
                _log.warning("telegram_not_asked", account_id=str(account.id), error=_words(error))
            except Exception:  # noqa: BLE001
                # The loop boundary: nothing was acknowledged, so nothing is lost.
                rest = _longer(before, began)
                _log.exception("telegram_polling_broke", account_id=str(account.id))
            await asyncio.sleep(rest.total_seconds())

    async def _ask_alone(
        self, account: Account, typed: TelegramAccount, connection: psycopg.AsyncConnection[Any]
    ) -> None:
        bot, after = self._bots.of(typed), None
        while True:
            # Without its connection the lock is somebody else's.
            await connection.execute("SELECT 1")
            told = await bot.fetch_updates(after=after, wait=self._wait, kinds=UPDATE_KINDS)
            updates = _read(told, account.id)
            # All at once, begun in their order: those of a batch share one commit.
            await asyncio.gather(*(self._arrivals.take(account, typed, update) for update in updates))
            if updates:
                # The last one told: numbers begin anew after a quiet week, so it need not be the highest.
                after = updates[-1].update_id


def _longer(rest: timedelta, began: float) -> timedelta:
    """The rest after one more failure; after a good while of work it was the first."""
    worked = timedelta(seconds=time.monotonic() - began)
    return REST if worked > LONGEST_REST else min(rest * 2, LONGEST_REST)


def _read(told: Sequence[object], account_id: UUID) -> list[Update]:
    updates: list[Update] = []
    for one in told:
        try:
            updates.append(read_update(one))
        except NotAnUpdate:
            _log.warning("telegram_update_malformed", account_id=str(account_id))
    return updates


def _words(error: Exception) -> str:
    """What went wrong, without what a library says of it: that may repeat addresses."""
    return str(error) if isinstance(error, TelegramError) else type(error).__name__


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
