"""One turn at a time per conversation: a claim in the conversation's row, with a fence against a stale holder.

The claim is a row, not a lock held over the network: a process that dies loses it by time, and what it did not
commit is done again by whoever claims next. That is safe because a turn is a pure function of what is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from base.ids import new_id
from base.messages import Inbound
from bot.models import Conversation, Message
from bot.turn_statements import (
    CLAIM_CONVERSATION,
    CLAIM_OLDEST,
    FINISH_AND_CLAIM_NEXT,
    FREE,
    HOLD,
    HOLD_WITH_STATE,
    STORE_AND_CLAIM,
)


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


async def store_and_claim(session: AsyncSession, inbound: Inbound, now: datetime) -> Taken:
    """Stores what a person said and, if no turn is running, claims the conversation's oldest open message.

    Raises:
        NotFound: there is no such conversation.
    """
    message_id = new_id()
    values = {
        "of_conversation": inbound.conversation_id,
        "new_id": message_id,
        "new_kind": inbound.kind,
        "new_text": inbound.text,
        "new_data": inbound.data,
        "new_client_id": inbound.client_id,
        "at": now,
    }
    connection = await session.connection()
    row = (await connection.execute(STORE_AND_CLAIM, values)).first()
    if row is None:
        return await _find_stored(session, inbound)
    if not row.free:
        claim = None
    elif row.others_wait:
        claim = await _claim_oldest(session, row)
    else:
        claim = _to_claim(
            row,
            message_id=message_id,
            seq=row.next_seq - 1,
            kind=inbound.kind,
            text=inbound.text,
            data=inbound.data,
            attempts=1,
            received_at=now,
        )
    return Taken(message_id, row.next_seq - 1, duplicate=False, claim=claim)


async def claim_conversation(session: AsyncSession, conversation_id: UUID) -> Claim | None:
    """Claims the conversation's oldest open message, unless a turn is running or nothing is open."""
    connection = await session.connection()
    row = (await connection.execute(CLAIM_CONVERSATION, {"of_conversation": conversation_id})).first()
    if row is None or not row.free:
        return None
    claim = await _claim_oldest(session, row)
    if claim is None:
        await _give_up_claim(session, conversation_id)
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
    """Gives the claim back with the message still open; changes nothing when the claim was lost meanwhile."""
    held = (
        update(Conversation)
        .where(Conversation.id == claim.conversation_id, Conversation.turn_fence == claim.fence)
        .values(turn_claimed_until=None)
        .returning(Conversation.id)
    )
    if await session.scalar(held) is not None and not count_attempt:
        await session.execute(
            update(Message)
            .where(Message.id == claim.message_id, Message.turn_attempts > 0)
            .values(turn_attempts=Message.turn_attempts - 1)
        )


async def hold(session: AsyncSession, claim: Claim, *, messages: int, state: dict[str, Any] | None) -> Row[Any] | None:
    """Locks a conversation whose claim still holds, numbers new messages and keeps the new state, if there is one.

    Returns:
        The row, `next_seq` being past the new messages; None when the claim was lost.
    """
    values = {"of_conversation": claim.conversation_id, "fence": claim.fence, "count": messages, "new_state": state}
    connection = await session.connection()
    return (await connection.execute(HOLD if state is None else HOLD_WITH_STATE, values)).first()


async def finish_and_claim_next(
    session: AsyncSession, claim: Claim, *, replies: list[dict[str, Any]], notice: str, now: datetime
) -> Claim | None:
    """Ends a turn under a claim that `hold` found to hold: takes on the next open message, or frees the conversation.

    Args:
        replies: what the bot says, each with `id`, `seq`, `text` and `data`.
        notice: what the other processes are told; no text of the conversation.
    """
    values = {
        "of_conversation": claim.conversation_id,
        "of_message": claim.message_id,
        "replies": replies,
        "notice": notice,
        "at": now,
    }
    connection = await session.connection()
    row = (await connection.execute(FINISH_AND_CLAIM_NEXT, values)).first()
    if row is None:
        return None
    return _to_claim(
        row,
        message_id=row.message_id,
        seq=row.message_seq,
        kind=row.message_kind,
        text=row.message_text,
        data=row.message_data,
        attempts=row.message_turn_attempts,
        received_at=row.message_created_at,
    )


async def _claim_oldest(session: AsyncSession, row: Row[Any]) -> Claim | None:
    """The oldest open message of a conversation whose row the caller has just locked; counts the attempt."""
    connection = await session.connection()
    message = (await connection.execute(CLAIM_OLDEST, {"of_conversation": row.id})).first()
    if message is None:
        return None
    return _to_claim(
        row,
        message_id=message.id,
        seq=message.seq,
        kind=message.kind,
        text=message.text,
        data=message.data,
        attempts=message.turn_attempts,
        received_at=message.created_at,
    )


async def _give_up_claim(session: AsyncSession, conversation_id: UUID) -> None:
    """Frees the conversation; only for who holds its row."""
    connection = await session.connection()
    await connection.execute(FREE, {"of_conversation": conversation_id})


async def _find_stored(session: AsyncSession, inbound: Inbound) -> Taken:
    """What became of a message that came before."""
    known = (
        await session.execute(
            select(Message.id, Message.seq).where(
                Message.conversation_id == inbound.conversation_id, Message.client_id == inbound.client_id
            )
        )
    ).first()
    if known is None:
        raise NotFound("This conversation is gone: open the chat again.")
    return Taken(known.id, known.seq, duplicate=True, claim=None)


def _to_claim(
    row: Row[Any],
    *,
    message_id: UUID,
    seq: int,
    kind: str,
    text: str,
    data: dict[str, Any],
    attempts: int,
    received_at: datetime,
) -> Claim:
    return Claim(
        conversation_id=row.id,
        fence=row.turn_fence,
        channel=row.channel,
        language=row.language,
        status=row.status,
        contact_id=row.contact_id,
        time_zone=row.time_zone,
        state=row.state,
        message_id=message_id,
        message_seq=seq,
        kind=kind,
        text=text,
        data=data,
        attempts=attempts,
        received_at=received_at,
    )
