"""Writes what came of a send, only while the sender still holds the message's fence. Sends nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from crm.consent.suppression import suppress
from crm.contacts.addresses import ADDRESS_KINDS
from outreach.claiming import Claimed, about, refusal_of
from outreach.models import OutboxMessage
from outreach.ports import Accepted, SendOutcome
from outreach.retry_rules import Settled, settle, settle_interrupted
from outreach.trail import Happened, record_all

_log = structlog.get_logger(__name__)

_SWEEP = 500


async def write_outcome(session: AsyncSession, message: Claimed, outcome: SendOutcome, now: datetime) -> bool:
    """Stores the outcome and tells the timeline.

    Returns:
        False when the message is no longer this sender's: it was swept up meanwhile, and nothing is changed.
    """
    settled = settle(outcome, message.message_class, message.attempts)
    # A message given up as unknown may still turn out to have been accepted.
    open_states = ("sending", "unknown") if isinstance(outcome, Accepted) else ("sending",)
    values: dict[str, object] = _values_of(settled, now)
    if isinstance(outcome, Accepted):
        values["provider_id"] = outcome.provider_id
    written = await session.scalar(
        update(OutboxMessage)
        .where(
            OutboxMessage.id == message.id,
            OutboxMessage.fence == message.fence,
            OutboxMessage.state.in_(open_states),
        )
        .values(**values)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    if written is None:
        _log.warning("outcome_came_too_late", outbox_id=str(message.id), outcome=type(outcome).__name__)
        return False
    # What is said in a talk stands in the talk; the timeline tells of it only when it did not go out.
    if settled.state == "accepted" and message.message_id is None:
        sent = Happened("message_sent", message.contact_id, message.conversation_id, about(message))
        await record_all(session, [sent], now)
    elif settled.state == "failed":
        await record_all(session, [refusal_of(message, settled.rule or "", settled.reason or "")], now)
    return True


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
        select(OutboxMessage.id, OutboxMessage.message_class, OutboxMessage.attempts)
        .where(OutboxMessage.state == "sending", OutboxMessage.claimed_at < now - older_than)
        .order_by(OutboxMessage.claimed_at)
        .limit(_SWEEP)
        .with_for_update(skip_locked=True)
    )
    groups: dict[Settled, list[UUID]] = defaultdict(list)
    message_class: Any
    for outbox_id, message_class, attempts in stuck:
        groups[settle_interrupted(message_class, attempts)].append(outbox_id)
    for settled, ids in groups.items():
        await _settle_all(session, settled, ids, now)
    return sum(map(len, groups.values()))


async def _settle_all(session: AsyncSession, settled: Settled, ids: Sequence[UUID], now: datetime) -> None:
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(ids))
        .values(**_values_of(settled, now))
        .execution_options(synchronize_session=False)
    )
    event = "outbox_quarantined" if settled.rule == "quarantined" else "sends_interrupted"
    _log.error(event, outbox_ids=[str(one) for one in ids], state=settled.state)


def _values_of(settled: Settled, now: datetime) -> dict[str, object]:
    values: dict[str, object] = {
        "state": settled.state,
        "reason_rule": settled.rule,
        "reason": settled.reason,
        "updated_at": now,
    }
    if settled.wait is not None:
        values["due_at"] = now + settled.wait
    return values
