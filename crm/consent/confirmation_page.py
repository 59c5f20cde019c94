"""The page behind the mailed link of a double opt-in: GET shows the text and a button, only POST confirms.

No log-in, cookie, script or redirect. The token is the capability, so there is no CSRF token; the page says nothing of
whose link it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Protocol
from uuid import UUID

import structlog
import yaml
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, repeat_on_deadlock, transaction
from base.encryption import KeyRing
from base.page_headers import PAGE_HEADERS
from crm.consent.double_opt_in import (
    LINK_PATH,
    Confirmation,
    ConfirmationOver,
    ConfirmationUnknown,
    confirm,
    find_confirmation,
)
from crm.consent.routes import RECEIPT_PATH, issue_token
from crm.scoring.service import rescore

_log = structlog.get_logger(__name__)

_WORDS = Path(__file__).with_name("confirmation_page.yml")
_LANGUAGES = ("en", "de", "es", "fr")


class OnConfirmed(Protocol):
    """What else happens in the transaction that confirms: waiting messages may go."""

    async def __call__(
        self, session: AsyncSession, contact_id: UUID, *, purpose: str, channel: str, now: datetime
    ) -> None:
        """Does it; the same call again changes nothing."""
        ...


@dataclass(frozen=True)
class ConfirmationPages:
    """The handlers and what they need. `style` is the address of the style sheet that such pages share."""

    sessions: Sessions
    keys: KeyRing
    clock: Clock
    sender_name: str
    style: str
    on_confirmed: OnConfirmed

    async def handle_show(self, request: web.Request) -> web.Response:
        """Shows what is to be confirmed. Mail scanners follow links, so this changes nothing."""
        async with self.sessions() as session:
            found = await self._find(session, request)
        if found is None:
            return self._page(_language_of(request), "unknown", status=404)
        return self._shown(found)

    async def handle_confirm(self, request: web.Request) -> web.Response:
        """Confirms, then answers. Pressing the button again changes nothing."""
        return await repeat_on_deadlock(lambda: self._confirm(request))

    async def _confirm(self, request: web.Request) -> web.Response:
        token, now = request.match_info["token"], self.clock.now()
        async with transaction(self.sessions) as session:
            found = await self._find(session, request)
            if found is None:
                return self._page(_language_of(request), "unknown", status=404)
            try:
                confirmed = await confirm(session, self.keys, token, now)
            except ConfirmationOver:
                return self._page(found.language, "over", status=410)
            if confirmed is not None:
                await self.on_confirmed(
                    session, found.contact_id, purpose=found.purpose, channel=found.channel, now=now
                )
                # That they agreed counts for their score from now on.
                await rescore(session, self.keys, found.contact_id, message_id=None, now=now)
                _log.info("consent_confirmed", confirmation_id=str(found.id))
            after = await self._find(session, request)
        return self._shown(after or found)

    async def _find(self, session: AsyncSession, request: web.Request) -> Confirmation | None:
        try:
            return await find_confirmation(session, self.keys, request.match_info["token"], self.clock.now())
        except ConfirmationUnknown:
            return None

    def _shown(self, found: Confirmation) -> web.Response:
        name = {"open": "open", "used": "done", "over": "over"}[found.state]
        receipt = None
        if found.confirmed_event_id is not None:
            receipt = RECEIPT_PATH.format(token=issue_token(self.keys, found.confirmed_event_id))
        notice = found.notice if name != "over" else None
        return self._page(found.language, name, notice=notice, receipt=receipt, status=410 if name == "over" else 200)

    def _page(
        self, language: str, name: str, *, notice: str | None = None, receipt: str | None = None, status: int = 200
    ) -> web.Response:
        code = language.split("-", maxsplit=1)[0]
        code = code if code in _LANGUAGES else "en"
        words = {key: escape(value.format(sender=self.sender_name)) for key, value in _words()[code][name].items()}
        parts = [f"<h1>{words['title']}</h1>", f"<p>{words['text']}</p>"]
        if notice:
            parts.append(f'<blockquote lang="{escape(language)}">{escape(notice)}</blockquote>')
        if "button" in words:
            parts.append(f'<form method="post"><button type="submit">{words["button"]}</button></form>')
        if receipt and "receipt" in words:
            parts.append(f'<p><a href="{escape(receipt)}">{words["receipt"]}</a></p>')
        if "quiet" in words:
            parts.append(f'<p class="quiet">{words["quiet"]}</p>')
        content = "\n".join(parts)
        body = (
            f'<!DOCTYPE html>\n<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<title>{words["title"]}</title>\n<link rel="stylesheet" href="{escape(self.style)}">\n</head>\n'
            f"<body>\n<main>\n{content}\n</main>\n</body>\n</html>\n"
        )
        return web.Response(text=body, content_type="text/html", charset="utf-8", status=status, headers=PAGE_HEADERS)


def routes(pages: ConfirmationPages) -> list[web.RouteDef]:
    """The address of the links."""
    return [web.get(LINK_PATH, pages.handle_show), web.post(LINK_PATH, pages.handle_confirm)]


def _language_of(request: web.Request) -> str:
    """The browser's language: of a link that is none of ours we know no other."""
    asked = request.headers.get("Accept-Language", "")
    named = [part.split(";")[0].strip().lower()[:2] for part in asked.split(",")[:10]]
    return next((one for one in named if one in _LANGUAGES), "en")


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    words: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(_WORDS.read_text(encoding="utf-8"))
    return words
