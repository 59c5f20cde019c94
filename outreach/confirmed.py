"""Lets go what waited for a consent to be confirmed or a browser's work. Sends nothing: the gate is asked again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlalchemy.ext.asyncio import AsyncSession

from outreach.models import OutboxMessage


async def bring_forward(session: AsyncSession, contact_id: UUID, *, purpose: str, channel: str, now: datetime) -> None:
    """Makes the contact's messages that wait for this confirmation due now; the same call again changes nothing."""
    of_it = (OutboxMessage.purpose == purpose, OutboxMessage.channel == channel)
    await _let_go(session, contact_id, "confirmation", now, *of_it)


async def release_number(session: AsyncSession, contact_id: UUID, now: datetime) -> None:
    """The same of what waits for the browser that left the contact's number to do its work."""
    await _let_go(session, contact_id, "number_challenge", now)


async def _let_go(
    session: AsyncSession, contact_id: UUID, rule: str, now: datetime, *which: ColumnElement[bool]
) -> None:
    """What the gate put off by this rule is due now."""
    await session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.contact_id == contact_id,
            *which,
            OutboxMessage.state == "deferred",
            OutboxMessage.reason_rule == rule,
            OutboxMessage.due_at > now,
        )
        .values(due_at=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )
