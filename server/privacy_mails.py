"""Puts mails that carry a privacy request's link into the outbox. They leave through the gate like everything else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from base.database import Sessions, transaction
from base.ids import new_id
from crm.privacy.pages.by_mail import list_to_mail
from outreach.decisions import RIGHTS
from outreach.models import OutboxMessage

AT_ONCE = 200


class PrivacyMails:
    """`outreach.ports.DueWork`: requests that wait for their mail."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def do_due(self, now: datetime) -> int:
        """Plans what is to be mailed; twice plans nothing twice."""
        planned = 0
        while count := await self._plan_some(now):
            planned += count
        return planned

    async def next_due_at(self) -> datetime | None:
        """What a page asked for is found by the run of the next minute."""
        return None

    async def _plan_some(self, now: datetime) -> int:
        async with transaction(self._sessions) as session:
            waiting = await list_to_mail(session, limit=AT_ONCE)
            rows = [
                {
                    "id": new_id(),
                    "occurrence": f"privacy:{one.request_id}:{one.number}",
                    "contact_id": one.contact_id,
                    "contact_point_id": one.contact_point_id,
                    "channel": "email",
                    "purpose": RIGHTS,
                    "message_class": "requested",
                    "subject": one.subject,
                    "text": one.text,
                    # The link is made when it is sent: a token that stands nowhere cannot be read from a dump.
                    "content": {"privacy_request_id": str(one.request_id)},
                    "state": "planned",
                    "due_at": now,
                    "created_at": now,
                    "updated_at": now,
                }
                for one in waiting
            ]
            if rows:
                await session.execute(insert(OutboxMessage).on_conflict_do_nothing(index_elements=["occurrence"]), rows)
            return len(waiting)
