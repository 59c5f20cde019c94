"""Claims due messages for sending: the gate's answer and the state `sending` in one short transaction. Never sends.

Locks the contact before the message, as an opt-out does: of the two the first to lock is seen by the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy import Sequence as DatabaseSequence
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from crm.contacts.models import Contact
from outreach.accounts import rates as rates_of
from outreach.decisions import FrequencyClass
from outreach.gatekeeper import Gatekeeper, Verdict, put_off, split_verdicts, turn_down
from outreach.models import GateDecision, OutboxMessage
from outreach.rule_pack import MessageClass
from outreach.trail import Happened, record_all

_DUE = ("planned", "deferred")
_FENCE = DatabaseSequence("outbox_fence")
_SUSPECTED = 2
"""Deaths of senders before a message's turn, from which on it may be their cause."""
_SUSPECTS = 7_274_042  # a number nobody else uses for an advisory lock


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in `sending`. Only who holds its `fence` may write what came of it."""

    id: UUID
    contact_id: UUID
    conversation_id: UUID | None
    journey: str | None
    step: str | None
    channel: str
    purpose: str
    message_class: MessageClass
    subject: str | None
    text: str
    due_at: datetime
    created_at: datetime
    attempts: int
    fence: int
    message_id: UUID | None
    content: dict[str, Any] | None
    account_id: UUID | None
    contact_point_id: UUID | None
    frequency_class: FrequencyClass
    crashes: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim came to. `looked_at` is 0 when nothing is due any more."""

    looked_at: int
    messages: tuple[Claimed, ...] = ()
    deferred: int = 0
    skipped: int = 0


_COLUMNS = (
    OutboxMessage.id,
    OutboxMessage.contact_id,
    OutboxMessage.conversation_id,
    OutboxMessage.journey,
    OutboxMessage.step,
    OutboxMessage.channel,
    OutboxMessage.purpose,
    OutboxMessage.message_class,
    OutboxMessage.subject,
    OutboxMessage.text,
    OutboxMessage.due_at,
    OutboxMessage.created_at,
    OutboxMessage.attempts,
    OutboxMessage.fence,
    OutboxMessage.message_id,
    OutboxMessage.content,
    OutboxMessage.account_id,
    OutboxMessage.contact_point_id,
    OutboxMessage.frequency_class,
    OutboxMessage.crashes,
)


async def claim_due(session: AsyncSession, gatekeeper: Gatekeeper, now: datetime, *, limit: int) -> Claim:
    """Claims up to `limit` due messages of different contacts; commit before anything is sent."""
    rows = await _suspects_apart(session, await _lock(session, now, limit))
    if not rows:
        return Claim(0)
    queued = [_claimed(row) for row in rows]
    verdicts = await gatekeeper.ask(session, queued, "claim", now)
    await gatekeeper.store(session, verdicts.values())
    allowed, deferred, denied = split_verdicts(verdicts.values())
    await put_off(session, deferred, now)
    await refuse(session, denied, queued, now)
    allowed = await _far_enough_apart(session, gatekeeper, allowed, queued, now)
    allowed = await _within_rates(session, gatekeeper, allowed, queued, now)
    claimed = await _start_sending(session, allowed, now)
    return Claim(len(rows), claimed, len(deferred), len(denied))


async def _suspects_apart(session: AsyncSession, rows: Sequence[Any]) -> Sequence[Any]:
    """Without those whose senders died again and again before their turn; or one of these, alone, if it is the first.

    Of messages that were claimed together one may be what senders die of: the others must not be put aside with it.
    So not more than one that is suspected waits for its turn at a time, in all processes.
    """
    good = [row for row in rows if row.crashes < _SUSPECTED]
    if len(good) == len(rows) or rows[0].crashes < _SUSPECTED:
        return good
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(_SUSPECTS))):
        return good
    in_hand = select(OutboxMessage.id).where(
        OutboxMessage.state == "sending", OutboxMessage.unbegun, OutboxMessage.crashes >= _SUSPECTED
    )
    return good if await session.scalar(select(in_hand.exists())) else rows[:1]


async def _far_enough_apart(
    session: AsyncSession, gatekeeper: Gatekeeper, allowed: Sequence[Verdict], queued: Sequence[Claimed], now: datetime
) -> list[Verdict]:
    """Those whose person got the last message of the channel long enough ago, where its account keeps them apart.

    The others are due when that time has passed. Who holds the contact's row, as here, is alone in sending to them.
    """
    messages = {message.id: message for message in queued}
    apart: dict[UUID, timedelta] = {}
    for verdict in allowed:
        message = messages[verdict.outbox_id]
        account = gatekeeper.account_of(message.channel, message.account_id)
        if account is not None and account.apart is not None:
            apart[verdict.outbox_id] = account.apart
    if not apart:
        return list(allowed)
    rows = await session.execute(
        select(OutboxMessage.contact_id, OutboxMessage.channel, func.max(OutboxMessage.claimed_at))
        .where(
            OutboxMessage.contact_id.in_([messages[outbox_id].contact_id for outbox_id in apart]),
            OutboxMessage.claimed_at > now - max(apart.values()),
        )
        .group_by(OutboxMessage.contact_id, OutboxMessage.channel)
    )
    last = {(contact_id, channel): claimed_at for contact_id, channel, claimed_at in rows}
    free: list[Verdict] = []
    for verdict in allowed:
        message = messages[verdict.outbox_id]
        claimed_at = last.get((message.contact_id, message.channel))
        if claimed_at is None or claimed_at + apart.get(message.id, timedelta(0)) <= now:
            free.append(verdict)
        else:
            await _put_off_to(session, message.id, claimed_at + apart[message.id], now)
    return free


async def _put_off_to(session: AsyncSession, outbox_id: UUID, due_at: datetime, now: datetime) -> None:
    """Waiting for an account or a pace is no decision of the gate: the message stays as it was, due later."""
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == outbox_id)
        .values(due_at=due_at, updated_at=now)
        .execution_options(synchronize_session=False)
    )


async def _within_rates(
    session: AsyncSession, gatekeeper: Gatekeeper, allowed: Sequence[Verdict], queued: Sequence[Claimed], now: datetime
) -> list[Verdict]:
    """Those that their accounts may send now; the others are due when that may send again, and keep their place."""
    messages = {message.id: message for message in queued}
    by_account: dict[UUID, list[Verdict]] = defaultdict(list)
    free: list[Verdict] = []
    rates: dict[UUID, float] = {}
    for verdict in allowed:
        message = messages[verdict.outbox_id]
        account = gatekeeper.account_of(message.channel, message.account_id)
        if account is None:
            free.append(verdict)
            continue
        by_account[account.id].append(verdict)
        if account.per_second is not None:
            rates[account.id] = account.per_second
    granted = await rates_of.take(session, {one: len(some) for one, some in by_account.items()}, rates, now)
    for account_id, verdicts in by_account.items():
        count = granted[account_id].count
        free += verdicts[:count]
        apart = timedelta(seconds=1 / rates[account_id]) if account_id in rates else timedelta(0)
        for place, verdict in enumerate(verdicts[count:]):
            # One behind the other, so that those that wait are not all looked at again for each that may go.
            await _put_off_to(session, verdict.outbox_id, granted[account_id].next_at + place * apart, now)
    return free


async def refuse(session: AsyncSession, denied: Sequence[Verdict], queued: Sequence[Claimed], now: datetime) -> None:
    """Ends messages the gate denied and says so in their contacts' timelines."""
    await turn_down(session, denied, now)
    reasons = {verdict.outbox_id: verdict.decision for verdict in denied}
    events = [
        refusal_of(message, reasons[message.id].rule, reasons[message.id].reason)
        for message in queued
        if message.id in reasons
    ]
    await record_all(session, events, now)


def refusal_of(message: Claimed, rule: str, reason: str) -> Happened:
    """The event that a message did not go out."""
    data = {**about(message), "rule": rule, "reason": reason}
    return Happened("message_refused", message.contact_id, message.conversation_id, data)


def about(message: Claimed) -> dict[str, Any]:
    """A message as timeline events name it."""
    named = {
        "outbox_id": str(message.id),
        "channel": message.channel,
        "journey": message.journey,
        "step": message.step,
    }
    return {name: value for name, value in named.items() if value is not None}


async def _lock(session: AsyncSession, now: datetime, limit: int) -> Sequence[Any]:
    """Due messages, locked with their contacts: what is said in a talk first, for somebody waits for it."""
    said = await _lock_some(session, now, limit, OutboxMessage.message_id.is_not(None))
    if len(said) == limit:
        return said
    held = [row.contact_id for row in said]
    rest = (OutboxMessage.message_id.is_(None), OutboxMessage.contact_id.not_in(held))
    return [*said, *await _lock_some(session, now, limit - len(said), *rest)]


async def _lock_some(session: AsyncSession, now: datetime, limit: int, *which: ColumnElement[bool]) -> Sequence[Any]:
    earlier = aliased(OutboxMessage)
    # What is said in a talk leaves in its order: nothing overtakes a part that is still on its way or waits its turn.
    overtakes = select(earlier.id).where(
        earlier.conversation_id == OutboxMessage.conversation_id,
        earlier.message_id.is_not(None),
        earlier.state.in_((*_DUE, "sending")),
        earlier.id < OutboxMessage.id,
    )
    due = (
        OutboxMessage.state.in_(_DUE),
        OutboxMessage.due_at <= now,
        or_(OutboxMessage.message_id.is_(None), ~overtakes.exists()),
        *which,
    )
    # Contacts that somebody else holds (an opt-out, another claim) are passed over; their turn comes.
    candidates = await session.execute(
        select(OutboxMessage.id, OutboxMessage.contact_id)
        .join(Contact, Contact.id == OutboxMessage.contact_id)
        .where(*due)
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(limit)
        .with_for_update(of=Contact, key_share=True, skip_locked=True)
    )
    # One message a contact at a time, so that the cap of the second counts the first.
    first = {contact_id: outbox_id for outbox_id, contact_id in reversed(candidates.all())}
    if not first:
        return []
    # Read again under the locks: only who holds the contact changes a waiting message.
    rows = await session.execute(
        select(*_COLUMNS)
        .where(OutboxMessage.id.in_(first.values()), *due)
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .with_for_update(of=OutboxMessage)
    )
    return rows.all()


async def _start_sending(session: AsyncSession, allowed: Sequence[Verdict], now: datetime) -> tuple[Claimed, ...]:
    if not allowed:
        return ()
    started = await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == GateDecision.outbox_id, GateDecision.id.in_([verdict.id for verdict in allowed]))
        .values(
            state="sending",
            attempts=OutboxMessage.attempts + 1,
            fence=_FENCE.next_value(),
            claimed_at=now,
            unbegun=True,
            gate_decision_id=GateDecision.id,
            reason_rule=None,
            reason=None,
            deferred_until=None,
            updated_at=now,
        )
        .returning(*_COLUMNS)
        .execution_options(synchronize_session=False)
    )
    return tuple(_claimed(row) for row in started)


def _claimed(row: Any) -> Claimed:
    return Claimed(*row)
