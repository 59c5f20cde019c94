"""What telling colleagues by mail needs of a channel."""

from __future__ import annotations

from typing import Protocol

from outreach.ports import SendOutcome


class ColleagueMail(Protocol):
    """Sends mails to people who sign in here."""

    def configured(self) -> str | None:
        """What is missing before anything may be sent, in words; None when nothing is."""
        ...

    async def send(self, to: str, subject: str, text: str, html: str = "") -> SendOutcome:
        """Hands over one mail, once: the text, and beside it the HTML where there is any. Refusals are outcomes."""
        ...
