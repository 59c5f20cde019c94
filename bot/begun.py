"""Begins a flow with somebody who did not write: in a talk of theirs that rests, or in a new one.

Says nothing: the turn that answers the opening does. Who may be talked to is for the caller to have asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from bot.conversations import start_conversation
from bot.intake.joining import GOES_ON_FOR
from bot.models import Conversation, Message

BEGUN_BY = "begun_by"
"""In the data of an opening: `purpose`, `journey`, `step`, `enrolment_id` of what began it."""
_IN_A_TALK = timedelta(days=1)
"""So long an open question of another flow counts as being answered still."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A flow to begin with somebody. `key`: the same again changes nothing.

    `account_id` and `contact_point_id`: where it goes, on a channel with a provider. In the web chat `conversation_id`
    is the chat that they have open.
    """

    contact_id: UUID
    channel: str
    flow: str
    language: str
    key: UUID
    begun_by: Mapping[str, str]
    conversation_id: UUID | None = None
    account_id: UUID | None = None
    contact_point_id: UUID | None = None


async def begin_flow(session: AsyncSession, beginning: Beginning, now: datetime) -> UUID | None:
    """The conversation in which it begins, soon; None while another flow or a colleague has the talk there."""
    talk = await _find_talk(session, beginning, now)
    conversation_id: UUID
    if talk is None:
        if beginning.channel == "web":
            return None
        conversation_id = await start_conversation(
            session,
            channel=beginning.channel,
            language=beginning.language.partition("-")[0].lower(),
            time_zone=None,
            page_url=None,
            now=now,
            opening=None,
            contact_id=beginning.contact_id,
            account_id=beginning.account_id,
            contact_point_id=beginning.contact_point_id,
        )
    elif await _has_begun(session, talk.id, beginning.key):
        conversation_id = talk.id
        return conversation_id
    elif talk.status != "open" or await _is_under_way(session, talk, now):
        return None
    else:
        conversation_id = talk.id
    await _open(session, conversation_id, beginning, None if talk is None else talk.state, now)
    return conversation_id


async def find_begun_by(session: AsyncSession, conversation_id: UUID) -> Mapping[str, str] | None:
    """What began the talk, while the person has said nothing since; None when they have, or began it themselves."""
    opening = (
        await session.execute(
            select(Message.seq, Message.data)
            .where(Message.conversation_id == conversation_id, Message.kind == "start", Message.author == "system")
            .order_by(Message.seq.desc())
            .limit(1)
        )
    ).first()
    if opening is None:
        return None
    answered = exists().where(
        Message.conversation_id == conversation_id, Message.author == "visitor", Message.seq > opening.seq
    )
    return None if await session.scalar(select(answered)) else opening.data.get(BEGUN_BY)


async def _find_talk(session: AsyncSession, beginning: Beginning, now: datetime) -> Any:
    """The talk it would go into: in which what they write there would be put, too."""
    wanted = select(
        Conversation.id, Conversation.status, Conversation.state, Conversation.last_message_at
    ).with_for_update()
    if beginning.conversation_id is not None:
        theirs = Conversation.contact_id == beginning.contact_id
        found = wanted.where(Conversation.id == beginning.conversation_id, theirs)
    else:
        found = wanted.where(
            Conversation.contact_id == beginning.contact_id,
            Conversation.channel == beginning.channel,
            Conversation.account_id == beginning.account_id,
            Conversation.contact_point_id == beginning.contact_point_id,
            Conversation.status != "closed",
            Conversation.last_message_at > now - GOES_ON_FOR,
        ).order_by(Conversation.id.desc())
    return (await session.execute(found.limit(1))).first()


async def _has_begun(session: AsyncSession, conversation_id: UUID, key: UUID) -> bool:
    known = select(Message.id).where(Message.conversation_id == conversation_id, Message.client_id == key)
    return await session.scalar(known) is not None


async def _is_under_way(session: AsyncSession, talk: Any, now: datetime) -> bool:
    """Whether something is being talked about: a question that was asked today, or words that wait for their turn."""
    pending = exists().where(Message.conversation_id == talk.id, Message.turn_state == "pending")
    if await session.scalar(select(pending)):
        return True
    asks = bool((talk.state or {}).get("stack"))
    return asks and talk.last_message_at is not None and talk.last_message_at > now - _IN_A_TALK


async def _open(
    session: AsyncSession, conversation_id: UUID, beginning: Beginning, state: dict[str, Any] | None, now: datetime
) -> None:
    values: dict[str, Any] = {"next_seq": Conversation.next_seq + 1, "last_message_at": now}
    if state is not None:
        # What is known stays; a flow that nobody goes on with is left, and its silence with it.
        values |= {"state": {**state, "stack": [], "ended": None, "awaits": None, "clarify": None}}
        values |= {"timer": None, "timer_due_at": None, "turn_fence": Conversation.turn_fence + 1}
    taken = update(Conversation).where(Conversation.id == conversation_id).values(values)
    next_seq = await session.scalar(taken.returning(Conversation.next_seq))
    assert next_seq is not None  # its row is held
    await session.execute(
        insert(Message).values(
            id=new_id(),
            conversation_id=conversation_id,
            seq=next_seq - 1,
            # Nobody said it: it is not shown, and whoever asks whether they answered does not count it.
            author="system",
            kind="start",
            text="",
            data={"value": beginning.flow, BEGUN_BY: dict(beginning.begun_by)},
            client_id=beginning.key,
            turn_state="pending",
            created_at=now,
        )
    )


def key_of(occurrence: str) -> UUID:
    """The key of what is named so, for ever the same."""
    return uuid5(_KEYS, occurrence)


_KEYS = UUID("5f0e3c4e-6c8d-5b0a-9f0a-7a1f6d0f2b1e")
