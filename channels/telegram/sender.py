"""Hands messages over to Telegram, one request a message. Plain text always: nothing in it is read as markup.

Knows nothing of consent or time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from telegram import LinkPreviewOptions, Message
from telegram.error import TelegramError

from base.errors import InvalidInput
from channels.telegram.api import BotAPI, Bots
from channels.telegram.keyboards import markup_of
from channels.telegram.refusals import concerns_media, outcome_of
from channels.telegram.settings import TelegramAccount, read_account
from outreach.accounts.book import AccountBook
from outreach.ports import Accepted, Envelope, Refused, SendOutcome


class TelegramSender:
    """Fulfils outreach's port `Sender` for Telegram."""

    channel = "telegram"

    def __init__(self, accounts: AccountBook, bots: Bots) -> None:
        self._accounts = accounts
        self._bots = bots

    def configured(self) -> str | None:
        """What is missing before anything may be sent."""
        if self._accounts.of_channel("telegram"):
            return None
        return "there is no bot to send from: `parley channels add telegram`."

    async def close(self) -> None:
        """Ends the connections."""
        await self._bots.close()

    async def send(self, envelope: Envelope) -> SendOutcome:
        """Hands over one message."""
        account = self._accounts.find("telegram", envelope.account_id)
        if account is None:
            return Refused("no_account", "The bot that this talk is with is not in use any more.")
        if envelope.address is None:
            return Refused("no_address", "There is no Telegram chat to send it to.")
        try:
            typed = read_account(account)
        except InvalidInput as error:
            return Refused("account_broken", error.message)
        handing_over = _HandingOver(self._bots.of(typed), typed, int(envelope.address), envelope)
        try:
            return await handing_over.send()
        except TelegramError as error:
            return outcome_of(error)


@dataclass(frozen=True, slots=True)
class _HandingOver:
    """One message on its way."""

    bot: BotAPI
    account: TelegramAccount
    chat_id: int
    envelope: Envelope

    async def send(self) -> SendOutcome:
        media = self.envelope.content.get("media")
        if not media:
            return await self._send_text(self.envelope.text)
        try:
            return await self._send_media(media)
        except TelegramError as error:
            if not concerns_media(error):
                raise
            # Telegram could not fetch it or does not show its kind: then it is an address, and nothing is left out.
            words = (self.envelope.text or media.get("alt"), media.get("url"))
            return await self._send_text("\n".join(str(one) for one in words if one))

    async def _send_text(self, text: str) -> SendOutcome:
        sent = await self.bot.send_message(
            self.chat_id,
            text,
            reply_markup=markup_of(self.envelope.content),
            link_preview_options=LinkPreviewOptions(is_disabled=not self.account.link_preview),
        )
        return _accepted(sent)

    async def _send_media(self, media: Mapping[str, Any]) -> SendOutcome:
        """By its address: Telegram fetches it."""
        ways: dict[str, Callable[..., Awaitable[Message]]] = {
            "image": self.bot.send_photo,
            "video": self.bot.send_video,
            "audio": self.bot.send_audio,
        }
        send = ways.get(str(media.get("kind")), self.bot.send_document)
        # What is said of it to those who cannot see it is not shown: it would be said twice to all others.
        caption = self.envelope.text or None
        sent = await send(
            self.chat_id, str(media.get("url")), caption=caption, reply_markup=markup_of(self.envelope.content)
        )
        return _accepted(sent)


def _accepted(sent: Message) -> SendOutcome:
    return Accepted(f"{sent.message_id}")
