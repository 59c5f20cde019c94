"""Holds, books, moves and cancels meetings. Whoever takes a time holds the calendar's row, so no two overlap."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound
from base.ids import new_id
from crm.meetings.caldav.entries import note_to_write
from crm.meetings.calendars import called, pattern_of
from crm.meetings.feeds import BusyFeeds
from crm.meetings.free_times import counts, list_taken
from crm.meetings.hours import Period, Taken, list_slots
from crm.meetings.models import Calendar, Meeting
from crm.timeline.service import record

HOLD = timedelta(minutes=15)
"""How long a time is kept for who chose it."""
STILL_OFFERED = timedelta(minutes=30)
"""How long a time that was offered may still be chosen when its notice has run out meanwhile."""
_MOMENT = timedelta(microseconds=1)
By = Literal["person", "colleague", "calendar", "clash"]
"""Who changes a meeting: the person, a colleague here or in their own calendar, or an event that was there first."""


class TimeTaken(Conflict):
    """This time has gone to somebody else: choose another."""

    code = "time_taken"


class MeetingOver(Conflict):
    """This meeting is cancelled or past: it cannot be moved."""

    code = "meeting_over"


async def hold_time(
    session: AsyncSession,
    feeds: BusyFeeds,
    *,
    calendar: str,
    starts_at: datetime,
    hold_key: str,
    conversation_id: UUID,
    now: datetime,
    language: str | None = None,
    zone: str | None = None,
) -> UUID | None:
    """Keeps a time for a conversation, which lets go of another it held in this calendar.

    Args:
        hold_key: the same key for the same time is the same hold.
        language: of the talk, in which the person is written to about the meeting.
        zone: the person's.

    Returns:
        The hold, or None when the time is not free (any more).
    """
    row = await session.scalar(called(calendar))
    if row is None:
        return None
    busy = await feeds.read(session, row, now)  # before the lock: a slow feed must not keep others from booking
    row = await _lock(session, row.id)
    if row.removed_at is not None:
        return None
    known = await session.scalar(select(Meeting).where(Meeting.hold_key == hold_key))
    if known is not None:
        same = known.state != "cancelled" and known.calendar_id == row.id and known.starts_at == starts_at
        return known.id if same else None
    length = timedelta(minutes=row.minutes)
    if busy is None or not _is_bookable(row, starts_at, now):
        return None
    await _let_go(session, row.id, conversation_id)
    taken = Taken([*busy, *await list_taken(session, row, starts_at, starts_at + length, now)], pause=_pause(row))
    if taken.meets((starts_at, starts_at + length)):
        return None
    meeting = Meeting(
        id=new_id(),
        calendar_id=row.id,
        conversation_id=conversation_id,
        hold_key=hold_key,
        state="held",
        starts_at=starts_at,
        ends_at=starts_at + length,
        held_until=now + HOLD,
        created_at=now,
        language=language,
        time_zone=zone,
    )
    session.add(meeting)
    await session.flush()
    return meeting.id


async def confirm_meeting(
    session: AsyncSession, hold: str, *, contact_id: UUID, conversation_id: UUID, now: datetime
) -> None:
    """Books a time that was held, also when the hold has run out but nobody took it. Booked again, nothing changes.

    Raises:
        NotFound: this conversation has no such hold.
        TimeTaken: the hold ran out or was let go, and the time is somebody else's or past.
    """
    try:
        held = await session.get(Meeting, UUID(hold))
    except ValueError:
        held = None
    if held is None or held.conversation_id != conversation_id:
        raise NotFound("There is no such hold.")
    calendar = await _lock(session, held.calendar_id)
    await session.refresh(held, with_for_update=True)
    if held.state == "booked":
        return
    if held.state == "cancelled" or held.starts_at <= now or await _is_lost(session, calendar, held, now):
        raise TimeTaken
    held.state, held.contact_id, held.held_until = "booked", contact_id, None
    await session.flush()
    await note_to_write(session, held, now)
    await _note(session, "meeting_booked", held, calendar.name, now)


async def move_meeting(
    session: AsyncSession, feeds: BusyFeeds, meeting_id: UUID, *, starts_at: datetime, by: By, now: datetime
) -> Meeting:
    """Moves a meeting to another free time. Moved there again, nothing changes.

    Raises:
        NotFound: there is no such meeting.
        MeetingOver: it is cancelled or has begun.
        TimeTaken: that time is not free.
    """
    known = await session.get(Meeting, meeting_id)
    if known is None or known.state == "held":
        raise NotFound("There is no such meeting.")
    row = (await session.scalars(select(Calendar).where(Calendar.id == known.calendar_id))).one()
    busy = await feeds.read(session, row, now, ignoring=meeting_id)
    row = await _lock(session, row.id)
    await session.refresh(known, with_for_update=True)
    if known.state != "booked" or known.starts_at <= now:
        raise MeetingOver
    if known.starts_at == starts_at:
        return known
    if busy is None or not _is_bookable(row, starts_at, now):
        raise TimeTaken
    period = starts_at, starts_at + (known.ends_at - known.starts_at)
    ours = await list_taken(session, row, *period, now, ignoring=meeting_id)
    if Taken([*busy, *ours], pause=_pause(row)).meets(period):
        raise TimeTaken
    await _move(session, known, row.name, period, by, now)
    await note_to_write(session, known, now)
    return known


async def take_over_move(session: AsyncSession, meeting_id: UUID, period: Period, *, now: datetime) -> Meeting | None:
    """What somebody did in their own calendar: the meeting is when they say. None when there is none (any more)."""
    meeting = await _lock_meeting(session, meeting_id)
    if meeting is None or meeting.state != "booked":
        return None
    name = await session.scalar(select(Calendar.name).where(Calendar.id == meeting.calendar_id))
    await _move(session, meeting, name or "", period, "calendar", now)
    return meeting


async def cancel_meeting(
    session: AsyncSession, meeting_id: UUID, *, now: datetime, by: By = "colleague"
) -> Meeting | None:
    """Frees the time. Cancelled again, nothing changes; returns the meeting where something did.

    Raises:
        NotFound: there is no such meeting.
    """
    meeting = await _lock_meeting(session, meeting_id)
    if meeting is None:
        raise NotFound("There is no such meeting.")
    return await _cancel(session, meeting, by, now)


async def take_over_end(session: AsyncSession, meeting_id: UUID, *, by: By, now: datetime) -> Meeting | None:
    """What became of it in their own calendar: it is cancelled. None when there is none (any more) that stood."""
    meeting = await _lock_meeting(session, meeting_id)
    return None if meeting is None else await _cancel(session, meeting, by, now)


async def _cancel(session: AsyncSession, meeting: Meeting, by: By, now: datetime) -> Meeting | None:
    was_booked = meeting.state == "booked"
    meeting.state, meeting.held_until = "cancelled", None
    if not was_booked:
        await session.flush()
        return None
    meeting.sequence += 1
    meeting.changed_at, meeting.changed_by = now, by
    name = await session.scalar(select(Calendar.name).where(Calendar.id == meeting.calendar_id))
    await session.flush()
    await note_to_write(session, meeting, now)
    await _note(session, "meeting_cancelled", meeting, name or "", now)
    return meeting


async def _move(  # noqa: PLR0917  # what, in which calendar, when, by whom
    session: AsyncSession, meeting: Meeting, calendar: str, period: Period, by: By, now: datetime
) -> None:
    before = meeting.starts_at
    meeting.starts_at, meeting.ends_at = period
    meeting.sequence += 1
    meeting.changed_at, meeting.changed_by = now, by
    await session.flush()
    await _note(session, "meeting_moved", meeting, calendar, now, was_at=before.isoformat())


async def _lock_meeting(session: AsyncSession, meeting_id: UUID) -> Meeting | None:
    """The meeting, held, after its calendar: as whoever books does it."""
    calendar_id = await session.scalar(select(Meeting.calendar_id).where(Meeting.id == meeting_id))
    if calendar_id is None:
        return None
    await _lock(session, calendar_id)
    return await session.get(Meeting, meeting_id, with_for_update=True, populate_existing=True)


async def _lock(session: AsyncSession, calendar_id: UUID) -> Calendar:
    # Not so strong that it would wait for rows that only point to the calendar.
    found = select(Calendar).where(Calendar.id == calendar_id).with_for_update(key_share=True)
    return (await session.scalars(found.execution_options(populate_existing=True))).one()


async def _is_lost(session: AsyncSession, calendar: Calendar, held: Meeting, now: datetime) -> bool:
    """Whether another meeting has taken the time, which it cannot while the hold counts."""
    others = select(Meeting.id).where(
        Meeting.calendar_id == calendar.id,
        Meeting.id != held.id,
        counts(now),
        Meeting.starts_at < held.ends_at + _pause(calendar),
        Meeting.ends_at > held.starts_at - _pause(calendar),
    )
    return await session.scalar(others.limit(1)) is not None


async def _let_go(session: AsyncSession, calendar_id: UUID, conversation_id: UUID) -> None:
    """One conversation holds one time, so that nobody can hold them all."""
    await session.execute(
        update(Meeting)
        .where(Meeting.calendar_id == calendar_id, Meeting.conversation_id == conversation_id, Meeting.state == "held")
        .values(state="cancelled", held_until=None)
    )


async def _note(session: AsyncSession, kind: str, meeting: Meeting, calendar: str, now: datetime, **more: str) -> None:
    await record(
        session,
        kind=kind,
        contact_id=meeting.contact_id,
        conversation_id=meeting.conversation_id,
        data={"meeting": str(meeting.id), "calendar": calendar, "starts_at": meeting.starts_at.isoformat(), **more},
        now=now,
        source="calendar",
    )


def _is_bookable(calendar: Calendar, starts_at: datetime, now: datetime) -> bool:
    """Whether the calendar could have offered this time, now or a little while ago."""
    notice = timedelta(minutes=calendar.notice_minutes) - STILL_OFFERED
    if starts_at <= now or starts_at < now + notice or starts_at >= now + timedelta(days=calendar.days_ahead):
        return False
    return next(list_slots(pattern_of(calendar), starts_at, starts_at + _MOMENT), None) is not None


def _pause(calendar: Calendar) -> timedelta:
    return timedelta(minutes=calendar.pause_minutes)
