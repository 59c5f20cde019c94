"""Puts the rooms together: builds what more than one process needs, from the settings."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine
from yarl import URL

from base.clock import Clock, SystemClock
from base.database import Sessions, create_engine, create_sessions
from base.encryption import KeyRing, read_key_file
from channels.email.sender import EmailSender, EmailSettings
from channels.web.sender import WebSender
from flows.compiler import compile_flows, load_content
from outreach.ports import Sender
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


def create_senders(platform: Platform) -> list[Sender]:
    """One sender per channel."""
    settings = platform.settings
    return [
        EmailSender(create_email_settings(settings), platform.keys),
        WebSender(platform.sessions, platform.clock),
    ]


def create_email_settings(settings: Settings) -> EmailSettings:
    """What the e-mail channel needs of the settings."""
    url = URL(settings.smtp_url.get_secret_value()) if settings.smtp_url else None
    if url is not None and (url.scheme not in ("smtp", "smtps") or not url.host):
        raise SettingsProblem("PARLEY_SMTP_URL must look like smtp://user:password@host:587 or smtps://host.")
    return EmailSettings(
        host=url.host if url else None,
        port=(url.explicit_port or (465 if url.scheme == "smtps" else 25)) if url else None,
        username=url.user if url else None,
        password=url.password if url else None,
        tls=url is not None and url.scheme == "smtps",
        from_address=settings.email_from or None,
        from_name=settings.email_from_name or settings.company_name,
        reply_to=settings.email_reply_to or None,
        postal_address=settings.postal_address or None,
        public_url=settings.site_url,
    )


def create_wording(settings: Settings) -> Callable[[str, str], str]:
    """Looks up what the platform itself says (`stopped`, `handed_off`) by pattern name and language."""
    compiled = compile_flows(load_content(settings.content_dir, settings.nlu_dir / "knowledge"))
    default_language = str(compiled["default_language"])
    patterns = {language: texts["patterns"] for language, texts in compiled["wording"].items()}

    def wording(name: str, language: str) -> str:
        known = patterns.get(language, {}).get(name) or patterns[default_language][name]
        return str(known["text"]["default"])

    return wording
