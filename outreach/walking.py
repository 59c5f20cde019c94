"""People on their way through journeys, while a planner has them in hand. Moves them in memory and writes nothing.

A walker takes as many steps as it can at once and is stored when it comes to rest (`saving`). Its clock is its own: a
wait counts from the moment the step before it was due, so that a planner that was late by up to an hour changes
nothing. One that was later does not make up for it: nobody gets two messages at once because we were away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from outreach.definitions import JourneyDefinition, Step
from outreach.gatekeeper import Gatekeeper
from outreach.library import Library
from outreach.ports import Talks
from outreach.trail import Happened, Move, Moves

MADE_UP = timedelta(hours=1)
"""How late a planner may be without its people's clocks going wrong."""


@dataclass(slots=True)
class Walker:
    """An enrolment under way.

    `at` is the moment by its own clock. `begun_at` is when the step it stands on was begun, None before that.
    `resting` once it waits or has left; `exit_reason` is why it left.
    """

    id: UUID
    journey: str
    version: str
    step: str
    contact_id: UUID
    conversation_id: UUID | None
    arrivals: int
    at: datetime
    begun_at: datetime | None
    entered_at: datetime
    remembered: dict[str, Any]
    due_at: datetime | None = None
    parked_due_at: datetime | None = None
    exit_reason: str | None = None
    resting: bool = False
    learned: bool = False
    """Whether it remembers more than what is stored."""
    saved: bool = False
    moves: list[Move] = field(default_factory=list)
    """Since it was stored."""

    @property
    def occurrence(self) -> str:
        """Names this arrival at this step, for ever."""
        return f"{self.id}:{self.step}:{self.arrivals}"

    def go(self, to: str | None, reason: str | None = None) -> None:
        """Goes to a step, or ends where there is none to go to."""
        if to is None:
            self.leave("completed")
            return
        stayed = self.at - (self.begun_at or self.at)
        self.moves.append(Move(self.step, to, max(0, int(stayed.total_seconds())), reason))
        self.step, self.arrivals, self.begun_at = to, self.arrivals + 1, None

    def wait(self, until: datetime, now: datetime) -> None:
        """Begins the step if it has not begun, and stays on it until a moment; one that is over is not waited for."""
        self.begun_at = self.begun_at or self.at
        if until <= now:
            self.at = max(self.at, until)
            return
        self.due_at, self.resting = until, True

    def stay(self, until: datetime) -> None:
        """Looks again at a moment, as if it had not been looked at."""
        self.due_at, self.resting = until, True

    def leave(self, reason: str) -> None:
        """Ends the journey."""
        self.moves.append(Move(self.step, None, None, reason))
        self.exit_reason, self.due_at, self.resting = reason, None, True

    def remember(self, values: Mapping[str, Any]) -> None:
        """Keeps these while the journey lasts."""
        if values:
            self.remembered, self.learned = self.remembered | dict(values), True


@dataclass
class Work:
    """A planner's transaction and what it has at hand. What happened is collected and written with the walkers."""

    session: AsyncSession
    gatekeeper: Gatekeeper
    library: Library
    now: datetime
    events: list[Happened] = field(default_factory=list)
    moves: Moves = field(default_factory=Moves)
    messages: int = 0
    talks: Talks | None = None
    """None where nobody can be talked with."""

    @property
    def default_zone(self) -> ZoneInfo:
        """The clock of those whose own is not known."""
        return ZoneInfo(self.gatekeeper.default_zones[0])


@dataclass(frozen=True, slots=True)
class Group:
    """Walkers that stand on the same step of the same version, none of them twice the same contact."""

    definition: JourneyDefinition
    name: str
    walkers: Sequence[Walker]

    @property
    def step(self) -> Step:
        return self.definition.steps[self.name]

    @property
    def contact_ids(self) -> list[UUID]:
        return [walker.contact_id for walker in self.walkers]

    def of(self, walkers: Sequence[Walker]) -> Group:
        """Some of them."""
        return Group(self.definition, self.name, walkers)


def grouped(walkers: Iterable[Walker]) -> dict[tuple[str, str, str], list[Walker]]:
    """Walkers by journey, version and step."""
    groups: dict[tuple[str, str, str], list[Walker]] = defaultdict(list)
    for walker in walkers:
        groups[walker.journey, walker.version, walker.step].append(walker)
    return groups
