"""Takes an update in, whichever way it came: kept first, then a tap is answered. Knows neither webhook nor polling."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import structlog
from telegram.error import TelegramError

from bot.intake.service import Intake
from bot.turns import TurnService
from channels.telegram.api import Bots, TurnedDown
from channels.telegram.keyboards import chosen
from channels.telegram.reading import Tapped, read
from channels.telegram.settings import TelegramAccount
from channels.telegram.updates import Update
from outreach.accounts.service import Account

_log = structlog.get_logger(__name__)

_TOO_LATE = ("message is not modified", "query is too old")
"""Done already, or told only now, after we were away."""


class Arrivals:
    """What is done with updates."""

    def __init__(self, intake: Intake, turns: TurnService, bots: Bots) -> None:
        self._intake = intake
        self._turns = turns
        self._bots = bots

    async def take(self, account: Account, typed: TelegramAccount, update: Update) -> None:
        """Keeps what the update says; when this returns, Telegram may forget it.

        Raises:
            SQLAlchemyError: it was not kept: Telegram must tell it again.
        """
        found = read(update, typed.bot_id)
        is_new = True
        if found.said is not None:
            is_new = (await self._intake.receive("telegram", account.id, found.said)).new
        if found.tapped is not None:
            # Beside the answer to Telegram, which waits for nothing but the database; the process ends after it.
            # Of two taps on one keyboard the first one counts, so it is the one that is shown.
            label = found.tapped.label if is_new else None
            self._turns.keep(asyncio.create_task(self._answer(account, typed, found.tapped, label)))

    async def _answer(self, account: Account, typed: TelegramAccount, tapped: Tapped, label: str | None) -> None:
        """Ends the button's waiting and shows what was chosen. No message: it is only how the keyboard looks."""
        bot = self._bots.of(typed)
        await _try(account, bot.answer_callback_query(tapped.query_id))
        if label is not None:
            markup = chosen(label)
            await _try(account, bot.edit_message_reply_markup(tapped.chat_id, tapped.message_id, reply_markup=markup))


async def _try(account: Account, call: Awaitable[object]) -> None:
    """What fails here changes nothing of what was said: a button that waits a little, a keyboard that stays."""
    try:
        await call
    except TelegramError as error:
        if not (isinstance(error, TurnedDown) and any(words in error.description for words in _TOO_LATE)):
            _log.warning("tap_not_shown", account_id=str(account.id), error=str(error))
