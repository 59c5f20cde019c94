"""The pages' addresses. GET shows and changes nothing, POST acts; the token in the link is the capability.

There is no cookie, so there is nothing that another page could ride on. Nothing says whose link it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy import text as sql

from base.clock import Clock
from base.database import Sessions, repeat_on_deadlock, transaction
from base.errors import Conflict, NotFound, ParleyError
from base.page_headers import PAGE_HEADERS
from crm.consent.principals import find_holder
from crm.privacy.erasing import Erased
from crm.privacy.exporting import export_person, to_zip
from crm.privacy.files import FiledMails
from crm.privacy.pages.by_mail import MailedKind, ask_by_mail, find_by_link
from crm.privacy.pages.html import (
    STYLE_PATH,
    Page,
    data_page,
    preferences_page,
    question_page,
    read_style,
    texts_of,
    to_html,
    told_page,
)
from crm.privacy.pages.preferences import read_preferences, save_preferences, stop_everything
from crm.privacy.pages.tokens import Holder, read_preferences_token
from crm.privacy.pages.words import Words, choose_language
from crm.privacy.requests import Filing, Hands, carry_out, file_request, verify
from crm.privacy.rules import RequestKind

_log = structlog.get_logger(__name__)

PREFERENCES_PATH = "/preferences/{token}"
DATA_PATH = "/privacy/{token}"
REQUEST_PATH = "/privacy/request/{token}"
_BY = "subject"
_HEADERS = {**PAGE_HEADERS, "Vary": "Accept-Language"}


@dataclass(frozen=True)
class PrivacyPages:
    """The handlers and what they need."""

    sessions: Sessions
    clock: Clock
    hands: Hands

    # Preferences

    async def show_preferences(self, request: web.Request) -> web.Response:
        """What they get."""
        return await self._preferences(request, await self._holder(request), told=None)

    async def change_preferences(self, request: web.Request) -> web.Response:
        """Saves what is ticked, or stops everything."""
        holder, form = await self._holder(request), await request.post()
        if form.get("do") == "off":

            async def stop() -> None:
                async with transaction(self.sessions) as session:
                    await stop_everything(session, self.hands, holder, self.clock.now())

            await repeat_on_deadlock(stop)
            _log.info("stopped_everything", contact_id=str(holder.contact_id))
            return await self._preferences(request, holder, told="stopped")
        if form.get("do") != "save":
            return await self._preferences(request, holder, told=None)
        ticked = {str(value) for value in form.getall("on", [])}

        async def save() -> None:
            async with transaction(self.sessions) as session:
                now = self.clock.now()
                shown = await read_preferences(session, holder, now)
                texts = texts_of(shown, self._words(request, shown.language))
                await save_preferences(session, self.hands, holder, ticked=ticked, texts=texts, now=now)

        await repeat_on_deadlock(save)
        _log.info("preferences_saved", contact_id=str(holder.contact_id))
        return await self._preferences(request, holder, told="saved")

    async def _preferences(self, request: web.Request, holder: Holder, *, told: str | None) -> web.Response:
        try:
            async with self.sessions() as session:
                preferences = await read_preferences(session, holder, self.clock.now())
        except NotFound:
            if told is None:
                raise
            # Erased meanwhile: nothing is left to show, and the stop holds.
            words = self._words(request)
            return self._respond(request, told_page(words, "off_title", told), words)
        words = self._words(request, preferences.language)
        data_path = DATA_PATH.format(token=request.match_info["token"])
        page = preferences_page(preferences, words, data_path=data_path, told=words.say(told) if told else None)
        return self._respond(request, page, words)

    # Data

    async def show_data(self, request: web.Request) -> web.Response:
        """What can be asked."""
        await self._holder(request)
        return self._data(request)

    async def ask_about_data(self, request: web.Request) -> web.Response:
        """Does what protects at once; mails a link for what gives data out or destroys it."""
        holder, form = await self._holder(request), await request.post()
        kind = form.get("do")
        if kind in ("access", "erase"):
            words = self._words(request)

            async def ask() -> None:
                async with transaction(self.sessions) as session:
                    await ask_by_mail(
                        session,
                        self.hands,
                        holder,
                        kind=cast("MailedKind", kind),
                        language=words.language,
                        now=self.clock.now(),
                    )

            await repeat_on_deadlock(ask)
            return self._data(request, "mailed", "mailed_none")
        if kind in ("object_profiling", "restrict", "human_review"):

            async def protect() -> None:
                async with transaction(self.sessions) as session:
                    filing = Filing(holder.contact_id, cast("RequestKind", kind), "page", _BY, verified=True)
                    await file_request(session, self.hands, filing, self.clock.now())

            await repeat_on_deadlock(protect)
            return self._data(request, "protected")
        return self._data(request)

    def _data(self, request: web.Request, *told: str) -> web.Response:
        words = self._words(request)
        back = PREFERENCES_PATH.format(token=request.match_info["token"])
        return self._respond(request, data_page(words, back_path=back, told=[words.say(one) for one in told]), words)

    # Requests by their mailed link

    async def show_request(self, request: web.Request) -> web.Response:
        """What the button will do."""
        async with self.sessions() as session:
            row = await find_by_link(session, self.hands.keys, request.match_info["token"])
        words = self._words(request)
        kind = row.kind
        page = question_page(words, f"confirm_{kind}_title", f"confirm_{kind}", f"confirm_{kind}_button")
        return self._respond(request, page, words)

    async def do_request(self, request: web.Request) -> web.Response:
        """Hands the data over, or erases them."""
        token = request.match_info["token"]
        async with self.sessions() as session:
            row = await find_by_link(session, self.hands.keys, token)
        if row.kind == "access":
            return await self._hand_over(token)
        erased = await repeat_on_deadlock(lambda: self._erase(token))
        _log.info("person_erased", erasure_id=str(erased.erasure_id))
        words = self._words(request)
        return self._respond(request, told_page(words, "erased_title", "erased", receipt=erased.receipt), words)

    async def _hand_over(self, token: str) -> web.Response:
        async with transaction(self.sessions) as session:
            await session.execute(sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            now = self.clock.now()
            row = await find_by_link(session, self.hands.keys, token)
            export = await export_person(session, self.hands.keys, row.contact_id, self.hands.sender_index, now)
        async with transaction(self.sessions) as session:
            row = await find_by_link(session, self.hands.keys, token, lock=True)
            if row.status != "done":
                await verify(session, row.id, now)
                await carry_out(session, self.hands, row.id, by=_BY, outcome="Handed over by a mailed link.", now=now)
        _log.info("data_handed_over", request_id=str(row.id))
        disposition = f'attachment; filename="my-data-{now:%Y-%m-%d}.zip"'
        headers = {**_HEADERS, "Content-Disposition": disposition}
        return web.Response(body=to_zip(export), content_type="application/zip", headers=headers)

    async def _erase(self, token: str) -> Erased:
        mails = FiledMails(self.hands.mail_folder)
        async with mails.read_first(), transaction(self.sessions) as session:
            now = self.clock.now()
            row = await find_by_link(session, self.hands.keys, token, lock=True)
            await verify(session, row.id, now)
            _, erased = await carry_out(
                session, self.hands, row.id, by=_BY, outcome="Erased by a mailed link.", now=now, mails=mails
            )
        if erased is None:
            raise NotFound
        return erased

    # All of them

    async def show_style(self, _request: web.Request) -> web.Response:
        """The style sheet."""
        return web.Response(text=read_style(), content_type="text/css", headers=_HEADERS)

    def shown(self, handler: Handler) -> Handler:
        """The handler with pages for what goes wrong, in place of problems for programs."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except (NotFound, Conflict) as error:
                words = self._words(request)
                return self._respond(request, told_page(words, "unknown_title", "unknown"), words, status=error.status)
            except ParleyError as error:
                words = self._words(request)
                page = Page(words.say("error_title"), f"<h1>{words.say('error_title')}</h1>")
                return self._respond(request, page, words, status=error.status)

        return handle

    async def _holder(self, request: web.Request) -> Holder:
        """Whose page it is: the link still opens it when their contact was merged into another since."""
        holder = read_preferences_token(self.hands.keys, request.match_info["token"])
        if holder is None:
            raise NotFound
        async with self.sessions() as session:
            return replace(holder, contact_id=await find_holder(session, holder.contact_id))

    def _words(self, request: web.Request, known: str | None = None) -> Words:
        accepted = request.headers.get("Accept-Language", "")
        return Words(choose_language(request.query.get("lang"), accepted, known), self.hands.controller)

    def _respond(self, request: web.Request, page: Page, words: Words, *, status: int = 200) -> web.Response:
        html = to_html(page, words, request.path)
        return web.Response(text=html, content_type="text/html", charset="utf-8", status=status, headers=_HEADERS)


def routes(pages: PrivacyPages) -> list[web.RouteDef]:
    """The addresses."""
    both = {
        PREFERENCES_PATH: (pages.show_preferences, pages.change_preferences),
        DATA_PATH: (pages.show_data, pages.ask_about_data),
        REQUEST_PATH: (pages.show_request, pages.do_request),
    }
    found = [web.get(STYLE_PATH, pages.show_style)]
    for path, (show, act) in both.items():
        found += [web.get(path, pages.shown(show)), web.post(path, pages.shown(act))]
    return found
