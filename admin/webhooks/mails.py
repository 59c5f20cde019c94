"""Tells whoever made a webhook that it was switched off by itself; where they are gone, the first of the owners.

At least once: a worker that dies between handing the mail over and noting it has another send it again.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.permissions import OWNER
from admin.models import AdminUser
from admin.task_mails.letter import one_line
from admin.task_mails.ports import ColleagueMail
from base.database import Sessions, transaction
from crm.webhooks.models import WebhookEndpoint
from outreach.ports import Accepted, Refused

_log = structlog.get_logger(__name__)

_WHY = {
    "failures": "It has taken nothing for five days: every attempt failed or was answered with an error.",
    "gone": "It answered that it is gone (410), which means that it wants nothing any more.",
}


class WebhookMails:
    """`outreach.ports.DueWork`: webhooks that were switched off and whose maker was not told."""

    def __init__(self, sessions: Sessions, mail: ColleagueMail, site_url: str) -> None:
        self._sessions = sessions
        self._mail = mail
        self._site_url = site_url.rstrip("/")

    async def do_due(self, now: datetime) -> int:
        """Sends a mail about each; returns how many left."""
        if self._mail.configured() is not None:
            return 0
        async with transaction(self._sessions) as session:
            untold = (await session.scalars(select(WebhookEndpoint).where(*_untold()))).all()
            readers = {row.id: await _reader_of(session, row.made_by) for row in untold}
        return sum([await self._tell(row, readers[row.id], now) for row in untold])

    async def next_due_at(self) -> datetime | None:
        """Nothing is due at a time of its own: the next run tells."""
        return None

    async def _tell(self, row: WebhookEndpoint, reader: AdminUser | None, now: datetime) -> int:
        sent = reader is not None and await self._send(row, reader)
        async with transaction(self._sessions) as session:
            told = update(WebhookEndpoint).where(WebhookEndpoint.id == row.id, *_untold())
            if sent or reader is None:
                await session.execute(told.values(told_at=now))
        return int(sent)

    async def _send(self, row: WebhookEndpoint, reader: AdminUser) -> bool:
        name = one_line(row.name)
        subject = f"Webhook {name} was switched off"
        text = (
            f"Hello {one_line(reader.name)},\n\n"
            f"the webhook {name} was switched off. {_WHY.get(row.disabled_why or '', '')}\n"
            "What waits for it is sent once it is switched on again; what happened meanwhile can be replayed.\n\n"
            f"How: {self._site_url}/api/v1/docs#webhooks\n"
        )
        outcome = await self._mail.send(reader.email, subject, text)
        if isinstance(outcome, Accepted):
            return True
        _log.error("webhook_mail_not_sent", endpoint_id=str(row.id), reason=outcome.reason)
        # A mailbox that refuses does so again: the list of webhooks says it, too.
        return isinstance(outcome, Refused)


def _untold() -> tuple[ColumnElement[bool], ...]:
    by_itself = WebhookEndpoint.disabled_why.in_(tuple(_WHY))
    return (by_itself, WebhookEndpoint.told_at.is_(None))


async def _reader_of(session: AsyncSession, made_by: UUID) -> AdminUser | None:
    found = select(AdminUser).where(
        AdminUser.deactivated_at.is_(None), (AdminUser.id == made_by) | (AdminUser.role == OWNER)
    )
    return (await session.scalars(found.order_by(AdminUser.id != made_by, AdminUser.created_at).limit(1))).first()
