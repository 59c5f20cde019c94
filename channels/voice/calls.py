"""Calls as rows: begun once, taken turn by turn, ended. In the caller's transaction; says nothing to anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.ids import new_id
from bot.conversations import start_conversation
from bot.intake.models import InboundEvent
from bot.models import Message
from channels.voice.models import Call, CallAnswer
from crm.contacts.addresses import InvalidAddress, normalise_address
from crm.contacts.identity import CLAIM
from crm.contacts.models import Contact
from crm.contacts.service import Recognised, create_contact, recognise_sender
from crm.timeline.service import record


@dataclass(frozen=True, slots=True)
class Line:
    """Who is at the other end of a call. `number` is None where it is hidden; `proven` whether it can be believed."""

    account_id: UUID
    call_sid: str
    number: str | None
    proven: bool
    outbox_id: UUID | None = None


async def find_call(session: AsyncSession, account_id: UUID, call_sid: str, *, lock: bool = False) -> Call | None:
    """The call that Twilio means, as it stands now."""
    found = select(Call).where(Call.account_id == account_id, Call.call_sid == call_sid)
    if lock:
        found = found.with_for_update()
    return await session.scalar(found, execution_options={"populate_existing": True})


async def begin_call(
    session: AsyncSession,
    keys: KeyRing,
    line: Line,
    *,
    language: str,
    opens: bool,
    now: datetime,
) -> bool:
    """Keeps a call with its contact and conversation; False when Twilio has told of it before.

    Args:
        language: for contacts of whom nothing says otherwise.
        opens: whether the dialogue opens the talk; otherwise their first words do.
    """
    event_id = new_id()
    index = _index(keys, line)
    kept = (
        insert(InboundEvent)
        .values(
            id=event_id,
            account_id=line.account_id,
            channel="voice",
            provider_id=line.call_sid,
            sender_index=index,
            state="done",
            received_at=now,
            done_at=now,
        )
        .on_conflict_do_nothing(index_elements=["account_id", "provider_id"])
        .returning(InboundEvent.id)
    )
    if await session.scalar(kept) is None:
        return False
    contact_id, known = await _recognise(session, keys, line, language, now)
    point_id = None if known is None else known.contact_point_id
    spoken = await session.scalar(select(Contact.language).where(Contact.id == contact_id))
    conversation_id = await start_conversation(
        session,
        channel="voice",
        language=(spoken or language).partition("-")[0].lower(),
        time_zone=None,
        page_url=None,
        now=now,
        opening="start" if opens else None,
        contact_id=contact_id,
        account_id=line.account_id,
        contact_point_id=point_id,
    )
    if known is not None and not known.is_new and not line.proven:
        # A caller's number is easily forged: who calls from it may add to the contact, but is told nothing of it. Of a
        # contact that this call made there is nothing to tell, and what they leave is theirs.
        await record(
            session,
            kind=CLAIM,
            contact_id=contact_id,
            conversation_id=conversation_id,
            data={"address": "phone", "visitor_contact_id": str(contact_id)},
            now=now,
        )
    await session.execute(
        update(InboundEvent).where(InboundEvent.id == event_id).values(conversation_id=conversation_id)
    )
    session.add(
        Call(
            id=event_id,
            account_id=line.account_id,
            call_sid=line.call_sid,
            conversation_id=conversation_id,
            outbox_id=line.outbox_id,
            direction="inbound" if line.outbox_id is None else "outbound",
            started_at=now,
        )
    )
    await session.flush()
    return True


async def find_answer(session: AsyncSession, call_id: UUID, number: int) -> str | None:
    """What a webhook was answered with before."""
    return await session.scalar(
        select(CallAnswer.twiml).where(CallAnswer.call_id == call_id, CallAnswer.number == number)
    )


async def keep_answer(session: AsyncSession, call_id: UUID, number: int, twiml: str, now: datetime) -> None:
    """Keeps it, once; whoever holds the call's row does."""
    await session.execute(insert(CallAnswer).values(call_id=call_id, number=number, twiml=twiml, created_at=now))


async def is_answered(session: AsyncSession, conversation_id: UUID) -> bool:
    """Whether nothing is open in the conversation any more."""
    pending = select(Message.id).where(Message.conversation_id == conversation_id, Message.turn_state == "pending")
    return await session.scalar(pending.limit(1)) is None


async def end_call(session: AsyncSession, call: Call, now: datetime) -> None:
    """Ends a call and forgets what was answered to its webhooks.

    The talk stays as it is: what its flow does when somebody falls silent is what it does when they hang up.
    """
    call.ended_at = call.ended_at or now
    await session.execute(delete(CallAnswer).where(CallAnswer.call_id == call.id))


def client_id(call: Call, number: int) -> UUID:
    """The id of what was said in one turn: the same turn again is the same message."""
    return uuid5(call.id, f"turn:{number}")


def _index(keys: KeyRing, line: Line) -> bytes:
    return keys.blind_index(line.number or line.call_sid, kind="phone")


async def _recognise(
    session: AsyncSession, keys: KeyRing, line: Line, language: str, now: datetime
) -> tuple[UUID, Recognised | None]:
    """The contact on the line, and how they are known by their number; somebody new where it is hidden or none."""
    if line.number is not None:
        try:
            number = normalise_address("phone", line.number)
        except InvalidAddress:
            number = None
        if number is not None:
            known = await recognise_sender(
                session, keys, kind="phone", value=number, proven=line.proven, language=language, now=now
            )
            return known.contact_id, known
    return await create_contact(session, language=language, time_zone=None, now=now), None
