"""The nearest rows are those that all products would give, though few are worked out."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from parley_rasa.understanding.nearest import NearestRows, nearest_mean

AS_EXACT = 1e-6  # float32 adds up in another order


def unit_rows(seed, count, dimensions, spread):
    """Vectors of length 1 about one direction; the narrower they lie, the harder they are to tell apart."""
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=dimensions) + spread * chance.normal(size=(count, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def by_all_products(rows, starts, vector):
    products = rows @ vector
    return np.maximum.reduceat(products, starts), nearest_mean(products)


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, 40), min_size=1, max_size=12),
    st.integers(1, 80),
    st.sampled_from([0.001, 0.1, 1.0, 10.0]),
)
@example(0, [1], 1, 1.0)
@example(1, [1, 1], 3, 1.0)
@example(2, [300, 1, 250], 384, 1.0)
def test_each_groups_nearest_is_found_and_the_mean_of_the_nearest_of_all(seed, sizes, dimensions, spread):
    rows = unit_rows(seed, sum(sizes), dimensions, spread)
    starts = np.cumsum([0, *sizes[:-1]])
    nearest = NearestRows(rows, starts)
    for vector in (*unit_rows(seed + 1, 3, dimensions, spread), -rows[0], rows[-1]):
        best, mean = nearest.find(vector)
        all_best, all_mean = by_all_products(rows, starts, vector)
        assert np.abs(best - all_best).max() < AS_EXACT
        assert abs(mean - all_mean) < AS_EXACT


def test_few_rows_are_worked_out_where_they_lie_as_sentences_do(monkeypatch):
    sizes = [150] * 30
    rows = unit_rows(7, sum(sizes), 384, 1.0)
    nearest = NearestRows(rows, np.cumsum([0, *sizes[:-1]]))
    asked = []
    monkeypatch.setattr("parley_rasa.understanding.nearest.nearest_mean", lambda products: asked.append(len(products)))
    nearest.find(unit_rows(8, 1, 384, 1.0)[0])
    assert 30 <= asked[0] < len(rows) / 4


def test_what_a_product_is_at_least_and_at_most_holds_for_every_row():
    rows = unit_rows(3, 400, 384, 1.0)
    nearest = NearestRows(rows, np.array([0]))
    for vector in unit_rows(4, 20, 384, 1.0):
        least, most = nearest._bounds(vector)
        products = rows @ vector
        assert (least <= products).all()
        assert (products <= most).all()
        assert (most - least).max() < 0.1
