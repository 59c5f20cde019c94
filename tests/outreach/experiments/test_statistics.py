"""The test that may be looked at as often as one likes, and the check of how people came to the ways."""

from __future__ import annotations

import numpy as np
import pytest

from outreach.experiments.statistics import (
    FEWEST_GOALS,
    Sample,
    chi_squared_above,
    compare,
    decide_winner,
    sample_ratio_p,
)

ERROR = 0.05
EXPERIMENTS = 2_000
LOOKS = range(100, 5_001, 100)


def goals(people: int, reached: int) -> Sample:
    return Sample(people, reached, float(reached), float(reached))


def reached_at(chance: np.random.Generator, rate: float) -> np.ndarray:
    """In each experiment, how many of the people so far had reached the goal, at each look."""
    return chance.binomial(LOOKS.step, rate, size=(EXPERIMENTS, len(LOOKS))).cumsum(axis=1)


def winners(*ways: np.ndarray) -> list[str | None]:
    """Who won each experiment, looked at after every hundred people in each way, and stopped at the first winner."""
    found = []
    for number in range(EXPERIMENTS):
        for look, people in enumerate(LOOKS):
            samples = {f"way{way}": goals(people, int(counts[number, look])) for way, counts in enumerate(ways)}
            winner = decide_winner("way0", samples, error=ERROR, minimum=100)
            if winner:
                break
        found.append(winner)
    return found


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5])
def test_ways_that_do_not_differ_have_a_winner_no_more_often_than_the_error_though_one_looks_fifty_times(rate):
    chance = np.random.default_rng(round(rate * 1000))
    found = winners(reached_at(chance, rate), reached_at(chance, rate))
    assert sum(one is not None for one in found) / EXPERIMENTS <= ERROR


def test_four_ways_that_do_not_differ_share_the_error():
    chance = np.random.default_rng(4)
    found = winners(*(reached_at(chance, 0.1) for _ in range(4)))
    assert sum(one is not None for one in found) / EXPERIMENTS <= ERROR


def test_a_test_that_was_made_for_one_look_would_break_its_error_here():
    # So that the tests above are known to be able to fail.
    chance = np.random.default_rng(5)
    ways = [reached_at(chance, 0.1) for _ in range(2)]
    people = np.array(LOOKS)
    rate = (ways[0] + ways[1]) / (2 * people)
    z = np.abs(ways[0] - ways[1]) / people / np.sqrt(rate * (1 - rate) * 2 / people)
    assert (z > 1.96).any(axis=1).mean() > 3 * ERROR


def test_a_way_that_is_better_by_a_half_wins_and_never_loses():
    chance = np.random.default_rng(6)
    found = winners(reached_at(chance, 0.1), reached_at(chance, 0.15))
    assert found.count("way1") / EXPERIMENTS > 0.95
    assert found.count("way0") / EXPERIMENTS <= ERROR / 2


def test_a_control_that_beats_the_other_wins():
    assert decide_winner("a", {"a": goals(2000, 400), "b": goals(2000, 200)}, error=ERROR, minimum=100) == "a"


def test_of_two_that_beat_the_control_the_better_one_wins():
    samples = {"a": goals(2000, 200), "b": goals(2000, 400), "c": goals(2000, 420)}
    assert decide_winner("a", samples, error=ERROR, minimum=100) == "c"


def test_nothing_is_compared_before_there_are_enough_people_and_goals():
    assert compare(goals(99, 50), goals(500, 5), error=ERROR, minimum=100) is None
    assert compare(goals(500, FEWEST_GOALS - 1), goals(500, 0), error=ERROR, minimum=100) is None
    assert compare(goals(500, FEWEST_GOALS), goals(500, 0), error=ERROR, minimum=100) is not None


def test_bounds_and_p_value_say_the_same():
    for reached in range(200, 320):
        found = compare(goals(2000, 200), goals(2000, reached), error=ERROR, minimum=100)
        assert (found.low > 0) == (found.p_value < ERROR)


def test_bounds_hold_the_true_difference_at_all_looks_together():
    chance = np.random.default_rng(8)
    ways = reached_at(chance, 0.1), reached_at(chance, 0.13)
    missed = 0
    for number in range(EXPERIMENTS):
        found = [
            compare(goals(people, int(ways[0][number, look])), goals(people, int(ways[1][number, look])),
                    error=ERROR, minimum=100)
            for look, people in enumerate(LOOKS)
        ]  # fmt: skip
        missed += any(one and not one.low <= 0.03 <= one.high for one in found)
    assert missed / EXPERIMENTS <= ERROR


def test_what_goals_are_worth_is_compared_with_the_same_error():
    chance = np.random.default_rng(9)
    wrong = 0
    for _ in range(EXPERIMENTS // 4):
        bought = chance.random((2, LOOKS[-1])) < 0.2
        worth = np.where(bought, chance.lognormal(3, 1, size=bought.shape), 0)
        sums, squares, counts = worth.cumsum(axis=1), (worth**2).cumsum(axis=1), bought.cumsum(axis=1)
        ways = [
            {str(way): Sample(people, int(counts[way, people - 1]), float(sums[way, people - 1]),
                              float(squares[way, people - 1])) for way in range(2)}
            for people in LOOKS
        ]  # fmt: skip
        wrong += any(decide_winner("0", samples, error=ERROR, minimum=100) for samples in ways)
    assert wrong / (EXPERIMENTS // 4) <= ERROR


@pytest.mark.parametrize(
    ("value", "freedom", "probability"),
    [(3.841, 1, 0.05), (6.635, 1, 0.01), (5.991, 2, 0.05), (7.815, 3, 0.05), (11.070, 5, 0.05), (18.475, 7, 0.01)],
)
def test_chi_squared_agrees_with_its_printed_tables(value, freedom, probability):
    assert chi_squared_above(value, freedom) == pytest.approx(probability, abs=5e-5)


def test_the_sample_ratio_is_fine_by_chance_and_not_when_people_are_lost():
    shares = {"a": 0.45, "b": 0.45, "holdout": 0.1}
    assert sample_ratio_p({"a": 4500, "b": 4520, "holdout": 980}, shares) > 0.5
    assert sample_ratio_p({"a": 4500, "b": 4100, "holdout": 1000}, shares) < 0.001
    assert sample_ratio_p({"a": 1, "gone": 1}, {"a": 0.5, "b": 0.5}) == 0
    assert sample_ratio_p({}, shares) == 1
