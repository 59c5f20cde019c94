"""Leads as the other rooms make them, for tests of what the admin room shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import transaction
from base.encryption import KeyRing
from base.ids import new_id
from bot.conversations import append_message, start_conversation
from bot.models import Conversation
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.contacts.models import Contact
from crm.contacts.service import attach_address, create_contact, set_fields
from outreach.models import OutboxMessage


async def make_contact(
    session: AsyncSession,
    keys: KeyRing,
    now: datetime,
    *,
    email: str | None = None,
    phone: str | None = None,
    fields: Mapping[str, Any] | None = None,
    **columns: Any,
) -> UUID:
    contact_id = await create_contact(session, language="en", time_zone=None, now=now)
    if email:
        await attach_address(session, keys, contact_id, kind="email", value=email, now=now)
    if phone:
        await attach_address(session, keys, contact_id, kind="phone", value=phone, now=now)
    if fields:
        await set_fields(session, contact_id, fields, now)
    if columns:
        await session.execute(update(Contact).where(Contact.id == contact_id).values(**columns))
    return contact_id


async def make_talk(
    session: AsyncSession, contact_id: UUID, now: datetime, *, texts: tuple[str, ...] = (), status: str = "open"
) -> UUID:
    conversation_id = await start_conversation(
        session, channel="web", language="en", time_zone=None, page_url="https://shop.example/", now=now
    )
    await session.execute(
        update(Conversation).where(Conversation.id == conversation_id).values(contact_id=contact_id, status=status)
    )
    for number, text in enumerate(texts):
        await say(session, conversation_id, text, now + timedelta(seconds=number + 1))
    return conversation_id


async def say(
    session: AsyncSession, conversation_id: UUID, text: str, now: datetime, data: dict[str, Any] | None = None
) -> UUID:
    stored = await append_message(
        session,
        conversation_id=conversation_id,
        author="bot",
        text=text,
        data=data or {},
        client_id=new_id(),
        now=now,
    )
    assert stored is not None
    return stored.id


async def consent(session: AsyncSession, contact_id: UUID, event: Any, now: datetime, **changes: Any) -> None:
    fact = {
        "purpose": "marketing",
        "channel": "email",
        "controller": "Northwind Ledger",
        "language": "en",
        "method": "chat_choice",
        "actor": "subject",
        "effective_at": now,
        "notice_text": "May we e-mail you about new features?",
    }
    await record_consent_event(session, ConsentFact(event=event, principal_ref=contact_id, **{**fact, **changes}), now)


def outbox_row(contact_id: UUID, due_at: datetime, **columns: Any) -> OutboxMessage:
    message_id = new_id()
    row = {
        "id": message_id,
        "occurrence": str(message_id),
        "contact_id": contact_id,
        "journey": "demo_follow_up",
        "step": "mail_hot",
        "channel": "email",
        "purpose": "marketing",
        "message_class": "promotional",
        "subject": "Your demo",
        "text": "Hello Ada",
        "state": "planned",
        "due_at": due_at,
        "created_at": due_at,
        "updated_at": due_at,
    }
    return OutboxMessage(**{**row, **columns})


async def make_leads(context: Any, now: datetime, count: int) -> list[UUID]:
    """Leads with everything a row shows, made in one instant each but for pairs that share it."""
    made = []
    async with transaction(context.sessions) as session:
        for number in range(count):
            at = now - timedelta(minutes=number // 2)
            contact_id = await make_contact(
                session, context.keys, at, email=f"lead{number}@example.com", fields={"first_name": f"Lead {number}"}
            )
            await make_talk(session, contact_id, at, texts=("Hello",))
            await consent(session, contact_id, "given", at)
            session.add(outbox_row(contact_id, at))
            made.append(contact_id)
    return made


def break_off(*_given: object, **_named: object) -> None:
    """What a call comes to when the machine goes away."""
    raise OSError("the machine went away")
