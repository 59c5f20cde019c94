"""Takes an update in, whichever way it came: kept first, then a tap is answered. Knows neither webhook nor polling."""

from __future__ import annotations

import asyncio

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

_NOT_MODIFIED = "message is not modified"


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
        if found.said is not None:
            await self._intake.receive("telegram", account.id, found.said)
        if found.tapped is not None:
            # Beside the answer to Telegram, which waits for nothing but the database; the process ends after it.
            self._turns.keep(asyncio.create_task(self._answer(account, typed, found.tapped)))

    async def _answer(self, account: Account, typed: TelegramAccount, tapped: Tapped) -> None:
        """Ends the button's waiting and shows what was chosen. No message: it is only how the keyboard looks."""
        bot = self._bots.of(typed)
        try:
            await bot.answer_callback_query(tapped.query_id)
            if tapped.label is not None:
                await bot.edit_message_reply_markup(
                    tapped.chat_id, tapped.message_id, reply_markup=chosen(tapped.label)
                )
        except TelegramError as error:
            if not (isinstance(error, TurnedDown) and _NOT_MODIFIED in error.description):
                _log.warning("tap_not_shown", account_id=str(account.id), error=str(error))
