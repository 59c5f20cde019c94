"""`reach_out`: one message where and when it has the best chance, until it has left or its deadline is over.

Each channel is put to the gate for its earliest lawful moment; what is possible is weighed (`chances`). Every channel
that is left out is kept in the outbox with the reason. Sends nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, Text, Uuid, select, update

from base.nested_rows import one_of
from base.row_sets import given_rows, rows_of
from base.tables import table_of
from outreach.chances import Habit, LeftOut, Option, choose, find_moment, is_unconfirmed
from outreach.decisions import Deny
from outreach.drafting import Draft, draft_each, not_later, put_down, refusals_of
from outreach.gatekeeper import ENDED_BY_AN_ACT, Verdict, turn_down
from outreach.habits import read_habits
from outreach.models import OutboxMessage
from outreach.quarantine import NAME as QUARANTINE
from outreach.steps.ways import go_on
from outreach.walking import Group, Walker, Work

_LOOK_AFTER = timedelta(minutes=1)
"""How long after its moment a message is looked for; what became of it wakes us before."""
_LEFT = frozenset({"accepted", "delivered", "read", "unknown"})
_WAITING = frozenset({"planned", "deferred", "sending"})
UNCLAIMED = ("planned", "deferred")
_OF_OURS = frozenset({"deadline", "too_dear", "not_chosen"})
"""Rules of the planner: a channel it left out may be taken later."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is decided about one walker: the message that is to leave, if any, and the channels that are not used."""

    walker: Walker
    chosen: Draft | None
    moment: datetime
    denied: Sequence[Draft]
    left_out: Sequence[tuple[Draft, LeftOut]]

    @property
    def drafts(self) -> Iterator[Draft]:
        if self.chosen is not None:
            yield self.chosen
        yield from self.denied
        yield from (draft for draft, _ in self.left_out)


async def reach_out(work: Work, group: Group) -> None:
    """Plans for newcomers and for those whose message did not leave; who was reached goes on."""
    rows = await read_rows(work, [walker for walker in group.walkers if walker.begun_at is not None])
    reached: list[Walker] = []
    open_: list[Walker] = []
    late: list[UUID] = []
    for walker in group.walkers:
        own = rows.get(walker.id, [])
        waiting = next((row for row in own if row.state in _WAITING), None)
        if any(row.state in _LEFT for row in own):
            reached.append(walker)
        elif waiting is None:
            open_.append(walker)
        elif may_leave_yet(waiting) or waiting.due_at <= _latest(group, walker):
            walker.wait(max(waiting.due_at, work.now) + _LOOK_AFTER, work.now)
        elif waiting.reason_rule in ENDED_BY_AN_ACT and work.now < _latest(group, walker):
            # What they may still do in time brings it forward.
            walker.wait(_latest(group, walker), work.now)
        else:
            late.append(waiting.id)
            walker.stay(work.now)  # looked at again at once, without the message
    await withdraw(work, late)
    if open_:
        await _plan(work, group.of(open_), rows)
    if reached:
        await go_on(work, group.of(reached))


def may_leave_yet(row: Any) -> bool:
    """Whether a message is in hand, or held back by a quarantine: its step is not over, however late it is."""
    return bool(row.state == "sending" or (row.state in UNCLAIMED and row.reason_rule == QUARANTINE))


def _latest(group: Group, walker: Walker) -> datetime:
    return (walker.begun_at or walker.at) + timedelta(seconds=group.step.seconds)


async def _plan(work: Work, group: Group, rows: Mapping[UUID, Sequence[Any]]) -> None:
    session, gatekeeper = work.session, work.gatekeeper
    drafts = {
        by_channel[0].enrolment_id: list(_fresh(by_channel, rows.get(by_channel[0].enrolment_id, [])))
        for by_channel in await draft_each(work, group)
    }
    verdicts = await gatekeeper.ask(session, [one for own in drafts.values() for one in own], "plan", work.now)
    if group.definition.quiet_hours == "skip":
        verdicts = {outbox_id: not_later(verdict) for outbox_id, verdict in verdicts.items()}
    zones, habits = await read_habits(work, group.contact_ids)
    weighing = _Weighing(work, group, verdicts, zones, habits)
    plans = [weighing.plan(walker, drafts.get(walker.id, [])) for walker in group.walkers]
    kept = [draft for plan in plans for draft in plan.drafts]
    added = await put_down(session, kept)
    await gatekeeper.store(session, [weighing.verdicts[draft.id] for draft in kept if draft.id in added])
    denied = [weighing.verdicts[draft.id] for plan in plans for draft in plan.denied if draft.id in added]
    await turn_down(session, denied, work.now)
    await _leave_out(work, [pair for plan in plans for pair in plan.left_out])
    work.events += refusals_of(kept, denied)
    for plan in plans:
        if plan.chosen is None:
            plan.walker.go(group.step.unreached)
        else:
            work.messages += 1
            plan.walker.wait(max(plan.moment, work.now) + _LOOK_AFTER, work.now)


@dataclass(frozen=True)
class _Weighing:
    """All that is known when it is decided; `verdicts` are brought up to the moment that was looked for."""

    work: Work
    group: Group
    verdicts: dict[UUID, Verdict]
    zones: Mapping[UUID, ZoneInfo]
    habits: Mapping[UUID, Mapping[str, Habit]]

    def plan(self, walker: Walker, drafts: Sequence[Draft]) -> _Plan:
        """Weighs the channels of one walker."""
        by_channel = {draft.channel: draft for draft in drafts}
        denied: list[Draft] = []
        left_out: list[LeftOut] = []
        options: list[Option] = []
        prices = self.work.gatekeeper.prices
        for place, draft in enumerate(drafts):
            habit = self.habits.get(walker.contact_id, {}).get(draft.channel, Habit())
            moment = self._moment(walker, draft, habit)
            if isinstance(moment, LeftOut):
                left_out.append(moment)
            elif moment is None:
                denied.append(draft)
            else:
                cost = prices.cost_of(draft.channel, draft.text)
                waits = is_unconfirmed(self.verdicts[draft.id].snapshot, self.work.now, self.work.gatekeeper.pack)
                options.append(Option(draft.channel, place, moment, habit.chance, cost, waits))
        best, others = choose(options, self.group.step.most_cost, prices.currency)
        return _Plan(
            walker,
            None if best is None else replace(by_channel[best.channel], due_at=best.at),
            self.work.now if best is None else best.at,
            denied,
            [(by_channel[one.channel], one) for one in (*left_out, *others)],
        )

    def _moment(self, walker: Walker, draft: Draft, habit: Habit) -> datetime | LeftOut | None:
        """When it may leave; None when the gate denies it."""
        verdict, latest = self.verdicts[draft.id], _latest(self.group, walker)
        if isinstance(verdict.decision, Deny):
            return None
        zone = self.zones.get(walker.contact_id, self.work.default_zone)
        pack = self.work.gatekeeper.pack
        if latest < self.work.now:
            return LeftOut(draft.channel, "deadline", "Its deadline was over before it could leave.")
        found = find_moment(verdict.snapshot, self.work.now, latest, pack, hour=habit.hour, zone=zone)
        if isinstance(found, datetime):
            return found
        if isinstance(found, Deny):
            self.verdicts[draft.id] = replace(verdict, decision=found)
            return None
        return LeftOut(draft.channel, "deadline", f"It could not leave before its deadline. {found.reason}")


def _fresh(by_channel: Sequence[Draft], rows: Sequence[Any]) -> Iterator[Draft]:
    """The channels that were not tried yet at this arrival, each as an intent of its own."""
    tried = {row.channel for row in rows if row.reason_rule not in _OF_OURS}
    for draft in by_channel:
        if draft.channel not in tried:
            before = sum(row.channel == draft.channel for row in rows)
            yield replace(draft, occurrence=f"{draft.occurrence}:{before + 1}") if before else draft


async def read_rows(work: Work, walkers: Sequence[Walker]) -> dict[UUID, list[Any]]:
    """What each has in the outbox of this arrival."""
    if not walkers:
        return {}
    found = select(
        OutboxMessage.id,
        OutboxMessage.enrolment_id,
        OutboxMessage.contact_id,
        OutboxMessage.occurrence,
        OutboxMessage.channel,
        OutboxMessage.state,
        OutboxMessage.due_at,
        OutboxMessage.reason_rule,
    ).where(
        # By the contact, for which there is an index.
        one_of(OutboxMessage.contact_id, [one.contact_id for one in walkers]),
        one_of(OutboxMessage.enrolment_id, [one.id for one in walkers]),
    )
    arrivals = {walker.id: f"{walker.occurrence}:" for walker in walkers}
    rows: dict[UUID, list[Any]] = defaultdict(list)
    for row in await work.session.execute(found):
        if row.occurrence.startswith(arrivals[row.enrolment_id]):
            rows[row.enrolment_id].append(row)
    return rows


async def _leave_out(work: Work, left_out: Sequence[tuple[Draft, LeftOut]]) -> None:
    if left_out:
        given = [
            {"id": draft.id, "rule": why.rule, "reason": why.reason, "updated_at": work.now} for draft, why in left_out
        ]
        await work.session.execute(_LEAVE_OUT, rows_of(given))


async def withdraw(work: Work, outbox_ids: Sequence[UUID]) -> None:
    """Takes back messages that could only leave after their step is over; one that is just being sent stays."""
    if not outbox_ids:
        return
    reason = "Its step was over before it could leave."
    await work.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(outbox_ids), OutboxMessage.state.in_(UNCLAIMED))
        .values(state="cancelled", reason_rule="late", reason=reason, updated_at=work.now)
        .execution_options(synchronize_session=False)
    )


def _leave_out_statement() -> Any:
    outbox = table_of(OutboxMessage)
    columns = {"id": Uuid(), "rule": Text(), "reason": Text(), "updated_at": DateTime(timezone=True)}
    given = given_rows(columns)
    return (
        update(outbox)
        .where(outbox.c.id == given.c.id, outbox.c.state == "planned")
        .values(state="skipped", reason_rule=given.c.rule, reason=given.c.reason, updated_at=given.c.updated_at)
    )


_LEAVE_OUT = _leave_out_statement()
