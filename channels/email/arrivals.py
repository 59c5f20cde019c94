"""What becomes of a mail that came in: a message of a talk, a report about a mail of ours, or nothing.

Answers nobody itself, and never a machine: two of those would write to each other for ever.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import Literal
from uuid import UUID

import structlog
from sqlalchemy import func, select

from base.channel_contract import Attachment, Said, Sender
from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import InvalidInput
from bot.intake.models import InboundEvent
from bot.intake.sealing import sender_index
from bot.intake.service import Intake
from channels.email.bounces import find_outbox_ids, read_bounce, read_complaint
from channels.email.inbox import Inbox
from channels.email.origin import Lookup, is_proven, txt_record
from channels.email.reading import Mail, parse_mail, read_mail
from crm.contacts.addresses import normalise_email
from crm.contacts.service import find_contact_by_address
from outreach.models import OutboxMessage
from outreach.reports import write_report

_log = structlog.get_logger(__name__)

MOST_AN_HOUR = 30
"""Mails of one sender that are answered in an hour: more come from a machine that does not say that it is one."""

Outcome = Literal["kept", "known", "reported", "ignored"]


class MailArrivals:
    """Takes mails in for one site."""

    def __init__(
        self, sessions: Sessions, keys: KeyRing, intake: Intake, clock: Clock, *, lookup: Lookup = txt_record
    ) -> None:
        self._sessions = sessions
        self._keys = keys
        self._intake = intake
        self._clock = clock
        self._lookup = lookup

    async def take(self, account_id: UUID, inbox: Inbox, raw: bytes, *, place: str = "") -> Outcome:
        """Keeps what a mail says; when this returns it need not be read again.

        Args:
            place: where the mail can be fetched again for its files; empty where it cannot.

        Raises:
            Malformed: it is no mail, or names nobody.
            SQLAlchemyError: it was not kept.
        """
        message = parse_mail(raw)
        mail = read_mail(message, fallback_id=f"sha256:{hashlib.sha256(raw).hexdigest()}")
        if mail.kind in ("bounce", "complaint"):
            report = read_bounce(message) if mail.kind == "bounce" else read_complaint(message)
            if report is None:
                return "ignored"
            async with transaction(self._sessions) as session:
                known = await write_report(session, "email", report, self._clock.now())
            return "reported" if known else "ignored"
        if mail.kind == "automatic" or mail.sender.lower() == inbox.address.lower():
            return "ignored"
        try:
            sender = normalise_email(mail.sender)
        except InvalidInput:
            return "ignored"
        conversation_id, is_answer = await self._answered(mail, sender)
        proven = is_answer or await asyncio.to_thread(
            is_proven, message, raw, sender, authserv_id=inbox.authserv_id, lookup=self._lookup
        )
        if await self._is_flood(account_id, sender):
            _log.warning("mail_flood_ignored", account_id=str(account_id))
            return "ignored"
        received = await self._intake.receive(
            "email", account_id, _said(mail, sender, proven=proven, conversation_id=conversation_id, place=place)
        )
        return "kept" if received.new else "known"

    async def _answered(self, mail: Mail, sender: str) -> tuple[UUID | None, bool]:
        """The conversation of the mail of ours that this one answers, and whether it went to this very person.

        Knowing the id of a mail proves that one has it; together with the address it went to that is proof enough.
        """
        ids = find_outbox_ids(" ".join(mail.references))
        if not ids:
            return None, False
        async with self._sessions() as session:
            contact_id = await find_contact_by_address(session, self._keys, "email", sender)
            sent = await session.execute(
                select(OutboxMessage.id, OutboxMessage.contact_id, OutboxMessage.conversation_id).where(
                    OutboxMessage.id.in_(ids), OutboxMessage.channel == "email", OutboxMessage.contact_id == contact_id
                )
            )
            found = {row.id: row for row in sent}
        latest = next((found[one] for one in reversed(ids) if one in found), None)
        return (None, False) if latest is None else (latest.conversation_id, True)

    async def _is_flood(self, account_id: UUID, sender: str) -> bool:
        index = sender_index(self._keys, Sender("email", sender))
        since = self._clock.now() - timedelta(hours=1)
        recent = select(func.count()).where(
            InboundEvent.account_id == account_id,
            InboundEvent.sender_index == index,
            InboundEvent.received_at > since,
        )
        async with self._sessions() as session:
            return (await session.scalar(recent) or 0) >= MOST_AN_HOUR


def _said(mail: Mail, sender: str, *, proven: bool, conversation_id: UUID | None, place: str) -> Said:
    files = mail.files if place else ()
    return Said(
        provider_id=mail.message_id,
        sender=Sender("email", sender, mail.name, proven=proven),
        # Some write all they have to say into the subject: "unsubscribe".
        text=mail.text or mail.subject,
        attachments=tuple(Attachment(f"{place}/{one.number}", one.media_type, one.name) for one in files),
        thread={"subject": mail.subject, "in_reply_to": mail.message_id, "references": list(mail.references)},
        conversation_id=conversation_id,
    )
