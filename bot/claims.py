"""One turn at a time per conversation: a claim in the conversation's row, with a fence against a stale holder.

The claim is a row, not a lock held over the network: a process that dies loses it as soon as its presence is missing
(`bot.presence`), else by time, and what it did not commit is done again by whoever claims next. That is safe because a
turn is a pure function of what is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from base.ids import new_id
from base.messages import ANSWERS_PROMOTION, MAX_TEXT, Inbound, MessageKind
from bot.conversations import insert_conversation
from bot.models import Message
from bot.resume_codes import find_code
from bot.talk_language import KnownFrom
from bot.turn_statements import (
    CLAIM_CONVERSATION,
    CLAIM_OLDEST,
    FINISH_ALONE,
    FINISH_AND_CLAIM_NEXT,
    FREE,
    HOLD,
    HOLD_WITH_RESULT,
    KEEP,
    OPEN_AFTER,
    RELEASE,
    STORE_AND_CLAIM,
    WAITING,
)
from crm.consent.opt_out import read_opt_out


@dataclass(frozen=True, slots=True)
class Claim:
    """A conversation this process may answer in, and the message to answer.

    `next_seq` is where the next message of the talk went when it was claimed: whatever came later has moved it on.
    `pieces` are the messages that make it up, when a thought came in several; `message_id` is the last of them.
    `spoke_before_at` is when the person said something before it.
    """

    conversation_id: UUID
    fence: int
    channel: str
    language: str
    language_from: KnownFrom
    status: str
    contact_id: UUID | None
    time_zone: str | None
    state: dict[str, Any] | None
    publication: int | None
    next_seq: int
    message_id: UUID
    message_seq: int
    kind: MessageKind
    text: str
    data: dict[str, Any]
    attempts: int
    received_at: datetime
    spoke_before_at: datetime | None
    pieces: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A stored inbound message; `claim` is None when another turn of the conversation is running.

    `waits_until` is set when the text waits for more of it.
    """

    message_id: UUID
    seq: int
    duplicate: bool
    claim: Claim | None
    waits_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a turn leaves in the conversation's row; a state, publication or language of None stays as it was."""

    state: dict[str, Any] | None
    publication: int | None
    timer: dict[str, Any] | None
    timer_due_at: datetime | None
    debounce_ms: int
    language: str | None = None
    language_from: KnownFrom | None = None


async def store_and_claim(session: AsyncSession, inbound: Inbound, now: datetime, by: int | None = None) -> Taken:
    """Stores what a person said and, if no turn is running, claims the conversation's oldest open message.

    Args:
        by: the number of this process, while it has one.

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
        "stops_on_web": _is_stop(inbound, "web"),
        "stops_elsewhere": _is_stop(inbound, "sms"),
        "at": now,
        "by": by,
    }
    connection = await session.connection()
    row = (await connection.execute(STORE_AND_CLAIM, values)).first()
    if row is None:
        return await _find_stored(session, inbound)
    seq = row.next_seq - 1
    if not row.claims:
        # A duplicate of it would be none: whoever runs, or the time that is up, takes it on.
        return Taken(message_id, seq, duplicate=False, claim=None, waits_until=row.turn_not_before)
    if row.others_wait:
        claim = await _claim_oldest(session, row)
    else:
        claim = _to_claim(
            row, _Said(message_id, seq, inbound.kind, inbound.text, inbound.data, 1, now, row.spoke_before_at)
        )
    return Taken(message_id, seq, duplicate=False, claim=claim)


async def start_and_claim(
    session: AsyncSession,
    *,
    channel: str,
    language: str,
    time_zone: str | None,
    page_url: str | None,
    now: datetime,
    by: int | None = None,
) -> Claim:
    """A new conversation of a visitor of whom nothing is known yet, with its opening claimed.

    Args:
        by: the number of this process, while it has one.
    """
    row = await insert_conversation(
        session,
        channel=channel,
        language=language,
        time_zone=time_zone,
        page_url=page_url,
        now=now,
        claims=True,
        by=by,
    )
    return _to_claim(row, _Said(row.opening_id, 0, "start", "", {}, 1, now, None))


async def claim_conversation(
    session: AsyncSession, conversation_id: UUID, now: datetime, by: int | None = None, *, lost_fence: int | None = None
) -> Claim | None:
    """Claims the conversation's oldest open message, unless a turn is running, nothing is open or it waits for more.

    Args:
        by: the number of this process, while it has one.
        lost_fence: a claim with this fence is a dead process's, and may be taken over.
    """
    connection = await session.connection()
    values = {"of_conversation": conversation_id, "at": now, "by": by, "lost_fence": lost_fence}
    row = (await connection.execute(CLAIM_CONVERSATION, values)).first()
    if row is None or not row.free:
        return None
    claim = await _claim_oldest(session, row)
    if claim is None:
        await _give_up_claim(session, conversation_id)
    return claim


async def list_waiting(
    session: AsyncSession, now: datetime, judge: int | None, *, limit: int
) -> dict[UUID, int | None]:
    """Conversations with an open message that nobody is answering, and the fence of the claim that a dead process has.

    Args:
        judge: the number of this process, which is to say of others that they are dead; None: claims only run out.
    """
    connection = await session.connection()
    rows = await connection.execute(WAITING, {"at": now, "judge": judge, "most": limit})
    return {row.conversation_id: row.lost_fence for row in rows}


async def release(session: AsyncSession, claim: Claim, *, count_attempt: bool) -> None:
    """Gives the claim back with the message still open; changes nothing when the claim was lost meanwhile."""
    connection = await session.connection()
    values = {"of_conversation": claim.conversation_id, "fence": claim.fence}
    if (await connection.execute(RELEASE, values)).first() is not None and not count_attempt:
        await session.execute(
            update(Message)
            .where(Message.id == claim.pieces[0], Message.turn_attempts > 0)
            .values(turn_attempts=Message.turn_attempts - 1)
        )


async def keep(session: AsyncSession, claim: Claim) -> bool:
    """Holds the claim for as long again; False when it was lost."""
    connection = await session.connection()
    values = {"of_conversation": claim.conversation_id, "fence": claim.fence}
    return (await connection.execute(KEEP, values)).first() is not None


async def hold(session: AsyncSession, claim: Claim, *, messages: int, kept: Kept | None) -> Row[Any] | None:
    """Locks a conversation whose claim still holds, numbers new messages and keeps what the turn came to, if anything.

    Returns:
        The row, `next_seq` being past the new messages; None when the claim was lost.
    """
    values = {"of_conversation": claim.conversation_id, "fence": claim.fence, "count": messages}
    connection = await session.connection()
    if kept is None:
        return (await connection.execute(HOLD, values)).first()
    return (await connection.execute(HOLD_WITH_RESULT, {**values, **_result_of(kept)})).first()


@dataclass(frozen=True, slots=True)
class FinishedAlone:
    """A turn that changed nothing but its talk, and is stored: the number of its first reply, and what is to follow.

    `more_came` says that the talk is still claimed, since something may be there that is to be answered.
    """

    first_seq: int
    more_came: bool


async def finish_alone(
    session: AsyncSession,
    claim: Claim,
    *,
    kept: Kept,
    replies: list[dict[str, Any]],
    came_to: dict[str, Any],
    notice: str,
    now: datetime,
) -> FinishedAlone | None:
    """Ends a turn that changes nothing but its talk, in one statement, which is whole or not at all.

    Args:
        kept, came_to, notice: as for `hold` and `finish_and_claim_next`.
        replies: what the bot says, each with `id`, `text` and `data`.

    Returns:
        None when the claim was lost: then nothing is stored.
    """
    values = {
        **_end_of(claim, came_to=came_to, notice=notice, now=now),
        **_result_of(kept),
        "fence": claim.fence,
        "count": len(replies),
        "claimed_at_seq": claim.next_seq,
        "replies": [{**reply, "place": place} for place, reply in enumerate(replies)],
    }
    connection = await session.connection()
    row = (await connection.execute(FINISH_ALONE, values)).first()
    return None if row is None else FinishedAlone(row.next_seq - len(replies), row.more_came)


async def finish_and_claim_next(
    session: AsyncSession,
    claim: Claim,
    *,
    replies: list[dict[str, Any]],
    came_to: dict[str, Any],
    notice: str,
    now: datetime,
) -> Claim | None:
    """Ends a turn under a claim that `hold` found to hold: takes on the next open message, or frees the conversation.

    Args:
        replies: what the bot says, each with `id`, `seq`, `text` and `data`.
        came_to: added to the message's data.
        notice: what the other processes are told; no text of the conversation.
    """
    values = {**_end_of(claim, came_to=came_to, notice=notice, now=now), "replies": replies}
    connection = await session.connection()
    row = (await connection.execute(FINISH_AND_CLAIM_NEXT, values)).first()
    if row is None:
        return None
    said = _Said(*(getattr(row, f"message_{name}") for name in _SAID))
    return await _with_pieces(session, row, said)


async def claim_next(session: AsyncSession, claim: Claim) -> Claim | None:
    """Takes on the next open message of a talk whose claim was kept, or frees it; None, too, when it was lost."""
    row = await hold(session, claim, messages=0, kept=None)
    if row is None:
        return None
    following = await _claim_oldest(session, row)
    if following is None:
        await _give_up_claim(session, claim.conversation_id)
    return following


def _result_of(kept: Kept) -> dict[str, Any]:
    return {f"new_{name}": getattr(kept, name) for name in Kept.__slots__}


def _end_of(claim: Claim, *, came_to: dict[str, Any], notice: str, now: datetime) -> dict[str, Any]:
    return {
        "of_conversation": claim.conversation_id,
        "of_message": claim.message_id,
        "of_pieces": list(claim.pieces),
        "came_to": came_to,
        "notice": notice,
        "at": now,
    }


async def _claim_oldest(session: AsyncSession, row: Row[Any]) -> Claim | None:
    """The oldest open message of a conversation whose row the caller has just locked; counts the attempt."""
    connection = await session.connection()
    message = (await connection.execute(CLAIM_OLDEST, {"of_conversation": row.id})).first()
    if message is None:
        return None
    return await _with_pieces(session, row, _Said(*(getattr(message, name) for name in _SAID)))


async def _with_pieces(session: AsyncSession, row: Row[*tuple[Any, ...]], said: _Said) -> Claim:
    """The claim on a message; where texts are waited for, together with those that follow it."""
    claim = _to_claim(row, said)
    if row.debounce_ms == 0 or _stands_alone(said, row.channel):
        return claim
    connection = await session.connection()
    values = {"of_conversation": row.id, "after_seq": said.seq}
    for piece in await connection.execute(OPEN_AFTER, values):
        text = f"{claim.text}\n{piece.text}"
        if _stands_alone(piece, row.channel) or len(text) > MAX_TEXT:
            break
        claim = replace(claim, message_id=piece.id, message_seq=piece.seq, text=text, pieces=(*claim.pieces, piece.id))
    return claim


def _stands_alone(said: _Said | Row[*tuple[Any, ...]], channel: str) -> bool:
    """Whether a message means something by itself and must not become part of an answer."""
    if said.kind != "text" or said.data.get(ANSWERS_PROMOTION):
        return True
    return read_opt_out(said.text, channel=channel) is not None or find_code(said.text) is not None


def _is_stop(inbound: Inbound, channel: str) -> bool:
    if inbound.kind != "text":
        return False
    return read_opt_out(inbound.text, channel=channel, answers_promotion=inbound.answers_promotion) is not None


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


@dataclass(frozen=True, slots=True)
class _Said:
    """What of a message's row a claim keeps."""

    id: UUID
    seq: int
    kind: MessageKind
    text: str
    data: dict[str, Any]
    turn_attempts: int
    created_at: datetime
    spoke_before_at: datetime | None


_SAID = _Said.__slots__


def _to_claim(row: Row[*tuple[Any, ...]], said: _Said) -> Claim:
    return Claim(
        conversation_id=row.id,
        fence=row.turn_fence,
        channel=row.channel,
        language=row.language,
        language_from=row.language_from,
        status=row.status,
        contact_id=row.contact_id,
        time_zone=row.time_zone,
        state=row.state,
        publication=row.publication,
        next_seq=row.next_seq,
        message_id=said.id,
        message_seq=said.seq,
        kind=said.kind,
        text=said.text,
        data=said.data,
        attempts=said.turn_attempts,
        received_at=said.created_at,
        spoke_before_at=said.spoke_before_at,
        pieces=(said.id,),
    )
