"""Which touch earned what share of a sale. Pure.

Four rules: all to the `first` touch, all to the `last`, the same to each (`linear`), and by what the data say (`data`).
The last one weighs each name by its removal effect in a Markov chain of first order, as in E. Anderl, I. Becker, F. von
Wangenheim, J. H. Schumann: Mapping the customer journey: Lessons learned from graph-based online attribution modeling,
International Journal of Research in Marketing 33(3), 2016: how much rarer sales would be if each path that comes to it
ended there. Theirs spreads all revenue by these weights; here each sale is spread among what its own buyer met, so that
nothing is credited for a sale it had no part in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Rule = Literal["first", "last", "linear", "data"]
RULES: tuple[Rule, ...] = ("first", "last", "linear", "data")
START, SOLD, LEFT = 0, 1, 2
"""Where paths begin, and how they end; every other state is a name."""
State = str | int
Steps = Mapping[tuple[State, State], float]
"""How often a path went from one state to the next."""


@dataclass(frozen=True)
class Sale:
    """Sales that came by one path of touches: what they are worth together. Without any touch the path is empty."""

    path: tuple[str, ...]
    value: float
    times: int = 1


def credit(sales: Sequence[Sale], rule: Rule, weights: Mapping[str, float]) -> dict[str | None, float]:
    """What each name earned by a rule; of None, what was sold to people whom nothing had touched.

    Args:
        weights: the removal effects, for the rule `data`.
    """
    earned: dict[str | None, float] = {}
    for sale in sales:
        for name, share in _shares(sale.path, rule, weights).items():
            earned[name] = earned.get(name, 0.0) + sale.value * share
    return earned


def steps_of(sales: Sequence[Sale]) -> Counter[tuple[State, State]]:
    """The steps of paths that ended in a sale."""
    steps: Counter[tuple[State, State]] = Counter()
    for sale in sales:
        if sale.path:
            way: tuple[State, ...] = (START, *sale.path, SOLD)
            for step in pairwise(way):
                steps[step] += sale.times
    return steps


def removal_effects(steps: Steps) -> dict[str, float]:
    """Of each name, the share of sales that would be lost without it. Every path must end, sold or left."""
    names = sorted({state for step in steps for state in step if isinstance(state, str)})
    sold = _chance_of_sale(steps, names)
    if sold == 0:
        return dict.fromkeys(names, 0.0)
    return {name: max(0.0, 1 - _chance_of_sale(steps, [one for one in names if one != name]) / sold) for name in names}


def _shares(path: tuple[str, ...], rule: Rule, weights: Mapping[str, float]) -> dict[str | None, float]:
    if not path:
        return {None: 1.0}
    if rule == "first":
        return {path[0]: 1.0}
    if rule == "last":
        return {path[-1]: 1.0}
    if rule == "data":
        met = {name: weights.get(name, 0.0) for name in path}
        if total := sum(met.values()):
            return {name: weight / total for name, weight in met.items()}
    return {name: times / len(path) for name, times in Counter(path).items()}


def _chance_of_sale(steps: Steps, names: Sequence[str]) -> float:
    """The chance that a path is sold if only these names are there: whoever comes to another is lost.

    Of each state it is the mean of those of the states that follow, which makes linear equations. None of them is
    larger off the diagonal than on it, so that they are solved without looking for a pivot.
    """
    places = {state: place for place, state in enumerate([*names, START])}
    leaving: Counter[State] = Counter()
    for (state, _), times in steps.items():
        leaving[state] += times  # type: ignore[assignment]  # times may be fractions
    size = len(places)
    rows = [[float(place == at) for at in range(size)] + [0.0] for place in range(size)]
    for (state, following), times in steps.items():
        if state in places and leaving[state]:
            if following == SOLD:
                rows[places[state]][size] += times / leaving[state]
            elif following in places:
                rows[places[state]][places[following]] -= times / leaving[state]
    for at in range(size):
        for lower in range(at + 1, size):
            if factor := rows[lower][at] / rows[at][at]:
                rows[lower] = [one - factor * other for one, other in zip(rows[lower], rows[at], strict=True)]
    return rows[-1][size] / rows[-1][-2]  # the beginning is the last
