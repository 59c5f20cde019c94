"""Writes what came of a send, only while the sender still holds the message's fence. Sends nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Text,
    Update,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.row_sets import given_rows, rows_of
from base.tables import table_of
from crm.consent.suppression import suppress
from crm.contacts.addresses import ADDRESS_KINDS
from outreach.claiming import Claimed, about, refusal_of
from outreach.models import OutboxMessage
from outreach.ports import Accepted, SendOutcome
from outreach.retry_rules import Settled, settle, settle_interrupted, settle_unsent
from outreach.trail import Happened, record_all

_log = structlog.get_logger(__name__)

_MOMENT = DateTime(timezone=True)
_SWEEP = 500
LOOK_AFTER = timedelta(minutes=5)
"""After which a provider is asked for a message in doubt: its list may lag behind what it took."""


async def write_outcomes(
    session: AsyncSession, outcomes: Sequence[tuple[Claimed, SendOutcome]], now: datetime
) -> set[UUID]:
    """Stores what came of different messages, in one statement, and tells the timeline.

    Returns:
        The messages that were still their sender's; of one that was swept up meanwhile nothing is changed.
    """
    settled = [
        (message, outcome, settle(outcome, message.message_class, message.attempts)) for message, outcome in outcomes
    ]
    told = [_told(message, outcome, end, now) for message, outcome, end in settled]
    written = set(await session.scalars(_WRITE, {**rows_of(told), "at": now}))
    for message, outcome, _ in settled:
        if message.id not in written:
            _log.warning("outcome_came_too_late", outbox_id=str(message.id), outcome=type(outcome).__name__)
    await record_all(session, _events([(message, end) for message, _, end in settled if message.id in written]), now)
    return written


def _told(message: Claimed, outcome: SendOutcome, settled: Settled, now: datetime) -> dict[str, Any]:
    accepted = isinstance(outcome, Accepted)
    return {
        "id": message.id,
        "fence": message.fence,
        "state": settled.state,
        "accepted": accepted,
        "rule": settled.rule,
        "reason": settled.reason,
        "due_at": None if settled.wait is None else now + settled.wait,
        "look_at": now + LOOK_AFTER if settled.state == "unknown" else None,
        "provider_id": outcome.provider_id if isinstance(outcome, Accepted) else None,
    }


def _events(settled: Sequence[tuple[Claimed, Settled]]) -> Iterator[Happened]:
    for message, end in settled:
        # What is said in a talk stands in the talk; the timeline tells of it only when it did not go out.
        if end.state == "accepted" and message.message_id is None:
            yield Happened("message_sent", message.contact_id, message.conversation_id, about(message))
        elif end.state == "failed":
            yield refusal_of(message, end.rule or "", end.reason or "")


async def bury_address(
    session: AsyncSession, keys: KeyRing, channel: str, address: str, *, rule: str, now: datetime
) -> None:
    """Writes no more to an address behind which there is nobody, whoever it is said to belong to."""
    kind = ADDRESS_KINDS.get(channel)
    if kind is not None:
        await suppress(session, [keys.blind_index(address, kind=kind)], channel, rule, now)


async def sweep_interrupted(session: AsyncSession, now: datetime, *, older_than: timedelta) -> int:
    """Settles messages whose sender did not come back: it died, or lost the database.

    Returns:
        How many there were.
    """
    stuck = await session.execute(
        select(
            OutboxMessage.id,
            OutboxMessage.message_class,
            OutboxMessage.attempts,
            OutboxMessage.crashes,
            OutboxMessage.unbegun,
        )
        .where(
            OutboxMessage.state == "sending",
            OutboxMessage.claimed_at < now - older_than,
            func.coalesce(OutboxMessage.wired_at, OutboxMessage.claimed_at) < now - older_than,
        )
        .order_by(OutboxMessage.claimed_at)
        .limit(_SWEEP)
        .with_for_update(skip_locked=True)
    )
    groups: dict[Settled, list[UUID]] = defaultdict(list)
    for row in stuck:
        settled = settle_unsent(row.crashes + 1) if row.unbegun else settle_interrupted(row.message_class, row.attempts)
        groups[settled].append(row.id)
    for settled, ids in groups.items():
        await _settle_all(session, settled, ids, now)
    return sum(map(len, groups.values()))


async def give_back(session: AsyncSession, messages: Sequence[Claimed], now: datetime) -> int:
    """Plans again what was claimed and not begun, as it was before; returns how many were still the sender's."""
    mine = tuple_(OutboxMessage.id, OutboxMessage.fence).in_([(one.id, one.fence) for one in messages])
    back = await session.scalars(
        update(OutboxMessage)
        .where(mine, OutboxMessage.state == "sending", OutboxMessage.unbegun)
        .values(state="planned", unbegun=False, attempts=OutboxMessage.attempts - 1, updated_at=now)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(back.all())


async def _settle_all(session: AsyncSession, settled: Settled, ids: Sequence[UUID], now: datetime) -> None:
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(ids))
        .values(
            **_values_of(settled, now),
            crashes=OutboxMessage.crashes + 1,
            # What did not begin is no attempt.
            attempts=OutboxMessage.attempts - case((OutboxMessage.unbegun, 1), else_=0),
            unbegun=False,
        )
        .execution_options(synchronize_session=False)
    )
    event = "outbox_quarantined" if settled.rule == "quarantined" else "sends_interrupted"
    _log.error(event, outbox_ids=[str(one) for one in ids], state=settled.state)


def _build_write() -> Update:
    told = given_rows({
        "id": Uuid(), "fence": BigInteger(), "state": Text(), "accepted": Boolean(), "rule": Text(), "reason": Text(),
        "due_at": _MOMENT, "look_at": _MOMENT, "provider_id": Text(),
    })  # fmt: skip
    outbox = table_of(OutboxMessage)
    return (
        update(outbox)
        .where(
            outbox.c.id == told.c.id,
            outbox.c.fence == told.c.fence,
            # A message given up as unknown may still turn out to have been accepted.
            or_(outbox.c.state == "sending", and_(told.c.accepted, outbox.c.state == "unknown")),
        )
        .values(
            state=told.c.state,
            reason_rule=told.c.rule,
            reason=told.c.reason,
            due_at=func.coalesce(told.c.due_at, outbox.c.due_at),
            look_at=told.c.look_at,
            provider_id=func.coalesce(told.c.provider_id, outbox.c.provider_id),
            updated_at=bindparam("at", type_=_MOMENT),
        )
        .returning(outbox.c.id)
    )


_WRITE = _build_write()


def _values_of(settled: Settled, now: datetime) -> dict[str, object]:
    values: dict[str, object] = {
        "state": settled.state,
        "reason_rule": settled.rule,
        "reason": settled.reason,
        "updated_at": now,
    }
    if settled.wait is not None:
        values["due_at"] = now + settled.wait
    if settled.state == "unknown":
        values["look_at"] = now + LOOK_AFTER
    return values
