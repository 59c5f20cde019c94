"""Keeps which talks came through which flows on days that are over: messages are many, wide, and change no more.

What is not kept yet is read from the messages themselves, so figures are never behind. Whose a talk is, is not kept:
a merge changes nothing here, and who is erased goes with their talks.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from admin.numbers.models import FlowVisit, KeptDays
from base.database import Sessions, transaction
from bot.models import Message

_NAME = FlowVisit.__tablename__
_AFTER_MIDNIGHT = timedelta(hours=1)
"""A day is over when nothing of it can still be on its way into the database."""
_LOOKS_BACK = timedelta(days=3)
"""Days that are looked at again, should a turn have been made up for late."""
_SET = timedelta(days=14)
"""What is kept in one transaction."""
_KEEP = text(
    """
    INSERT INTO flow_visits AS kept (day, conversation_id, flow, first_at)
    SELECT CAST(message.created_at AT TIME ZONE 'UTC' AS date), message.conversation_id, walked.way ->> 0,
        min(message.created_at)
    FROM messages AS message
    CROSS JOIN LATERAL jsonb_array_elements(message.data -> 'walked') AS walked(way)
    WHERE message.created_at >= :since AND message.created_at < :until AND message.data ? 'walked'
        AND walked.way ->> 0 IS NOT NULL
    GROUP BY 1, 2, 3
    ON CONFLICT (day, conversation_id, flow) DO UPDATE SET first_at = excluded.first_at
        WHERE excluded.first_at < kept.first_at
    """
)


async def keep_visits(sessions: Sessions, now: datetime) -> None:
    """Keeps every day that is over. Twice does no harm."""
    first = True
    while True:
        async with transaction(sessions) as session:
            if not await _keep_set(session, now, look_back=first):
                return
        first = False


async def kept_part(session: AsyncSession, since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """Of a period, the days that are kept: from one midnight of UTC to another, the same where there are none."""
    kept = await session.scalar(select(KeptDays.until).where(KeptDays.name == _NAME))
    first = _midnight(since) if _midnight(since) == since else _midnight(since) + timedelta(days=1)
    last = min(_midnight(until), kept or until)
    return (first, last) if kept is not None and first < last else (until, until)


async def _keep_set(session: AsyncSession, now: datetime, *, look_back: bool) -> bool:
    """Keeps the next days; whether there may be more."""
    goal = _midnight(now - _AFTER_MIDNIGHT)
    waiting = await session.scalar(select(func.min(Message.created_at)).where(Message.turn_state == "pending"))
    if waiting is not None:
        goal = min(goal, _midnight(waiting))
    oldest = await session.scalar(select(func.min(Message.created_at))) or goal
    begun = insert(KeptDays).values(name=_NAME, until=min(_midnight(oldest), goal))
    await session.execute(begun.on_conflict_do_nothing())
    ours = await session.scalars(select(KeptDays).where(KeptDays.name == _NAME).with_for_update())
    kept = ours.one()
    until = min(kept.until + _SET, goal)
    if until <= kept.until and not look_back:
        return False
    since = kept.until - _LOOKS_BACK if look_back else kept.until
    await session.execute(_KEEP, {"since": since, "until": max(until, kept.until)})
    kept.until = max(until, kept.until)
    return kept.until < goal


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
