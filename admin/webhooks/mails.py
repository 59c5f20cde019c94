"""Tells whoever made a webhook that it was switched off by itself; where they are gone, the first of the owners.

At least once: a worker that dies between handing the mail over and noting it has another send it again.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.permissions import OWNER
from admin.models import AdminUser
from admin.task_mails.letter import one_line
from admin.task_mails.ports import ColleagueMail
from base.database import Sessions, transaction
from base.wording import Sentences
from crm.webhooks.models import WebhookEndpoint
from outreach.ports import Accepted, Refused

_log = structlog.get_logger(__name__)

_FILE = Path(__file__).with_name("words.yml")
_BY_ITSELF = ("failures", "gone")


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
        assert row.disabled_why in _BY_ITSELF, "of others nobody is told"
        words, name = Sentences(_FILE, reader.language), one_line(row.name)
        link = f"{self._site_url}/admin/settings/webhooks/{row.id}"
        text = words.say("text", reader=one_line(reader.name), name=name, why=words.say(row.disabled_why), link=link)
        outcome = await self._mail.send(reader.email, words.say("subject", name=name), text)
        if isinstance(outcome, Accepted):
            return True
        _log.error("webhook_mail_not_sent", endpoint_id=str(row.id), reason=outcome.reason)
        # A mailbox that refuses does so again: the list of webhooks says it, too.
        return isinstance(outcome, Refused)


def _untold() -> tuple[ColumnElement[bool], ...]:
    by_itself = WebhookEndpoint.disabled_why.in_(_BY_ITSELF)
    return (by_itself, WebhookEndpoint.told_at.is_(None))


async def _reader_of(session: AsyncSession, made_by: UUID) -> AdminUser | None:
    found = select(AdminUser).where(
        AdminUser.deactivated_at.is_(None), (AdminUser.id == made_by) | (AdminUser.role == OWNER)
    )
    return (await session.scalars(found.order_by(AdminUser.id != made_by, AdminUser.created_at).limit(1))).first()
