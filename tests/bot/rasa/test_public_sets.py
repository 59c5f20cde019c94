"""The threshold rule of the public data sets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_rasa.understanding.public_sets import best_threshold

guesses = st.tuples(st.sampled_from(["a", "b"]), st.floats(0.01, 0.99), st.sampled_from(["a", "b", "oos"]))


def right(threshold, guessed):
    return sum(("oos" if sure < threshold else found) == wanted for found, sure, wanted in guessed)


def test_the_threshold_lets_the_unsure_be_out_of_scope():
    best = [("a", 0.9), ("b", 0.7), ("a", 0.4), ("b", 0.2)]
    assert best_threshold(best, ["a", "b", "oos", "oos"]) == pytest.approx(0.7)


@settings(max_examples=50, deadline=None)
@given(st.lists(guesses, min_size=1, max_size=20), st.floats(0, 0.99))
def test_no_threshold_up_to_the_surest_guess_is_better_than_the_one_picked(guessed, other):
    picked = best_threshold([(found, sure) for found, sure, _ in guessed], [wanted for _, _, wanted in guessed])
    if other <= max(sure for _, sure, _ in guessed):
        assert right(picked, guessed) >= right(other, guessed)
