"""Hands one finished mail to the SMTP server: one connection a mail. Knows nothing of who it is for, or why."""

from __future__ import annotations

import asyncio
import contextlib

from aiosmtplib import SMTP, SMTPException, SMTPNotSupported
from email_validator import EmailNotValidError, validate_email

from channels.email.refusals import Phase, outcome_of
from channels.email.settings import EmailSettings, SMTPServer
from outreach.ports import Accepted, SendOutcome

# Seconds. Together they stay below outreach.delivery.SEND_TIMEOUT, so that what ended before the message itself was
# handed over is known not to have left.
_BEFORE_DATA = 14.0
_DATA = 12.0
_QUIT = 2.0


async def hand_over(content: bytes, to: str, settings: EmailSettings, server: SMTPServer, *, name: str) -> SendOutcome:
    """Hands it over once.

    Args:
        to: as `wire_address` gives it.
        name: what the mail is known by when it was taken: its message id.
    """
    phase: Phase = "connect"
    client = _client(settings, server)
    options, encoding = ((), "ascii") if to.isascii() else (("SMTPUTF8",), "utf-8")
    try:
        async with asyncio.timeout(_BEFORE_DATA):
            await client.connect()
            await _check_letters(client, to)
            phase = "sender"
            await client.mail(settings.from_address or "", options=options, encoding=encoding)
            phase = "recipient"
            await client.rcpt(to, encoding=encoding)
        phase = "data"
        await client.data(content, timeout=_DATA)
    except (SMTPException, OSError) as error:
        return outcome_of(error, phase)
    else:
        await _say_goodbye(client)
        return Accepted(name)
    finally:
        client.close()


def wire_address(address: str) -> str:
    """The address as SMTP takes it: an international domain in its ASCII form.

    Raises:
        ValueError: it is no address.
    """
    try:
        checked = validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        raise ValueError("not an address") from error
    return checked.ascii_email or checked.normalized


async def reach_server(server: SMTPServer) -> str | None:
    """Whether the server lets us in: what it said instead, None when it does. Hands nothing over."""
    client = _client(EmailSettings(), server)
    try:
        async with asyncio.timeout(_BEFORE_DATA):
            await client.connect()
    except (SMTPException, OSError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    else:
        await _say_goodbye(client)
        return None
    finally:
        client.close()


async def _check_letters(client: SMTP, to: str) -> None:
    """Refuses an address with letters beyond ASCII when the server cannot take it."""
    if to.isascii():
        return
    if client.is_ehlo_or_helo_needed:
        await client.ehlo()
    if not client.supports_extension("smtputf8"):
        raise SMTPNotSupported("SMTPUTF8")


async def _say_goodbye(client: SMTP) -> None:
    """Ends the session as the protocol wants; the message has been taken, so nothing here changes that."""
    with contextlib.suppress(SMTPException, OSError):
        await client.quit(timeout=_QUIT)


def _client(settings: EmailSettings, server: SMTPServer) -> SMTP:
    start_tls = {"tls": False, "starttls": True, "starttls_if_offered": None}[server.security]
    return SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        use_tls=server.security == "tls",
        start_tls=start_tls,
        validate_certs=server.verify_certificate,
        # Named for the sender's domain: looking up this machine's own name may take seconds.
        local_hostname=(settings.from_address or "").rpartition("@")[2] or None,
        timeout=_BEFORE_DATA,
    )
