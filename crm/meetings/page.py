"""The page behind the link of a meeting: the person moves it to another free time or cancels it.

No log-in, cookie or script. The token is the capability, so there is no CSRF token. GET changes nothing, as scanners of
mails follow links. It is in the language and on the clock of the talk, and shows no name or address.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, repeat_on_deadlock, transaction
from base.encryption import KeyRing
from base.page_headers import PAGE_HEADERS
from base.wording import read_sentences
from crm.contacts.models import Contact
from crm.meetings.booking import MeetingOver, TimeTaken, cancel_meeting, move_meeting
from crm.meetings.feeds import BusyFeeds
from crm.meetings.free_times import FreeTimes, free_times
from crm.meetings.labels import find_zone, label_of
from crm.meetings.models import Calendar, Meeting
from crm.meetings.routes import PAGE_PATH, PATH, read_token
from crm.privacy.pages.html import Page, to_html
from crm.privacy.pages.words import FALLBACK, Words, choose_language

_log = structlog.get_logger(__name__)

_WORDS = Path(__file__).with_name("page.yml")
_OFFERED = 8


@dataclass(frozen=True, slots=True)
class _Shown:
    meeting: Meeting
    calendar: Calendar
    language: str
    zone: ZoneInfo | None

    @property
    def at(self) -> str:
        zone = self.zone or ZoneInfo(self.calendar.zone)
        return label_of(self.meeting.starts_at, self.language, zone, name_zone=True)


@dataclass(frozen=True)
class PersonsPages:
    """The handlers and what they need. `on_change` has the workers do at once what follows."""

    sessions: Sessions
    keys: KeyRing
    clock: Clock
    feeds: BusyFeeds
    sender_name: str
    on_change: Callable[[], Awaitable[object]]

    async def handle_show(self, request: web.Request) -> web.Response:
        """The meeting and the other times that are free."""
        async with self.sessions() as session:
            shown = await self._find(session, request)
            if shown is None:
                return self._unknown(request)
            return await self._answer(session, request, shown)

    async def handle_change(self, request: web.Request) -> web.Response:
        """Moves or cancels it. Pressed again, nothing changes."""
        form = await request.post()
        said = {name: str(form.get(name, "")) for name in ("do", "starts_at", "seen")}
        told = await repeat_on_deadlock(lambda: self._change(request, said))
        if told is None:
            return self._unknown(request)
        if told in ("moved", "cancelled_now"):
            await self.on_change()
        async with self.sessions() as session:
            shown = await self._find(session, request)
            if shown is None:
                return self._unknown(request)
            return await self._answer(session, request, shown, told)

    async def _change(self, request: web.Request, said: dict[str, str]) -> str | None:
        """Does it; returns the name of what is told, None where the link is not ours."""
        async with transaction(self.sessions) as session:
            shown = await self._find(session, request)
            if shown is None:
                return None
            told = await self._carry_out(session, shown.meeting, said)
        if told in ("moved", "cancelled_now"):
            _log.info("meeting_changed", meeting_id=str(shown.meeting.id), by="person", told=told)
        return told

    async def _carry_out(self, session: AsyncSession, meeting: Meeting, said: dict[str, str]) -> str:
        now, wanted = self.clock.now(), _moment(said["starts_at"])
        if said["seen"] != _stamp(meeting.starts_at) or meeting.state != "booked" or meeting.starts_at <= now:
            return "changed"
        if said["do"] == "cancel":
            await cancel_meeting(session, meeting.id, now=now, by="person")
            return "cancelled_now"
        if said["do"] != "move" or wanted is None:
            return "choose"
        try:
            await move_meeting(session, self.feeds, meeting.id, starts_at=wanted, by="person", now=now)
        except (TimeTaken, MeetingOver) as error:
            return "taken" if isinstance(error, TimeTaken) else "changed"
        return "moved"

    async def _find(self, session: AsyncSession, request: web.Request) -> _Shown | None:
        meeting_id = read_token(self.keys, request.match_info["token"])
        if meeting_id is None:
            return None
        return await _read(session, meeting_id, request)

    async def _answer(
        self, session: AsyncSession, request: web.Request, shown: _Shown, told: str | None = None
    ) -> web.Response:
        meeting, say = shown.meeting, self._say(shown.language)
        status = "" if told is None else f'<p class="told" role="status">{escape(say(told))}</p>'
        place = f"<br>{_linked(shown.calendar.place)}" if shown.calendar.place else ""
        what = f"<p><strong>{escape(shown.calendar.title)}</strong><br>{escape(shown.at)}{place}</p>"
        if meeting.state == "cancelled" or meeting.starts_at <= self.clock.now():
            name = "cancelled" if meeting.state == "cancelled" else "over"
            body = f"<h1>{escape(say(name))}</h1>{status}{what}<p>{escape(say(f'{name}_text'))}</p>"
            return self._page(request, shown.language, say(name), body)
        after = _moment(request.query.get("after", ""))
        found = await free_times(
            session,
            self.feeds,
            calendar=shown.calendar.name,
            after=after,
            count=_OFFERED,
            language=shown.language,
            zone=None if shown.zone is None else shown.zone.key,
            now=self.clock.now(),
            ignoring=meeting.id,
        )
        token = request.match_info["token"]
        body = (
            f"<h1>{escape(say('title'))}</h1>{status}<p>{escape(say('with'))}</p>{what}"
            f'<p><a class="link" href="{escape(PATH.format(token=token))}">{escape(say("calendar"))}</a></p>'
            f'<section class="part"><h2 id="move">{escape(say("move"))}</h2>'
            f"{self._times(request, shown, found, later=after is not None)}</section>"
            f'<section class="part"><details><summary>{escape(say("cancel"))}</summary>'
            f"<p>{escape(say('cancel_sure'))}</p>"
            f'<form method="post">{_seen(meeting)}<button class="quiet" type="submit" name="do" value="cancel">'
            f"{escape(say('cancel_button'))}</button></form></details></section>"
        )
        return self._page(request, shown.language, say("title"), body)

    def _times(self, request: web.Request, shown: _Shown, found: FreeTimes, *, later: bool) -> str:
        say = self._say(shown.language)
        path = f"{request.path}?lang={shown.language}"
        times = [one for one in found.times if one.starts_at != shown.meeting.starts_at]
        links = []
        if later:
            links.append(f'<a class="link" href="{escape(path)}#move">{escape(say("first"))}</a>')
        if found.more:
            last = quote(_stamp(found.times[-1].starts_at))
            links.append(f'<a class="link" href="{escape(f"{path}&after={last}")}#move">{escape(say("later"))}</a>')
        more = f"<p>{' · '.join(links)}</p>" if links else ""
        if not times:
            return f"<p>{escape(say('none'))}</p>{more}"
        boxes = "".join(
            f'<div class="choice"><input type="radio" id="time-{number}" name="starts_at" '
            f'value="{escape(_stamp(one.starts_at))}" required><div><label for="time-{number}">{escape(one.label)}'
            "</label></div></div>"
            for number, one in enumerate(times)
        )
        return (
            f'<form method="post">{_seen(shown.meeting)}<fieldset class="group" aria-labelledby="move">'
            f'{boxes}</fieldset>{more}<button type="submit" name="do" value="move">'
            f"{escape(say('move_button'))}</button></form>"
        )

    def _unknown(self, request: web.Request) -> web.Response:
        language = _choose(request, None)
        say = self._say(language)
        body = f"<h1>{escape(say('unknown'))}</h1><p>{escape(say('unknown_text'))}</p>"
        return self._page(request, language, say("unknown"), body, status=404)

    def _page(self, request: web.Request, language: str, title: str, body: str, *, status: int = 200) -> web.Response:
        text = to_html(Page(title, body), Words(language, self.sender_name), request.path)
        return web.Response(text=text, content_type="text/html", charset="utf-8", status=status, headers=PAGE_HEADERS)

    def _say(self, language: str) -> Callable[[str], str]:
        words = _words()[language]
        return lambda name: words[name].replace("{sender}", self.sender_name)


def routes(pages: PersonsPages) -> list[web.RouteDef]:
    """The address of the links. That of the invitation ends in `.ics` and must come before."""
    return [web.get(PAGE_PATH, pages.handle_show), web.post(PAGE_PATH, pages.handle_change)]


async def _read(session: AsyncSession, meeting_id: UUID, request: web.Request) -> _Shown | None:
    row = (
        await session.execute(
            select(Meeting, Calendar, Contact.language, Contact.time_zone)
            .join(Calendar, Calendar.id == Meeting.calendar_id)
            .outerjoin(Contact, Contact.id == Meeting.contact_id)
            .where(Meeting.id == meeting_id, Meeting.state != "held")
        )
    ).one_or_none()
    if row is None:
        return None
    meeting, calendar, language, zone = row
    spoken = _choose(request, meeting.language or language)
    return _Shown(meeting, calendar, spoken, find_zone(meeting.time_zone) or find_zone(zone))


def _choose(request: web.Request, known: str | None) -> str:
    """The language the link asks for, else that of the talk, else the browser's."""
    wanted = (request.query.get("lang", ""), (known or "").partition("-")[0].lower())
    accepted = choose_language(None, request.headers.get("Accept-Language", ""))
    return next((one for one in (*wanted, accepted) if one in _words()), FALLBACK)


def _seen(meeting: Meeting) -> str:
    return f'<input type="hidden" name="seen" value="{escape(_stamp(meeting.starts_at))}">'


def _linked(place: str) -> str:
    if place.startswith("https://"):
        return f'<a class="link" href="{escape(place)}" rel="noreferrer">{escape(place)}</a>'
    return escape(place)


def _stamp(at: datetime) -> str:
    return f"{at.timestamp():.0f}"


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text), ZoneInfo("UTC")) if text.isdecimal() and len(text) < 12 else None
    except (ValueError, OverflowError, OSError):
        return None


def _words() -> Mapping[str, Mapping[str, Any]]:
    return read_sentences(_WORDS)
