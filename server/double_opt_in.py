"""Puts the mails that ask to confirm a consent into the outbox. They leave through the gate like everything else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from base.database import Sessions, transaction
from base.ids import new_id
from crm.consent.double_opt_in import list_to_mail, note_mailed
from outreach.models import OutboxMessage

AT_ONCE = 200
_PURPOSE = "service"


class ConfirmationMails:
    """`outreach.ports.DueWork`: consents that wait for their mail."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

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
            waiting = await list_to_mail(session, now, limit=AT_ONCE)
            if not waiting:
                return 0
            rows = [
                {
                    "id": new_id(),
                    "occurrence": f"confirm:{one.confirmation_id}",
                    "contact_id": one.contact_id,
                    "contact_point_id": one.contact_point_id,
                    "channel": "email",
                    "purpose": _PURPOSE,
                    "message_class": "requested",
                    "subject": one.letter.subject,
                    "text": one.letter.text,
                    # The link is made when it is sent: a token that stands nowhere cannot be read from a dump.
                    "content": {"confirmation_id": str(one.confirmation_id)},
                    "state": "planned",
                    "due_at": now,
                    "created_at": now,
                    "updated_at": now,
                }
                for one in waiting
            ]
            await session.execute(insert(OutboxMessage).on_conflict_do_nothing(index_elements=["occurrence"]), rows)
            await note_mailed(session, waiting, now)
            return len(waiting)
