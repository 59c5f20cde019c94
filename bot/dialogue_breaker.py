"""When a replica that failed is asked again: a circuit breaker of one replica. Counts and keeps time; calls nobody.

Closed: it is asked. Open: it is left alone for a while. Half open: the while is over, and one request tries it out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

TRIPS_AFTER = 3
"""Failures in a row that open it: one may be the message's own fault."""
FIRST_PAUSE = 0.5
"""Seconds it is left alone at first; twice as long each time it fails the trial."""
LONGEST_PAUSE = 3.0
LONGEST_TRIAL = 8.0
"""Seconds after which a trial that has not ended keeps nobody else from trying: work that nobody waits for may take a
minute.
"""

Standing = Literal["closed", "half_open", "open"]


class Breaker:
    """Says whether to ask, and is told what came of it.

    Whoever asks takes a ticket. What comes of a request that began before the last change says nothing of now: fifty
    that time out together count as one outage.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._open_until: float | None = None
        self._tried_by: int | None = None
        self._tried_until = 0.0
        self._age = 0
        self._tickets = 0

    @property
    def standing(self) -> Standing:
        """What it says now."""
        if self._open_until is None:
            return "closed"
        now = self._clock()
        rests = now < self._open_until or (self._tried_by is not None and now < self._tried_until)
        return "open" if rests else "half_open"

    def enter(self) -> tuple[int, int]:
        """A ticket for one request. The first of a half-open breaker is its trial."""
        self._tickets += 1
        if self.standing == "half_open":
            self._tried_by, self._tried_until = self._tickets, self._clock() + LONGEST_TRIAL
        return self._tickets, self._age

    def answered(self, ticket: tuple[int, int]) -> bool:
        """An answer came, of whatever kind. Returns whether that changed anything."""
        if ticket[1] != self._age:
            return False
        changed = self._open_until is not None
        if changed:
            self._age += 1
        self._failures, self._pause, self._open_until, self._tried_by = 0, FIRST_PAUSE, None, None
        return changed

    def failed(self, ticket: tuple[int, int], *, at_once: bool = False) -> bool:
        """No usable answer came. Returns whether it is open from here on and was not before.

        Args:
            at_once: it surely is not there, so that there is nothing to wait for.
        """
        number, age = ticket
        if age != self._age or (self._open_until is not None and self._tried_by != number):
            return False
        if self._open_until is not None:
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            self._open()
            return False
        self._failures += 1
        if self._failures < TRIPS_AFTER and not at_once:
            return False
        self._open()
        return True

    def broken_off(self, ticket: tuple[int, int]) -> None:
        """Whoever asked did not wait for the answer: nothing is known by it, and another may try."""
        if self._tried_by == ticket[0]:
            self._tried_by = None

    def _open(self) -> None:
        self._failures, self._tried_by = 0, None
        self._open_until = self._clock() + self._pause
        self._age += 1
