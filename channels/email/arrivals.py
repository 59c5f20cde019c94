"""What becomes of a mail that came in: a message of a talk, a report about a mail of ours, or nothing.

Answers nobody itself, and never a machine: two of those would write to each other for ever.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
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
from channels.email.origin import Lookup, read_origin, txt_record
from channels.email.reading import Mail, bare_subject, parse_mail, read_mail, refusing
from crm.consent.opt_out import read_opt_out
from crm.contacts.addresses import normalise_email
from crm.contacts.service import find_contact_by_address
from outreach.decisions import PROMOTION
from outreach.models import OutboxMessage
from outreach.reports import write_report

_log = structlog.get_logger(__name__)

MOST_AN_HOUR, MOST_A_DAY = 30, 100
"""Mails of one sender that are answered: more come from a machine that does not say that it is one."""
MOST_UNPROVEN_AN_HOUR, MOST_UNPROVEN_A_DAY = 10, 30
"""The same while it is not proven who sent them: somebody who writes in another's name uses up less than all."""

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
        message, mail = await asyncio.to_thread(_read, raw)
        if mail.kind in ("bounce", "complaint"):
            return await self._report(message, mail)
        if mail.kind == "automatic" or mail.sender.lower() == inbox.address.lower():
            return "ignored"
        try:
            sender = normalise_email(mail.sender)
        except InvalidInput:
            return "ignored"
        answered = await self._answered(mail, sender)
        said = _said(mail, sender, answered, place=place)
        if not said.text and not said.attachments:
            return "ignored"  # nothing but what it quotes
        proven = await self._is_proven(message, raw, sender, inbox, answered)
        # An opt-out is heard from anybody, however much they write.
        stop = read_opt_out(said.text, channel="email", answers_promotion=said.answers_promotion)
        if stop is None and await self._is_flood(account_id, sender, proven=proven):
            _log.warning("mail_flood_ignored", account_id=str(account_id))
            return "ignored"
        said = replace(
            said,
            sender=replace(said.sender, proven=proven),
            conversation_id=said.conversation_id if proven else None,
        )
        received = await self._intake.receive("email", account_id, said)
        return "kept" if received.new else "known"

    async def _report(self, message: EmailMessage, mail: Mail) -> Outcome:
        with refusing():
            report = read_bounce(message) if mail.kind == "bounce" else read_complaint(message)
        if report is None:
            return "ignored"
        async with transaction(self._sessions) as session:
            known = await write_report(session, "email", report, self._clock.now())
        return "reported" if known else "ignored"

    async def _is_proven(
        self, message: EmailMessage, raw: bytes, sender: str, inbox: Inbox, answered: _Answered | None
    ) -> bool:
        """Whether the mail is the sender's own.

        Knowing the id of a mail proves that one has it; together with the address it went to that is proof, unless the
        address's domain says that the mail is not its own: others who have the mail know the id, too.
        """
        if answered is not None and inbox.authserv_id is None:
            return True
        origin = await asyncio.to_thread(
            read_origin, message, raw, sender, authserv_id=inbox.authserv_id, lookup=self._lookup
        )
        return origin == "proven" or (answered is not None and origin == "unknown")

    async def _answered(self, mail: Mail, sender: str) -> _Answered | None:
        """The mail of ours that this one answers, if it went to this very person."""
        ids = find_outbox_ids(" ".join(mail.references))
        if not ids:
            return None
        async with self._sessions() as session:
            contact_id = await find_contact_by_address(session, self._keys, "email", sender)
            sent = await session.execute(
                select(
                    OutboxMessage.id, OutboxMessage.conversation_id, OutboxMessage.subject, OutboxMessage.message_class
                ).where(
                    OutboxMessage.id.in_(ids), OutboxMessage.channel == "email", OutboxMessage.contact_id == contact_id
                )
            )
            found = {
                row.id: _Answered(row.conversation_id, row.subject, is_promotion=row.message_class == PROMOTION)
                for row in sent
            }
        return next((found[one] for one in reversed(ids) if one in found), None)

    async def _is_flood(self, account_id: UUID, sender: str, *, proven: bool) -> bool:
        index, now = sender_index(self._keys, Sender("email", sender)), self._clock.now()
        hour, day = now - timedelta(hours=1), now - timedelta(days=1)
        recent = select(func.count().filter(InboundEvent.received_at > hour), func.count()).where(
            InboundEvent.account_id == account_id,
            InboundEvent.sender_index == index,
            InboundEvent.received_at > day,
        )
        async with self._sessions() as session:
            in_hour, in_day = (await session.execute(recent)).one()
        most = (MOST_AN_HOUR, MOST_A_DAY) if proven else (MOST_UNPROVEN_AN_HOUR, MOST_UNPROVEN_A_DAY)
        return in_hour >= most[0] or in_day >= most[1]


@dataclass(frozen=True, slots=True)
class _Answered:
    conversation_id: UUID | None
    subject: str | None
    is_promotion: bool


def _read(raw: bytes) -> tuple[EmailMessage, Mail]:
    message = parse_mail(raw)
    return message, read_mail(message, fallback_id=f"sha256:{hashlib.sha256(raw).hexdigest()}")


def _said(mail: Mail, sender: str, answered: _Answered | None, *, place: str) -> Said:
    files = mail.files if place else ()
    # Some write all they have to say into the subject: "unsubscribe". The subject of our own mail is not theirs.
    is_ours = answered is not None and mail.heading == bare_subject(answered.subject or "")
    return Said(
        provider_id=mail.message_id,
        sender=Sender("email", sender, mail.name, proven=False),
        text=mail.text or ("" if is_ours else mail.heading),
        attachments=tuple(Attachment(f"{place}/{one.number}", one.media_type, one.name) for one in files),
        thread={"subject": mail.subject, "in_reply_to": mail.message_id, "references": list(mail.references)},
        conversation_id=None if answered is None else answered.conversation_id,
        answers_promotion=answered is not None and answered.is_promotion,
    )
