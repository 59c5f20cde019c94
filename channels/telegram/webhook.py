"""Telegram's webhook: the secret first, then the update is read, kept and acknowledged. Answers nothing itself.

Never answers 429, and answers 200 to what is of no concern: what gets anything else is brought again, before all that
follows it.
"""

from __future__ import annotations

import hmac
import json
from uuid import UUID

import structlog
from aiohttp import web

from base.errors import InvalidInput, Malformed, NotAllowed
from channels.telegram.arrivals import Arrivals
from channels.telegram.settings import TelegramAccount, read_account, webhook_secret
from channels.telegram.updates import read_update
from outreach.accounts.book import AccountBook
from outreach.accounts.service import Account

_log = structlog.get_logger(__name__)

PATH = "/hooks/telegram/{account}/updates"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the header's name
MAX_BODY = 512 * 1024
"""Bytes. A long message that answers another long one, with every letter escaped, is more than other routes take."""


def webhook_url(public_url: str, account_id: UUID) -> str:
    """Where Telegram brings updates."""
    return public_url.rstrip("/") + PATH.format(account=account_id)


class TelegramWebhook:
    """The handler and what it needs."""

    def __init__(self, accounts: AccountBook, arrivals: Arrivals) -> None:
        self._accounts = accounts
        self._arrivals = arrivals

    async def handle(self, request: web.Request) -> web.Response:
        """Takes one update in."""
        account, typed = await self._verify(request)
        body = await request.clone(client_max_size=MAX_BODY).read()
        try:
            update = read_update(json.loads(body))
        except (ValueError, RecursionError) as error:
            _log.warning("telegram_update_malformed", account_id=str(account.id), error=type(error).__name__)
            raise Malformed from None
        await self._arrivals.take(account, typed, update)
        return web.Response()

    async def _verify(self, request: web.Request) -> tuple[Account, TelegramAccount]:
        """The account an update is for.

        Raises:
            NotAllowed: nothing proves that it comes from Telegram.
        """
        try:
            account = await self._accounts.get(UUID(request.match_info["account"]))
        except ValueError:
            account = None
        if account is None or account.channel != "telegram":
            raise NotAllowed("Nothing is taken in here.")
        try:
            typed = read_account(account)
        except InvalidInput:
            raise NotAllowed("Nothing is taken in here.") from None
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, webhook_secret(account.id, typed.token).encode()):
            _log.warning("telegram_webhook_refused", account_id=str(account.id))
            raise NotAllowed("This request does not come from Telegram.")
        return account, typed


def routes(webhook: TelegramWebhook) -> list[web.RouteDef]:
    """The routes of the channel."""
    return [web.post(PATH, webhook.handle)]
