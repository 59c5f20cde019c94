"""How often one visitor or address may do a thing. Counts in this process only: a first fence, not a ledger."""

from __future__ import annotations

import time
from collections import OrderedDict

from base.errors import TooMany

_KEPT = 50_000
"""Buckets remembered at most; the one longest unused is forgotten first."""


class RateLimit:
    """A token bucket per key: `amount` at once, refilled evenly over `seconds`."""

    def __init__(self, amount: int, seconds: float) -> None:
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
