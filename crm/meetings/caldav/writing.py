"""Writes one meeting into a calendar, and says what it found there. Stores nothing.

The same meeting has the same name and UID there for ever, and is made only where there is none: an attempt whose
outcome was lost is found by the next one, and never makes a second event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from crm.meetings.busy import Busy, FeedUnreadable, read_busy_events
from crm.meetings.caldav.claiming import Claimed
from crm.meetings.caldav.client import CalDAVClient, ChangedMeanwhile, StoredEvent
from crm.meetings.caldav.event import MeetingEvent, read_event, write_event
from crm.meetings.caldav.rules import decide_first
from crm.meetings.hours import Period

Outcome = Literal["written", "removed", "moved", "gone", "lost"]


@dataclass(frozen=True, slots=True)
class Wrote:
    """What came of it: `moved` and `gone` by somebody there, before; `lost`: the time was taken there before.

    `period` is when the event is now; `clashes`: something else is there at the same time, which came later.
    """

    outcome: Outcome
    etag: str | None = None
    period: Period | None = None
    clashes: bool = False


def name_of(meeting_id: UUID) -> str:
    """What a meeting is called in its calendar."""
    return f"{meeting_id}.ics"


@dataclass(frozen=True, slots=True)
class Place:
    """The calendar that is written into. `ours` are the UIDs of all meetings of ours in it."""

    zone: ZoneInfo
    ours: frozenset[str]
    site_url: str


async def write(client: CalDAVClient, one: Claimed, place: Place, now: datetime) -> Wrote:
    """Has the calendar hold what the meeting is now.

    Raises:
        CalendarFailed: it could not be asked or did not let us; try again.
    """
    name = name_of(one.id)
    if one.period is None:
        await client.remove_event(name)
        return Wrote("removed")
    there = StoredEvent(name, None, None)
    if one.known is not None or one.attempts > 1:
        there = (await client.read_events([name]))[0]
    if there.data is None and one.known is not None and await client.is_gone(name):
        # What somebody deletes is not made again.
        return Wrote("gone")
    return await _put(client, one, there, place, now)


async def find_others(client: CalDAVClient, period: Period, zone: ZoneInfo, ours: frozenset[str]) -> list[Busy]:
    """What else is in the calendar during a period, save meetings of ours."""
    found: list[Busy] = []
    for event in await client.list_events(*period):
        try:
            found += read_busy_events(event.data or b"", zone, *period) if event.data else []
        except FeedUnreadable:
            continue
    return [one for one in found if one.uid not in ours]


async def _put(client: CalDAVClient, one: Claimed, there: StoredEvent, place: Place, now: datetime) -> Wrote:
    assert one.period is not None
    seen = None if there.data is None else read_event(there.data, one.id, place.zone)
    if seen is not None and seen.period == one.period and not seen.cancelled:
        return Wrote("written", there.etag, one.period)
    changed = seen is not None and one.known is not None and (seen.period != one.known or seen.cancelled)
    # Where both changed it: whoever was first.
    if seen is not None and changed and decide_first(one.since, seen.stamp) == "theirs":
        return Wrote("gone") if seen.cancelled else Wrote("moved", there.etag, seen.period)
    others = await find_others(client, one.period, place.zone, place.ours)
    if one.contested and any(decide_first(one.since, other.stamp) == "theirs" for other in others):
        return Wrote("lost")
    note = f"{place.site_url}/admin/leads/{one.contact_id}" if one.contact_id else place.site_url
    title = f"{one.title}: {one.who}" if one.who else one.title
    event = MeetingEvent(one.id, title, one.place, note, one.period, one.sequence)
    name = name_of(one.id)
    try:
        etag = await client.write_event(name, write_event(event, there.data, now), etag=there.etag)
    except ChangedMeanwhile:
        found = (await client.read_events([name]))[0]
        if there.data is None and found.data is not None:
            # An attempt of ours came through that was not heard of.
            return await _put(client, one, found, place, now)
        raise
    return Wrote("written", etag, one.period, clashes=bool(others))
