"""Asks a CalDAV server, each time through the guard of `base.outbound_http`. Decides nothing, logs nothing."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, unquote

from yarl import URL

from base.errors import ParleyError
from base.outbound_http import OutboundAnswer, OutboundFailed, OutboundRequest, fetch, may_ask
from crm.meetings.caldav.xml import (
    CAL,
    CS,
    DAV,
    AnswerUnreadable,
    MultiStatus,
    ask_changes,
    ask_events,
    ask_props,
    ask_these,
    read_multistatus,
)

LARGEST = 8 * 1024 * 1024
"""Bytes of an answer."""
_HOPS = 3
_AT_ONCE = 100
"""Events asked for by name in one request."""
_WELL_KNOWN = "/.well-known/caldav"
_WRITES = {f"{DAV}write", f"{DAV}write-content", f"{DAV}bind", f"{DAV}all"}


class CalendarFailed(ParleyError):
    """The CalDAV server could not be asked, or refused. `problem` says why, in words without an address."""

    code = "calendar_failed"
    status = 502

    def __init__(self, problem: str, *, status: int | None = None) -> None:
        super().__init__(f"The calendar could not be reached: {problem}.")
        self.problem = problem
        self.answered = status


class NotThere(CalendarFailed):
    """There is no such event or calendar."""


class ChangedMeanwhile(CalendarFailed):
    """The event is not the version that was to be changed, or is there although it was to be made."""


class TokenTooOld(CalendarFailed):
    """What changed since then the server does not know (any more): ask for all."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to get at a calendar. `url` is that of the calendar, or where to begin to look for one."""

    url: str
    username: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FoundCalendar:
    """A calendar that somebody has on the server."""

    url: str
    name: str
    writable: bool


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it stands there. `path` is its name in the calendar; `data` is None when it is gone."""

    path: str
    etag: str | None
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed, by name, and the token of what is there now."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]
    token: str | None


class CalDAVClient:
    """One person's calendars on one server.

    Args:
        allow_private: whether the server may stand in the operator's own network.
    """

    def __init__(self, access: Access, *, allow_private: bool = False, timeout: float = 10.0) -> None:
        self._access = access
        self._allow_private = allow_private
        self._timeout = timeout
        pair = f"{access.username}:{access.password}".encode()
        self._authorization = f"Basic {base64.b64encode(pair).decode()}"

    async def discover(self) -> list[FoundCalendar]:
        """The calendars there are for events (RFC 6764): by the address itself, the well-known one, the principal.

        Raises:
            CalendarFailed: nothing was found there, or nobody let us in.
        """
        begin = self._access.url
        places = [begin] if URL(begin, encoded=True).path not in ("", "/") else []
        places += [self._join(begin, _WELL_KNOWN), self._join(begin, "/")]
        failed = CalendarFailed("there is no CalDAV there")
        for place in dict.fromkeys(places):
            try:
                found = await self._calendars_from(place)
            except CalendarFailed as error:
                if error.answered in (None, 401, 403):
                    raise
                failed = CalendarFailed("there is no CalDAV there", status=error.answered)
            else:
                if found:
                    return found
        raise failed

    async def read_token(self) -> str | None:
        """What stands for all that the calendar holds now: changed, it is another. None where the server has none."""
        _, answer = await self._propfind(self._access.url, "0", f"{DAV}sync-token", f"{CS}getctag")
        for resource in answer.resources:
            token = resource.text(f"{DAV}sync-token")
            tag = resource.text(f"{CS}getctag")
            return token or (f"ctag:{tag}" if tag else None)
        return None

    async def list_events(self, begin: datetime, end: datetime) -> list[StoredEvent]:
        """The events that meet a period, and those that recur into it."""
        return self._events(await self._report(ask_events(begin, end)))

    async def list_changes(self, token: str) -> Changes:
        """What changed since then.

        Raises:
            TokenTooOld: that cannot be said.
        """
        if token.startswith("ctag:"):
            now = await self.read_token()
            if now == token:
                return Changes((), (), token)
            raise TokenTooOld("everything is to be read")
        try:
            answer = await self._report(ask_changes(token), depth="0")
        except CalendarFailed as error:
            if error.answered in (400, 403, 404, 405, 409, 412, 415, 501, 507):
                raise TokenTooOld("everything is to be read", status=error.answered) from error
            raise
        own = URL(self._access.url, encoded=True).path.rstrip("/")
        told = [one for one in answer.resources if _path(one.href).rstrip("/") != unquote(own)]
        return Changes(
            tuple(_name(one.href) for one in told if not one.missing),
            tuple(_name(one.href) for one in told if one.missing),
            answer.sync_token,
        )

    async def read_events(self, names: Sequence[str]) -> list[StoredEvent]:
        """These events; of one that is not there, without data."""
        base = URL(self._access.url, encoded=True).path.rstrip("/")
        found: list[StoredEvent] = []
        for first in range(0, len(names), _AT_ONCE):
            some = names[first : first + _AT_ONCE]
            told = self._events(await self._report(ask_these(f"{base}/{quote(name)}" for name in some), depth="0"))
            there = {one.path: one for one in told}
            found += [there.get(name) or StoredEvent(name, None, None) for name in some]
        return found

    async def write_event(self, name: str, data: bytes, *, etag: str | None) -> str | None:
        """Makes an event, or changes the version of it that `etag` is; returns the new one's, where it is told.

        Raises:
            ChangedMeanwhile: it is another version, or there although it was to be made.
        """
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        headers |= {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
        answer = await self._ask("PUT", self._address(name), headers, data)
        _check(answer)
        return answer.etag

    async def is_gone(self, name: str) -> bool:
        """Whether the server says for sure that there is no such event."""
        try:
            _check(await self._ask("GET", self._address(name), {}, None))
        except NotThere:
            return True
        return False

    async def remove_event(self, name: str) -> None:
        """Removes an event. One that is gone already is removed, too."""
        try:
            _check(await self._ask("DELETE", self._address(name), {}, None))
        except NotThere:
            return

    async def _calendars_from(self, place: str) -> list[FoundCalendar]:
        names = (f"{DAV}current-user-principal", f"{DAV}resourcetype", f"{CAL}calendar-home-set", *_DETAILS)
        at, answer = await self._propfind(place, "0", *names)
        found = self._calendars(at, answer)
        if found:
            return found
        homes = [one.inner_href(f"{CAL}calendar-home-set") for one in answer.resources]
        principals = [one.inner_href(f"{DAV}current-user-principal") for one in answer.resources]
        if not any(homes) and (principal := next(filter(None, principals), None)):
            at, answer = await self._propfind(self._join(at, principal), "0", f"{CAL}calendar-home-set")
            homes = [one.inner_href(f"{CAL}calendar-home-set") for one in answer.resources]
        home = next(filter(None, homes), None)
        if home is None:
            return []
        at, answer = await self._propfind(self._join(at, home), "1", f"{DAV}resourcetype", *_DETAILS)
        return self._calendars(at, answer)

    def _calendars(self, at: str, answer: MultiStatus) -> list[FoundCalendar]:
        found = []
        for one in answer.resources:
            kind = one.props.get(f"{DAV}resourcetype")
            if kind is None or kind.find(f"{CAL}calendar") is None:
                continue
            parts = one.props.get(f"{CAL}supported-calendar-component-set")
            kinds = None if parts is None else {part.get("name") for part in parts.iterfind(f"{CAL}comp")}
            if kinds and "VEVENT" not in kinds:
                continue
            allowed = one.props.get(f"{DAV}current-user-privilege-set")
            granted = None if allowed is None else {right.tag for right in allowed.iterfind(f"{DAV}privilege/*")}
            url = self._join(at, one.href)
            name = one.text(f"{DAV}displayname") or _name(one.href.rstrip("/"))
            found.append(FoundCalendar(url, name[:200], writable=granted is None or bool(granted & _WRITES)))
        return found

    def _events(self, answer: MultiStatus) -> list[StoredEvent]:
        found = []
        for one in answer.resources:
            data = one.props.get(f"{CAL}calendar-data")
            text = None if data is None or data.text is None else data.text.encode()
            found.append(StoredEvent(_name(one.href), one.text(f"{DAV}getetag"), text))
        return found

    async def _propfind(self, url: str, depth: str, *names: str) -> tuple[str, MultiStatus]:
        """Asks for properties, following to where they moved; returns where that was, too."""
        for _ in range(_HOPS):
            answer = await self._ask("PROPFIND", url, {"Depth": depth, **_XML}, ask_props(*names))
            if answer.status not in (301, 302, 303, 307, 308):
                return url, _read(answer)
            url = self._join(url, answer.location or "")
        raise CalendarFailed("it sends us round in circles")

    async def _report(self, body: bytes, *, depth: str = "1") -> MultiStatus:
        return _read(await self._ask("REPORT", self._access.url, {"Depth": depth, **_XML}, body))

    async def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> OutboundAnswer:
        try:
            return await fetch(
                OutboundRequest(
                    method,
                    url,
                    {**headers, "Authorization": self._authorization},
                    body,
                    allow_private=self._allow_private,
                    max_bytes=LARGEST,
                    timeout=self._timeout,
                )
            )
        except OutboundFailed as error:
            raise CalendarFailed(error.problem) from error

    def _address(self, name: str) -> str:
        return f"{self._access.url.rstrip('/')}/{quote(name)}"

    def _join(self, base: str, href: str) -> str:
        """Where an answer points to. The password goes to the server that was named, and its siblings, alone."""
        try:
            url = str(URL(base, encoded=True).join(URL(href, encoded=True)))
            host, named = URL(url).host or "", URL(self._access.url, encoded=True).host or ""
        except ValueError:
            raise CalendarFailed("address not allowed") from None
        parent = named.partition(".")[2]
        sibling = "." in parent and not named.replace(".", "").isdigit() and host.endswith(f".{parent}")
        downgraded = base.startswith("https:") and not url.startswith("https:")
        if (host != named and not sibling) or downgraded or not may_ask(url, allow_private=self._allow_private):
            raise CalendarFailed("address not allowed")
        return url


_XML = {"Content-Type": "application/xml; charset=utf-8"}
_DETAILS = (
    f"{DAV}displayname", f"{CAL}supported-calendar-component-set", f"{DAV}current-user-privilege-set",
)  # fmt: skip


def _read(answer: OutboundAnswer) -> MultiStatus:
    _check(answer)
    try:
        return read_multistatus(answer.body)
    except AnswerUnreadable as error:
        raise CalendarFailed("this is no CalDAV answer", status=answer.status) from error


def _check(answer: OutboundAnswer) -> None:
    status = answer.status
    if status < 300:
        return
    if status in (404, 410):
        raise NotThere("not there", status=status)
    if status == 412:
        raise ChangedMeanwhile("changed meanwhile", status=status)
    words = {401: "user or password is wrong", 403: "not allowed", 507: "the calendar is full"}
    raise CalendarFailed(words.get(status, f"it answered {status}"), status=status)


def _path(href: str) -> str:
    return unquote(URL(href, encoded=True).path) if "://" in href else unquote(href)


def _name(href: str) -> str:
    return _path(href).rpartition("/")[2]
