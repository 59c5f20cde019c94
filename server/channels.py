"""Puts the channels with providers together: their senders, webhooks, files and set-up. Knows no protocol itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from base.channel_contract import AccountField, Finding
from bot.intake.service import Attachments, Intake
from bot.turns import TurnService
from channels.sms.media import SMSAttachments
from channels.sms.sender import SMSSender
from channels.sms.setup import SMSSetup
from channels.sms.webhook import SMSWebhooks
from channels.sms.webhook import routes as sms_routes
from outreach.accounts.book import AccountBook
from outreach.accounts.service import Account
from outreach.ports import Sender
from server.wiring import Platform


class ChannelSetup(Protocol):
    """How the operator brings a channel's account in: `parley channels add|check|webhook`."""

    @property
    def channel(self) -> str: ...

    @property
    def fields(self) -> Sequence[AccountField]:
        """What must be told."""
        ...

    async def prepare(self, told: Mapping[str, str], *, public_url: str) -> tuple[str, Mapping[str, Any]]:
        """The account's address and the settings that follow from what was told, before it is kept.

        Raises:
            InvalidInput: something told cannot be right, in words that say what is expected.
        """
        ...

    async def check(self, account: Account, *, public_url: str) -> list[Finding]:
        """Tries the credentials and everything that must be in place before the channel works. Changes nothing."""
        ...

    async def set_webhook(self, account: Account, *, public_url: str) -> list[Finding]:
        """Tells the provider where to reach us. Doing it again changes nothing more."""
        ...


@dataclass(frozen=True)
class Incoming:
    """What the webhooks of channels work with."""

    platform: Platform
    accounts: AccountBook
    intake: Intake
    turns: TurnService


def channel_setups() -> Mapping[str, ChannelSetup]:
    """The set-up of each channel that has accounts."""
    setups: list[ChannelSetup] = [SMSSetup()]
    return {setup.channel: setup for setup in setups}


def channel_senders(platform: Platform, accounts: AccountBook) -> list[Sender]:
    """The senders of channels that have accounts."""
    return [SMSSender(accounts, platform.settings.site_url)]


def channel_attachments(platform: Platform, accounts: AccountBook) -> dict[str, Attachments]:  # noqa: ARG001
    """Who fetches the files that people send, by channel."""
    return {"sms": SMSAttachments(accounts)}


def channel_routes(incoming: Incoming) -> list[web.RouteDef]:
    """The webhooks of all channels."""
    platform = incoming.platform
    return sms_routes(
        SMSWebhooks(platform.sessions, incoming.accounts, incoming.intake, platform.clock, platform.settings.site_url)
    )
