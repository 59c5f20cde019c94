"""`call`: rings somebody up, some times if need be, to speak a text or to lead a flow; goes on by what came of it.

A call is a message of the outbox on the channel `voice`: the gate judges it, the account paces it. What people say in
the call is read as everywhere: a stop or a wish for a person is an outcome. Rings nobody itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from base.nested_rows import one_of
from crm.timeline.models import TimelineEvent
from outreach.conversing import NO_REPLY, read_outcomes
from outreach.decisions import Deny
from outreach.drafting import draft_each, not_later, put_down, refusals_of
from outreach.gatekeeper import put_off, split_verdicts, turn_down
from outreach.models import OutboxMessage
from outreach.put_off import ONCE
from outreach.reach_out import UNCLAIMED, may_leave_yet, read_rows, withdraw
from outreach.reports import VOICEMAIL
from outreach.steps.ways import go_on
from outreach.walking import Group, Walker, Work

HEARD = "completed"
"""The outcome of whom the text was spoken to."""
_HEARD = frozenset({"delivered", "read"})
_RANG = frozenset({"delivered", "read", "undelivered"})
_UNDER_WAY = frozenset({"planned", "deferred", "sending", "accepted", "unknown"})
_LOOK_AFTER = timedelta(minutes=15)
"""How long after its moment a call is looked for; what became of it wakes us before."""


async def call(work: Work, group: Group) -> None:
    """Has newcomers rung up, and takes on those whose call is over."""
    rows = await read_rows(work, [walker for walker in group.walkers if walker.begun_at is not None])
    outcomes = await read_outcomes(work, group, {walker.id: walker.begun_at or work.now for walker in group.walkers})
    mailboxes = await _find_mailboxes(work, [row for own in rows.values() for row in own if row.state in _HEARD])
    heard: list[Walker] = []
    ringing: list[Walker] = []
    for walker in group.walkers:
        own = rows.get(walker.id, [])
        stands = _stands(group, walker, own, mailboxes, work.now)
        if walker.begun_at is not None and walker.id in outcomes:
            _go(group, walker, outcomes[walker.id], heard)
        elif stands == "ring":
            ringing.append(walker)
        elif stands == "listen":
            _wait(group, walker, work.now + timedelta(seconds=group.step.seconds), work.now)
        elif stands == "wait":
            under_way = max(row.due_at for row in own if row.state in _UNDER_WAY)
            wait = walker.wait if any(map(may_leave_yet, own)) else partial(_wait, group, walker)
            wait(max(under_way, work.now) + _LOOK_AFTER, work.now)
        elif stands == "unreached":
            walker.go(group.step.unreached)
        else:
            _go(group, walker, stands, heard)
    over = {walker.id for walker in group.walkers if walker.step != group.name} | {walker.id for walker in heard}
    left = [row.id for one in over for row in rows.get(one, []) if row.state in UNCLAIMED]
    await withdraw(work, left)
    if ringing:
        await _ring(work, group.of(ringing), rows)
    if heard:
        await go_on(work, group.of(heard))


def _stands(group: Group, walker: Walker, rows: Sequence[Any], mailboxes: Collection[UUID], now: datetime) -> str:
    """What follows from the calls so far: `ring`, `wait`, `unreached`, or the outcome `completed` or `no_reply`.

    `listen`: the call is over, and it may still be told how its flow ended.
    """
    if walker.begun_at is None:
        return "ring"
    heard = any(row.state in _HEARD and row.id not in mailboxes for row in rows)
    if heard and group.step.flow is None:
        return HEARD
    if walker.begun_at + timedelta(seconds=group.step.seconds) <= now and not any(map(may_leave_yet, rows)):
        return NO_REPLY
    if heard:
        return "listen"
    if any(row.state in _UNDER_WAY for row in rows):
        return "wait"
    again = "ring" if len(rows) < group.step.attempts else NO_REPLY
    return again if any(row.state in _RANG for row in rows) else "unreached"


def _go(group: Group, walker: Walker, outcome: str, others: list[Walker]) -> None:
    to = group.step.ways.get(outcome)
    if to is None:
        others.append(walker)
    else:
        walker.go(to)


def _wait(group: Group, walker: Walker, until: datetime, now: datetime) -> None:
    """Not longer than the patience lasts."""
    latest = (walker.begun_at or walker.at) + timedelta(seconds=group.step.seconds)
    walker.wait(max(min(until, latest), now + timedelta(seconds=1)), now)


async def _ring(work: Work, group: Group, rows: Mapping[UUID, Sequence[Any]]) -> None:
    """The first call at once, each further one so long after the last as the step says."""
    session, gatekeeper = work.session, work.gatekeeper
    apart = timedelta(seconds=group.step.apart_seconds or 0)
    drafts = {}
    for (draft,) in await draft_each(work, group):
        made = len(rows.get(draft.enrolment_id, []))
        due_at = work.now + apart if made else work.now
        drafts[draft.enrolment_id] = replace(draft, occurrence=f"{draft.occurrence}:{made + 1}", due_at=due_at)
    verdicts = await gatekeeper.ask(session, list(drafts.values()), "plan", work.now)
    if group.definition.quiet_hours == "skip":
        verdicts = {outbox_id: not_later(verdict) for outbox_id, verdict in verdicts.items()}
    added = await put_down(session, list(drafts.values()))
    answers = [verdict for outbox_id, verdict in verdicts.items() if outbox_id in added]
    await gatekeeper.store(session, answers)
    allowed, deferred, denied = split_verdicts(answers)
    first = {draft.id for draft in drafts.values() if draft.due_at == work.now}
    await put_off(session, [verdict for verdict in deferred if verdict.outbox_id in first], work.now)
    await turn_down(session, denied, work.now)
    await _mark(work, group, added)
    work.events += refusals_of(list(drafts.values()), denied)
    work.messages += len(allowed) + len(deferred)
    for walker in group.walkers:
        draft_of = drafts.get(walker.id)
        decision = None if draft_of is None else verdicts[draft_of.id].decision
        if draft_of is None or isinstance(decision, Deny):
            rang = any(row.state in _RANG for row in rows.get(walker.id, []))
            walker.go(group.step.ways.get(NO_REPLY, group.step.unreached) if rang else group.step.unreached)
        else:
            _wait(group, walker, draft_of.due_at + _LOOK_AFTER, work.now)


async def _mark(work: Work, group: Group, outbox_ids: set[UUID]) -> None:
    """Says in the calls which flow they are for, and that a busy line is only rung up again by the step."""
    content = {ONCE: True} | ({} if group.step.flow is None else {"flow": group.step.flow})
    if outbox_ids:
        await work.session.execute(
            update(OutboxMessage)
            .where(one_of(OutboxMessage.id, outbox_ids))
            .values(content=literal(content, JSONB()))
            .execution_options(synchronize_session=False)
        )


async def _find_mailboxes(work: Work, rows: Sequence[Any]) -> set[UUID]:
    """The calls that a mailbox took."""
    if not rows:
        return set()
    found = await work.session.scalars(
        select(TimelineEvent.data["outbox_id"].astext).where(
            one_of(TimelineEvent.contact_id, [row.contact_id for row in rows]),
            TimelineEvent.kind == "message_delivered",
            TimelineEvent.data["rule"].astext == VOICEMAIL,
        )
    )
    return {UUID(one) for one in found if one is not None}
