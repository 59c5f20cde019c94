"""Puts the rooms together: builds what more than one process needs, from the settings."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import procrastinate
from sqlalchemy.ext.asyncio import AsyncEngine

# Whoever erases needs every table, also those that no use case here has.
import admin.audit.models  # noqa: F401
import crm.imports.models
import crm.owners.models  # noqa: F401
from admin.digests.service import DigestMails
from admin.single_sign_on.provider import Provider, ProviderSettings
from admin.task_mails.service import TaskMails
from admin.webhooks.mails import WebhookMails
from base.clock import Clock, SystemClock
from base.database import Sessions, create_engine, create_sessions
from base.encryption import KeyRing, read_key_file
from bot.connectors.call import Connectors
from bot.intake.sealing import sender_index_of
from bot.knowledge.answering import KnowledgeNeed
from bot.needs import LinkTo, PlatformNeeds
from bot.outside_needs import OutsideNeeds
from channels.email.colleague_mail import ColleagueMail
from channels.email.sender import EmailSender
from channels.email.settings import EmailSettings, parse_smtp_url
from channels.web.sender import WebSender
from crm.consent.receipts import Issuer
from crm.meetings.feeds import BusyFeeds
from crm.privacy.pages.routes import PrivacyPages
from crm.privacy.requests import Hands
from outreach.accounts.book import AccountBook
from outreach.alarm import wake
from outreach.answers import OutboxAnswers
from outreach.follow_ups import JourneyFollowUps
from outreach.ports import Sender
from server.quarantine import is_held
from server.settings import Settings, SettingsProblem


@dataclass(frozen=True)
class Platform:
    """What every process of ours holds."""

    settings: Settings
    engine: AsyncEngine
    sessions: Sessions
    keys: KeyRing
    clock: Clock
    process_id: str


def open_platform(settings: Settings) -> Platform:
    """Connects lazily: nothing is sent to the database before the first statement.

    Raises:
        SettingsProblem: no database address.
        KeyProblem: the key file is missing or does not fit.
    """
    engine = create_engine(database_url(settings))
    return Platform(
        settings,
        engine,
        create_sessions(engine),
        read_key_file(settings.key_file),
        SystemClock(),
        secrets.token_hex(6),
    )


def database_url(settings: Settings) -> str:
    """The database's address; `parley up` gives it to the processes it starts."""
    if settings.database_url is None:
        raise SettingsProblem(
            "DATABASE_URL is not set. `parley up` starts the embedded PostgreSQL by itself; "
            "a process started alone needs the address of a PostgreSQL."
        )
    return settings.database_url.get_secret_value()


def create_senders(platform: Platform, accounts: AccountBook) -> list[Sender]:
    """The senders of channels that are set up by settings; e-mail is answered to a mailbox of the accounts."""
    email = create_email_settings(platform.settings)
    return [
        EmailSender(email, platform.keys, platform.clock, platform.sessions, accounts),
        WebSender(platform.sessions, platform.clock),
    ]


def create_email_settings(settings: Settings) -> EmailSettings:
    """What the e-mail channel needs of the settings.

    Raises:
        InvalidInput: the SMTP address cannot be read.
    """
    return EmailSettings(
        server=parse_smtp_url(settings.smtp_url.get_secret_value()) if settings.smtp_url else None,
        from_address=settings.email_from or None,
        from_name=settings.email_from_name or settings.company_name,
        reply_to=settings.email_reply_to or None,
        postal_address=settings.postal_address or None,
        public_url=settings.site_url,
        dkim_selector=settings.dkim_selector or None,
        dkim_key=settings.dkim_key.get_secret_value() if settings.dkim_key else None,
        counts=settings.email_counts,
    )


def create_colleague_mail(platform: Platform) -> ColleagueMail:
    """What mails colleagues, by the mail server that everything leaves by."""
    return ColleagueMail(create_email_settings(platform.settings), platform.clock)


def create_task_mails(platform: Platform) -> TaskMails:
    """What tells colleagues of their tasks."""
    return TaskMails(platform.sessions, create_colleague_mail(platform), platform.clock, platform.settings.site_url)


def create_digest_mails(platform: Platform) -> DigestMails:
    """What mails colleagues the week in numbers."""
    settings, mail = platform.settings, create_colleague_mail(platform)
    return DigestMails(
        platform.sessions, platform.keys, mail, platform.clock, settings.site_url, settings.default_time_zone
    )


def create_webhook_mails(platform: Platform) -> WebhookMails:
    """What tells colleagues that their webhook was switched off."""
    return WebhookMails(platform.sessions, create_colleague_mail(platform), platform.settings.site_url)


def create_provider(platform: Platform) -> Provider | None:
    """Where people sign in beside by password; None where nothing is set."""
    settings = platform.settings
    if not settings.oidc_issuer or settings.oidc_client_secret is None:
        return None
    secret = settings.oidc_client_secret.get_secret_value()
    own = ProviderSettings(settings.oidc_issuer, settings.oidc_client_id, secret, settings.oidc_role or None)
    return Provider(own, platform.keys, settings.site_url)


def create_issuer(settings: Settings) -> Issuer:
    """Who issues receipts."""
    return Issuer(settings.site_url, settings.postal_address)


def create_privacy_pages(platform: Platform, alarm: procrastinate.App) -> PrivacyPages:
    """The pages about preferences and privacy."""
    keys, settings = platform.keys, platform.settings
    index, mails = sender_index_of(keys), settings.mail_folder
    hands = Hands(keys, AlarmedFollowUps(alarm), index, settings.company_name, mails)
    return PrivacyPages(platform.sessions, platform.clock, hands)


def create_busy_feeds(platform: Platform) -> BusyFeeds:
    """What keeps at hand when colleagues are busy, in one process."""
    return BusyFeeds(platform.keys, allow_private=platform.settings.calendars_private)


class AlarmedFollowUps(JourneyFollowUps):
    """The follow-up half, with its alarm clock: what a turn started is looked at once the turn is committed."""

    def __init__(self, alarm: procrastinate.App) -> None:
        self._alarm = alarm

    async def settled(self, at: datetime | None = None) -> None:
        """Wakes the due pump. A wake-up that is lost is made up for within a minute."""
        await wake(self._alarm, at)


PROVIDER_CHANNELS = ("sms", "telegram", "email")
"""Channels on which what the bot says is sent by a provider. Of the web chat and calls it is fetched."""


def create_answers() -> OutboxAnswers:
    """Who sends what the bot says."""
    return OutboxAnswers(PROVIDER_CHANNELS)


def create_needs(platform: Platform, link_to: LinkTo) -> PlatformNeeds:
    """Who obtains what a step needs while its turn is decided."""
    sessions, keys, clock, site_url = platform.sessions, platform.keys, platform.clock, platform.settings.site_url
    connectors = Connectors(sessions, keys, clock, site_url, partial(is_held, sessions))
    outside = OutsideNeeds(sessions, clock, connectors, create_busy_feeds(platform), keys, site_url)
    return PlatformNeeds(
        sessions,
        keys,
        clock,
        site_url,
        http=outside.http,
        free_times=outside.free_times,
        hold_time=outside.hold_time,
        knowledge=KnowledgeNeed(sessions),
        link_to=link_to,
    )
