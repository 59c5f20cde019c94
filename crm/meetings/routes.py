"""The invitation of a booked meeting, at an address with a signed token. Shows no address of the person."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from sqlalchemy import select

from base.clock import Clock
from base.database import Sessions
from base.encryption import KeyRing
from base.errors import NotFound
from base.link_tokens import issue_id_token, read_id_token
from crm.meetings.ics import Invitation, write_invitation
from crm.meetings.models import Calendar, Meeting

PATH = "/meetings/{token}.ics"
PAGE_PATH = "/meetings/{token}"
_PURPOSE = "meetings"


@dataclass(frozen=True)
class MeetingPages:
    """The handler and what it needs. The organizer is who invites; the file leads to the page below `site_url`."""

    sessions: Sessions
    keys: KeyRing
    clock: Clock
    organizer_name: str
    organizer_email: str
    site_url: str = ""

    async def handle_invitation(self, request: web.Request) -> web.Response:
        """The .ics file; of a cancelled meeting, the one that takes it out of the calendar."""
        meeting_id = read_token(self.keys, request.match_info["token"])
        if meeting_id is None:
            raise NotFound
        async with self.sessions() as session:
            found = (
                await session.execute(
                    select(Meeting, Calendar)
                    .join(Calendar, Calendar.id == Meeting.calendar_id)
                    .where(Meeting.id == meeting_id, Meeting.state != "held")
                )
            ).first()
        if found is None:
            raise NotFound
        meeting, calendar = found
        invitation = Invitation(
            meeting_id=meeting.id,
            title=calendar.title,
            place=calendar.place,
            starts_at=meeting.starts_at,
            ends_at=meeting.ends_at,
            organizer_name=self.organizer_name,
            organizer_email=self.organizer_email,
            cancelled=meeting.state == "cancelled",
            sequence=meeting.sequence,
            link=self.site_url and f"{self.site_url}{PAGE_PATH.format(token=request.match_info['token'])}",
        )
        return web.Response(
            body=write_invitation(invitation, self.clock.now()),
            headers={
                "Content-Type": f"text/calendar; charset=utf-8; method={invitation.method}",
                "Content-Disposition": 'attachment; filename="meeting.ics"',
                "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
                "X-Robots-Tag": "noindex",
            },
        )


def routes(pages: MeetingPages) -> list[web.RouteDef]:
    """The address of invitations."""
    return [web.get(PATH, pages.handle_invitation)]


def issue_token(keys: KeyRing, meeting_id: UUID) -> str:
    """The token for a meeting's invitation; valid for ever, as the meeting may be moved into any calendar later."""
    return issue_id_token(keys, _PURPOSE, meeting_id)


def read_token(keys: KeyRing, token: str) -> UUID | None:
    """The meeting a token was issued for; None when it is not ours. Tokens signed with an older root key stay valid."""
    return read_id_token(keys, _PURPOSE, token)
