"""Lets go what waited for a consent to be confirmed or a browser's work. Sends nothing: the gate is asked again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from outreach.models import OutboxMessage


async def bring_forward(session: AsyncSession, contact_id: UUID, *, purpose: str, channel: str, now: datetime) -> None:
    """Makes the contact's messages that wait for this confirmation due now; the same call again changes nothing."""
    await session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.contact_id == contact_id,
            OutboxMessage.purpose == purpose,
            OutboxMessage.channel == channel,
            OutboxMessage.state == "deferred",
            OutboxMessage.reason_rule == "confirmation",
            OutboxMessage.due_at > now,
        )
        .values(due_at=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )


async def release_number(session: AsyncSession, contact_id: UUID, now: datetime) -> None:
    """The same of what waits for the browser that left the contact's number to do its work."""
    await session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.contact_id == contact_id,
            OutboxMessage.state == "deferred",
            OutboxMessage.reason_rule == "number_challenge",
            OutboxMessage.due_at > now,
        )
        .values(due_at=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )
