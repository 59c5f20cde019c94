"""Which channel and which moment have the best chance of an answer. Pure; asks nobody and stores nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from outreach.decisions import Allow, Basis, Decision, Defer, Deny, Snapshot
from outreach.gate import may_send
from outreach.gate_rules import CONFIRMATION, name_of
from outreach.rule_pack import RulePack
from outreach.wall_clock import next_at

ENOUGH_ANSWERS = 2
"""At an hour, before it counts as theirs."""
_LOOKS = 8
"""Times the gate is asked again for the moment that its last answer named."""


@dataclass(frozen=True, slots=True)
class Habit:
    """How somebody answered on a channel so far; `hours` counts answers by the hour of their own clock."""

    sent: int = 0
    answered: int = 0
    hours: Mapping[int, int] = field(default_factory=dict)

    @property
    def chance(self) -> float:
        """The share of answers to expect: a half while nothing is known (Laplace's rule of succession)."""
        return (self.answered + 1) / (self.sent + 2)

    @property
    def hour(self) -> int | None:
        """The hour at which they answer; of several the earliest."""
        hour = min(self.hours, key=lambda one: (-self.hours[one], one), default=None)
        return hour if hour is not None and self.hours[hour] >= ENOUGH_ANSWERS else None


@dataclass(frozen=True, slots=True)
class Option:
    """A channel that may be used. `place` is its place in the order of wish, `at` when it would leave.

    `unconfirmed`: it leaves once they have followed the link that confirms their consent.
    """

    channel: str
    place: int
    at: datetime
    chance: float
    cost: float
    unconfirmed: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A channel that is not used, and why."""

    channel: str
    rule: str
    reason: str


def find_moment(
    snapshot: Snapshot, at: datetime, latest: datetime, pack: RulePack, *, hour: int | None, zone: ZoneInfo
) -> datetime | Decision:
    """When a message may leave: at the hour they answer at, where that is lawful and in time, else as early as may be.

    Returns:
        The gate's last answer, where there is no such moment up to `latest`.
    """
    earliest = _earliest_lawful(snapshot, at, latest, pack)
    if not isinstance(earliest, datetime) or hour is None or earliest.astimezone(zone).hour == hour:
        return earliest
    wished = next_at(earliest, f"{hour:02d}:00", zone)
    return wished if wished <= latest and _earliest_lawful(snapshot, wished, wished, pack) == wished else earliest


def _earliest_lawful(snapshot: Snapshot, at: datetime, latest: datetime, pack: RulePack) -> datetime | Decision:
    moment = at
    decision: Decision = Allow()
    for _ in range(_LOOKS):
        decision = _ask(snapshot, moment, pack)
        if _waits_for_link(decision):
            decision = _ask(_confirmed(snapshot, moment), moment, pack)
        if isinstance(decision, Allow):
            return moment
        if isinstance(decision, Deny) or not moment < decision.until <= latest:
            return decision
        moment = decision.until
    return decision


def is_unconfirmed(snapshot: Snapshot, at: datetime, pack: RulePack) -> bool:
    """Whether a message waits for them to follow the link that confirms their consent."""
    return _waits_for_link(_ask(snapshot, at, pack))


def _ask(snapshot: Snapshot, moment: datetime, pack: RulePack) -> Decision:
    """What the gate says of it, planned for then, by clocks that agree, outside of quarantine and to a number whose
    browser did its work: it is asked again before the message leaves.
    """
    then = replace(snapshot, due_at=moment, clock_skew=timedelta(0), quarantined=False, challenged_at=None)
    return may_send(then, moment, pack)


def _waits_for_link(decision: Decision) -> bool:
    return isinstance(decision, Defer) and decision.rule == CONFIRMATION


def _confirmed(snapshot: Snapshot, at: datetime) -> Snapshot:
    """As it is once they have followed the link."""
    scope = (snapshot.purpose, snapshot.channel)
    bases = (*snapshot.bases.get(scope, ()), Basis("double_opt_in", at))
    return replace(
        snapshot,
        consents={**snapshot.consents, scope: "given"},
        bases={**snapshot.bases, scope: bases},
        confirming={},
    )


def choose(options: Sequence[Option], most_cost: float | None, currency: str) -> tuple[Option | None, list[LeftOut]]:
    """The option with the best chance; among equals the cheapest, then the earliest, then the first that was wished.

    One that waits for a link which they may never follow is taken only where there is no other.
    """
    dear = [one for one in options if most_cost is not None and one.cost > most_cost]
    left_out = [
        LeftOut(one.channel, "too_dear", f"It would cost {one.cost:.2f} {currency}, more than {most_cost:.2f}.")
        for one in dear
    ]
    fitting = sorted((one for one in options if one not in dear), key=_rank)
    if not fitting:
        return None, left_out
    best, *others = fitting
    return best, [*left_out, *_others(best, others)]


def _rank(option: Option) -> tuple[bool, float, float, datetime, int]:
    # Chances are guesses: a difference below a tenth is none.
    return option.unconfirmed, -round(option.chance, 1), option.cost, option.at, option.place


def _others(best: Option, others: Iterable[Option]) -> Iterable[LeftOut]:
    whys = (
        "is agreed to already",
        "is likelier to be answered",
        "costs less",
        "may leave earlier",
        "was wished for first",
    )
    for other in others:
        why = next(why for why, one, two in zip(whys, _rank(best), _rank(other), strict=True) if one != two)
        yield LeftOut(other.channel, "not_chosen", f"Another way was taken: {name_of(best.channel)} {why}.")
