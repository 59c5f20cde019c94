"""Which deliveries are due and whose they are, and what came of them: in sets, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, DateTime, Text, Uuid, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.row_sets import given_rows, rows_of
from base.tables import table_of
from crm.webhooks.models import WebhookDelivery, WebhookEndpoint
from crm.webhooks.rules import Attempt, Settled, is_to_be_switched_off

INTERRUPTED_AFTER = timedelta(minutes=2)
"""What was claimed so long ago and has no outcome is tried again: longer than an attempt can take."""
_delivery = table_of(WebhookDelivery)
# As constants, so that the index on what is due is used whatever the plan.
_WAITS: ColumnElement[bool] = _delivery.c.state == literal_column("'waiting'", Text())
_SENDS: ColumnElement[bool] = _delivery.c.state == literal_column("'sending'", Text())


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is this sender's as long as its fence stands."""

    event_id: UUID
    fence: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of one; `attempt` is None where there was nothing to send any more."""

    claimed: Claimed
    attempt: Attempt | None
    settled: Settled


async def find_due_endpoints(session: AsyncSession, now: datetime) -> list[UUID]:
    """Endpoints that are switched on and have something due."""
    due = (
        select(_delivery.c.event_id)
        .where(_delivery.c.endpoint_id == WebhookEndpoint.id, _delivery.c.due_at <= now, _WAITS)
        .correlate(WebhookEndpoint)
    )
    return list(
        await session.scalars(select(WebhookEndpoint.id).where(WebhookEndpoint.disabled_at.is_(None), due.exists()))
    )


async def give_back_interrupted(session: AsyncSession, now: datetime) -> int:
    """Makes due again what a sender that died had claimed; returns how many."""
    lost = update(_delivery).where(_SENDS, _delivery.c.claimed_at < now - INTERRUPTED_AFTER)
    given = lost.values(state="waiting", due_at=now, problem="interrupted").returning(_delivery.c.event_id)
    return len((await session.scalars(given)).all())


async def claim(session: AsyncSession, endpoint_id: UUID, now: datetime, limit: int) -> list[Claimed]:
    """The next few of an endpoint that nobody else has."""
    mine = _delivery.c.endpoint_id == endpoint_id
    oldest = (
        select(_delivery.c.event_id)
        .where(mine, _delivery.c.due_at <= now, _WAITS)
        .order_by(_delivery.c.due_at, _delivery.c.event_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(_delivery)
        .where(mine, _delivery.c.event_id.in_(oldest.scalar_subquery()))
        .values(state="sending", claimed_at=now, attempts=_delivery.c.attempts + 1, fence=_delivery.c.fence + 1)
        .returning(_delivery.c.event_id, _delivery.c.fence, _delivery.c.attempts)
    )
    return [Claimed(*row) for row in await session.execute(taken)]


async def write_outcomes(session: AsyncSession, endpoint_id: UUID, ended: Sequence[Ended], now: datetime) -> None:
    """Stores what came of a few, and how the endpoint does. Of what another has claimed since, nothing is stored."""
    attempts = [one.attempt for one in ended if one.attempt is not None]
    endpoint = await session.get(WebhookEndpoint, endpoint_id, with_for_update=True, populate_existing=True)
    if endpoint is not None:
        _note_health(endpoint, attempts, now)
        await session.flush()
    if pauses := [attempt.not_before for attempt in attempts if attempt.not_before is not None]:
        await _leave_alone(session, endpoint_id, max(pauses))
    columns = {
        "event_id": Uuid(), "fence": BigInteger(), "state": Text(), "due_at": DateTime(timezone=True),
        "status": BigInteger(), "problem": Text(), "ended_at": DateTime(timezone=True),
    }  # fmt: skip
    given = given_rows(columns)
    held = (
        _delivery.c.endpoint_id == endpoint_id,
        _delivery.c.event_id == given.c.event_id,
        _delivery.c.fence == given.c.fence,
        _SENDS,
    )
    names = ("state", "due_at", "status", "problem", "ended_at")
    await session.execute(
        update(_delivery).where(*held).values({name: given.c[name] for name in names}),
        rows_of(
            {
                "event_id": one.claimed.event_id,
                "fence": one.claimed.fence,
                "state": one.settled.state,
                "due_at": one.settled.due_at,
                "status": None if one.attempt is None else one.attempt.status,
                "problem": None if one.attempt is None else one.attempt.problem,
                "ended_at": None if one.settled.state == "waiting" else now,
            }
            for one in ended
        ),
    )


async def _leave_alone(session: AsyncSession, endpoint_id: UUID, until: datetime) -> None:
    """Has all that waits for an endpoint wait until then: it asked for a pause, not only for this one."""
    waiting = update(_delivery).where(_delivery.c.endpoint_id == endpoint_id, _delivery.c.due_at < until, _WAITS)
    await session.execute(waiting.values(due_at=until))


def _note_health(endpoint: WebhookEndpoint, attempts: Sequence[Attempt], now: datetime) -> None:
    if any(attempt.went_well for attempt in attempts):
        endpoint.failing_since = None
    elif attempts and endpoint.failing_since is None:
        endpoint.failing_since = now
    if endpoint.disabled_at is not None:
        return
    if any(attempt.is_gone for attempt in attempts):
        endpoint.disabled_at, endpoint.disabled_why = now, "gone"
    elif attempts and is_to_be_switched_off(endpoint.failing_since, now):
        endpoint.disabled_at, endpoint.disabled_why = now, "failures"
