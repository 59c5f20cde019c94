"""Conversations and their messages as rows. Decides nothing; every function runs in its caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict, Unpack, cast
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Row, Select, Uuid, bindparam, func, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from base.ids import new_id
from base.messages import Author, Stored
from base.tables import table_of
from bot.models import Conversation, Message
from bot.turn_statements import BEGIN
from crm.timeline.service import record


class NewTalk(TypedDict):
    """What a conversation begins with.

    Attributes:
        flow: the flow it begins with instead of the entry flow.
        opening: `resume` when a talk is moved into it; None when their own first words open it; else `start`.
        contact_id: who writes, where the channel knows it.
        account_id, contact_point_id, thread: where a provider is behind the channel, see `bot.models`.
    """

    channel: str
    language: str
    time_zone: str | None
    page_url: str | None
    now: datetime
    flow: NotRequired[str | None]
    opening: NotRequired[Literal["start", "resume"] | None]
    contact_id: NotRequired[UUID | None]
    account_id: NotRequired[UUID | None]
    contact_point_id: NotRequired[UUID | None]
    thread: NotRequired[dict[str, Any] | None]


async def start_conversation(session: AsyncSession, **talk: Unpack[NewTalk]) -> UUID:
    """A new conversation whose opening (seq 0) waits for its turn."""
    return cast("UUID", (await insert_conversation(session, **talk)).id)


async def insert_conversation(
    session: AsyncSession, *, claims: bool = False, by: int | None = None, **talk: Unpack[NewTalk]
) -> Row[Any]:
    """Stores a conversation and its opening in one statement, and notes it; returns the conversation's row.

    Args:
        claims, by: whether its opening is claimed at once, and by which process (`bot.claims`).
    """
    opening, flow, now = talk.get("opening", "start"), talk.get("flow"), talk["now"]
    values = {
        "new_id": new_id(),
        "new_channel": talk["channel"],
        "new_language": talk["language"],
        "new_time_zone": talk["time_zone"],
        "new_page_url": talk["page_url"],
        "new_contact_id": talk.get("contact_id"),
        "new_account_id": talk.get("account_id"),
        "new_contact_point_id": talk.get("contact_point_id"),
        "new_thread": talk.get("thread"),
        "opening_id": new_id(),
        "opening_client_id": new_id(),
        "opening_kind": opening,
        "opening_author": "visitor" if opening == "start" else "system",
        "opening_data": {} if flow is None else {"value": flow},
        "claims": claims,
        "by": by,
        "at": now,
    }
    connection = await session.connection()
    row = (await connection.execute(BEGIN, values)).one()
    await record(
        session,
        kind="conversation_started",
        contact_id=row.contact_id,
        conversation_id=row.id,
        data={"channel": row.channel},
        now=now,
    )
    return row


async def append_message(
    session: AsyncSession,
    *,
    conversation_id: UUID,
    author: Author,
    text: str,
    data: dict[str, Any],
    client_id: UUID,
    now: datetime,
) -> Stored | None:
    """Adds a message that needs no turn (a follow-up, a person's answer); None if `client_id` is there already."""
    known = select(Message.id).where(Message.conversation_id == conversation_id, Message.client_id == client_id)
    taken = (
        update(Conversation)
        .where(Conversation.id == conversation_id, ~known.exists())
        .values(next_seq=Conversation.next_seq + 1, last_message_at=now)
        .returning(Conversation.next_seq)
    )
    next_seq = await session.scalar(taken)
    if next_seq is None:
        if await session.scalar(select(Conversation.id).where(Conversation.id == conversation_id)) is None:
            raise NotFound("This conversation is gone.")
        return None
    row = upsert(Message).values(
        id=new_id(),
        conversation_id=conversation_id,
        seq=next_seq - 1,
        author=author,
        kind="text",
        text=text,
        data=data,
        client_id=client_id,
        created_at=now,
    )
    message_id = await session.scalar(row.returning(Message.id))
    assert message_id is not None
    return Stored(message_id, conversation_id, next_seq - 1, author, text, now, client_id, data)


async def list_messages(
    session: AsyncSession, conversation_id: UUID, *, after: int = 0, limit: int = 200
) -> Sequence[Stored]:
    """What a person sees of a conversation after `seq`, oldest first."""
    rows = await session.execute(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.seq > max(after, 0), Message.author != "system")
        .order_by(Message.seq)
        .limit(limit)
    )
    return [to_stored(message) for message in rows.scalars()]


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to which seq a reader of a conversation has seen it."""

    conversation_id: UUID
    seq: int


async def list_unseen(session: AsyncSession, readers: Sequence[Seen], *, limit: int = 200) -> list[list[Stored]]:
    """What `list_messages` lists for each of many readers, in their order, by one query."""
    values = {
        "conversations": [one.conversation_id for one in readers],
        "seen": [max(one.seq, 0) for one in readers],
        "most": limit,
    }
    connection = await session.connection()
    found: list[list[Stored]] = [[] for _ in readers]
    for row in await connection.execute(_UNSEEN, values):
        found[row.number - 1].append(to_stored(row))
    return found


def _unseen() -> Select[*tuple[Any, ...]]:
    messages = table_of(Message)
    asked = (
        func.unnest(
            bindparam("conversations", type_=ARRAY(Uuid())),
            bindparam("seen", type_=ARRAY(BigInteger())),
        )
        .table_valued("conversation_id", "seen", with_ordinality="number", name="asked")
        .render_derived()
    )
    columns = ("id", "conversation_id", "seq", "author", "text", "created_at", "client_id", "data")
    unseen = (
        select(*(messages.c[name] for name in columns))
        .where(
            messages.c.conversation_id == asked.c.conversation_id,
            messages.c.seq > asked.c.seen,
            messages.c.author != "system",
        )
        .order_by(messages.c.seq)
        .limit(bindparam("most", type_=BigInteger()))
        .lateral("unseen")
    )
    found = select(asked.c.number, *unseen.c).select_from(asked).join(unseen, true())
    return found.order_by(asked.c.number, unseen.c.seq)


_UNSEEN = _unseen()


def to_stored(row: Message | Row[*tuple[Any, ...]]) -> Stored:
    """The row as every channel reads it."""
    return Stored(
        row.id,
        row.conversation_id,
        row.seq,
        row.author,  # type: ignore[arg-type]  # the table's check constraint holds it to Author
        row.text,
        row.created_at,
        row.client_id,
        row.data,
    )
