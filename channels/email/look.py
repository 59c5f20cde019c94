"""An e-mail as it would leave, for whoever writes it. Nothing is sent, and its link to unsubscribe leads nowhere."""

from __future__ import annotations

from dataclasses import replace

from base.clock import Clock
from channels.email.message import build_message
from channels.email.settings import EmailSettings
from outreach.ports import Envelope, Look

_TO = "maria@example.com"
_FROM = "hello@example.com"
_SITE = "https://example.com"


class EmailLook:
    """Fulfils outreach's port `LetterLook`; what is not set up yet is made up."""

    channel = "email"

    def __init__(self, settings: EmailSettings, clock: Clock) -> None:
        self._settings = replace(
            settings, from_address=settings.from_address or _FROM, public_url=settings.public_url or _SITE
        )
        self._clock = clock

    def show(self, envelope: Envelope) -> Look:
        """Subject, text and HTML with the footer."""
        url = f"{(self._settings.public_url or _SITE).rstrip('/')}/unsubscribe/example"
        message = build_message(envelope, self._settings, to=_TO, unsubscribe_url=url, now=self._clock.now())
        plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
        assert plain is not None, "it has a text"
        assert html is not None, "and HTML"
        return Look(
            texts=(str(plain.get_content()).strip(),), subject=str(message["Subject"]), html=str(html.get_content())
        )
