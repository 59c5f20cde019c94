"""What becomes of a delivery after an attempt, and when an endpoint is switched off. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Between one attempt and the next: three days and some hours in all."""
JITTER = 0.2
"""So much of a wait is left to chance, lest everything that failed together comes back together."""
FAILS_FOR = timedelta(days=5)
"""An endpoint that answered well to nothing for so long is switched off."""
_GONE = 410


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one: the status that was answered, or why there was no answer."""

    status: int | None = None
    problem: str | None = None

    @property
    def went_well(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver says that it wants nothing any more."""
        return self.status == _GONE


@dataclass(frozen=True, slots=True)
class Settled:
    """The delivery's next state; it is due at `due_at` when it is `waiting`."""

    state: str
    due_at: datetime


def settle(attempt: Attempt, attempts: int, now: datetime, chance: float) -> Settled:
    """What an attempt means for a delivery that has been tried `attempts` times.

    Args:
        chance: from 0 to 1.
    """
    if attempt.went_well:
        return Settled("delivered", now)
    if attempts > len(WAITS):
        return Settled("failed", now)
    wait = WAITS[attempts - 1]
    return Settled("waiting", now + wait * (1 - JITTER / 2 + JITTER * chance))


def is_to_be_switched_off(failing_since: datetime | None, now: datetime) -> bool:
    """Whether it failed for too long, all the while."""
    return failing_since is not None and now - failing_since >= FAILS_FOR
