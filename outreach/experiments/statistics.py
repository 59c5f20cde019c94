"""How sure it is that two ways differ, however often one looks. Pure; knows no journeys.

The test is a sequential one: the mixture sequential probability ratio test with a normal mixture over the difference,
as in R. Johari, P. Koomen, L. Pekelis, D. Walsh: Always Valid Inference: Continuous Monitoring of A/B Tests, Operations
Research 70(3), 2022. Its p-value may be read at every look, and stopping at the first one below the error keeps to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

FEWEST_GOALS = 20
"""Reached, and not reached, by both ways together: with fewer, the normal distribution is no likeness of the counts."""
_MIXTURE = 8.0
"""How much wider the mixture is than the error of the difference where the test is sharpest; near the best for 5 %."""
_SHARPEST = 10
"""At so many times the least number of people it is sharpest."""
SAMPLE_RATIO_ERROR = 0.001
"""Below this, the people did not come to the ways as they should have: whatever is found then is not to be believed."""


@dataclass(frozen=True, slots=True)
class Sample:
    """People who went one way, how many reached the goal, the sum of what that was worth, and of its squares."""

    people: int = 0
    goals: int = 0
    total: float = 0
    squares: float = 0

    @property
    def mean(self) -> float:
        """What one of them brought."""
        return self.total / self.people if self.people else 0.0

    @property
    def variance(self) -> float:
        """Of what one of them brought."""
        return max(0.0, self.squares / self.people - self.mean**2) * self.people / (self.people - 1)

    def __add__(self, other: Sample) -> Sample:
        return Sample(
            self.people + other.people,
            self.goals + other.goals,
            self.total + other.total,
            self.squares + other.squares,
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """By how much more one of a way brings than one of another, between which bounds, and how likely that is chance.

    The bounds hold at all looks together, with the error they were asked for.
    """

    difference: float
    low: float
    high: float
    p_value: float


def compare(base: Sample, other: Sample, *, error: float, minimum: int) -> Comparison | None:
    """Compares a way with another; None while there is too little to compare."""
    both = base + other
    if min(base.people, other.people) < minimum or min(both.goals, both.people - both.goals) < _fewest(both):
        return None
    apart = 1 / base.people + 1 / other.people
    # The wider of what it is if they do not differ, and if they do.
    variance = max(both.variance * apart, base.variance / base.people + other.variance / other.people)
    if variance <= 0:
        return None
    mixture = _MIXTURE * 2 / (_SHARPEST * minimum) / apart
    difference = other.mean - base.mean
    evidence = difference**2 / variance * mixture / (1 + mixture) / 2 - math.log1p(mixture) / 2
    reach = math.sqrt(variance * (1 + mixture) / mixture * (2 * math.log(1 / error) + math.log1p(mixture)))
    return Comparison(difference, difference - reach, difference + reach, min(1.0, math.exp(-evidence)))


def decide_winner(control: str, samples: Mapping[str, Sample], *, error: float, minimum: int) -> str | None:
    """Names the way that won, or None while none did.

    Each of the others is compared with the control, and shares the error with the rest: the best of those that beat it
    wins; the control wins when it beats them all.
    """
    others = [name for name in samples if name != control]
    found = {
        name: compare(samples[control], samples[name], error=error / len(others), minimum=minimum) for name in others
    }
    sure = {name: one.difference for name, one in found.items() if one and one.p_value <= error / len(others)}
    better = {name: gain for name, gain in sure.items() if gain > 0}
    if better:
        return max(better, key=lambda name: better[name])
    return control if len(sure) == len(others) else None


def sample_ratio_p(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """How likely people would come to the ways as unevenly as they did, by chance (chi-squared)."""
    total = sum(counts.values())
    if total == 0 or len(shares) < 2:
        return 1.0
    if any(count and name not in shares for name, count in counts.items()):
        return 0.0
    distance = sum((counts.get(name, 0) - total * share) ** 2 / (total * share) for name, share in shares.items())
    return chi_squared_above(distance, len(shares) - 1)


def chi_squared_above(value: float, freedom: int) -> float:
    """The probability that a chi-squared variable is larger; exact, for whole degrees of freedom."""
    half = value / 2
    if freedom % 2:
        terms = (math.pow(half, step - 0.5) / math.gamma(step + 0.5) for step in range(1, (freedom + 1) // 2))
        return math.erfc(math.sqrt(half)) + math.exp(-half) * sum(terms)
    return math.exp(-half) * sum(half**step / math.factorial(step) for step in range(freedom // 2))


def _fewest(both: Sample) -> int:
    """What one brought may differ where all reached the goal: then only the goals need to be enough."""
    worth_differs = both.goals == both.people and both.variance > 0
    return 0 if worth_differs else FEWEST_GOALS
