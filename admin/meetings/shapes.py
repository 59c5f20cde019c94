"""What is asked and answered about calendars and meetings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, Moment, PlainText, RequestShape
from admin.api.versions import Versioned

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Span = Annotated[PlainText, Field(max_length=11)]
EntryState = Literal["to_write", "failed", "written"]


class CalendarWish(RequestShape):
    """When somebody can be met. `hours`: spans as `09:00-12:30` on the clocks of `zone`.

    `busy_url` is an iCalendar feed whose events are not free: null leaves it as it is, an empty text takes it away.
    """

    title: Annotated[PlainText, Field(max_length=200)]
    zone: Annotated[PlainText, Field(max_length=60)]
    hours: dict[Weekday, Annotated[list[Span], Field(max_length=12)]]
    minutes: int = 30
    pause_minutes: int = 0
    notice_minutes: int = 120
    days_ahead: int = 14
    place: Annotated[PlainText, Field(max_length=500)] = ""
    busy_url: Annotated[PlainText, Field(max_length=2_000)] | None = None


class RemovalQuery(RequestShape):
    """`force`: also if its CalDAV calendar was not told everything yet, as its server is gone."""

    force: bool = False


class NewCalendarWish(CalendarWish):
    """`name` is what flows call it by; it stays."""

    name: Annotated[PlainText, Field(max_length=60)]


class LinkState(AnswerShape):
    """The CalDAV calendar behind one of ours. `waiting` counts changes that are still to be written there.

    `problem` says why the last look or write failed; null when it did not.
    """

    url: str
    username: str
    looked_at: datetime | None
    problem: str | None
    waiting: int


class CalendarRow(Versioned):
    """A calendar. Neither the address of its feed nor a password is shown."""

    id: UUID
    name: str
    title: str
    zone: str
    hours: dict[str, list[str]]
    minutes: int
    pause_minutes: int
    notice_minutes: int
    days_ahead: int
    place: str
    has_feed: bool
    caldav: LinkState | None


class CalendarList(AnswerShape):
    items: list[CalendarRow]


class AccessWish(RequestShape):
    """Where a person's calendars are, and how to get in: best with a password made for this alone."""

    url: Annotated[PlainText, Field(min_length=1, max_length=2_000)]
    username: Annotated[PlainText, Field(min_length=1, max_length=200)]
    password: Annotated[PlainText, Field(min_length=1, max_length=500)]


class LinkWish(RequestShape):
    """`url` is the calendar's own, as discovery found it. `password` null: the one that is kept, at the same server."""

    url: Annotated[PlainText, Field(min_length=1, max_length=2_000)]
    username: Annotated[PlainText, Field(min_length=1, max_length=200)]
    password: Annotated[PlainText, Field(min_length=1, max_length=500)] | None = None


class FoundCalendarRow(AnswerShape):
    url: str
    name: str
    writable: bool


class FoundCalendars(AnswerShape):
    items: list[FoundCalendarRow]


class LinkCheck(AnswerShape):
    """Whether the calendar can be read now; `events` are those of the days that can be booked."""

    works: bool
    problem: str | None
    events: int


class OfferedTime(AnswerShape):
    """`label` is in the language asked for, on the calendar's clock."""

    starts_at: datetime
    label: str


class OfferedTimes(AnswerShape):
    """The times that would be offered now. None are while it is not `readable` when they are busy."""

    times: list[OfferedTime]
    more: bool
    readable: bool


class OfferedQuery(RequestShape):
    """`after`: only times that begin later."""

    after: Moment | None = None
    language: Annotated[PlainText, Field(max_length=10)] = "en"


class MeetingsQuery(RequestShape):
    """A page of the meetings to come; `calendar_id`: of one calendar."""

    calendar_id: UUID | None = None
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class MeetingRow(AnswerShape):
    """A meeting to come. `entry` says whether it stands in the calendar behind ours; null where there is none.

    `clashes`: something else came into the same time there.
    """

    id: UUID
    calendar_id: UUID
    calendar: str
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    contact_id: UUID | None
    contact_name: str | None
    entry: EntryState | None
    problem: str | None
    clashes: bool


class MeetingPage(AnswerShape):
    items: list[MeetingRow]
    next_cursor: str | None


class MoveWish(RequestShape):
    starts_at: Moment
