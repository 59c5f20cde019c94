"""Which of our calendars stand on a CalDAV server, and how to get in. In the caller's transaction; asks nobody."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import NotFound
from base.resealing import reseal
from crm.meetings.caldav.client import Access
from crm.meetings.models import SEALED_ACCESS, UNWRITTEN, Calendar, CalendarEntry, CalendarLink, Meeting


async def link_calendar(
    session: AsyncSession, keys: KeyRing, calendar_id: UUID, access: Access, *, now: datetime
) -> None:
    """Puts a CalDAV calendar behind one of ours: its events are busy times, and meetings to come are written there.

    Raises:
        NotFound: there is no such calendar.
    """
    calendar = await session.get(Calendar, calendar_id, with_for_update=True, populate_existing=True)
    if calendar is None or calendar.removed_at is not None:
        raise NotFound("There is no such calendar.")
    text = json.dumps({"url": access.url, "username": access.username, "password": access.password})
    sealed = keys.seal(text, column=SEALED_ACCESS, row=calendar_id)
    link = await session.get(CalendarLink, calendar_id)
    moved = link is None or access_of(keys, link).url != access.url
    if link is None:
        link = CalendarLink(calendar_id=calendar_id)
        session.add(link)
    if moved:
        link.linked_at, link.sync_token = now, None
    link.access_sealed, link.key_id = sealed, keys.newest
    link.look_at, link.attempts, link.problem = now, 0, None
    await session.flush()
    if moved:
        await _write_all(session, calendar_id, now)


async def count_unwritten(session: AsyncSession, calendar_id: UUID) -> int:
    """How many changes the CalDAV calendar behind ours has not been told yet."""
    waiting = select(func.count()).where(CalendarEntry.calendar_id == calendar_id, CalendarEntry.state.in_(UNWRITTEN))
    return await session.scalar(waiting) or 0


async def unlink_calendar(session: AsyncSession, calendar_id: UUID) -> None:
    """Takes the CalDAV calendar away from ours. What was written there stays there."""
    await session.execute(delete(CalendarEntry).where(CalendarEntry.calendar_id == calendar_id))
    await session.execute(delete(CalendarLink).where(CalendarLink.calendar_id == calendar_id))


def access_of(keys: KeyRing, link: CalendarLink) -> Access:
    """How to get in."""
    held = json.loads(keys.unseal(link.access_sealed, column=SEALED_ACCESS, row=link.calendar_id))
    return Access(held["url"], held["username"], held["password"])


async def reseal_links(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """Seals up to `batch` accesses with the newest key; returns how many. Call it until it returns 0."""
    return await reseal(session, keys, CalendarLink.access_sealed, column=SEALED_ACCESS, batch=batch)


async def _write_all(session: AsyncSession, calendar_id: UUID, now: datetime) -> None:
    """Every meeting to come is to be written into the calendar that is new."""
    await session.execute(delete(CalendarEntry).where(CalendarEntry.calendar_id == calendar_id))
    to_come = select(
        Meeting.id, Meeting.calendar_id, Meeting.id.label("meeting_id"), literal("to_write"), literal(now)
    ).where(Meeting.calendar_id == calendar_id, Meeting.state == "booked", Meeting.ends_at > now)
    await session.execute(
        insert(CalendarEntry).from_select(["id", "calendar_id", "meeting_id", "state", "due_at"], to_come)
    )
