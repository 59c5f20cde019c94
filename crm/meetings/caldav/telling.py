"""Tells colleagues by tasks what became of a meeting in their own calendar. In the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.contacts.models import ContactPoint
from crm.meetings.labels import label_of
from crm.meetings.models import Calendar, Meeting
from crm.owners.service import list_owners
from crm.tasks.service import NewTask, create_tasks

KIND = "meeting"
_MAILED, _NOT_MAILED = "They are told by mail.", "They have no e-mail address here: please tell them."


async def tell_moved(session: AsyncSession, meeting: Meeting, now: datetime) -> None:
    """Somebody moved it in their own calendar."""
    await _tell(session, meeting, "The meeting is {at} now, as it was moved in your calendar. {mailed}", now)


async def tell_gone(session: AsyncSession, meeting: Meeting, now: datetime) -> None:
    """Somebody deleted it in their own calendar."""
    await _tell(session, meeting, "The meeting of {at} is cancelled, as it was deleted in your calendar. {mailed}", now)


async def tell_lost(session: AsyncSession, meeting: Meeting, now: datetime) -> None:
    """Something was there first."""
    words = "The meeting of {at} is cancelled: your calendar had something there before it was booked. {mailed}"
    await _tell(session, meeting, words, now)


async def tell_clash(session: AsyncSession, meeting: Meeting, now: datetime) -> None:
    """Something came into the same time later."""
    await _tell(session, meeting, "Your calendar has something else during the meeting of {at}, which was first.", now)


async def tell_not_written(session: AsyncSession, meeting: Meeting, problem: str, now: datetime) -> None:
    """It could not be written for a while."""
    words = "The meeting of {at} is not in your calendar yet: {problem}. It is tried again."
    await _tell(session, meeting, words, now, problem=problem)


async def _tell(session: AsyncSession, meeting: Meeting, words: str, now: datetime, **said: str) -> None:
    if meeting.contact_id is None:
        return
    zone = await session.scalar(select(Calendar.zone).where(Calendar.id == meeting.calendar_id))
    mail = exists().where(ContactPoint.contact_id == meeting.contact_id, ContactPoint.kind == "email")
    mailed = _MAILED if await session.scalar(select(mail)) else _NOT_MAILED
    at = label_of(meeting.starts_at, "en", ZoneInfo(zone or "UTC"), name_zone=True)
    owners = await list_owners(session, [meeting.contact_id])
    task = NewTask(
        meeting.contact_id,
        KIND,
        words.format(at=at, mailed=mailed, **said),
        owners.get(meeting.contact_id),
        {"meeting": str(meeting.id)},
    )
    await create_tasks(session, [task], now)
