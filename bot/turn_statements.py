"""The statements that run with every message, built once: building one costs more than running it.

They hold no rule of their own; `bot.claims` and `bot.turns` say what they are for.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    column,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.sql.dml import ReturningUpdate

from base.tables import table_of
from bot.models import Conversation, Message

CLAIM = timedelta(seconds=12)
"""How long a turn may take before another process may do it again; longer than `dialogue.TURN_TIMEOUT`."""

NOTIFY_CHANNEL = "parley_conversation"
"""PostgreSQL channel that carries ids of conversations with something new; never any text."""

_conversations = table_of(Conversation)
_messages = table_of(Message)
_COLUMNS = (
    _conversations.c.id,
    _conversations.c.turn_fence,
    _conversations.c.channel,
    _conversations.c.language,
    _conversations.c.status,
    _conversations.c.contact_id,
    _conversations.c.time_zone,
    _conversations.c.state,
    _conversations.c.next_seq,
)
_of_conversation = bindparam("of_conversation", type_=_conversations.c.id.type)
_is_free = or_(_conversations.c.turn_claimed_until.is_(None), _conversations.c.turn_claimed_until < func.now())
_current = (
    select(_conversations.c.id, _conversations.c.next_seq, _is_free.label("free"))
    .where(_conversations.c.id == _of_conversation)
    .with_for_update()
    .cte("current")
)
_claimed = {
    "turn_fence": _conversations.c.turn_fence + case((_current.c.free, 1), else_=0),
    "turn_claimed_until": case((_current.c.free, func.now() + CLAIM), else_=_conversations.c.turn_claimed_until),
}
CLAIM_CONVERSATION = (
    update(_conversations)
    .where(_conversations.c.id == _current.c.id)
    .values(_claimed)
    .returning(*_COLUMNS, _current.c.free)
)
_at = bindparam("at", type_=_messages.c.created_at.type)
_others_wait = exists().where(_messages.c.conversation_id == _of_conversation, _messages.c.turn_state == "pending")
_stored = (
    insert(_messages)
    .from_select(
        [
            "id", "conversation_id", "seq", "author", "kind", "text", "data", "client_id", "turn_state",
            "turn_attempts", "created_at",
        ],
        select(
            bindparam("new_id", type_=_messages.c.id.type),
            _current.c.id,
            _current.c.next_seq,
            literal("visitor"),
            bindparam("new_kind", type_=_messages.c.kind.type),
            bindparam("new_text", type_=_messages.c.text.type),
            bindparam("new_data", type_=_messages.c.data.type),
            bindparam("new_client_id", type_=_messages.c.client_id.type),
            literal("pending"),
            # Counted before the work starts, so that a message that kills its process is counted too.
            case((and_(_current.c.free, not_(_others_wait)), 1), else_=0),
            _at,
        ),
        include_defaults=False,
    )
    .on_conflict_do_nothing(index_elements=["conversation_id", "client_id"])
    .returning(_messages.c.id)
    .cte("stored")
)  # fmt: skip
_numbered = (
    update(_conversations)
    # A message that was there before stores nothing, so it must change nothing here either.
    .where(_conversations.c.id == _current.c.id, exists().select_from(_stored))
    .values({**_claimed, "next_seq": _conversations.c.next_seq + 1, "last_message_at": _at})
    .returning(*_COLUMNS, _current.c.free)
    .cte("numbered")
)
# One statement, whole or not at all, so it needs no transaction around it.
STORE_AND_CLAIM = select(_numbered, _others_wait.label("others_wait"))
_MESSAGE_COLUMNS = (
    _messages.c.id,
    _messages.c.seq,
    _messages.c.kind,
    _messages.c.text,
    _messages.c.data,
    _messages.c.turn_attempts,
    _messages.c.created_at,
)
_open = select(_messages.c.id).where(
    _messages.c.conversation_id == _of_conversation, _messages.c.turn_state == "pending"
)


def _take_on(open_messages: Select[tuple[UUID]]) -> ReturningUpdate[Any]:
    """Counts an attempt on the oldest of these messages and gives it."""
    oldest = open_messages.order_by(_messages.c.seq).limit(1).scalar_subquery()
    counted = update(_messages).where(_messages.c.id == oldest).values(turn_attempts=_messages.c.turn_attempts + 1)
    return counted.returning(*_MESSAGE_COLUMNS)


CLAIM_OLDEST = _take_on(_open)
_held = {
    "next_seq": _conversations.c.next_seq + bindparam("count", type_=_conversations.c.next_seq.type),
    "turn_claimed_until": func.now() + CLAIM,
}
_holds = update(_conversations).where(
    _conversations.c.id == _of_conversation,
    _conversations.c.turn_fence == bindparam("fence", type_=_conversations.c.turn_fence.type),
)
HOLD = _holds.values(_held).returning(*_COLUMNS)
HOLD_WITH_STATE = _holds.values(
    {**_held, "state": bindparam("new_state", type_=_conversations.c.state.type)}
).returning(*_COLUMNS)
FREE = update(_conversations).where(_conversations.c.id == _of_conversation).values(turn_claimed_until=None)
# The end of a turn in one round trip, for who holds the conversation's row: the replies are stored, the message is
# answered, the other processes are told, the next open message is taken on or else the conversation is freed.
_answered = (
    update(_messages)
    .where(_messages.c.id == bindparam("of_message", type_=_messages.c.id.type))
    .values(turn_state="done")
    .returning(func.pg_notify(NOTIFY_CHANNEL, bindparam("notice", type_=Text())).label("told"))
    .cte("answered")
)
_taken_on = _take_on(_open.where(_messages.c.id != bindparam("of_message", type_=_messages.c.id.type))).cte("taken_on")
_freed = (
    update(_conversations)
    .where(_conversations.c.id == _of_conversation, ~exists().select_from(_taken_on))
    .values(turn_claimed_until=None)
    .returning(_conversations.c.id)
    .cte("freed")
)
# The conversation is read anew: the turn's effects may have given it a contact or handed it to a person.
_replies = (
    func.jsonb_to_recordset(bindparam("replies", type_=JSONB()))
    .table_valued(column("id", Uuid()), column("seq", BigInteger()), column("text", Text()), column("data", JSONB()))
    .render_derived(name="reply", with_types=True)
)
_said = (
    insert(_messages)
    .from_select(
        ["id", "conversation_id", "seq", "author", "kind", "text", "data", "created_at"],
        select(
            _replies.c.id, _of_conversation, _replies.c.seq, literal("bot"), literal("text"), _replies.c.text,
            _replies.c.data, _at,
        ),
        include_defaults=False,
    )
    .returning(_messages.c.id)
    .cte("said")
)  # fmt: skip
FINISH_AND_CLAIM_NEXT = (
    select(*_COLUMNS, *(column.label(f"message_{column.name}") for column in _taken_on.c))
    .join_from(_taken_on, _conversations, _conversations.c.id == _of_conversation)
    .add_cte(_said, _answered, _freed)
)
