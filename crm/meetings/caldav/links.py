"""Which of our calendars stand on a CalDAV server, and how to get in. In the caller's transaction; asks nobody."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import Conflict, NotFound
from base.resealing import reseal
from crm.meetings.caldav.client import Access
from crm.meetings.models import SEALED_ACCESS, Calendar, CalendarEntry, CalendarLink, Meeting, is_unwritten


class NotWritten(Conflict):
    """Changes are still to be written into the calendar behind this one."""

    code = "calendar_not_written"

    def __init__(self, number: int) -> None:
        super().__init__(
            f"Changes that its CalDAV calendar was not told yet: {number}. Wait a minute; if the server is gone, "
            "disconnect it in spite of that: force=true."
        )


async def link_calendar(
    session: AsyncSession, keys: KeyRing, calendar_id: UUID, access: Access, *, now: datetime
) -> None:
    """Puts a CalDAV calendar behind one of ours: its events are busy times, and meetings to come are written there.

    Raises:
        NotFound: there is no such calendar.
        NotWritten: something is still to be written into the one that stood there.
    """
    calendar = await session.get(Calendar, calendar_id, with_for_update=True, populate_existing=True)
    if calendar is None or calendar.removed_at is not None:
        raise NotFound("There is no such calendar.")
    text = json.dumps({"url": access.url, "username": access.username, "password": access.password})
    sealed = keys.seal(text, column=SEALED_ACCESS, row=calendar_id)
    link = await session.get(CalendarLink, calendar_id)
    stood = link is not None
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
        # What waits behind no link is told to nobody.
        await _forget_entries(session, calendar_id, force=not stood)
        await _write_all(session, calendar_id, now)


async def unlink_calendar(session: AsyncSession, calendar_id: UUID, *, force: bool = False) -> None:
    """Takes the CalDAV calendar away from ours. What was written there stays there.

    Args:
        force: also if it was not told all that changed, as its server is gone.

    Raises:
        NotWritten: something is still to be written there.
    """
    # As whoever books holds it, too: what they note to be written is seen, or is not noted any more.
    await session.execute(select(Calendar.id).where(Calendar.id == calendar_id).with_for_update(key_share=True))
    gone = delete(CalendarLink).where(CalendarLink.calendar_id == calendar_id).returning(CalendarLink.calendar_id)
    stood = await session.scalar(gone) is not None
    await _forget_entries(session, calendar_id, force=force or not stood)


def access_of(keys: KeyRing, link: CalendarLink) -> Access:
    """How to get in."""
    held = json.loads(keys.unseal(link.access_sealed, column=SEALED_ACCESS, row=link.calendar_id))
    return Access(held["url"], held["username"], held["password"])


async def reseal_links(session: AsyncSession, keys: KeyRing, batch: int = 500) -> int:
    """Seals up to `batch` accesses with the newest key; returns how many. Call it until it returns 0."""
    return await reseal(session, keys, CalendarLink.access_sealed, column=SEALED_ACCESS, batch=batch)


async def _forget_entries(session: AsyncSession, calendar_id: UUID, *, force: bool) -> None:
    gone = delete(CalendarEntry).where(CalendarEntry.calendar_id == calendar_id).returning(is_unwritten())
    number = sum((await session.scalars(gone)).all())
    if number and not force:
        raise NotWritten(number)


async def _write_all(session: AsyncSession, calendar_id: UUID, now: datetime) -> None:
    """Every meeting to come is to be written into the calendar that is new."""
    to_come = select(
        Meeting.id, Meeting.calendar_id, Meeting.id.label("meeting_id"), literal("to_write"), literal(now)
    ).where(Meeting.calendar_id == calendar_id, Meeting.state == "booked", Meeting.ends_at > now)
    await session.execute(
        insert(CalendarEntry).from_select(["id", "calendar_id", "meeting_id", "state", "due_at"], to_come)
    )
