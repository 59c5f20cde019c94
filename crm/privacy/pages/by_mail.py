"""Requests that are shown to be the person's own by a link mailed to an address we hold. In the caller's transaction.

Sends nothing: the mail is the outbox's affair, and its token is made when it leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import NotFound
from crm.contacts.models import ContactPoint
from crm.privacy.models import PrivacyRequest
from crm.privacy.pages.tokens import Holder, read_request_token
from crm.privacy.pages.words import FALLBACK, read_letters
from crm.privacy.requests import Filing, Hands, file_request

CHANNEL = "page"
AGAIN_AFTER = timedelta(minutes=10)
"""No second mail goes out before: whoever has the link could else have somebody flooded."""
MailedKind = Literal["access", "erase"]


@dataclass(frozen=True, slots=True)
class ToMail:
    """A mail that carries a request's link, and the very address it goes to. `number` counts its mails."""

    request_id: UUID
    contact_id: UUID
    contact_point_id: UUID
    subject: str
    text: str
    number: int


async def ask_by_mail(
    session: AsyncSession, hands: Hands, holder: Holder, *, kind: MailedKind, language: str, now: datetime
) -> PrivacyRequest:
    """Files a request and has its link mailed to the address that the page's own link went to.

    Raises:
        NotFound: the contact is gone, or the address is not theirs any more.
    """
    if await _find_point(session, holder) is None:
        raise NotFound("This address is nobody's here (any more).")
    row = await file_request(session, hands, Filing(holder.contact_id, kind, CHANNEL, "subject", verified=False), now)
    before = row.detail.get("asked_at")
    if before is None or datetime.fromisoformat(before) <= now - AGAIN_AFTER:
        row.channel = CHANNEL
        row.detail = {
            "address": holder.address_index.hex(),
            "language": language,
            "asked_at": now.isoformat(),
            "mails": int(row.detail.get("mails", 0)),
            "mail": "wanted",
        }
        await session.flush()
    return row


async def list_to_mail(session: AsyncSession, *, limit: int) -> list[ToMail]:
    """Requests whose mail is to be planned now; what is returned counts as planned."""
    rows = await session.execute(
        select(PrivacyRequest, ContactPoint.id)
        .join(
            ContactPoint,
            (ContactPoint.contact_id == PrivacyRequest.contact_id)
            & (func.encode(ContactPoint.blind_index, "hex") == PrivacyRequest.detail["address"].astext),
        )
        .where(PrivacyRequest.closed_at.is_(None), PrivacyRequest.detail["mail"].astext == "wanted")
        .order_by(PrivacyRequest.id)
        .limit(limit)
        .with_for_update(of=PrivacyRequest, skip_locked=True)
    )
    found = []
    for request, point_id in rows.all():
        number = request.detail["mails"] + 1
        request.detail = {**request.detail, "mail": "planned", "mails": number}
        letters = read_letters()
        letter = letters.get(request.detail["language"], letters[FALLBACK])[request.kind]
        found.append(ToMail(request.id, request.contact_id, point_id, letter["subject"], letter["text"], number))
    await session.flush()
    return found


async def find_by_link(session: AsyncSession, keys: KeyRing, token: str, *, lock: bool = False) -> PrivacyRequest:
    """The request of a link, while something can be done about it: it is open, or its data may be fetched again.

    Raises:
        NotFound: the token is not ours or too old, or the request is closed.
    """
    request_id = read_request_token(keys, token)
    row = None
    if request_id is not None:
        row = await session.get(
            PrivacyRequest, request_id, with_for_update=True if lock else None, populate_existing=True
        )
    if row is None or not (row.status in ("unverified", "open") or (row.status, row.kind) == ("done", "access")):
        raise NotFound("This link does not work (any more).")
    return row


async def _find_point(session: AsyncSession, holder: Holder) -> UUID | None:
    return await session.scalar(
        select(ContactPoint.id).where(
            ContactPoint.contact_id == holder.contact_id,
            ContactPoint.kind == "email",
            ContactPoint.blind_index == holder.address_index,
        )
    )
