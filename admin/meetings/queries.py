"""Reads calendars and meetings for the pages about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from admin.meetings.shapes import CalendarRow, LinkState, MeetingPage, MeetingRow, MeetingsQuery
from base.encryption import KeyRing
from base.errors import NotFound
from crm.contacts.models import Contact
from crm.meetings.caldav.links import access_of
from crm.meetings.models import Calendar, CalendarEntry, CalendarLink, Meeting, is_unwritten


async def read_calendars(session: AsyncSession, keys: KeyRing, calendar_id: UUID | None = None) -> list[CalendarRow]:
    """All of them by name, or one."""
    waiting = (
        select(CalendarEntry.calendar_id, func.count().label("count"))
        .where(is_unwritten())
        .group_by(CalendarEntry.calendar_id)
        .subquery()
    )
    found = (
        select(Calendar, CalendarLink, func.coalesce(waiting.c.count, 0))
        .outerjoin(CalendarLink, CalendarLink.calendar_id == Calendar.id)
        .outerjoin(waiting, waiting.c.calendar_id == Calendar.id)
        .where(Calendar.removed_at.is_(None))
        .order_by(Calendar.name)
    )
    if calendar_id is not None:
        found = found.where(Calendar.id == calendar_id)
    rows = await session.execute(found.execution_options(populate_existing=True))
    return [_calendar(keys, *row) for row in rows]


async def read_calendar(session: AsyncSession, keys: KeyRing, calendar_id: UUID) -> CalendarRow:
    """One of them.

    Raises:
        NotFound: there is none.
    """
    for row in await read_calendars(session, keys, calendar_id):
        return row
    raise NotFound("There is no such calendar.")


async def read_meetings(session: AsyncSession, query: MeetingsQuery, now: datetime) -> MeetingPage:
    """A page of what is to come, the next one first."""
    after = Cursor.decode(query.cursor) if query.cursor else None
    found = (
        select(Meeting, Calendar, CalendarEntry, Contact.fields)
        .join(Calendar, Calendar.id == Meeting.calendar_id)
        .outerjoin(CalendarEntry, CalendarEntry.meeting_id == Meeting.id)
        .outerjoin(Contact, Contact.id == Meeting.contact_id)
        .where(Meeting.state == "booked", Meeting.ends_at > now)
        .order_by(Meeting.starts_at, Meeting.id)
        .limit(query.limit + 1)
    )
    if query.calendar_id is not None:
        found = found.where(Meeting.calendar_id == query.calendar_id)
    if after is not None:
        found = found.where(tuple_(Meeting.starts_at, Meeting.id) > tuple_(after.at, after.id))
    rows: Sequence[MeetingRow] = [_meeting(*row) for row in await session.execute(found)]
    shown = rows[: query.limit]
    last = shown[-1] if len(rows) > query.limit else None
    return MeetingPage(
        items=list(shown), next_cursor=None if last is None else Cursor(last.starts_at, last.id).encode()
    )


def _calendar(keys: KeyRing, row: Calendar, link: CalendarLink | None, waiting: int) -> CalendarRow:
    caldav = None
    if link is not None:
        access = access_of(keys, link)
        caldav = LinkState(
            url=access.url,
            username=access.username,
            looked_at=link.looked_at,
            problem=link.problem,
            waiting=waiting,
        )
    return CalendarRow(
        id=row.id,
        name=row.name,
        title=row.title,
        zone=row.zone,
        hours=row.hours,
        minutes=row.minutes,
        pause_minutes=row.pause_minutes,
        notice_minutes=row.notice_minutes,
        days_ahead=row.days_ahead,
        place=row.place,
        has_feed=row.busy_url_sealed is not None,
        caldav=caldav,
        version=row.version,
    )


def _meeting(
    meeting: Meeting, calendar: Calendar, entry: CalendarEntry | None, fields: dict[str, object] | None
) -> MeetingRow:
    names = (str((fields or {}).get(name) or "") for name in ("first_name", "last_name"))
    state = None if entry is None or entry.state == "removed" else entry.state
    return MeetingRow.model_validate(
        {
            "id": meeting.id,
            "calendar_id": calendar.id,
            "calendar": calendar.name,
            "title": calendar.title,
            "starts_at": meeting.starts_at,
            "ends_at": meeting.ends_at,
            "zone": calendar.zone,
            "contact_id": meeting.contact_id,
            "contact_name": " ".join(" ".join(names).split()) or None,
            "entry": state,
            "problem": None if entry is None else entry.problem,
            "clashes": entry is not None and entry.clashes,
        }
    )
