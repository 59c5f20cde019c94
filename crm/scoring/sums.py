"""What points come to at a moment: they fade by their half-life, groups are capped, scores add up to the total. Pure.

Nothing is written while points fade. `next_change` says when counting again can tell something new.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from crm.scoring.rules import TOTAL, ScoreBook

SOONEST = timedelta(hours=1)
"""Fading points are not counted more often than this."""
ALMOST_A_POINT = 0.99
"""So much may go unseen: of a whole one two might be seen to have gone, as 1.5 is shown as 2 and 0.5 as 0."""


class Weighed(Protocol):
    """Points of one rule, as given or as stored."""

    @property
    def score(self) -> str: ...
    @property
    def points(self) -> int: ...
    @property
    def amount(self) -> float | None: ...
    @property
    def half_life(self) -> int | None: ...
    @property
    def valued_at(self) -> datetime | None: ...


def amount_at(entry: Weighed, at: datetime) -> float:
    """What is left of one rule's points."""
    if entry.half_life is None or entry.valued_at is None:
        return float(entry.points)
    amount = float(entry.points) if entry.amount is None else entry.amount
    return amount * math.exp2(-(at - entry.valued_at).total_seconds() / entry.half_life)


def scores_at(entries: Iterable[tuple[Weighed, str | None]], book: ScoreBook, at: datetime) -> dict[str, int]:
    """Each score of the book, and their total.

    Args:
        entries: each with the group it is capped in, if it is in any.
    """
    sums: defaultdict[tuple[str, str | None], float] = defaultdict(float)
    for entry, group in entries:
        sums[entry.score, group] += amount_at(entry, at)
    whole: dict[str, float] = dict.fromkeys(book.scores, 0.0)
    for (name, group), points in sums.items():
        if name in whole:
            whole[name] += _capped(points, book.scores[name].caps.get(group) if group is not None else None)
    scores = {name: _round(points) for name, points in whole.items()}
    return scores | {TOTAL: sum(scores.values())}


def next_change(entries: Iterable[Weighed], at: datetime) -> datetime | None:
    """When the scores are to be counted again, so that none is more than a point behind; None: never by themselves.

    Of all that fades together almost a point must go first: with the shortest half-life that takes at least this long.
    """
    fading = [(abs(amount_at(entry, at)), entry.half_life) for entry in entries if entry.half_life is not None]
    left = sum(amount for amount, _ in fading)
    if left < 0.5:
        return None
    shortest = min(half_life for _, half_life in fading)
    # Of less than that the next that can be seen is when it rounds to nothing.
    dropped = min(ALMOST_A_POINT, left - 0.49)
    fraction = (left - dropped) / left
    return at + max(timedelta(seconds=-shortest * math.log2(fraction)), SOONEST)


def total_of(scores: Mapping[str, int]) -> int:
    """The total among stored scores; 0 of who was never counted."""
    return int(scores.get(TOTAL, 0))


def _capped(points: float, cap: int | None) -> float:
    return points if cap is None else max(-float(cap), min(float(cap), points))


def _round(points: float) -> int:
    # Sums of the same events in another order differ in their last digits: those must not decide between two numbers.
    return round(round(points, 6))
