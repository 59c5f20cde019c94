"""Leaves what outreach did in the timeline, many events at once. Data holds ids, never addresses.

Beside what happened to each contact it is kept how many went which way in a journey: counted, thus about nobody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm.timeline.service import NewEvent, ingest

WALKED = "journey_walked"
"""The kind of an event that holds moves of one journey."""
LANDED = "landed"
"""Why somebody stands elsewhere who was brought there with a new version: they took no way of the journey's."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One event about a contact; about nobody where it only counts."""

    kind: str
    contact_id: UUID | None
    conversation_id: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)


async def record_all(session: AsyncSession, events: Iterable[Happened], now: datetime) -> None:
    """Adds the events in the caller's transaction, in one statement."""
    await ingest(
        session,
        [
            NewEvent(
                event.kind,
                now,
                "platform",
                contact_id=event.contact_id,
                conversation_id=event.conversation_id,
                data=event.data,
            )
            for event in events
        ],
        now,
    )


@dataclass(frozen=True, slots=True)
class Move:
    """From a step to another: `step` is None where somebody came in, `to` where they left, for a `reason`.

    `seconds` is how long they were on the step, where they went on from it.
    """

    step: str | None
    to: str | None
    seconds: int | None = None
    reason: str | None = None


@dataclass
class Moves:
    """How many made which move, by journey, in the order in which the moves were first made."""

    _counted: dict[str, Counter[Move]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, journey: str, moves: Iterable[Move]) -> None:
        """Counts these."""
        self._counted[journey].update(moves)

    def take(self) -> Iterator[Happened]:
        """The events that tell of what was counted, which is then counted anew."""
        for journey, counted in self._counted.items():
            if counted:
                rows = [[move.step, move.to, move.seconds, move.reason, people] for move, people in counted.items()]
                yield Happened(WALKED, None, data={"journey": journey, "moves": rows})
        self._counted.clear()
