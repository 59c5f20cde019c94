"""Linear models of all intents at once: as good as sklearn's, and always the same."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from parley_rasa.understanding import linear_models
from parley_rasa.understanding.linear_models import COMMON, MOST_COMMON, Features, fit_likelihood, fit_margins

NEAR = 1e-4  # of the loss


def examples(seed: int, count: int, intents: int) -> tuple[np.ndarray, scipy.sparse.csr_matrix, np.ndarray]:
    """Full numbers that tell intents apart somewhat, sparse ones of which some are common, and the intents."""
    chance = np.random.default_rng(seed)
    targets = np.concatenate([np.arange(intents), chance.integers(0, intents, count - intents)])
    full = (chance.normal(size=(intents, 12))[targets] + chance.normal(size=(count, 12)) * 1.5).astype(np.float32)
    shares = np.array([0.5, 0.2, *[COMMON] * 20, *[0.01] * 60])
    drawn = chance.random((count, len(shares))) < shares * (1 + (targets[:, np.newaxis] + np.arange(len(shares))) % 2)
    return full, scipy.sparse.csr_matrix(drawn * chance.random(drawn.shape), dtype=np.float32), targets


def one_against_all(targets: np.ndarray) -> np.ndarray:
    return np.where(targets[:, np.newaxis] == np.arange(targets.max() + 1), 1.0, -1.0)


def loss_of_margins(models, numbers, targets, c):
    coefficients, intercept = models
    lacking = np.maximum(1 - one_against_all(targets) * (numbers @ coefficients + intercept), 0)
    return 0.5 * (np.sum(coefficients**2) + np.sum(intercept**2)) + c * np.sum(lacking**2)


def loss_of_likelihood(models, numbers, targets, c):
    coefficients, intercept = models
    scores = (numbers @ coefficients + intercept).astype(np.float64)
    own = scores[np.arange(len(targets)), targets]
    return 0.5 * np.sum(coefficients**2) + c * np.sum(np.logaddexp.reduce(scores, axis=1) - own)


@pytest.mark.parametrize("intents", [2, 3, 17])
@pytest.mark.parametrize("c", [0.05, 0.5, 20.0])
def test_margins_are_as_good_as_those_of_sklearn_and_give_the_same_scores(intents, c):
    full, sparse, targets = examples(intents, 300, intents)
    numbers = np.hstack([full, sparse.toarray()]).astype(np.float64)
    found = fit_margins(Features(full, sparse), targets, c)
    fitted = LinearSVC(C=c, max_iter=100_000, random_state=0).fit(numbers, targets)
    sign = np.array([[-1.0], [1.0]]) if intents == 2 else 1.0
    theirs = (sign * fitted.coef_).T, np.ravel(sign) * fitted.intercept_
    best = loss_of_margins(theirs, numbers, targets, c)
    assert loss_of_margins(found, numbers, targets, c) <= best * (1 + NEAR)
    scores = numbers @ theirs[0] + theirs[1]
    assert np.sqrt(np.mean((numbers @ found[0] + found[1] - scores) ** 2)) < 0.02 * scores.std()


@pytest.mark.parametrize("intents", [2, 3, 17])
@pytest.mark.parametrize("c", [0.05, 1.0, 20.0])
def test_likelihoods_are_as_good_as_those_of_sklearn_and_give_the_same_scores(intents, c):
    full, _, targets = examples(intents, 300, intents)
    found = fit_likelihood(Features(full), targets, c)
    fitted = LogisticRegression(C=c, multi_class="multinomial", max_iter=10_000, tol=1e-6)
    fitted.fit(full.astype(np.float64), targets)
    sign = np.array([[-1.0], [1.0]]) if intents == 2 else 1.0
    theirs = (sign * fitted.coef_).T, np.ravel(sign) * fitted.intercept_
    best = loss_of_likelihood(theirs, full, targets, c)
    assert loss_of_likelihood(found, full, targets, c) <= best * (1 + NEAR)
    ours, scores = (full @ one[0] + one[1] for one in (found, theirs))
    apart = (ours - ours.mean(axis=1, keepdims=True)) - (scores - scores.mean(axis=1, keepdims=True))
    assert np.sqrt(np.mean(apart**2)) < 0.05 * scores.std()


def test_it_makes_no_difference_which_numbers_are_kept_as_full_ones(monkeypatch):
    full, sparse, targets = examples(5, 400, 6)
    assert 0 < np.count_nonzero(sparse.getnnz(axis=0) > COMMON * 400) < sparse.shape[1]
    mixed = fit_margins(Features(full, sparse), targets, 0.5)
    all_full = fit_margins(Features(np.hstack([full, sparse.toarray()])), targets, 0.5)
    monkeypatch.setattr(linear_models, "COMMON", 1.0)
    all_sparse = fit_margins(Features(full, sparse), targets, 0.5)
    for other in (all_full, all_sparse):
        np.testing.assert_allclose(mixed[0], other[0], atol=0.02)


def test_the_full_numbers_never_get_more_than_can_be_inverted():
    sparse = scipy.sparse.csr_matrix(np.ones((4, 3 * MOST_COMMON), dtype=np.float32))
    assert Features(np.zeros((4, 2), dtype=np.float32), sparse).full.shape[1] == 2 + MOST_COMMON + 1


def test_the_same_examples_give_the_same_models_to_the_last_bit():
    full, sparse, targets = examples(7, 500, 9)
    first, second = (fit_margins(Features(full, sparse), targets, 0.5) for _ in range(2))
    assert [part.tobytes() for part in first] == [part.tobytes() for part in second]
    first, second = (fit_likelihood(Features(full), targets, 20.0) for _ in range(2))
    assert [part.tobytes() for part in first] == [part.tobytes() for part in second]


@pytest.mark.parametrize("fit", [fit_margins, fit_likelihood])
def test_examples_without_any_difference_or_number_end_at_once(fit):
    targets = np.array([0, 1, 0, 1])
    empty = scipy.sparse.csr_matrix((4, 0), dtype=np.float32)
    coefficients, intercept = fit(Features(np.zeros((4, 3), dtype=np.float32), empty), targets, 1.0)
    assert not coefficients.any()
    assert intercept[0] == pytest.approx(intercept[1], abs=1e-3)


def test_examples_that_are_told_apart_by_one_number_each_are_all_told_apart():
    """Nothing is common to them, and the loss can be lowered to almost nothing."""
    targets = np.arange(40)
    sparse = scipy.sparse.identity(40, dtype=np.float32, format="csr")
    for c in (1.0, 1e4):
        coefficients, intercept = fit_margins(Features(np.zeros((40, 1), dtype=np.float32), sparse), targets, c)
        assert (coefficients[1:] + intercept).argmax(axis=1).tolist() == targets.tolist()
