"""The endpoints of calendars and of the meetings to come. The audit log is told no address and no password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from yarl import URL

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.meetings.queries import read_calendar, read_calendars, read_meetings
from admin.meetings.shapes import (
    AccessWish,
    CalendarList,
    CalendarRow,
    CalendarWish,
    FoundCalendarRow,
    FoundCalendars,
    LinkCheck,
    LinkWish,
    MeetingPage,
    MeetingsQuery,
    MoveWish,
    NewCalendarWish,
    OfferedQuery,
    OfferedTime,
    OfferedTimes,
    RemovalQuery,
)
from base.database import transaction
from base.errors import InvalidInput, NotFound
from crm.meetings import booking, calendars
from crm.meetings.caldav.client import Access, CalDAVClient, CalendarFailed
from crm.meetings.caldav.links import access_of, link_calendar, unlink_calendar
from crm.meetings.calendars import NewCalendar, add_calendar, change_calendar
from crm.meetings.feeds import BusyFeeds
from crm.meetings.free_times import free_times
from crm.meetings.models import Calendar, CalendarLink, Meeting

_OFFERED = 20
_NAME_TAKEN = "There is a calendar of this name"
_NOT_TOLD = "The CalDAV calendar behind it was not told everything yet"
_NOT_REACHED = "The CalDAV server could not be asked, or refused"


@endpoint("GET", "/api/v1/calendars", permission="meetings.read", summary="The calendars people are met in, by name")
async def list_calendars(call: Call) -> CalendarList:
    async with call.context.sessions() as session:
        return CalendarList(items=await read_calendars(session, call.context.keys))


@endpoint(
    "POST",
    "/api/v1/calendars",
    permission="meetings.write",
    summary="Add a calendar in which flows and colleagues book meetings",
    status=201,
    problems={409: _NAME_TAKEN},
)
async def add_new_calendar(call: Call, body: NewCalendarWish) -> CalendarRow:
    context = call.context
    async with transaction(context.sessions) as session:
        new = _settings(body.name, body)
        calendar_id = await add_calendar(session, context.keys, new, now=context.clock.now())
        await record(session, call, "add_calendar", "calendar", calendar_id, None, _told(body))
        return await read_calendar(session, context.keys, calendar_id)


@endpoint("GET", "/api/v1/calendars/{id}", permission="meetings.read", summary="One calendar")
async def get_calendar(call: Call) -> CalendarRow:
    async with call.context.sessions() as session:
        return await read_calendar(session, call.context.keys, call.ids["id"])


@endpoint(
    "PUT",
    "/api/v1/calendars/{id}",
    permission="meetings.write",
    summary="Change when and how long people are met in a calendar; what is booked stays booked",
    edits=True,
)
async def edit_calendar(call: Call, body: CalendarWish) -> CalendarRow:
    keys, calendar_id = call.context.keys, call.ids["id"]
    async with transaction(call.context.sessions) as session:
        before = await read_calendar(session, keys, calendar_id)
        await change_calendar(
            session, keys, calendar_id, _settings(before.name, body), version=call.version,
            keep_feed=body.busy_url is None,
        )  # fmt: skip
        after = await read_calendar(session, keys, calendar_id)
        await record(session, call, "edit_calendar", "calendar", calendar_id, _shown(before), _shown(after))
    return after


@endpoint(
    "DELETE",
    "/api/v1/calendars/{id}",
    permission="meetings.write",
    summary="Remove a calendar; the meetings that were in it stay as history",
    status=204,
    problems={409: "Meetings to come stand in it, or its CalDAV calendar was not told everything yet"},
    edits=True,
)
async def remove_calendar(call: Call, query: RemovalQuery) -> None:
    context, calendar_id = call.context, call.ids["id"]
    async with transaction(context.sessions) as session:
        before = await read_calendar(session, context.keys, calendar_id)
        await calendars.remove_calendar(
            session, calendar_id, version=call.version, now=context.clock.now(), force=query.force
        )
        await record(session, call, "remove_calendar", "calendar", calendar_id, _shown(before))


@endpoint(
    "POST",
    "/api/v1/calendars/discover",
    permission="meetings.write",
    summary="The calendars that somebody has on a CalDAV server",
    problems={502: _NOT_REACHED},
    leaves_trail=False,
)
async def discover_calendars(call: Call, body: AccessWish) -> FoundCalendars:
    client = _client(call, Access(_url(body.url), body.username, body.password))
    return FoundCalendars(
        items=[FoundCalendarRow(url=one.url, name=one.name, writable=one.writable) for one in await client.discover()]
    )


@endpoint(
    "PUT",
    "/api/v1/calendars/{id}/caldav",
    permission="meetings.write",
    summary="Put a CalDAV calendar behind one of ours: its events are busy times, meetings are written there",
    problems={409: _NOT_TOLD, 502: _NOT_REACHED},
)
async def put_caldav_behind(call: Call, body: LinkWish) -> CalendarRow:
    context, calendar_id = call.context, call.ids["id"]
    async with context.sessions() as session:
        before = await read_calendar(session, context.keys, calendar_id)
        access = await _access_wanted(call, session.get, calendar_id, body)
    # What does not let us read it is not put behind anything.
    now = context.clock.now()
    await _client(call, access).list_events(now, now + timedelta(days=1))
    async with transaction(context.sessions) as session:
        await link_calendar(session, context.keys, calendar_id, access, now=now)
        after = await read_calendar(session, context.keys, calendar_id)
        told = {"host": URL(access.url).host}
        earlier = None if before.caldav is None else {"host": URL(before.caldav.url).host}
        await record(session, call, "put_caldav_behind", "calendar", calendar_id, earlier, told)
    await _wake(call)
    return after


@endpoint(
    "DELETE",
    "/api/v1/calendars/{id}/caldav",
    permission="meetings.write",
    summary="Take the CalDAV calendar away from behind ours; what was written there stays there",
    status=204,
    problems={409: _NOT_TOLD},
)
async def take_caldav_away(call: Call, query: RemovalQuery) -> None:
    async with transaction(call.context.sessions) as session:
        before = await read_calendar(session, call.context.keys, call.ids["id"])
        await unlink_calendar(session, call.ids["id"], force=query.force)
        told = None if before.caldav is None else {"host": URL(before.caldav.url).host}
        await record(session, call, "take_caldav_away", "calendar", call.ids["id"], told)


@endpoint(
    "POST",
    "/api/v1/calendars/{id}/check",
    permission="meetings.write",
    summary="Try whether the CalDAV calendar can be read now",
    leaves_trail=False,
)
async def check_calendar(call: Call) -> LinkCheck:
    context, now = call.context, call.context.clock.now()
    async with context.sessions() as session:
        calendar = await calendars.get_calendar(session, call.ids["id"])
        link = await session.get(CalendarLink, calendar.id)
        if link is None:
            raise NotFound("No CalDAV calendar stands behind this one.")
        access, days = access_of(context.keys, link), calendar.days_ahead
    try:
        events = await _client(call, access).list_events(now, now + timedelta(days=days))
    except CalendarFailed as error:
        return LinkCheck(works=False, problem=error.problem, events=0)
    return LinkCheck(works=True, problem=None, events=len(events))


@endpoint(
    "GET",
    "/api/v1/calendars/{id}/free-times",
    permission="meetings.read",
    summary="The times of a calendar that would be offered now",
)
async def list_calendar_times(call: Call, query: OfferedQuery) -> OfferedTimes:
    async with transaction(call.context.sessions) as session:
        calendar = await calendars.get_calendar(session, call.ids["id"])
        return await _offered(call, session, calendar, query)


@endpoint(
    "GET",
    "/api/v1/meetings",
    permission="meetings.read",
    summary="The meetings to come, the next one first",
    problems={400: "The cursor is not one of ours"},
)
async def list_meetings(call: Call, query: MeetingsQuery) -> MeetingPage:
    async with call.context.sessions() as session:
        return await read_meetings(session, query, call.context.clock.now())


@endpoint(
    "GET",
    "/api/v1/meetings/{id}/free-times",
    permission="meetings.read",
    summary="The times a meeting can be moved to",
)
async def list_meeting_times(call: Call, query: OfferedQuery) -> OfferedTimes:
    async with transaction(call.context.sessions) as session:
        meeting = await session.get(Meeting, call.ids["id"])
        if meeting is None or meeting.state == "held":
            raise NotFound("There is no such meeting.")
        calendar = await session.get_one(Calendar, meeting.calendar_id)
        return await _offered(call, session, calendar, query, ignoring=meeting.id)


@endpoint(
    "POST",
    "/api/v1/meetings/{id}/move",
    permission="meetings.write",
    summary="Move a meeting to another free time; the person is mailed the new one",
    status=204,
    problems={409: "The time is not free, or the meeting is cancelled or has begun"},
)
async def move_meeting(call: Call, body: MoveWish) -> None:
    now = call.context.clock.now()
    async with transaction(call.context.sessions) as session:
        meeting = await session.get(Meeting, call.ids["id"])
        before = None if meeting is None else {"starts_at": meeting.starts_at}
        moved = await booking.move_meeting(
            session, _feeds(call), call.ids["id"], starts_at=body.starts_at, by="colleague", now=now
        )
        after = {"starts_at": moved.starts_at}
        await record(session, call, "move_meeting", "meeting", moved.id, before, after, contact_id=moved.contact_id)
    await _wake(call)


@endpoint(
    "POST",
    "/api/v1/meetings/{id}/cancel",
    permission="meetings.write",
    summary="Cancel a meeting; the person is mailed that it does not take place",
    status=204,
)
async def cancel_meeting(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        gone = await booking.cancel_meeting(session, call.ids["id"], now=call.context.clock.now())
        if gone is not None:
            before = {"starts_at": gone.starts_at}
            await record(session, call, "cancel_meeting", "meeting", gone.id, before, contact_id=gone.contact_id)
    await _wake(call)


async def _offered(
    call: Call, session: Any, calendar: Calendar, query: OfferedQuery, *, ignoring: UUID | None = None
) -> OfferedTimes:
    feeds, now = _feeds(call), call.context.clock.now()
    readable = await feeds.read(session, calendar, now, ignoring=ignoring) is not None
    found = await free_times(
        session,
        feeds,
        calendar=calendar.name,
        after=query.after,
        count=_OFFERED,
        language=query.language,
        zone=calendar.zone,
        now=now,
        ignoring=ignoring,
    )
    return OfferedTimes(
        times=[OfferedTime(starts_at=one.starts_at, label=one.label) for one in found.times],
        more=found.more,
        readable=readable,
    )


async def _access_wanted(call: Call, get: Any, calendar_id: UUID, body: LinkWish) -> Access:
    """How to get in; a password that is kept is sent to the server it was told for, and to no other."""
    url = _url(body.url)
    if body.password is not None:
        return Access(url, body.username, body.password)
    link = await get(CalendarLink, calendar_id)
    if link is not None:
        kept = access_of(call.context.keys, link)
        if URL(kept.url).origin() == URL(url).origin() and kept.username == body.username:
            return Access(url, kept.username, kept.password)
    problem = {"field": "password", "message": "Give the password."}
    raise InvalidInput("The password is needed: none is kept for this server and user.", errors=[problem])


def _url(text: str) -> str:
    """The address as it is asked; people leave the beginning out."""
    given = text.strip()
    try:
        url = URL(given if "://" in given else f"https://{given}")
        if url.scheme in ("http", "https") and url.host and url.user is None and url.password is None:
            return str(url.with_fragment(None))
    except ValueError:
        pass
    problem = {"field": "url", "message": "Give an address such as https://calendar.example.com/."}
    raise InvalidInput("This is no address of a calendar.", errors=[problem])


def _client(call: Call, access: Access) -> CalDAVClient:
    return CalDAVClient(access, allow_private=call.context.calendars_private)


def _feeds(call: Call) -> BusyFeeds:
    context = call.context
    return context.busy_feeds or BusyFeeds(context.keys, allow_private=context.calendars_private)


async def _wake(call: Call) -> None:
    if call.context.wake_calendars is not None:
        await call.context.wake_calendars()


def _settings(name: str, body: CalendarWish) -> NewCalendar:
    return NewCalendar(
        name,
        body.title,
        body.zone,
        {str(day): spans for day, spans in body.hours.items()},
        body.minutes,
        body.pause_minutes,
        body.notice_minutes,
        body.days_ahead,
        body.place,
        body.busy_url or None,
    )


def _told(body: CalendarWish) -> dict[str, Any]:
    return body.model_dump(exclude={"busy_url"})


def _shown(row: CalendarRow) -> dict[str, Any]:
    return row.model_dump(exclude={"caldav", "id", "version"})


ENDPOINTS = (
    list_calendars,
    add_new_calendar,
    discover_calendars,
    get_calendar,
    edit_calendar,
    remove_calendar,
    put_caldav_behind,
    take_caldav_away,
    check_calendar,
    list_calendar_times,
    list_meetings,
    list_meeting_times,
    move_meeting,
    cancel_meeting,
)
