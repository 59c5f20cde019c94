"""How often one visitor, one address and all of them together may do a thing in the chat."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass

from base.database import Sessions
from base.encryption import KeyRing
from base.errors import TooMany
from base.limits.shared import SharedLimit

A_MINUTE, TEN_MINUTES, AN_HOUR = 60, 600, 3_600
CODES_TRIED = 5
"""Codes an address, and a conversation, may try in ten minutes."""
CODES_TRIED_BY_ALL = 200
"""The same for everybody together: addresses are cheap to have many of, and there are few codes."""
EVENTS_A_MINUTE = 120
"""What a page may tell of what is done on it."""
NUMBERS_OF_AN_ADDRESS, NUMBERS_OF_A_RANGE = 20, 10
"""New phone numbers that work may be done for in an hour from one address, and of one range of numbers."""
ABROAD = 4
"""Numbers of one other country than our own are one in so many at most."""

_KEPT = 50_000
"""Buckets remembered at most; the one longest unused is forgotten first."""


class RateLimit:
    """A token bucket per key, counted in this process only: for what costs nothing and is not worth a statement."""

    def __init__(self, amount: int, seconds: float) -> None:
        """Creates it: `amount` at once, refilled evenly over `seconds`."""
        self._amount = float(amount)
        self._refill = amount / seconds
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, key: str) -> None:
        """Takes one token; raises TooMany when there is none."""
        moment = time.monotonic()
        tokens, last = self._buckets.pop(key, (self._amount, moment))
        tokens = min(self._amount, tokens + (moment - last) * self._refill)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, moment)
        if len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)
        if not allowed:
            raise TooMany(retry_after=max(1, round((1 - tokens) / self._refill)))


@dataclass(frozen=True, slots=True)
class Rates:
    """What the operator decides of it."""

    messages_a_minute: int
    sessions_a_minute: int
    all_sessions_a_minute: int = 1_200
    numbers_an_hour: int = 120


class ChatLimits:
    """The limits of the chat that all web processes of a set-up share."""

    def __init__(self, sessions: Sessions, keys: KeyRing, rates: Rates) -> None:
        """Creates them. What is done often takes some tokens at once, what is dear or guessed at asks each time."""

        def limit(name: str, amount: int, seconds: float, *, leases: int = 0) -> SharedLimit:
            lease = max(1, amount // leases) if leases else 1
            return SharedLimit(sessions, keys, f"chat_{name}", amount, seconds, lease=lease)

        self.messages = limit("messages", rates.messages_a_minute, A_MINUTE, leases=4)
        self.sessions = limit("sessions", rates.sessions_a_minute, A_MINUTE, leases=6)
        self.all_sessions = limit("all_sessions", rates.all_sessions_a_minute, A_MINUTE, leases=20)
        self.codes = limit("codes", CODES_TRIED, TEN_MINUTES)
        self.all_codes = limit("all_codes", CODES_TRIED_BY_ALL, TEN_MINUTES)
        self.events = limit("events", EVENTS_A_MINUTE, A_MINUTE, leases=4)
        self.work_asked = limit("work_asked", 10, TEN_MINUTES)
        self.work_told = limit("work_told", 10, TEN_MINUTES)
        self.numbers_of_address = limit("numbers_of_address", NUMBERS_OF_AN_ADDRESS, AN_HOUR)
        self.numbers_of_range = limit("numbers_of_range", NUMBERS_OF_A_RANGE, AN_HOUR)
        self.numbers_abroad = limit("numbers_abroad", max(1, rates.numbers_an_hour // ABROAD), AN_HOUR)
        self.numbers = limit("numbers", rates.numbers_an_hour, AN_HOUR)
