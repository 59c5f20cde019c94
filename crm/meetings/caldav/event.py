"""A meeting as an event in a colleague's own calendar (RFC 5545). Pure.

It names no attendee: a server that invites by itself would write to the person a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Component, Event

from crm.meetings.busy import BROKEN, moment_of, stamp_of
from crm.meetings.hours import Period

_PRODUCT = "-//Parley//Meetings//EN"


@dataclass(frozen=True, slots=True)
class MeetingEvent:
    """What is written. `note` leads to who it is with."""

    uid: UUID
    title: str
    place: str
    note: str
    period: Period
    sequence: int


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """What stands there. `stamp` is when it was last changed, where it says."""

    period: Period
    cancelled: bool
    stamp: datetime | None


def write_event(wanted: MeetingEvent, there: bytes | None, now: datetime) -> bytes:
    """The event to store. Of one that is there only the time is changed: what a colleague noted in it stays."""
    calendar = _calendar_of(there) if there else None
    event = None if calendar is None else _event_in(calendar, wanted.uid)
    if calendar is None or event is None:
        calendar, event = Calendar(), Event()
        calendar.add("version", "2.0")
        calendar.add("prodid", _PRODUCT)
        event.add("uid", str(wanted.uid))
        event.add("created", now)
        event.add("summary", wanted.title)
        event.add("transp", "OPAQUE")
        if wanted.place:
            event.add("location", wanted.place)
        event.add("description", wanted.note)
        calendar.add_component(event)
    sequence = max(wanted.sequence, _number(event.get("SEQUENCE")))
    _put(event, "dtstamp", now)
    _put(event, "last-modified", now)
    _put(event, "sequence", sequence)
    _put(event, "status", "CONFIRMED")
    event.pop("DURATION", None)
    _put(event, "dtstart", wanted.period[0].astimezone(UTC))
    _put(event, "dtend", wanted.period[1].astimezone(UTC))
    return bytes(calendar.to_ical())


def read_event(data: bytes, uid: UUID, zone: ZoneInfo) -> SeenEvent | None:
    """What stands there of a meeting; None when that cannot be read.

    Args:
        zone: where times without a zone are meant.
    """
    calendar = _calendar_of(data)
    event = None if calendar is None else _event_in(calendar, uid)
    if event is None:
        return None
    try:
        period = moment_of(event.start, zone), moment_of(event.end, zone)
    except BROKEN:
        return None
    if period[0] >= period[1]:
        return None
    return SeenEvent(period, str(event.get("STATUS", "")).upper() == "CANCELLED", stamp_of(event))


def _calendar_of(data: bytes) -> Component | None:
    try:
        calendar = Calendar.from_ical(data)
    except BROKEN:
        return None
    return calendar if calendar.name == "VCALENDAR" else None


def _event_in(calendar: Component, uid: UUID) -> Any:
    """The event itself, not one of the exceptions to it."""
    for event in calendar.walk("VEVENT"):
        if str(event.get("UID", "")) == str(uid) and "RECURRENCE-ID" not in event:
            return event
    return None


def _put(event: Any, name: str, value: object) -> None:
    event.pop(name, None)
    event.add(name, value)


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0
