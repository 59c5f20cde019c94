"""A meeting as an iCalendar invitation (RFC 5545, RFC 5546). Pure; the caller says whom it names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress, vText


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invitation says. `cancelled` takes the meeting out of the calendar it was put into.

    `sequence` counts what became of the meeting: a file with a higher one counts (RFC 5546). `link` is where the person
    moves or cancels it.
    """

    meeting_id: UUID
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    organizer_name: str
    organizer_email: str
    attendee: str | None = None
    cancelled: bool = False
    sequence: int = 0
    link: str | None = None

    @property
    def method(self) -> str:
        """What whoever reads the file is to do with it."""
        return "CANCEL" if self.cancelled else "REQUEST"


def write_invitation(invitation: Invitation, now: datetime) -> bytes:
    """The .ics file. The same meeting has the same UID, so a second file changes the first."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Parley//Meetings//EN")
    calendar.add("method", invitation.method)
    event = Event()
    event.add("uid", str(invitation.meeting_id))
    event.add("dtstamp", now)
    event.add("sequence", invitation.sequence)
    event.add("status", "CANCELLED" if invitation.cancelled else "CONFIRMED")
    event.add("dtstart", invitation.starts_at)
    event.add("dtend", invitation.ends_at)
    event.add("summary", invitation.title)
    if invitation.place:
        event.add("location", invitation.place)
    if invitation.link:
        event.add("url", invitation.link)
        event.add("description", invitation.link)
    organizer = vCalAddress(f"mailto:{invitation.organizer_email}")
    organizer.params["CN"] = vText(invitation.organizer_name)
    event["organizer"] = organizer
    if invitation.attendee:
        attendee = vCalAddress(f"mailto:{invitation.attendee}")
        attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
        event.add("attendee", attendee, encode=False)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
