"""Why somebody got a message of a journey or did not: what was decided, in words, and totals of a journey. Reads only.

Nothing is worked out here again: each line is a decision that was stored when it was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.wording import FALLBACK, Sentences
from outreach.entry_models import EntryRefusal, JourneyCall
from outreach.models import Enrolment, GateDecision, OutboxMessage
from outreach.reasons import entry_rule_in_words, reason_in_words, refusal_in_words

What = Literal["entered", "stayed_out", "stands", "left", "sent", "not_sent", "waits", "call_failed", "goal"]

_FILE = Path(__file__).with_name("why.yml")
_LEFT = ("sending", "accepted", "delivered", "read", "unknown", "undelivered")
_WAITING = ("planned", "deferred")


@dataclass(frozen=True, slots=True)
class Decided:
    """Something that was decided about somebody in a journey; `rule` is its code, `words` says it to people."""

    at: datetime
    what: What
    rule: str
    words: str
    step: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """How often something was decided in a journey, by its rule."""

    what: What
    rule: str
    words: str
    people: int


async def explain(session: AsyncSession, journey: str, contact_id: UUID, language: str = FALLBACK) -> list[Decided]:
    """All that was decided about a contact in a journey, in the order in which it was."""
    say = Sentences(_FILE, language).say
    enrolments = await session.scalars(
        select(Enrolment).where(Enrolment.contact_id == contact_id, Enrolment.journey == journey)
    )
    refusals = await session.scalars(
        select(EntryRefusal).where(EntryRefusal.contact_id == contact_id, EntryRefusal.journey == journey)
    )
    calls = await session.scalars(
        select(JourneyCall).where(
            JourneyCall.contact_id == contact_id, JourneyCall.journey == journey, JourneyCall.state == "failed"
        )
    )
    decided = [line for enrolment in enrolments for line in _of_enrolment(enrolment, language)]
    for one in refusals:
        line = entry_rule_in_words(one.rule, language)
        words = line if one.times == 1 else say("often", line=line, times=one.times)
        decided.append(Decided(one.last_at, "stayed_out", one.rule, words))
    decided += [
        Decided(one.made_at, "call_failed", "call", say("call_failed", problem=one.problem), one.step) for one in calls
    ]
    decided += await _of_messages(session, journey, contact_id, language)
    return sorted(decided, key=lambda line: line.at)


async def total_up(session: AsyncSession, journey: str, language: str = FALLBACK) -> list[Total]:
    """How many people stayed out, left and were not written to, by the rule; and on which steps people stand."""
    stayed = select(EntryRefusal.rule, func.count()).where(EntryRefusal.journey == journey)
    held = select(func.count()).where(Enrolment.journey == journey, Enrolment.state == "held_out")
    left = select(Enrolment.exit_reason, func.count()).where(Enrolment.journey == journey, Enrolment.state == "exited")
    standing = select(Enrolment.step, func.count()).where(Enrolment.journey == journey, Enrolment.state == "active")
    unsent = select(OutboxMessage.reason_rule, func.count(OutboxMessage.contact_id.distinct())).where(
        OutboxMessage.journey == journey,
        OutboxMessage.reason_rule.is_not(None),
        OutboxMessage.state.in_(("skipped", "cancelled", "failed", "undelivered")),
    )
    say = Sentences(_FILE, language).say
    totals: list[Total] = []
    for rule, people in await session.execute(stayed.group_by(EntryRefusal.rule)):
        totals.append(Total("stayed_out", rule, entry_rule_in_words(rule, language), people))
    if count := await session.scalar(held):
        totals.append(Total("stayed_out", "held_out", entry_rule_in_words("held_out", language), count))
    for reason, people in await session.execute(left.group_by(Enrolment.exit_reason)):
        totals.append(Total("left", reason or "", reason_in_words(reason or "", language), people))
    for step, people in await session.execute(standing.group_by(Enrolment.step)):
        totals.append(Total("stands", step, say("stand", step=_plain(step)), people))
    words = await _sentences(session, journey)
    for code, people in await session.execute(unsent.group_by(OutboxMessage.reason_rule)):
        said = words.get(code or "", reason_in_words(code or "", language))
        totals.append(Total("not_sent", code or "", refusal_in_words(code, said, language), people))
    return sorted(totals, key=lambda total: (total.what, -total.people, total.rule))


async def _sentences(session: AsyncSession, journey: str) -> dict[str, str]:
    """One reason of each rule as it was written; those of one rule may differ in names and times."""
    rows = await session.execute(
        select(OutboxMessage.reason_rule, func.min(OutboxMessage.reason))
        .where(OutboxMessage.journey == journey, OutboxMessage.reason_rule.is_not(None))
        .group_by(OutboxMessage.reason_rule)
    )
    return {rule: reason for rule, reason in rows if rule is not None and reason}


def _of_enrolment(enrolment: Enrolment, language: str) -> Iterator[Decided]:
    say, entry, step = Sentences(_FILE, language).say, enrolment.entry, _plain(enrolment.step)
    if enrolment.state == "held_out":
        yield Decided(enrolment.entered_at, "stayed_out", "held_out", entry_rule_in_words("held_out", language))
    else:
        words = say("came_in") if entry is None else say("came_in_by", entry=_plain(entry))
        yield Decided(enrolment.entered_at, "entered", entry or "by_hand", words, entry)
    if enrolment.goal_at is not None:
        yield Decided(enrolment.goal_at, "goal", "goal", reason_in_words("goal", language))
    if enrolment.state == "exited":
        reason = enrolment.exit_reason or ""
        words = say("left", reason=reason_in_words(reason, language))
        yield Decided(enrolment.updated_at, "left", reason, words, enrolment.step)
    elif enrolment.due_at is not None:
        paused = enrolment.parked_due_at is not None
        words = say("stands_paused", step=step) if paused else say("stands_until", step=step, at=_at(enrolment.due_at))
        yield Decided(enrolment.begun_at or enrolment.updated_at, "stands", enrolment.step, words, enrolment.step)


async def _of_messages(session: AsyncSession, journey: str, contact_id: UUID, language: str) -> list[Decided]:
    """Its messages, and each time the gate put one off or refused it."""
    say = Sentences(_FILE, language).say
    messages: Sequence[Any] = list(
        await session.scalars(
            select(OutboxMessage).where(OutboxMessage.contact_id == contact_id, OutboxMessage.journey == journey)
        )
    )
    decisions = await session.scalars(
        select(GateDecision).where(
            GateDecision.outbox_id.in_([message.id for message in messages]), GateDecision.answer != "allow"
        )
    )
    by_id = {message.id: message for message in messages}
    lines: list[Decided] = []
    told: set[UUID] = set()
    for decision in decisions:
        message = by_id[decision.outbox_id]
        what: What = "not_sent" if decision.answer == "deny" else "waits"
        told |= {message.id} if what == "not_sent" else set()
        words = refusal_in_words(decision.rule, decision.reason, language)
        lines.append(Decided(decision.decided_at, what, decision.rule, words, message.step, message.channel))
    for message in messages:
        at = message.claimed_at or message.updated_at
        if message.state in _LEFT:
            words = say("sent", channel=message.channel, state=say(f"state_{message.state}"))
            lines.append(Decided(at, "sent", message.state, words, message.step, message.channel))
        elif message.state in _WAITING:
            words = say("waits", at=_at(message.due_at))
            lines.append(Decided(at, "waits", message.state, words, message.step, message.channel))
        elif message.id not in told:
            rule = message.reason_rule or message.state
            words = refusal_in_words(rule, message.reason or reason_in_words(rule, language), language)
            lines.append(Decided(message.updated_at, "not_sent", rule, words, message.step, message.channel))
    return lines


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _plain(name: str) -> str:
    return name.replace("_", " ")
