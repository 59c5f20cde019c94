"""What is due to be written into CalDAV calendars, claimed in sets; and what came of it, stored once.

A claim runs out by itself: a worker that dies leaves what it had in hand to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.contacts.models import Contact
from crm.meetings.hours import Period
from crm.meetings.models import Calendar, CalendarEntry, CalendarLink, Meeting, is_unwritten

HELD = timedelta(minutes=5)
"""Longer than a set takes to be written."""
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Claimed:
    """An entry that is ours to write. `period` is the meeting's, None when the event is to go.

    `known` is when the event was, when it was last written or seen. `since` is when the meeting took its time;
    `contested`: after the calendar was put behind ours, so that what was there before it was there first.
    """

    id: UUID
    calendar_id: UUID
    version: int
    attempts: int
    etag: str | None
    known: Period | None
    period: Period | None
    since: datetime
    contested: bool
    title: str
    place: str
    who: str
    contact_id: UUID | None
    sequence: int


async def claim_due(session: AsyncSession, now: datetime) -> list[Claimed]:
    """Up to `AT_ONCE` entries, the longest due first; each is held for `HELD`."""
    # Nothing is left to do for whom nothing was written, or whose event is gone.
    await session.execute(
        delete(CalendarEntry).where(
            CalendarEntry.meeting_id.is_(None), CalendarEntry.state == "removed", CalendarEntry.due_at <= now
        )
    )
    ids = (
        await session.scalars(
            select(CalendarEntry.id)
            .where(
                is_unwritten(),
                CalendarEntry.due_at <= now,
                or_(CalendarEntry.held_until.is_(None), CalendarEntry.held_until <= now),
                exists().where(CalendarLink.calendar_id == CalendarEntry.calendar_id),
            )
            .order_by(CalendarEntry.due_at, CalendarEntry.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
    ).all()
    if not ids:
        return []
    await session.execute(
        update(CalendarEntry)
        .where(CalendarEntry.id.in_(ids))
        .values(held_until=now + HELD, attempts=CalendarEntry.attempts + 1)
    )
    rows = await session.execute(
        select(CalendarEntry, Meeting, Calendar, CalendarLink.linked_at, Contact.fields)
        .join(Calendar, Calendar.id == CalendarEntry.calendar_id)
        .join(CalendarLink, CalendarLink.calendar_id == CalendarEntry.calendar_id)
        .outerjoin(Meeting, Meeting.id == CalendarEntry.meeting_id)
        .outerjoin(Contact, Contact.id == Meeting.contact_id)
        .where(CalendarEntry.id.in_(ids))
        .order_by(CalendarEntry.due_at, CalendarEntry.id)
        .execution_options(populate_existing=True)
    )
    return [_claimed(entry, meeting, calendar, at, fields or {}) for entry, meeting, calendar, at, fields in rows]


async def note_written(
    session: AsyncSession, one: Claimed, *, etag: str | None, period: Period | None, clashes: bool, now: datetime
) -> None:
    """It is written, or gone when there is no period; what was changed meanwhile is still to be written."""
    values = {
        "etag": etag,
        "starts_at": None if period is None else period[0],
        "ends_at": None if period is None else period[1],
        "held_until": None,
    }
    await session.execute(
        update(CalendarEntry)
        .where(CalendarEntry.id == one.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    done = {
        "state": "removed" if period is None else "written",
        "attempts": 0,
        "problem": None,
        "clashes": clashes,
        "due_at": now,
    }
    await session.execute(
        update(CalendarEntry)
        .where(CalendarEntry.id == one.id, CalendarEntry.version == one.version)
        .values(**done)
        .execution_options(synchronize_session=False)
    )


async def note_failed(
    session: AsyncSession, some: Sequence[Claimed], problem: str, *, until: datetime, counts: bool = True
) -> None:
    """They are tried again then. Not `counts`: it was not tried at all."""
    attempts = CalendarEntry.attempts if counts else CalendarEntry.attempts - 1
    same = tuple_(CalendarEntry.id, CalendarEntry.version).in_([(one.id, one.version) for one in some])
    failed = update(CalendarEntry).where(same).values(state="failed", problem=problem, due_at=until, attempts=attempts)
    await session.execute(failed.execution_options(synchronize_session=False))
    await let_go(session, [one.id for one in some])


async def let_go(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """What is still to be written of them may be claimed again."""
    freed = update(CalendarEntry).where(CalendarEntry.id.in_(ids)).values(held_until=None)
    await session.execute(freed.execution_options(synchronize_session=False))


def _claimed(
    entry: CalendarEntry, meeting: Meeting | None, calendar: Calendar, linked_at: datetime, fields: dict[str, object]
) -> Claimed:
    known = None if entry.starts_at is None or entry.ends_at is None else (entry.starts_at, entry.ends_at)
    stands = meeting is not None and meeting.state == "booked"
    since = entry.due_at if meeting is None else meeting.changed_at or meeting.created_at
    names = (str(fields.get(name) or "") for name in ("first_name", "last_name"))
    return Claimed(
        id=entry.id,
        calendar_id=entry.calendar_id,
        version=entry.version,
        attempts=entry.attempts,
        etag=entry.etag,
        known=known,
        period=(meeting.starts_at, meeting.ends_at) if meeting is not None and stands else None,
        since=since,
        contested=since > linked_at,
        title=calendar.title,
        place=calendar.place,
        who=" ".join(" ".join(names).split())[:200],
        contact_id=None if meeting is None else meeting.contact_id,
        sequence=0 if meeting is None else meeting.sequence,
    )
