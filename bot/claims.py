"""One turn at a time per conversation: a claim in the conversation's row, with a fence against a stale holder.

The claim is a row, not a lock held over the network: a process that dies loses it by time, and what it did not
commit is done again by whoever claims next. That is safe because a turn is a pure function of what is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound
from base.ids import new_id
from base.messages import Inbound
from bot.models import Conversation, Message

CLAIM = timedelta(seconds=12)
"""How long a turn may take before another process may do it again; longer than `dialogue.TURN_TIMEOUT`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A conversation this process may answer in, and the message to answer."""

    conversation_id: UUID
    fence: int
    channel: str
    language: str
    status: str
    contact_id: UUID | None
    time_zone: str | None
    state: dict[str, Any] | None
    message_id: UUID
    message_seq: int
    kind: str
    text: str
    data: dict[str, Any]
    attempts: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A stored inbound message; `claim` is None when another turn of the conversation is running."""

    message_id: UUID
    seq: int
    duplicate: bool
    claim: Claim | None


class DuplicateMessage(Conflict):
    """This message was received before."""

    code = "duplicate_message"


async def store_and_claim(session: AsyncSession, inbound: Inbound, now: datetime) -> Taken:
    """Stores what a person said and, if no turn is running, claims the conversation's oldest open message.

    Raises:
        NotFound: there is no such conversation.
        DuplicateMessage: it is stored already; roll back, then ask `find_stored`.
    """
    row = await _claim_row(session, inbound.conversation_id, new_message_at=now)
    if row is None:
        raise NotFound("This conversation is gone: open the chat again.")
    data = {"step": inbound.step, "value": inbound.value} if inbound.kind == "choice" else {}
    statement = insert(Message).values(
        id=new_id(),
        conversation_id=inbound.conversation_id,
        seq=row.next_seq - 1,
        author="visitor",
        kind=inbound.kind,
        text=inbound.text,
        data=data,
        client_id=inbound.client_id,
        turn_state="pending",
        created_at=now,
    )
    message_id = await session.scalar(
        statement.on_conflict_do_nothing(index_elements=["conversation_id", "client_id"]).returning(Message.id)
    )
    if message_id is None:
        raise DuplicateMessage
    return Taken(message_id, row.next_seq - 1, False, await claim_next(session, row) if row.free else None)


async def claim_conversation(session: AsyncSession, conversation_id: UUID) -> Claim | None:
    """Claims the conversation's oldest open message, unless a turn is running or nothing is open."""
    row = await _claim_row(session, conversation_id)
    if row is None or not row.free:
        return None
    claim = await claim_next(session, row)
    if claim is None:
        await session.execute(
            update(Conversation).where(Conversation.id == conversation_id).values(turn_claimed_until=None)
        )
    return claim


async def list_waiting(session: AsyncSession, *, limit: int) -> list[UUID]:
    """Conversations with an open message that nobody is answering: what a dead process left behind."""
    waiting = (
        select(Message.conversation_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.turn_state == "pending",
            or_(Conversation.turn_claimed_until.is_(None), Conversation.turn_claimed_until < func.now()),
        )
        .distinct()
        .limit(limit)
    )
    return list(await session.scalars(waiting))


async def release(session: AsyncSession, claim: Claim, *, count_attempt: bool) -> None:
    """Gives the claim back with the message still open."""
    held = (
        update(Conversation)
        .where(Conversation.id == claim.conversation_id, Conversation.turn_fence == claim.fence)
        .values(turn_claimed_until=None)
    )
    await session.execute(held)
    if not count_attempt:
        await session.execute(
            update(Message)
            .where(Message.id == claim.message_id, Message.turn_attempts > 0)
            .values(turn_attempts=Message.turn_attempts - 1)
        )


CLAIM_COLUMNS = (
    Conversation.id,
    Conversation.turn_fence,
    Conversation.channel,
    Conversation.language,
    Conversation.status,
    Conversation.contact_id,
    Conversation.time_zone,
    Conversation.state,
    Conversation.next_seq,
)


async def claim_next(session: AsyncSession, row: Row[Any]) -> Claim | None:
    """The oldest open message of a conversation whose row (`CLAIM_COLUMNS`) the caller holds; counts the attempt."""
    oldest = (
        select(Message.id)
        .where(Message.conversation_id == row.id, Message.turn_state == "pending")
        .order_by(Message.seq)
        .limit(1)
        .scalar_subquery()
    )
    message = (
        await session.execute(
            update(Message)
            .where(Message.id == oldest)
            # Counted before the work starts, so that a message that kills its process is counted too.
            .values(turn_attempts=Message.turn_attempts + 1)
            .returning(
                Message.id,
                Message.seq,
                Message.kind,
                Message.text,
                Message.data,
                Message.turn_attempts,
                Message.created_at,
            )
        )
    ).first()
    if message is None:
        return None
    return Claim(
        conversation_id=row.id,
        fence=row.turn_fence,
        channel=row.channel,
        language=row.language,
        status=row.status,
        contact_id=row.contact_id,
        time_zone=row.time_zone,
        state=row.state,
        message_id=message.id,
        message_seq=message.seq,
        kind=message.kind,
        text=message.text,
        data=message.data,
        attempts=message.turn_attempts,
        received_at=message.created_at,
    )


async def _claim_row(
    session: AsyncSession, conversation_id: UUID, *, new_message_at: datetime | None = None
) -> Row[Any] | None:
    """Locks the conversation, claims it if it is free, and numbers a new message when there is one."""
    current = (
        select(
            Conversation.id,
            or_(Conversation.turn_claimed_until.is_(None), Conversation.turn_claimed_until < func.now()).label("free"),
        )
        .where(Conversation.id == conversation_id)
        .with_for_update()
        .cte("current")
    )
    statement = (
        update(Conversation)
        .where(Conversation.id == current.c.id)
        .values(
            turn_fence=Conversation.turn_fence + case((current.c.free, 1), else_=0),
            turn_claimed_until=case((current.c.free, func.now() + CLAIM), else_=Conversation.turn_claimed_until),
        )
    )
    if new_message_at is not None:
        statement = statement.values(next_seq=Conversation.next_seq + 1, last_message_at=new_message_at)
    return (await session.execute(statement.returning(*CLAIM_COLUMNS, current.c.free))).first()


async def find_stored(session: AsyncSession, inbound: Inbound) -> Taken:
    """What became of a message that came before."""
    known = (
        await session.execute(
            select(Message.id, Message.seq).where(
                Message.conversation_id == inbound.conversation_id, Message.client_id == inbound.client_id
            )
        )
    ).one()
    return Taken(known.id, known.seq, duplicate=True, claim=None)
