"""Fetches what people send from where Telegram keeps it: asks for its place, reads within bounds. Keeps nothing."""

from __future__ import annotations

from uuid import UUID

from telegram.error import TelegramError
from yarl import URL

from base.channel_contract import Attachment
from base.errors import NotFound
from base.outbound_http import OutboundRequest, fetch
from channels.telegram.api import Bots, TelegramProblem, TurnedDown
from channels.telegram.reading import UNREADABLE
from channels.telegram.settings import read_account
from outreach.accounts.book import AccountBook

MOST = 20 * 1024 * 1024
"""Bytes of a file that Telegram lets bots fetch."""
_PATIENCE = 30.0  # seconds for one file


class TelegramFiles:
    """Fulfils the bot's port `Attachments`."""

    def __init__(self, accounts: AccountBook, bots: Bots) -> None:
        self._accounts = accounts
        self._bots = bots

    async def fetch(self, account_id: UUID, attachment: Attachment, *, max_bytes: int) -> bytes:
        """The file's bytes.

        Raises:
            NotFound: there is no such file, or none that may be had.
            TelegramProblem: Telegram could not be asked.
            OutboundFailed: it could not be read, or has more bytes.
        """
        account = await self._accounts.get(account_id)
        if account is None or account.channel != "telegram" or attachment.ref == UNREADABLE:
            raise NotFound("This file cannot be had.")
        typed = read_account(account)
        try:
            file = await self._bots.of(typed).get_file(attachment.ref)
        except TurnedDown:
            raise NotFound("Telegram does not give this file: it is gone, or larger than 20 MB.") from None
        except TelegramError:
            raise TelegramProblem from None
        if file.file_path is None or (file.file_size or 0) > max_bytes:
            raise NotFound("This file cannot be had, or it is too large.")
        url = URL(file.file_path)
        if str(url.origin()) != typed.api_url:
            raise NotFound("This file is not kept at Telegram.")
        answer = await fetch(
            OutboundRequest(
                "GET",
                str(url),
                allow_private=typed.is_simulated,
                max_bytes=min(max_bytes, MOST),
                timeout=_PATIENCE,
            )
        )
        if answer.status != 200:
            raise NotFound("Telegram does not give this file.")
        return answer.body
