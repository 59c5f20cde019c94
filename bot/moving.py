"""Moves a talk into a conversation on another channel: what was said stays where it was, what is known goes along.

Runs in the caller's transaction. Who may move it is for the code to say (`bot.resume_codes`).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from bot.connectors.models import Callback
from bot.handoff.service import move_handoffs
from bot.models import Conversation
from bot.resume_codes import CodeNotValid, redeem_code
from crm.contacts.service import copy_claims, has_address, join_newcomer, speaks_for_contact
from crm.meetings.models import Meeting
from crm.timeline.service import know_contact, record


async def move_by_code(session: AsyncSession, keys: KeyRing, code: str, *, into: UUID, now: datetime) -> None:
    """The talk that the code opens goes on in the conversation `into`; the code is used up.

    Raises:
        CodeNotValid: unknown, used, run out, not for this channel, or the talk has gone on elsewhere.
    """
    channel = await session.scalar(select(Conversation.channel).where(Conversation.id == into))
    left = await redeem_code(session, keys, code, channel=channel or "", now=now)
    # In a fixed order, so that two talks that move into each other cannot wait for each other.
    rows = await session.scalars(
        select(Conversation)
        .where(Conversation.id.in_([left, into]))
        .order_by(Conversation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    both = {row.id: row for row in rows}
    if left == into or len(both) < 2 or both[left].status == "closed":
        raise CodeNotValid
    await _move(session, both[left], both[into], now)


async def _whose(session: AsyncSession, left: Conversation, into: UUID | None, now: datetime) -> UUID | None:
    """The contact who wrote there, if who writes here is that one from here on.

    A contact of whom something is known is somebody already: a code alone does not make two people one. Nor does a
    talk that only claimed its contact give that contact an address: its owner would be told everything later on.
    """
    if left.contact_id is None:
        return None
    if into is None or not await has_address(session, into):
        return left.contact_id
    if into == left.contact_id or not await speaks_for_contact(session, left.contact_id, left.id):
        return None
    return left.contact_id if await join_newcomer(session, into, left.contact_id, now) else None


async def _move(session: AsyncSession, left: Conversation, into: Conversation, now: datetime) -> None:
    contact_id = into_whose = into.contact_id
    if (owner := await _whose(session, left, contact_id, now)) is not None:
        contact_id = owner
        # What the talk could not see before, it cannot see from here either.
        await copy_claims(session, contact_id, from_conversation=left.id, to_conversation=into.id, now=now)
    taken_over = {
        "state": left.state,
        "publication": left.publication,
        "language": left.language,
        "status": left.status,
        "contact_id": contact_id,
        "time_zone": into.time_zone or left.time_zone,
    }
    await session.execute(update(Conversation).where(Conversation.id == into.id).values(taken_over))
    if into_whose is None and contact_id is not None:
        await know_contact(session, into.id, contact_id)
    closed = {
        "status": "closed",
        "moved_to": into.id,
        "timer": None,
        "timer_due_at": None,
        "turn_not_before": None,
        "debounce_ms": 0,
        # A turn that is just being answered there is stale from here on.
        "turn_fence": Conversation.turn_fence + 1,
        "turn_claimed_until": None,
        "turn_claimed_by": None,
    }
    await session.execute(update(Conversation).where(Conversation.id == left.id).values(closed))
    await move_handoffs(session, left.id, into.id, now)
    await session.execute(
        update(Callback)
        .where(Callback.conversation_id == left.id, Callback.answered_at.is_(None))
        .values(conversation_id=into.id)
    )
    await session.execute(
        update(Meeting)
        .where(Meeting.conversation_id == left.id, Meeting.state == "held")
        .values(conversation_id=into.id)
    )
    await record(
        session,
        kind="conversation_moved",
        contact_id=contact_id,
        conversation_id=left.id,
        data={"channel": into.channel, "to": str(into.id)},
        now=now,
    )
