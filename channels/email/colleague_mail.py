"""Mails to colleagues, by the same mail server. Never to a contact: what goes to those passes the gate and delivery."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from base.clock import Clock
from base.ids import new_id
from channels.email.handover import hand_over, wire_address
from channels.email.message import find_signing_problem, sign
from channels.email.settings import EmailSettings
from outreach.ports import Refused, SendOutcome


class ColleagueMail:
    """Fulfils the admin room's port `ColleagueMail`."""

    def __init__(self, settings: EmailSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._signing_problem = find_signing_problem(settings)

    def configured(self) -> str | None:
        """The setting without which nothing is sent; what promotion needs besides is not asked for."""
        if self._settings.server is None:
            return "the SMTP server (smtp_url) is not set."
        if not self._settings.from_address:
            return "the sender's address (from_address) is not set."
        return self._signing_problem

    async def send(self, to: str, subject: str, text: str, html: str = "") -> SendOutcome:
        """Hands over one mail, once: the text, and beside it the HTML where there is any."""
        server, sender = self._settings.server, self._settings.from_address
        if server is None or not sender:
            return Refused("not_configured", "There is no mail server or no sender.")
        name = f"<{new_id()}@{sender.rpartition('@')[2]}>"
        try:
            address = wire_address(to)
            content = self._build(address, subject, (text, html), name)
        except ValueError:
            return Refused("unsendable", "This address or subject cannot stand in an e-mail.")
        return await hand_over(content, address, self._settings, server, name=name)

    def _build(self, to: str, subject: str, said: tuple[str, str], name: str) -> bytes:
        text, html = said
        message = EmailMessage(policy=SMTP.clone(utf8=not to.isascii()))
        sender = Address(self._settings.from_name or "", addr_spec=self._settings.from_address or "")
        username, _, domain = to.rpartition("@")
        message["From"], message["To"] = sender, Address(username=username, domain=domain)
        message["Subject"], message["Date"], message["Message-ID"] = subject, format_datetime(self._clock.now()), name
        # No machine answers it: it would come into the talks.
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(text, cte="quoted-printable")
        if html:
            message.add_alternative(html, subtype="html", cte="quoted-printable")
        return sign(message.as_bytes(), self._settings)
