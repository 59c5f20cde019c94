"""The unsubscribe link (RFC 8058): POST acts at once, GET only asks. No log-in, cookie, script or redirect.

The token is the capability, so there is no CSRF token; nothing on these pages says whose link it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template

import structlog
import yaml
from aiohttp import web

from base.clock import Clock
from base.database import Sessions, repeat_on_deadlock, transaction
from base.encryption import KeyRing
from base.errors import NotFound
from base.page_headers import PAGE_HEADERS
from channels.email.tokens import Unsubscribe, read_token
from crm.consent.principals import find_holder
from crm.consent.withdrawal import withdraw
from crm.privacy.pages.routes import PREFERENCES_PATH
from crm.privacy.pages.tokens import Holder, issue_preferences_token
from crm.privacy.pages.words import choose_language
from outreach.enrolment import cancel_planned, exit_all

_log = structlog.get_logger(__name__)

PATH = "/unsubscribe/{token}"
STYLE_PATH = "/unsubscribe.css"
_FOLDER = Path(__file__).resolve().parent / "pages"
_HEADERS = {**PAGE_HEADERS, "Vary": "Accept-Language"}


@dataclass(frozen=True)
class UnsubscribePages:
    """The handlers and what they need. `sender_name` is who the e-mails come from."""

    sessions: Sessions
    keys: KeyRing
    clock: Clock
    sender_name: str

    async def handle_ask(self, request: web.Request) -> web.Response:
        """Shows the page with the button. Mail scanners follow links, so this changes nothing."""
        unsubscribe = read_token(self.keys, request.match_info["token"])
        if unsubscribe is None:
            return self._page(request, "unknown", status=404)
        return self._page(request, "ask", choices=self._choices(unsubscribe))

    async def handle_unsubscribe(self, request: web.Request) -> web.Response:
        """Unsubscribes, then answers: from a mail program's own button or from the page's."""
        unsubscribe = read_token(self.keys, request.match_info["token"])
        if unsubscribe is None:
            return self._page(request, "unknown", status=404)
        await repeat_on_deadlock(lambda: self._act(unsubscribe))
        _log.info("unsubscribed", outbox_id=str(unsubscribe.outbox_id))
        return self._page(request, "done", choices=self._choices(unsubscribe))

    async def handle_style(self, _request: web.Request) -> web.Response:
        """The pages' style sheet."""
        return web.Response(text=_read("unsubscribe.css"), content_type="text/css", headers=_HEADERS)

    async def _act(self, unsubscribe: Unsubscribe) -> None:
        now = self.clock.now()
        async with transaction(self.sessions) as session:
            contact_id = await find_holder(session, unsubscribe.contact_id)
            try:
                await withdraw(
                    session,
                    contact_id=contact_id,
                    channel="email",
                    purpose="marketing",
                    method="unsubscribe_link",
                    evidence={"id": str(unsubscribe.outbox_id)},
                    actor="subject",
                    now=now,
                    address_index=unsubscribe.address_index,
                )
            except NotFound:
                # Erased meanwhile: nothing is left that could be sent, and the link did what it promises.
                return
            # In this order: a planner that is just adding messages holds the enrolments, so it is done when they end.
            await exit_all(session, contact_id, "unsubscribed", now)
            await cancel_planned(session, contact_id, "unsubscribed", now, channel="email")

    def _choices(self, unsubscribe: Unsubscribe) -> str:
        """Where the same person chooses what they get, purpose by purpose."""
        holder = Holder(unsubscribe.contact_id, unsubscribe.address_index)
        return PREFERENCES_PATH.format(token=issue_preferences_token(self.keys, holder))

    def _page(self, request: web.Request, name: str, *, status: int = 200, choices: str = "") -> web.Response:
        language = choose_language(request.query.get("lang"), request.headers.get("Accept-Language", ""))
        words = {key: escape(text.replace("{sender}", self.sender_name)) for key, text in _words()[language].items()}
        body = Template(_read("page.html")).substitute(
            language=language,
            style=STYLE_PATH,
            title=words[f"{name}_title"],
            heading=words.get(f"{name}_heading", words[f"{name}_title"]),
            role=' role="status"' if name == "done" else "",
            lead=words[f"{name}_lead"],
            form=f'<form method="post">\n<button type="submit">{words["button"]}</button>\n</form>\n'
            if name == "ask"
            else "",
            choices=f'<p><a href="{escape(choices)}">{words["choices"]}</a></p>\n' if choices else "",
            quiet=words[f"{name}_quiet"],
        )
        return web.Response(text=body, content_type="text/html", charset="utf-8", status=status, headers=_HEADERS)


def routes(pages: UnsubscribePages) -> list[web.RouteDef]:
    """The routes of the channel."""
    return [
        web.get(PATH, pages.handle_ask),
        web.post(PATH, pages.handle_unsubscribe),
        web.get(STYLE_PATH, pages.handle_style),
    ]


@cache
def _words() -> dict[str, dict[str, str]]:
    return dict(yaml.safe_load(_read("words.yml")))


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
