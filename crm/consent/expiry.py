"""Writes down that consents ran out. The fold counts them as expired anyway: this makes the ledger say it, in sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from base.tables import table_of
from crm.consent.ledger import ConsentFact, follow_up, lock_ledger, record_consent_events
from crm.consent.models import ConsentEvent
from crm.consent.principals import holder_of, is_principal_of
from crm.consent.rules import ALL, GRANTING, MAIN_BRAND

MOST_AT_ONCE = 500
_METHOD = "validity"


async def expire_due(session: AsyncSession, now: datetime, *, limit: int = MOST_AT_ONCE) -> int:
    """Records `expired` for consents whose time has run out; returns how many, 0 when there are none left."""
    found = await _find_run_out(session, now, limit)
    if not found:
        return 0
    contact_ids = {event.principal_ref for event in found}
    await lock_ledger(session, *contact_ids)
    # Read again under the locks: somebody may have agreed anew meanwhile.
    run_out = await _find_run_out(session, now, limit, only=contact_ids)
    await record_consent_events(session, [_expired(event) for event in run_out], now)
    return len(run_out) or len(found)


async def _find_run_out(
    session: AsyncSession, now: datetime, limit: int, *, only: set[UUID] | None = None
) -> Sequence[ConsentEvent]:
    """Consents that stand by their last event and whose time is over."""
    statement = select(ConsentEvent).where(
        ConsentEvent.valid_until <= now, ConsentEvent.event.in_(GRANTING), ~_settled_later().exists()
    )
    if only is not None:
        statement = statement.where(ConsentEvent.principal_ref.in_(only))
    ordered = statement.order_by(ConsentEvent.valid_until, ConsentEvent.seq).limit(limit)
    return (await session.scalars(ordered)).all()


def _settled_later() -> Any:
    """An event behind a consent that decides about its scope: as `rules.fold` reads it, in SQL."""
    later, ledger = aliased(ConsentEvent), table_of(ConsentEvent)
    own_brand = func.coalesce(ConsentEvent.brand, MAIN_BRAND)
    again: ColumnElement[bool] = and_(
        later.event.in_(GRANTING),
        later.purpose == ConsentEvent.purpose,
        later.channel == ConsentEvent.channel,
        func.coalesce(later.brand, MAIN_BRAND) == own_brand,
    )
    ended: ColumnElement[bool] = and_(
        later.event.in_(("refused", "withdrawn", "expired", "superseded")),
        or_(later.purpose == ConsentEvent.purpose, later.purpose == ALL),
        or_(later.channel == ConsentEvent.channel, later.channel == ALL),
        or_(later.brand.is_(None), later.brand == ALL, later.brand == own_brand),
    )
    return select(later.seq).where(
        is_principal_of(later.principal_ref, holder_of(ledger.c.principal_ref), outside=ledger),
        later.seq > ConsentEvent.seq,
        or_(again, ended),
    )


def _expired(event: ConsentEvent) -> ConsentFact:
    assert event.valid_until is not None
    expired = follow_up(
        event,
        "expired",
        method=_METHOD,
        actor="system",
        effective_at=event.valid_until,
        evidence={"id": str(event.id)},
    )
    return replace(expired, lawful_basis=event.lawful_basis, brand=event.brand or MAIN_BRAND)
