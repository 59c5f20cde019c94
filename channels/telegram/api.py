"""python-telegram-bot as a client of the Bot API and nothing else: exact errors, no text and no token in any of them.

The token stands in every address that is asked. So what the library or its HTTP client says of a failure is never
passed on, and neither of them logs anything but warnings.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import BaseRequest, HTTPXRequest

from base.errors import ParleyError
from channels.telegram.settings import TelegramAccount

_CONNECT = 8.0  # seconds
_ANSWER = 12.0
_POOL = 5.0
"""Together below outreach.delivery.SEND_TIMEOUT, so that what ended before it was sent is known not to have left."""
_CONNECTIONS = 64
_LONGEST_PAUSE = timedelta(days=1)
_TALKATIVE = ("telegram", "httpx", "httpcore")
"""Below warnings these write whole addresses, with the token in them, and what people said."""


class Unreachable(TelegramError):
    """Telegram was not reached: nothing left."""

    def __init__(self) -> None:
        super().__init__("Telegram could not be reached.")


class NoAnswer(TelegramError):
    """The request left, and no answer that can be read came back."""

    def __init__(self) -> None:
        super().__init__("Telegram gave no answer that can be read.")


class TurnedDown(TelegramError):
    """Telegram answered that it does not do it.

    Attributes:
        status: the code of its answer.
        description: its words, in lower case; they name no person, but are not for logs either.
        retry_after: how long it wants to be left alone.
    """

    def __init__(self, status: int, description: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(f"Telegram answered {status}.")
        self.status = status
        self.description = description.lower()
        self.retry_after = retry_after


class TelegramProblem(ParleyError):
    """Telegram could not be asked just now; try again."""

    code = "telegram"
    status = 502


class _ExactRequest(HTTPXRequest):
    """Tells three ends apart: it never left, it may have arrived, it was turned down."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """As the library does it, with our errors."""
        try:
            status, payload = await super().do_request(*args, **kwargs)
        except (TelegramError, httpx.InvalidURL) as error:
            cause = error.__cause__ or error
            before = httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.InvalidURL
            raise (Unreachable() if isinstance(cause, before) else NoAnswer()) from None
        if 200 <= status <= 299:
            return status, payload
        raise _read_refusal(status, payload)

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """As the library does it, but what cannot be read is not logged: it may repeat the address that was asked."""
        try:
            read = json.loads(payload)
        except ValueError:
            raise NoAnswer from None
        if not isinstance(read, dict) or "result" not in read:
            raise NoAnswer
        return read


class BotAPI(Bot):
    """The library's bot, which never shows its token, and updates as they came."""

    def __init__(self, account: TelegramAccount, request: BaseRequest, poll_request: BaseRequest) -> None:
        super().__init__(
            account.token,
            base_url=f"{account.api_url}/bot",
            base_file_url=f"{account.api_url}/file/bot",
            request=request,
            get_updates_request=poll_request,
        )

    def __repr__(self) -> str:
        return "BotAPI()"

    async def fetch_updates(self, *, after: int | None, wait: timedelta, kinds: Sequence[str]) -> list[Any]:
        """Updates that wait at Telegram, as JSON; it forgets those up to `after`.

        Args:
            wait: how long Telegram may keep us waiting when there are none.
        """
        seconds = int(wait.total_seconds())
        asked: dict[str, Any] = {"timeout": seconds, "limit": 100, "allowed_updates": list(kinds)}
        if after is not None:
            asked["offset"] = after + 1
        updates = await self._post("getUpdates", asked, read_timeout=seconds + _ANSWER)
        return updates if isinstance(updates, list) else []


class Bots:
    """The bots of one process, with their connections."""

    def __init__(self) -> None:
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        self._bots: dict[TelegramAccount, BotAPI] = {}
        self._requests: tuple[_ExactRequest, _ExactRequest] | None = None

    def of(self, account: TelegramAccount) -> BotAPI:
        """The account's bot."""
        bot = self._bots.get(account)
        if bot is None:
            if self._requests is None:
                self._requests = (_request(), _request())
            bot = self._bots[account] = BotAPI(account, *self._requests)
        return bot

    async def close(self) -> None:
        """Ends the connections; a bot asked for later opens new ones."""
        requests, self._requests, self._bots = self._requests, None, {}
        for request in requests or ():
            await request.shutdown()


def _request() -> _ExactRequest:
    return _ExactRequest(
        connection_pool_size=_CONNECTIONS,
        connect_timeout=_CONNECT,
        read_timeout=_ANSWER,
        write_timeout=_ANSWER,
        pool_timeout=_POOL,
        # No proxy or credentials that some variable of the environment happens to name.
        httpx_kwargs={"trust_env": False, "follow_redirects": False},
    )


def _read_refusal(status: int, payload: bytes) -> TelegramError:
    """What Telegram's answer says. A server error with whatever words leaves open whether it was done."""
    try:
        answer = json.loads(payload)
        parameters = answer.get("parameters") or {}
        after = parameters.get("retry_after")
        pause = None if after is None else min(timedelta(seconds=float(after)), _LONGEST_PAUSE)
        return TurnedDown(status, str(answer.get("description") or ""), pause)
    except (ValueError, TypeError, AttributeError, OverflowError):
        return TurnedDown(status)
