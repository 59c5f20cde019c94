"""Which mails about meetings are to go: once for each thing that became of a meeting, in the language of its talk.

Sends nothing: the mail is the outbox's affair, and its link is made when it leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.wording import FALLBACK, read_sentences
from crm.contacts.models import Contact, ContactPoint
from crm.meetings.labels import find_zone, label_of
from crm.meetings.models import Calendar, Meeting

_LETTERS = Path(__file__).with_name("letters.yml")


@dataclass(frozen=True, slots=True)
class ToMail:
    """A mail and the address it goes to. `meeting` is what its invitation says; `sequence` counts the mails."""

    meeting_id: UUID
    contact_id: UUID
    contact_point_id: UUID
    sequence: int
    subject: str
    text: str
    meeting: dict[str, Any]


async def list_to_mail(session: AsyncSession, now: datetime, *, sender: str, limit: int) -> list[ToMail]:
    """What is to be mailed now; what is returned counts as mailed. Who has no address yet is mailed when they have."""
    point = (
        select(ContactPoint.id)
        .where(ContactPoint.contact_id == Meeting.contact_id, ContactPoint.kind == "email")
        .order_by(ContactPoint.id.desc())
        .limit(1)
        .correlate(Meeting)
        .scalar_subquery()
    )
    told = func.coalesce(Meeting.told_sequence, -1)
    # Of a meeting that nobody was written of, nobody is told that there is none.
    untold = or_(Meeting.state == "booked", and_(Meeting.state == "cancelled", Meeting.told_sequence.is_not(None)))
    rows = (
        await session.execute(
            select(Meeting, Calendar, Contact.language, Contact.time_zone, point)
            .join(Calendar, Calendar.id == Meeting.calendar_id)
            .join(Contact, Contact.id == Meeting.contact_id)
            .where(Meeting.ends_at > now, untold, told < Meeting.sequence, point.is_not(None))
            .order_by(Meeting.id)
            .limit(limit)
            .with_for_update(of=Meeting, skip_locked=True)
        )
    ).all()
    mails = [_write(*row, sender) for row in rows]
    if mails:
        mailed = update(Meeting).where(Meeting.id.in_([one.meeting_id for one in mails]))
        await session.execute(mailed.values(told_sequence=Meeting.sequence))
    return mails


def _write(  # noqa: PLR0917  # a row as it is read, and who writes
    meeting: Meeting, calendar: Calendar, language: str, zone: str | None, point_id: UUID, sender: str
) -> ToMail:
    code = (meeting.language or language).partition("-")[0].lower()
    letters = read_sentences(_LETTERS)
    code = code if code in letters else FALLBACK
    kind = "booked" if meeting.told_sequence is None else "moved"
    if meeting.state == "cancelled":
        kind = "cancelled" if meeting.changed_by == "person" else "cancelled_by_us"
    known = find_zone(meeting.time_zone) or find_zone(zone)
    at = label_of(meeting.starts_at, code, known or ZoneInfo(calendar.zone), name_zone=True)
    said = {
        "{title}": calendar.title,
        "{at}": at,
        "{place}": f"\n{calendar.place}" if calendar.place else "",
        "{sender}": sender,
    }
    assert meeting.contact_id is not None
    return ToMail(
        meeting.id,
        meeting.contact_id,
        point_id,
        meeting.sequence,
        _fill(letters[code][kind]["subject"], said),
        _fill(letters[code][kind]["text"], said),
        {
            "title": calendar.title,
            "place": calendar.place,
            "starts_at": meeting.starts_at.isoformat(),
            "ends_at": meeting.ends_at.isoformat(),
            "cancelled": meeting.state == "cancelled",
            "sequence": meeting.sequence,
        },
    )


def _fill(text: str, said: Mapping[str, str]) -> str:
    for name, value in said.items():
        text = text.replace(name, value.replace("{", "(").replace("}", ")"))
    return text
