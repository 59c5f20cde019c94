"""Asks the gate about messages in the database, stores its answers and turns down what it refuses. Sends nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import and_, case, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock, SystemClock
from base.encryption import KeyRing
from base.ids import new_id
from base.metrics import count_gate_answer
from base.row_sets import insert_rows, rows_of
from base.tables import table_of
from crm.places.numbers import find_destination
from outreach.accounts.book import AccountBook
from outreach.accounts.service import Account
from outreach.decisions import Allow, Decision, Defer, Deny, Snapshot
from outreach.gate import may_send
from outreach.jurisdictions.rules import places_of
from outreach.models import GateDecision, OutboxMessage
from outreach.number_rules import COST_CEILING
from outreach.ports import Sender
from outreach.prices import PriceList, read_prices
from outreach.rule_pack import RulePack
from outreach.snapshots import Fences, Queued, take_snapshots
from outreach.spending.rules import PAID, Ceiling, Spent
from outreach.spending.service import Bill, raise_alerts, raise_stopped, read_spent, spend, wait_for_the_purse

Stage = Literal["plan", "claim", "wire"]
ENDED_BY_AN_ACT = ("confirmation", "number_challenge")
"""Rules that put off until the person, or their browser, does something (`outreach.confirmed`)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer about one message, and what it was given."""

    id: UUID
    outbox_id: UUID
    stage: Stage
    decision: Decision
    snapshot: Snapshot
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """The gate with what it needs at hand: its limits, the channels there are, the operator's own time zones.

    `keys` open phone numbers, which tell where somebody may be; without them a number tells that this is unknown.
    `machine` is this machine's clock, which has to agree with the database's. `countries` are the only ones that texts
    and calls may go to, where any are named; `ceiling` is the most that they may cost.
    """

    pack: RulePack
    senders: Mapping[str, Sender]
    default_zones: tuple[str, ...]
    accounts: AccountBook | None = None
    keys: KeyRing | None = None
    machine: Clock = field(default_factory=SystemClock)
    prices: PriceList = field(default_factory=read_prices)
    countries: frozenset[str] | None = None
    ceiling: Ceiling = field(default_factory=Ceiling)

    def account_of(self, channel: str, account_id: UUID | None) -> Account | None:
        """The account a message leaves from, as of the last look; None where the channel has none."""
        return None if self.accounts is None else self.accounts.find(channel, account_id)

    async def ask(
        self, session: AsyncSession, queued: Sequence[Queued], stage: Stage, now: datetime
    ) -> dict[UUID, Verdict]:
        """An answer per message, by its id, from facts read now. Stores none of them.

        Before the wire whoever asks about what costs money is alone in that up to the end of the transaction, in which
        it is to `charge` what it lets go.
        """
        spent = await self._read_spent(session, queued, stage, now)
        snapshots = await take_snapshots(
            session,
            queued,
            now,
            senders=self.senders,
            default_zones=self.default_zones,
            keys=self.keys,
            machine=self.machine,
            remember=self.pack.remembered,
            fences=Fences(self.countries, self.prices, spent),
        )
        verdicts = {
            outbox_id: Verdict(new_id(), outbox_id, stage, may_send(snapshot, now, self.pack), snapshot, now)
            for outbox_id, snapshot in snapshots.items()
        }
        if spent is not None:
            verdicts = self._one_after_the_other(verdicts, now)
            if stage != "plan":
                await _tell_of_refusals(session, verdicts.values(), now)
        return verdicts

    async def _read_spent(
        self, session: AsyncSession, queued: Sequence[Queued], stage: Stage, now: datetime
    ) -> Spent | None:
        """What was spent, where there is a ceiling and something asked about costs anything."""
        if not self.ceiling or not any(message.channel in PAID for message in queued):
            return None
        if stage == "wire":
            await wait_for_the_purse(session)
        return await read_spent(session, self.ceiling, self.prices.currency, now)

    def _one_after_the_other(self, verdicts: Mapping[UUID, Verdict], now: datetime) -> dict[UUID, Verdict]:
        """The same where each of those that may go leaves less for the next."""
        told: dict[UUID, Verdict] = {}
        gone = 0.0
        for outbox_id, verdict in verdicts.items():
            snapshot, answer = verdict.snapshot, verdict
            if isinstance(verdict.decision, Allow) and snapshot.spent is not None and gone:
                snapshot = replace(snapshot, spent=snapshot.spent.plus(gone))
                answer = replace(verdict, decision=may_send(snapshot, now, self.pack), snapshot=snapshot)
            if isinstance(answer.decision, Allow):
                gone += snapshot.cost
            told[outbox_id] = answer
        return told

    async def charge(self, session: AsyncSession, allowed: Sequence[Verdict], now: datetime) -> None:
        """Counts what is let go as spent; in the transaction that asked about it."""
        bills = _bills((verdict.snapshot.channel, verdict.snapshot.cost) for verdict in allowed)
        await spend(session, bills, now)
        if self.ceiling and bills:
            await raise_alerts(session, await read_spent(session, self.ceiling, self.prices.currency, now), now)

    def bill(self, messages: Iterable[tuple[str, str, str | None]]) -> dict[str, Bill]:
        """What messages were charged with, by channel.

        Args:
            messages: the channel, the text and the number of each.
        """
        return _bills(
            (channel, self.prices.charge_of(channel, text, find_destination(address).country))
            for channel, text, address in messages
            if channel in PAID and address is not None
        )

    async def store(self, session: AsyncSession, verdicts: Iterable[Verdict]) -> None:
        """Keeps answers for good; their messages must be in the outbox."""
        kept = list(verdicts)
        if kept:
            await session.execute(_KEEP, rows_of([self._row(verdict) for verdict in kept]))
        for verdict in kept:
            count_gate_answer(verdict.stage, verdict.decision.answer, verdict.decision.rule)

    def _row(self, verdict: Verdict) -> dict[str, object]:
        decision = verdict.decision
        return {
            "id": verdict.id,
            "outbox_id": verdict.outbox_id,
            "stage": verdict.stage,
            "answer": decision.answer,
            "rule": decision.rule,
            "reason": decision.reason,
            "until": decision.until if isinstance(decision, Defer) else None,
            "pack_version": self.pack.version,
            "inputs": {**verdict.snapshot.as_inputs(), "places": list(self._places(verdict))},
            "decided_at": verdict.decided_at,
        }

    def _places(self, verdict: Verdict) -> tuple[str, ...]:
        return places_of(self.pack.law, verdict.snapshot.countries, verdict.snapshot.states)


_KEEP = insert_rows(
    table_of(GateDecision),
    ("id", "outbox_id", "stage", "answer", "rule", "reason", "until", "pack_version", "inputs", "decided_at"),
)


def _bills(costs: Iterable[tuple[str, float]]) -> dict[str, Bill]:
    bills: dict[str, Bill] = defaultdict(Bill)
    for channel, cost in costs:
        if channel in PAID:
            bills[channel] += Bill(cost, 1)
    return bills


async def _tell_of_refusals(session: AsyncSession, verdicts: Iterable[Verdict], now: datetime) -> None:
    stopped: dict[str, Spent] = {}
    for verdict in verdicts:
        snapshot = verdict.snapshot
        if verdict.decision.rule == COST_CEILING and snapshot.spent is not None:
            broken = snapshot.spent.find_broken(snapshot.cost, reserved=False)
            if broken is not None:
                stopped.setdefault(broken, snapshot.spent)
    for broken, spent in stopped.items():
        await raise_stopped(session, broken, spent, now)


def split_verdicts(verdicts: Iterable[Verdict]) -> tuple[list[Verdict], list[Verdict], list[Verdict]]:
    """The allowed, the deferred and the denied."""
    every = list(verdicts)
    return (
        [verdict for verdict in every if isinstance(verdict.decision, Allow)],
        [verdict for verdict in every if isinstance(verdict.decision, Defer)],
        [verdict for verdict in every if isinstance(verdict.decision, Deny)],
    )


async def put_off(session: AsyncSession, verdicts: Iterable[Verdict], now: datetime) -> None:
    """Moves messages whose stored answer is `defer` to the moment it names; an attempt not made is not counted.

    What waits for an act of the person is asked about again at once, by who holds the contact as that act does: whoever
    plans does not, and it may have been done meanwhile.
    """
    await _apply(session, verdicts, now, state="deferred")


async def turn_down(session: AsyncSession, verdicts: Iterable[Verdict], now: datetime) -> None:
    """Ends messages whose stored answer is `deny`, with the rule and the reason."""
    await _apply(session, verdicts, now, state="skipped")


async def _apply(session: AsyncSession, verdicts: Iterable[Verdict], now: datetime, *, state: str) -> None:
    ids = [verdict.id for verdict in verdicts]
    if not ids:
        return
    values: dict[str, object] = {
        "state": state,
        "gate_decision_id": GateDecision.id,
        "reason_rule": GateDecision.rule,
        "reason": GateDecision.reason,
        "deferred_until": GateDecision.until,
        "unbegun": False,
        "updated_at": now,
    }
    if state == "deferred":
        unseen = and_(GateDecision.stage == "plan", GateDecision.rule.in_(ENDED_BY_AN_ACT))
        values["due_at"] = case((unseen, now), else_=GateDecision.until)
        values["attempts"] = OutboxMessage.attempts - case((OutboxMessage.state == "sending", 1), else_=0)
    statement = update(OutboxMessage).where(OutboxMessage.id == GateDecision.outbox_id, GateDecision.id.in_(ids))
    await session.execute(statement.values(**values).execution_options(synchronize_session=False))
