"""Asks the gate about messages in the database, stores its answers and turns down what it refuses. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import case, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock, SystemClock
from base.encryption import KeyRing
from base.ids import new_id
from base.metrics import count_gate_answer
from base.row_sets import insert_rows, rows_of
from base.tables import table_of
from outreach.accounts.book import AccountBook
from outreach.accounts.service import Account
from outreach.decisions import Allow, Decision, Defer, Deny, Snapshot
from outreach.gate import may_send
from outreach.jurisdictions.rules import places_of
from outreach.models import GateDecision, OutboxMessage
from outreach.ports import Sender
from outreach.prices import PriceList, read_prices
from outreach.rule_pack import RulePack
from outreach.snapshots import Queued, take_snapshots

Stage = Literal["plan", "claim", "wire"]


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
    `machine` is this machine's clock, which has to agree with the database's.
    """

    pack: RulePack
    senders: Mapping[str, Sender]
    default_zones: tuple[str, ...]
    accounts: AccountBook | None = None
    keys: KeyRing | None = None
    machine: Clock = field(default_factory=SystemClock)
    prices: PriceList = field(default_factory=read_prices)

    def account_of(self, channel: str, account_id: UUID | None) -> Account | None:
        """The account a message leaves from, as of the last look; None where the channel has none."""
        return None if self.accounts is None else self.accounts.find(channel, account_id)

    async def ask(
        self, session: AsyncSession, queued: Sequence[Queued], stage: Stage, now: datetime
    ) -> dict[UUID, Verdict]:
        """An answer per message, by its id, from facts read now. Stores nothing."""
        snapshots = await take_snapshots(
            session,
            queued,
            now,
            senders=self.senders,
            default_zones=self.default_zones,
            keys=self.keys,
            machine=self.machine,
            remember=self.pack.remembered,
        )
        return {
            outbox_id: Verdict(new_id(), outbox_id, stage, may_send(snapshot, now, self.pack), snapshot, now)
            for outbox_id, snapshot in snapshots.items()
        }

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


def split_verdicts(verdicts: Iterable[Verdict]) -> tuple[list[Verdict], list[Verdict], list[Verdict]]:
    """The allowed, the deferred and the denied."""
    every = list(verdicts)
    return (
        [verdict for verdict in every if isinstance(verdict.decision, Allow)],
        [verdict for verdict in every if isinstance(verdict.decision, Defer)],
        [verdict for verdict in every if isinstance(verdict.decision, Deny)],
    )


async def put_off(session: AsyncSession, verdicts: Iterable[Verdict], now: datetime) -> None:
    """Moves messages whose stored answer is `defer` to the moment it names; an attempt not made is not counted."""
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
        values["due_at"] = GateDecision.until
        values["attempts"] = OutboxMessage.attempts - case((OutboxMessage.state == "sending", 1), else_=0)
    statement = update(OutboxMessage).where(OutboxMessage.id == GateDecision.outbox_id, GateDecision.id.in_(ids))
    await session.execute(statement.values(**values).execution_options(synchronize_session=False))
