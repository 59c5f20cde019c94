"""Puts the channels with providers together: their senders, webhooks, files and set-up. Knows no protocol itself."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from admin.channels.ports import ChannelSetup
from bot.intake.service import Attachments, Intake
from bot.needs import LinkTo
from bot.turns import TurnService
from channels.email.arrivals import MailArrivals
from channels.email.collecting import Collecting, MailFiles
from channels.email.counting import CountingPages
from channels.email.counting import routes as counting_routes
from channels.email.hook import MailHook
from channels.email.hook import routes as mail_routes
from channels.email.look import EmailLook
from channels.email.setup import EmailSetup
from channels.sms.media import SMSAttachments
from channels.sms.sender import SMSSender
from channels.sms.setup import SMSSetup
from channels.sms.webhook import SMSWebhooks
from channels.sms.webhook import routes as sms_routes
from channels.telegram.api import Bots
from channels.telegram.arrivals import Arrivals
from channels.telegram.files import TelegramFiles
from channels.telegram.polling import Polling
from channels.telegram.sender import TelegramSender
from channels.telegram.settings import deep_link
from channels.telegram.setup import TelegramSetup
from channels.telegram.webhook import TelegramWebhook
from channels.telegram.webhook import routes as telegram_routes
from channels.voice.client import TwilioAPI
from channels.voice.opening import CallLook
from channels.voice.outbound import OutboundWebhooks
from channels.voice.outbound import routes as outbound_call_routes
from channels.voice.relay import RelaySockets
from channels.voice.relay import routes as relay_routes
from channels.voice.sender import SEND_WITHIN, VoiceSender
from channels.voice.setup import VoiceSetup
from channels.voice.talk import Talk
from channels.voice.webhook import VoiceWebhooks
from channels.voice.webhook import routes as call_routes
from outreach.accounts.book import AccountBook
from outreach.ports import LetterLook, Sender
from server.wiring import Platform, create_email_settings, database_url


@dataclass(frozen=True)
class Incoming:
    """What the webhooks of channels work with."""

    platform: Platform
    accounts: AccountBook
    intake: Intake
    turns: TurnService


def channel_setups() -> Mapping[str, ChannelSetup]:
    """The set-up of each channel that has accounts."""
    setups: list[ChannelSetup] = [SMSSetup(), TelegramSetup(), EmailSetup(), VoiceSetup()]
    return {setup.channel: setup for setup in setups}


def channel_senders(platform: Platform, accounts: AccountBook) -> list[Sender]:
    """The senders of channels that have accounts."""
    site_url = platform.settings.site_url
    return [SMSSender(accounts, site_url), TelegramSender(accounts, Bots()), VoiceSender(accounts, site_url)]


def letter_looks(platform: Platform) -> dict[str, LetterLook]:
    """What channels make of a letter that is more than its text."""
    email = EmailLook(create_email_settings(platform.settings), platform.clock)
    return {look.channel: look for look in (email, CallLook(platform.settings.company_name))}


def channel_attachments(platform: Platform, accounts: AccountBook) -> dict[str, Attachments]:  # noqa: ARG001
    """Who fetches the files that people send, by channel."""
    return {"sms": SMSAttachments(accounts), "telegram": TelegramFiles(accounts, Bots()), "email": MailFiles(accounts)}


def channel_routes(incoming: Incoming) -> list[web.RouteDef]:
    """The webhooks of all channels."""
    platform = incoming.platform
    return [
        *sms_routes(
            SMSWebhooks(
                platform.sessions, incoming.accounts, incoming.intake, platform.clock, platform.settings.site_url
            )
        ),
        *mail_routes(MailHook(incoming.accounts, _mail_arrivals(incoming))),
        *counting_routes(
            CountingPages(platform.sessions, platform.keys, platform.clock, counts=platform.settings.email_counts)
        ),
        *telegram_routes(TelegramWebhook(incoming.accounts, Arrivals(incoming.intake, incoming.turns, Bots()))),
        *_voice_routes(incoming),
    ]


def _voice_routes(incoming: Incoming) -> list[web.RouteDef]:
    platform = incoming.platform
    talk = Talk(
        sessions=platform.sessions,
        keys=platform.keys,
        turns=incoming.turns,
        clock=platform.clock,
        company=platform.settings.company_name,
    )
    api = TwilioAPI(timeout=SEND_WITHIN)
    webhooks = VoiceWebhooks(talk, incoming.accounts, platform.settings.site_url, api)
    return [
        *call_routes(webhooks),
        *outbound_call_routes(OutboundWebhooks(webhooks)),
        *relay_routes(RelaySockets(webhooks)),
    ]


def channel_loops(incoming: Incoming) -> list[Coroutine[Any, Any, None]]:
    """What runs beside the webhooks for as long as the process does: asking providers that do not call us."""
    bots = Bots()
    arrivals = Arrivals(incoming.intake, incoming.turns, bots)
    database = database_url(incoming.platform.settings)
    collecting = Collecting(incoming.platform.sessions, incoming.accounts, _mail_arrivals(incoming), database)
    polling = Polling(incoming.accounts, arrivals, bots, database)
    return [polling.run(), collecting.run()]


def _mail_arrivals(incoming: Incoming) -> MailArrivals:
    platform = incoming.platform
    return MailArrivals(platform.sessions, platform.keys, incoming.intake, platform.clock)


def channel_links(accounts: AccountBook) -> LinkTo:
    """Links with the code of a talk, by channel."""

    async def link_to(channel: str, code: str) -> str | None:
        await accounts.refresh()
        account = accounts.find(channel, None)
        return deep_link(account.address, code) if account is not None and channel == "telegram" else None

    return link_to
