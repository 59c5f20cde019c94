"""Learns how often fields agree among doubles and among others, without being told which pairs are doubles.

Expectation-maximisation over the pairs that share a group (Winkler, 1988); how often others agree is counted in pairs
drawn at random. Pure.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence

from crm.resolution.comparison import AGREEMENTS, compare
from crm.resolution.evidence import Evidence

DRAWN = 200_000
_ROUNDS = 300
_SEED = 20_261_128
_BEGINS_SAME = (0.8, 0.1, 0.05, 0.05)
"""What is supposed of doubles before anything was learned."""
_BEGINS_DOUBLES = 0.3
_UNSEEN = 0.0001
"""Added to every rate: what was never seen is not impossible."""

Pattern = tuple[int | None, ...]
"""How each field came out, None where one of the two lacks it."""


def learn(
    people: Sequence[Evidence], pairs: Iterable[tuple[int, int]], fields: Sequence[str]
) -> dict[str, dict[str, list[float]]]:
    """Rates as `weights.yml` has them."""
    chance = random.Random(_SEED)
    drawn = Counter(_pattern(*chance.sample(people, 2), fields) for _ in range(DRAWN))
    grouped = Counter(_pattern(people[one], people[other], fields) for one, other in pairs)
    others = _rates({pattern: float(count) for pattern, count in drawn.items()}, len(fields))
    same, among, share = [list(_BEGINS_SAME) for _ in fields], [list(rates) for rates in others], _BEGINS_DOUBLES
    total = grouped.total()
    for _ in range(_ROUNDS):
        doubles = {pattern: count * _probability(pattern, same, among, share) for pattern, count in grouped.items()}
        share = sum(doubles.values()) / total
        same = _rates(doubles, len(fields))
        among = _rates({pattern: count - doubles[pattern] for pattern, count in grouped.items()}, len(fields))
    return {
        field: {"same_person": [round(rate, 4) for rate in same[at]], "others": [float(f"{r:.2g}") for r in others[at]]}
        for at, field in enumerate(fields)
    }


def _pattern(one: Evidence, other: Evidence, fields: Sequence[str]) -> Pattern:
    found = {compared.field: AGREEMENTS.index(compared.agreement) for compared in compare(one, other)}
    return tuple(found.get(field) for field in fields)


def _probability(pattern: Pattern, same: list[list[float]], among: list[list[float]], share: float) -> float:
    odds = math.log(share / (1 - share))
    for at, level in enumerate(pattern):
        if level is not None:
            odds += math.log(same[at][level] / among[at][level])
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, odds))))


def _rates(weighted: dict[Pattern, float], fields: int) -> list[list[float]]:
    rates = []
    for at in range(fields):
        counts = [0.0] * len(AGREEMENTS)
        for pattern, weight in weighted.items():
            level = pattern[at]
            if level is not None:
                counts[level] += weight
        total = sum(counts) or 1.0
        rates.append([(count / total + _UNSEEN) / (1 + _UNSEEN * len(AGREEMENTS)) for count in counts])
    return rates
