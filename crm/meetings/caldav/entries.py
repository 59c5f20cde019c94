"""Notes what is to be written into the calendars behind ours, in the transaction of whoever changes a meeting.

Nobody waits for a server: `crm.meetings.caldav.work` writes it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.meetings.models import CalendarEntry, CalendarLink, Meeting


async def note_to_write(session: AsyncSession, meeting: Meeting, now: datetime) -> None:
    """The meeting as it is now is to be written, if a CalDAV calendar stands behind its own."""
    row = select(
        literal(meeting.id), literal(meeting.calendar_id), literal(meeting.id), literal("to_write"), literal(now)
    ).where(exists().where(CalendarLink.calendar_id == meeting.calendar_id))
    noted = insert(CalendarEntry).from_select(["id", "calendar_id", "meeting_id", "state", "due_at"], row)
    await session.execute(
        noted.on_conflict_do_update(
            index_elements=[CalendarEntry.id],
            set_={
                "state": "to_write",
                "version": CalendarEntry.version + 1,
                "due_at": now,
                "attempts": 0,
                "problem": None,
                "clashes": False,
            },
        )
    )
