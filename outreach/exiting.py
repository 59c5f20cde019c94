"""Ends enrolments for a reason, with what they had planned. Runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from base.nested_rows import one_of
from outreach.models import Enrolment, OutboxMessage
from outreach.reasons import reason_in_words
from outreach.trail import Happened, Move, Moves, record_all


async def end(session: AsyncSession, enrolment_ids: Collection[UUID], reason: str, now: datetime) -> int:
    """Ends those that are active, and withdraws messages of theirs that have not been claimed for sending.

    The caller holds the contacts' rows, as whoever claims messages does.

    Returns:
        How many were ended.
    """
    return await end_each(session, dict.fromkeys(enrolment_ids, reason), now)


async def end_each(session: AsyncSession, reasons: Mapping[UUID, str], now: datetime) -> int:
    """The same with a reason for each."""
    if not reasons:
        return 0
    ended = (
        await session.execute(
            update(Enrolment)
            .where(one_of(Enrolment.id, reasons), Enrolment.state == "active")
            .values(state="exited", due_at=None, parked_due_at=None, updated_at=now)
            .returning(Enrolment.id, Enrolment.journey, Enrolment.step, Enrolment.contact_id, Enrolment.conversation_id)
            .execution_options(synchronize_session=False)
        )
    ).all()
    by_reason: dict[str, list[UUID]] = {}
    for row in ended:
        by_reason.setdefault(reasons[row.id], []).append(row.id)
    contact_ids = [row.contact_id for row in ended]
    for reason, ids in by_reason.items():
        await session.execute(
            update(Enrolment)
            .where(one_of(Enrolment.id, ids))
            .values(exit_reason=reason)
            .execution_options(synchronize_session=False)
        )
        await session.execute(
            update(OutboxMessage)
            .where(
                # By the contact, for which there is an index.
                one_of(OutboxMessage.contact_id, contact_ids),
                one_of(OutboxMessage.enrolment_id, ids),
                OutboxMessage.state.in_(("planned", "deferred")),
            )
            .values(state="cancelled", reason_rule=reason, reason=reason_in_words(reason), updated_at=now)
            .execution_options(synchronize_session=False)
        )
    events = [
        Happened(
            "journey_exited", row.contact_id, row.conversation_id, {"journey": row.journey, "reason": reasons[row.id]}
        )
        for row in ended
    ]
    moves = Moves()
    for row in ended:
        moves.add(row.journey, [Move(row.step, None, None, reasons[row.id])])
    await record_all(session, [*events, *moves.take()], now)
    return len(ended)
