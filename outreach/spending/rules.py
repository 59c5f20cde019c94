"""When enough was spent. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

PAID = ("sms", "voice")
"""Channels that the ceiling is for: those by which somebody else can earn from what we send."""
RESERVE = 0.1
"""Share of a ceiling on top of it that is kept for what must be said even then: that a stop was heard, and help."""
WARN_AT, STOP_AT = 80, 100
"""Percent of a ceiling at which it is told."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that may be spent; None is no limit."""

    a_day: float | None = None
    a_month: float | None = None

    def __bool__(self) -> bool:
        return self.a_day is not None or self.a_month is not None

    def key_of(self, period: str, now: datetime) -> str | None:
        """A day or month (`day`, `month`) with its ceiling, as it is kept what was told; None where there is none.

        Where the ceiling is changed, what was told of the one before is not true of it.
        """
        most = self.a_day if period == "day" else self.a_month
        if most is None:
            return None
        return f"{now:%Y-%m-%d}@{most:.10g}" if period == "day" else f"{now:%Y-%m}@{most:.10g}"


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent so far, beside its ceiling."""

    today: float
    this_month: float
    ceiling: Ceiling
    currency: str

    def plus(self, amount: float) -> Spent:
        """The same after so much more."""
        return replace(self, today=self.today + amount, this_month=self.this_month + amount)

    def find_broken(self, cost: float, *, reserved: bool) -> str | None:
        """The period, `day` or `month`, whose ceiling one more message would break; None when none.

        Args:
            reserved: it is of what the reserve is kept for.
        """
        room = 1 + RESERVE if reserved else 1.0
        for period, spent, most in self._periods():
            # A rounding error of sums of many small prices breaks nothing.
            if most is not None and spent + cost > most * room + 1e-9:
                return period
        return None

    def reached(self) -> Iterator[tuple[str, int]]:
        """Which periods, `day` and `month`, have come to which percent that is told."""
        for period, spent, most in self._periods():
            for percent in (WARN_AT, STOP_AT):
                if most is not None and spent >= most * percent / 100:
                    yield period, percent

    def _periods(self) -> tuple[tuple[str, float, float | None], ...]:
        return ("day", self.today, self.ceiling.a_day), ("month", self.this_month, self.ceiling.a_month)
