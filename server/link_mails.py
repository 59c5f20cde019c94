"""Puts mails that carry a link into the outbox: to confirm a consent, for a request about one's own data, of a meeting.

They leave through the gate like everything else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions, transaction
from base.ids import new_id
from crm.consent import double_opt_in
from crm.meetings import mails as meeting_mails
from crm.privacy.pages import by_mail
from outreach.decisions import RIGHTS
from outreach.models import OutboxMessage

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class LinkMail:
    """One mail. `content` names what its link is of.

    The link itself is made when it is sent: a token that stands nowhere cannot be read from a dump.
    """

    occurrence: str
    contact_id: UUID
    contact_point_id: UUID
    purpose: str
    subject: str
    text: str
    content: Mapping[str, Any]


class LinkMails(ABC):
    """`outreach.ports.DueWork`: what waits for its mail."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    @abstractmethod
    async def take(self, session: AsyncSession, now: datetime, *, limit: int) -> Sequence[LinkMail]:
        """The mails to plan now, which count as planned when the transaction ends."""

    async def do_due(self, now: datetime) -> int:
        """Plans what is to be mailed; twice plans nothing twice."""
        planned = 0
        while count := await self._plan_some(now):
            planned += count
        return planned

    async def next_due_at(self) -> datetime | None:
        """What a turn asked for is found by the run that it wakes, the rest by the one of the next minute."""
        return None

    async def _plan_some(self, now: datetime) -> int:
        async with transaction(self._sessions) as session:
            mails = await self.take(session, now, limit=AT_ONCE)
            if mails:
                rows = [_row(mail, now) for mail in mails]
                await session.execute(insert(OutboxMessage).on_conflict_do_nothing(index_elements=["occurrence"]), rows)
            return len(mails)


class ConfirmationMails(LinkMails):
    """Consents that wait to be confirmed."""

    async def take(self, session: AsyncSession, now: datetime, *, limit: int) -> Sequence[LinkMail]:
        waiting = await double_opt_in.list_to_mail(session, now, limit=limit)
        await double_opt_in.note_mailed(session, waiting, now)
        return [
            LinkMail(
                f"confirm:{one.confirmation_id}",
                one.contact_id,
                one.contact_point_id,
                "service",
                one.letter.subject,
                one.letter.text,
                {"confirmation_id": str(one.confirmation_id)},
            )
            for one in waiting
        ]


class PrivacyMails(LinkMails):
    """Requests about one's own data."""

    async def take(self, session: AsyncSession, now: datetime, *, limit: int) -> Sequence[LinkMail]:  # noqa: ARG002
        return [
            LinkMail(
                f"privacy:{one.request_id}:{one.number}",
                one.contact_id,
                one.contact_point_id,
                RIGHTS,
                one.subject,
                one.text,
                {"privacy_request_id": str(one.request_id)},
            )
            for one in await by_mail.list_to_mail(session, limit=limit)
        ]


class MeetingMails(LinkMails):
    """Meetings that were booked, moved or cancelled."""

    def __init__(self, sessions: Sessions, sender: str) -> None:
        super().__init__(sessions)
        self._sender = sender

    async def take(self, session: AsyncSession, now: datetime, *, limit: int) -> Sequence[LinkMail]:
        return [
            LinkMail(
                f"meeting:{one.meeting_id}:{one.sequence}",
                one.contact_id,
                one.contact_point_id,
                "service",
                one.subject,
                one.text,
                {"meeting_id": str(one.meeting_id), "meeting": one.meeting},
            )
            for one in await meeting_mails.list_to_mail(session, now, sender=self._sender, limit=limit)
        ]


def _row(mail: LinkMail, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "occurrence": mail.occurrence,
        "contact_id": mail.contact_id,
        "contact_point_id": mail.contact_point_id,
        "channel": "email",
        "purpose": mail.purpose,
        "message_class": "requested",
        "subject": mail.subject,
        "text": mail.text,
        "content": mail.content,
        "state": "planned",
        "due_at": now,
        "created_at": now,
        "updated_at": now,
    }
