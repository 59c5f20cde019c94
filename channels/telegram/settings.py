"""An account of this channel as typed settings, and what is wrong with what an operator tells of one. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from yarl import URL

from base.errors import InvalidInput
from outreach.accounts.service import Account

Mode = Literal["webhook", "polling"]

TELEGRAM = "https://api.telegram.org"
PER_SECOND = 30
"""Messages Telegram takes of a bot in a second (core.telegram.org/bots/faq, broadcasting)."""
SECONDS_APART = 1
"""What Telegram asks to keep between two messages to the same chat (there, too)."""
WEBHOOK_PORTS = frozenset({443, 80, 88, 8443})
"""The only ports that Telegram calls webhooks on."""

_TOKEN = re.compile(r"(\d{5,20}):[A-Za-z0-9_-]{30,64}")


@dataclass(frozen=True, slots=True)
class TelegramAccount:
    """A bot ready for use.

    Attributes:
        bot_id: Telegram's number of the bot; public.
        mode: whether Telegram brings updates to our webhook or we ask for them.
        link_preview: whether the first link of a message is shown as a card.
        api_url: where the Bot API is: Telegram's, or a simulator on this machine.
    """

    token: str = field(repr=False)
    bot_id: str
    mode: Mode = "webhook"
    link_preview: bool = False
    api_url: str = TELEGRAM

    @property
    def is_simulated(self) -> bool:
        """Whether a simulator stands in for Telegram."""
        return self.api_url != TELEGRAM


def read_account(account: Account) -> TelegramAccount:
    """The account's settings and secrets.

    Raises:
        InvalidInput: something is missing or cannot be right; add the account again.
    """
    return read_told({**{key: str(value) for key, value in account.settings.items()}, **account.secrets})


def read_told(told: Mapping[str, str]) -> TelegramAccount:
    """What an operator told, checked.

    Raises:
        InvalidInput: it says what is expected.
    """
    token = told.get("token", "").strip()
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise InvalidInput("token is what @BotFather gave for the bot: digits, a colon and about 35 letters.")
    return TelegramAccount(
        token=token,
        bot_id=found[1],
        mode=_read_mode(told.get("mode")),
        link_preview=_read_yes(told.get("link_preview")),
        api_url=_read_api_url(told.get("api_url")),
    )


def settings_that_follow(told: Mapping[str, str], *, public_url: str) -> dict[str, Any]:
    """Settings that are kept with what was told: how updates come, and the pace as numbers.

    Raises:
        InvalidInput: what was told of the pace is no number.
    """
    return {
        "mode": _read_mode(told.get("mode") or ("webhook" if can_be_called(public_url) else "polling")),
        "per_second": _read_number(told, "per_second", PER_SECOND, 1000),
        "seconds_apart": _read_number(told, "seconds_apart", SECONDS_APART, 60),
    }


def can_be_called(public_url: str) -> bool:
    """Whether Telegram can bring updates to this address at all: HTTPS, one of its ports, not this machine's own."""
    try:
        url = URL(public_url)
    except ValueError:
        return False
    host = url.host or ""
    return url.scheme == "https" and url.port in WEBHOOK_PORTS and host not in ("localhost", "127.0.0.1", "::1", "")


def deep_link(address: str, code: str) -> str:
    """A link that opens the chat with the bot and hands it the code of a talk begun elsewhere."""
    return f"https://t.me/{address}?start={code}"


def webhook_secret(account_id: UUID, token: str) -> str:
    """What Telegram sends with each update, so that we know it is Telegram: drawn from the token, so kept nowhere.

    A new token makes a new secret. The secret tells nothing of the token.
    """
    drawn = hmac.new(token.encode(), f"parley telegram webhook {account_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(drawn).decode().rstrip("=")


def _read_mode(told: str | None) -> Mode:
    match told or "webhook":
        case "webhook":
            return "webhook"
        case "polling":
            return "polling"
    raise InvalidInput("mode says how updates come: webhook (Telegram calls this site) or polling (we ask for them).")


def _read_yes(told: str | None) -> bool:
    match (told or "no").strip().lower():
        case "yes" | "true" | "on":
            return True
        case "no" | "false" | "off":
            return False
    raise InvalidInput("link_preview is yes or no.")


def _read_number(told: Mapping[str, str], name: str, default: float, most: float) -> float:
    try:
        number = float(told.get(name) or default)
    except ValueError:
        number = -1.0
    if not 0 < number <= most:
        raise InvalidInput(f"{name} is a number above 0 and at most {most:g}.")
    return number


def _read_api_url(told: str | None) -> str:
    """Only a simulator on this machine may take Telegram's place: messages and tokens go there."""
    if not told or told.rstrip("/") == TELEGRAM:
        return TELEGRAM
    try:
        url = URL(told)
        allowed = url.scheme == "http" and url.host == "127.0.0.1" and url.path in ("", "/")
    except ValueError:
        allowed = False
    if not allowed:
        raise InvalidInput("api_url may only be a simulator on this machine: http://127.0.0.1:PORT.")
    return told.rstrip("/")
