"""How fast an account sends: token buckets in the database, shared by all workers. Claims and sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from outreach.accounts.models import SendBucket


@dataclass(frozen=True, slots=True)
class Granted:
    """How many messages may go now, and when the next one may."""

    count: int
    next_at: datetime


def fill(tokens: float, filled_at: datetime, now: datetime, per_second: float) -> float:
    """What a bucket holds now. It holds one second's worth, at least one message (token bucket, RFC 2697's terms)."""
    gained = max((now - filled_at).total_seconds(), 0.0) * per_second
    return min(tokens + gained, max(per_second, 1.0))


async def take(
    session: AsyncSession, wanted: Mapping[UUID, int], rates: Mapping[UUID, float], now: datetime
) -> dict[UUID, Granted]:
    """Takes tokens for so many messages an account; whoever asks at the same time waits for the row.

    Args:
        wanted: messages by account.
        rates: messages a second; an account that is absent has no limit of its own, but may be held.
    """
    ids = sorted(wanted)
    if not ids:
        return {}
    fresh = [{"account_id": one, "tokens": max(rates.get(one, 1.0), 1.0), "filled_at": now} for one in ids]
    await session.execute(insert(SendBucket).values(fresh).on_conflict_do_nothing())
    rows = await session.execute(
        select(SendBucket.account_id, SendBucket.tokens, SendBucket.filled_at, SendBucket.held_until)
        .where(SendBucket.account_id.in_(ids))
        .order_by(SendBucket.account_id)
        .with_for_update()
    )
    granted: dict[UUID, Granted] = {}
    for account_id, tokens, filled_at, held_until in rows.all():
        if held_until is not None and held_until > now:
            granted[account_id] = Granted(0, held_until)
            continue
        rate = rates.get(account_id)
        if rate is None:
            granted[account_id] = Granted(wanted[account_id], now)
            continue
        held = fill(tokens, filled_at, now, rate)
        count = min(wanted[account_id], int(held))
        left = held - count
        granted[account_id] = Granted(count, now + timedelta(seconds=max(1.0 - left, 0.0) / rate))
        await session.execute(
            update(SendBucket).where(SendBucket.account_id == account_id).values(tokens=left, filled_at=now)
        )
    return granted


async def hold(session: AsyncSession, account_id: UUID, until: datetime, now: datetime) -> None:
    """Sends nothing from the account before `until`: its provider asked for a pause (HTTP 429)."""
    row = {"account_id": account_id, "tokens": 0.0, "filled_at": now, "held_until": until}
    statement = insert(SendBucket).values(row)
    longer = {"held_until": until, "tokens": 0.0, "filled_at": now}
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id"],
            set_=longer,
            where=(SendBucket.held_until.is_(None)) | (SendBucket.held_until < until),
        )
    )
