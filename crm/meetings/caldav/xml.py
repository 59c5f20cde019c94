"""The XML of WebDAV and CalDAV: the few questions we ask and what is read of the answers. Pure.

Answers come from somebody else's server: one with a document type is refused, so nothing in it can be expanded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn
from xml.etree.ElementTree import Element, ParseError, SubElement, TreeBuilder, XMLParser, tostring

DAV, CAL, CS = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{http://calendarserver.org/ns/}"
_NOT_FOUND = 404


class AnswerUnreadable(Exception):
    """This is no answer of a CalDAV server."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing an answer tells of. `props` are those it has; `missing`: there is no such thing."""

    href: str
    props: Mapping[str, Element]
    missing: bool = False

    def text(self, name: str) -> str | None:
        """What stands in a property, if anything does."""
        found = self.props.get(name)
        return None if found is None or found.text is None else found.text.strip() or None

    def inner_href(self, name: str) -> str | None:
        """The address that a property names."""
        found = self.props.get(name)
        href = None if found is None else found.find(f"{DAV}href")
        return None if href is None or href.text is None else href.text.strip() or None


@dataclass(frozen=True, slots=True)
class MultiStatus:
    """What an answer tells, and the token that stands for what the server held then."""

    resources: tuple[Resource, ...]
    sync_token: str | None


class _NoDoctype(TreeBuilder):
    def doctype(self, _name: str, _pubid: str | None, _system: str | None) -> NoReturn:
        raise AnswerUnreadable


def read_multistatus(body: bytes) -> MultiStatus:
    """Reads a 207 answer.

    Raises:
        AnswerUnreadable: it is none.
    """
    parser = XMLParser(target=_NoDoctype())  # noqa: S314  # without a document type there are no entities
    try:
        parser.feed(body)
        root = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise AnswerUnreadable from error
    if not isinstance(root, Element) or root.tag != f"{DAV}multistatus":
        raise AnswerUnreadable
    found = tuple(_read(one) for one in root.findall(f"{DAV}response"))
    token = root.findtext(f"{DAV}sync-token")
    return MultiStatus(found, token.strip() if token else None)


def ask_props(*names: str) -> bytes:
    """A PROPFIND for these properties."""
    root = Element(f"{DAV}propfind")
    _props(root, names)
    return _bytes(root)


def ask_events(begin: datetime, end: datetime) -> bytes:
    """A calendar-query for the events that meet a period."""
    root = Element(f"{CAL}calendar-query")
    _props(root, (f"{DAV}getetag", f"{CAL}calendar-data"))
    calendar = SubElement(SubElement(root, f"{CAL}filter"), f"{CAL}comp-filter", name="VCALENDAR")
    event = SubElement(calendar, f"{CAL}comp-filter", name="VEVENT")
    SubElement(event, f"{CAL}time-range", start=_stamp(begin), end=_stamp(end))
    return _bytes(root)


def ask_changes(token: str) -> bytes:
    """A sync-collection (RFC 6578) for what changed since the token was given."""
    root = Element(f"{DAV}sync-collection")
    SubElement(root, f"{DAV}sync-token").text = token
    SubElement(root, f"{DAV}sync-level").text = "1"
    _props(root, (f"{DAV}getetag",))
    return _bytes(root)


def ask_these(hrefs: Iterable[str]) -> bytes:
    """A calendar-multiget."""
    root = Element(f"{CAL}calendar-multiget")
    _props(root, (f"{DAV}getetag", f"{CAL}calendar-data"))
    for href in hrefs:
        SubElement(root, f"{DAV}href").text = href
    return _bytes(root)


def _props(root: Element, names: Iterable[str]) -> None:
    inner = SubElement(root, f"{DAV}prop")
    for name in names:
        SubElement(inner, name)


def _read(response: Element) -> Resource:
    href = (response.findtext(f"{DAV}href") or "").strip()
    if not href:
        raise AnswerUnreadable
    props: dict[str, Element] = {}
    for stat in response.findall(f"{DAV}propstat"):
        if _status(stat) == 200:
            props |= {prop.tag: prop for prop in stat.iterfind(f"{DAV}prop/*")}
    return Resource(href, props, missing=_status(response) == _NOT_FOUND)


def _status(part: Element) -> int | None:
    words = (part.findtext(f"{DAV}status") or "").split()
    return int(words[1]) if len(words) > 1 and words[1].isdecimal() else None


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _bytes(root: Element) -> bytes:
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
