"""What the e-mail channel needs to be told. Reads no environment; the composition root fills it in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

from base.errors import InvalidInput

Security = Literal["tls", "starttls", "starttls_if_offered"]

_SCHEMES: dict[str, tuple[Security, int]] = {
    "smtps": ("tls", 465),
    "smtp+starttls": ("starttls", 587),
    "smtp": ("starttls_if_offered", 25),
}


@dataclass(frozen=True, kw_only=True)
class SMTPServer:
    """Where mail is handed over."""

    host: str
    port: int
    security: Security = "starttls_if_offered"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    verify_certificate: bool = True


@dataclass(frozen=True, kw_only=True)
class EmailSettings:
    """The channel's settings. What is None is not set; `EmailSender.configured` says which of them must be."""

    server: SMTPServer | None = None
    from_address: str | None = None
    from_name: str | None = None
    reply_to: str | None = None
    postal_address: str | None = None
    public_url: str | None = None
    """The site's address as recipients reach it; unsubscribe links begin with it."""
    dkim_selector: str | None = None
    dkim_key: str | None = field(default=None, repr=False)
    """RSA private key in PEM; without it signing is left to the mail server."""
    counts: bool = False
    """Whether openings and clicks are counted, of those who agreed to it."""

    def missing(self) -> str | None:
        """The first setting without which nothing may be sent, in words; None when all are there."""
        needed = {
            "the SMTP server (smtp_url)": self.server,
            "the sender's address (from_address)": self.from_address,
            "the sender's name (from_name)": self.from_name,
            "the postal address that every marketing e-mail must show (postal_address)": self.postal_address,
            "the site's public address for unsubscribe links (public_url)": self.public_url,
        }
        first = next((words for words, value in needed.items() if not value), None)
        return None if first is None else f"{first} is not set."


def parse_smtp_url(url: str) -> SMTPServer:
    """The server an address names: `smtps://user:password@host:465`, `smtp+starttls://…` or `smtp://…`.

    `smtp+starttls` refuses to go on without encryption, `smtp` takes it when the server offers it.

    Raises:
        InvalidInput: it is no such address.
    """
    try:
        parts = urlsplit(url)
        security, port = _SCHEMES[parts.scheme]
        port = parts.port or port
    except (KeyError, ValueError) as error:
        # The address may hold a password: it is not repeated.
        raise InvalidInput("smtp_url must look like smtps://user:password@host:465.") from error
    if not parts.hostname:
        raise InvalidInput("smtp_url names no host: write it like smtps://user:password@host:465.")
    return SMTPServer(
        host=parts.hostname,
        port=port,
        security=security,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )
