"""What becomes of a delivery after an attempt, and when an endpoint is switched off. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

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
LONGEST_PAUSE = timedelta(hours=24)
"""A receiver that asks to be left alone for longer is left alone for so long."""
_GONE = 410
_BUSY = frozenset({429, 503})
"""What a receiver answers that may say when it is to be asked again (`Retry-After`)."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one: the status that was answered, or why there was no answer; and until when it is to be left."""

    status: int | None = None
    problem: str | None = None
    not_before: datetime | None = None

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
    due_at = now + WAITS[attempts - 1] * (1 - JITTER / 2 + JITTER * chance)
    return Settled("waiting", due_at if attempt.not_before is None else max(due_at, attempt.not_before))


def read_retry_after(status: int, header: str | None, now: datetime) -> datetime | None:
    """The moment before which a busy receiver wants nothing, by its `Retry-After`: seconds, or a date of HTTP.

    None where it names none; what is neither is as good as none.
    """
    if status not in _BUSY or header is None:
        return None
    said = header.strip()
    try:
        if said.isascii() and said.isdigit():
            wanted = now + min(timedelta(seconds=int(said[:9])), LONGEST_PAUSE)
        else:
            read = parsedate_to_datetime(said)
            # A date of HTTP is in GMT, also where it forgot to say so.
            wanted = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return min(wanted, now + LONGEST_PAUSE) if wanted > now else None


def is_to_be_switched_off(failing_since: datetime | None, now: datetime) -> bool:
    """Whether it failed for too long, all the while."""
    return failing_since is not None and now - failing_since >= FAILS_FOR
