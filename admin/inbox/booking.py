"""A colleague books a meeting with whoever they talk with. That no time is given twice is crm's affair."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from admin.api.endpoints import Call, endpoint
from admin.api.fields import AnswerShape, Moment, PlainText, RequestShape
from admin.audit.service import record
from admin.inbox.problems import NobodyKnown
from admin.inbox.queries import get_talk
from base.database import transaction
from base.errors import NotFound
from crm.meetings.booking import TimeTaken, confirm_meeting, hold_time
from crm.meetings.calendars import CalendarView, list_calendars
from crm.meetings.feeds import BusyFeeds
from crm.meetings.free_times import free_times
from crm.meetings.labels import find_zone, label_of
from crm.meetings.routes import issue_token

_MOST_TIMES = 12
_NAME = Annotated[PlainText, Field(max_length=60)]


class FreeTimesQuery(RequestShape):
    """`calendar` is a calendar's name; without it, the first. `after`: only times that begin later."""

    calendar: _NAME | None = None
    after: Moment | None = None


class CalendarChoice(AnswerShape):
    name: str
    title: str


class TalkTime(AnswerShape):
    """A free time; `label` is in the language and on the clock of the visitor."""

    starts_at: datetime
    label: str


class FreeTimes(AnswerShape):
    """`calendar` is the one the times are of, null where there is none; `more`: there are later ones."""

    calendars: list[CalendarChoice]
    calendar: str | None
    times: list[TalkTime]
    more: bool


class BookingWish(RequestShape):
    """A time that was free. `client_id` is the caller's own id of it: the same again books once."""

    calendar: _NAME
    starts_at: Moment
    client_id: UUID


class Booked(AnswerShape):
    """The meeting, its time in the visitor's words, and where they find an invitation for their calendar."""

    id: UUID
    label: str
    invitation: str


@endpoint(
    "GET",
    "/api/v1/conversations/{id}/free-times",
    permission="meetings.read",
    summary="Times at which the talk's person can be met",
)
async def list_free_times(call: Call, query: FreeTimesQuery) -> FreeTimes:
    async with transaction(call.context.sessions) as session:
        talk = await get_talk(session, call.ids["id"])
        calendars = await list_calendars(session)
        chosen = _choose(calendars, query.calendar)
        if chosen is None:
            known = [CalendarChoice(name=one.name, title=one.title) for one in calendars]
            return FreeTimes(calendars=known, calendar=None, times=[], more=False)
        found = await free_times(
            session,
            _feeds(call),
            calendar=chosen.name,
            after=query.after,
            count=_MOST_TIMES,
            language=talk.language,
            zone=talk.time_zone,
            now=call.context.clock.now(),
        )
    return FreeTimes(
        calendars=[CalendarChoice(name=one.name, title=one.title) for one in calendars],
        calendar=chosen.name,
        times=[TalkTime(starts_at=one.starts_at, label=one.label) for one in found.times],
        more=found.more,
    )


@endpoint(
    "POST",
    "/api/v1/conversations/{id}/meetings",
    permission="meetings.write",
    summary="Books a meeting with the talk's person",
    status=201,
    problems={409: "The time has gone to somebody else, or it is not known who this is"},
)
async def book_meeting(call: Call, body: BookingWish) -> Booked:
    context, now = call.context, call.context.clock.now()
    async with transaction(context.sessions) as session:
        talk = await get_talk(session, call.ids["id"])
        if talk.contact_id is None:
            raise NobodyKnown
        chosen = _choose(await list_calendars(session), body.calendar)
        if chosen is None:
            raise NotFound("There is no such calendar.")
        hold = await hold_time(
            session,
            _feeds(call),
            calendar=chosen.name,
            starts_at=body.starts_at,
            hold_key=f"inbox:{body.client_id}",
            conversation_id=talk.id,
            now=now,
            language=talk.language,
            zone=talk.time_zone,
        )
        if hold is None:
            raise TimeTaken
        await confirm_meeting(session, str(hold), contact_id=talk.contact_id, conversation_id=talk.id, now=now)
        after = {"calendar": chosen.name, "starts_at": body.starts_at}
        await record(session, call, "book_meeting", "meeting", hold, None, after, contact_id=talk.contact_id)
    visitors = find_zone(talk.time_zone)
    label = label_of(body.starts_at, talk.language, visitors or ZoneInfo(chosen.zone), name_zone=visitors is None)
    invitation = f"{context.public_url}/meetings/{issue_token(context.keys, hold)}.ics"
    return Booked(id=hold, label=label, invitation=invitation)


def _choose(calendars: Sequence[CalendarView], name: str | None) -> CalendarView | None:
    """The calendar of that name; the first, where none is named."""
    return next((one for one in calendars if name is None or one.name == name), None)


def _feeds(call: Call) -> BusyFeeds:
    return call.context.busy_feeds or BusyFeeds(call.context.keys)


ENDPOINTS = (list_free_times, book_meeting)
