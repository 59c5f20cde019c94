"""What happens when a person stays silent: due timers become messages to the dialogue. Answers none of them itself.

The message is answered by whoever sweeps (`TurnService.resume_waiting`); the dialogue ignores it when its step no
longer waits.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    DateTime,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from base.tables import table_of
from bot.models import Conversation, Message

KINDS = ("no_reply", "timed_out")

_conversations = table_of(Conversation)
_messages = table_of(Message)
_now = bindparam("now", type_=DateTime(timezone=True))
_unanswered = exists().where(_messages.c.conversation_id == _conversations.c.id, _messages.c.turn_state == "pending")
# Whoever has said something is not silent: the turn that answers it sets the timer anew.
_is_quiet = and_(
    or_(_conversations.c.turn_claimed_until.is_(None), _conversations.c.turn_claimed_until < func.now()),
    _conversations.c.turn_not_before.is_(None),
    ~_unanswered,
)
_due = (
    select(_conversations.c.id, _conversations.c.next_seq, _conversations.c.status, _conversations.c.timer)
    .where(_conversations.c.timer_due_at <= _now, _is_quiet)
    .order_by(_conversations.c.timer_due_at)
    .limit(bindparam("limit", type_=Integer()))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_rings = and_(_due.c.status == "open", _due.c.timer["kind"].astext.in_(KINDS))
_cleared = (
    update(_conversations)
    .where(_conversations.c.id == _due.c.id)
    .values(timer=None, timer_due_at=None, next_seq=_conversations.c.next_seq + case((_rings, 1), else_=0))
    .returning(_conversations.c.id)
    .cte("cleared")
)
_rung = (
    insert(_messages)
    .from_select(
        ["id", "conversation_id", "seq", "author", "kind", "text", "data", "turn_state", "turn_attempts", "created_at"],
        select(
            func.gen_random_uuid(),
            _due.c.id,
            _due.c.next_seq,
            literal("system"),
            _due.c.timer["kind"].astext,
            literal("", Text()),
            func.jsonb_build_object("step", _due.c.timer["step"], type_=JSONB()),
            literal("pending"),
            literal(0, BigInteger()),
            _now,
        ).where(_rings),
        include_defaults=False,
    )
    .returning(_messages.c.id)
    .cte("rung")
)
_FIRE = select(func.count()).select_from(_rung).add_cte(_cleared)
_NEXT = (
    # The first of the index, not the least of all.
    select(_conversations.c.timer_due_at)
    .where(_conversations.c.timer_due_at.is_not(None), _is_quiet)
    .order_by(_conversations.c.timer_due_at)
    .limit(1)
)


async def fire_due(session: AsyncSession, now: datetime, limit: int = 500) -> int:
    """Turns up to `limit` due timers into messages that wait for their turn; returns how many messages.

    A conversation that a person has, or that is closed, loses its timer and says nothing. Safe in several processes.
    """
    connection = await session.connection()
    return (await connection.execute(_FIRE, {"now": now, "limit": limit})).scalar_one()


async def next_due_at(session: AsyncSession) -> datetime | None:
    """When the next timer is due; None when there is none."""
    connection = await session.connection()
    due_at: datetime | None = (await connection.execute(_NEXT)).scalar()
    return due_at
