"""Fit linear models of all intents at once, to the minimum that sklearn's solvers find. Knows no texts.

Those took most of a training's time: liblinear fits one intent after the other and reads numbers one by one. Here each
step is a few products of matrices for all intents. The same examples give the same models.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import scipy.linalg
import scipy.sparse

COMMON = 0.05  # share of the examples that have a number, above which it is kept among the full ones
MOST_COMMON = 512  # numbers; their table is inverted
ENOUGH = 1e-5  # of the value to be lowered: steps end when they promise to lower it by less
MOST_STEPS = 1000
LINE_STEPS = 3  # of Newton's, to the lowest point on a line
BEND_OF_MARGINS, BEND_OF_LIKELIHOOD = 0.2, 0.1  # tried: with these few steps are needed
SMALLEST = np.float32(1e-30)

Models = tuple[np.ndarray, np.ndarray]
"""Coefficients, one row per number and one column per intent, and the intercept of each intent."""
Derivatives = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Step → first and second derivative there."""


class Features:
    """The numbers of examples, a row each.

    Most are those that few examples have. They have no weights while models are fitted: examples pull at them, and
    there are fewer examples than numbers.
    """

    def __init__(self, full: np.ndarray, sparse: scipy.sparse.csr_matrix | None = None) -> None:
        """Creates them.

        Args:
            full: numbers that most examples have.
            sparse: further numbers, which most examples lack.
        """
        ones = np.ones((len(full), 1), dtype=np.float32)
        rest = scipy.sparse.csr_matrix((len(full), 0), dtype=np.float32) if sparse is None else sparse
        counts = rest.getnnz(axis=0)
        order = np.argsort(-counts, kind="stable")
        is_common = counts[order] > COMMON * len(full)
        is_common[MOST_COMMON:] = False
        self._common, self._rare = order[is_common], order[~is_common]
        self._before = full.shape[1]
        self.full = np.hstack([full, rest[:, self._common].toarray(), ones]).astype(np.float32)
        self._sparse = rest[:, self._rare].astype(np.float32)
        self._by_number = self._sparse.T.tocsr()

    def spread(self, pulls: np.ndarray) -> np.ndarray:
        """Return the scores that examples get by their rare numbers when all examples pull at those."""
        found: np.ndarray = self._sparse @ (self._by_number @ pulls)
        return found

    def models(self, weights: np.ndarray, pulls: np.ndarray) -> Models:
        """Return the models that have these weights of full numbers (the last is the intercept) and these pulls."""
        count = self._before + len(self._common) + len(self._rare)
        found = np.empty((count, weights.shape[1]), dtype=np.float32)
        found[: self._before] = weights[: self._before]
        found[self._before + self._common] = weights[self._before : -1]
        found[self._before + self._rare] = self._by_number @ pulls
        return found, weights[-1]


class Loss(Protocol):
    """What is lost by the scores that examples have."""

    def slopes(self, scores: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss, and its derivative by each score."""
        ...

    def along(self, scores: np.ndarray, change: np.ndarray) -> Derivatives:
        """Return the derivatives of the loss by the length of a step in a direction."""
        ...

    def total(self, by_intent: np.ndarray) -> np.ndarray:
        """Return the numbers by which steps are measured: of each intent, or of all together."""
        ...


class Margins:
    """Squared hinge loss of each intent against all others."""

    def __init__(self, targets: np.ndarray, c: float) -> None:
        self._signs = np.full((len(targets), _count(targets)), -1, dtype=np.float32)
        self._signs[np.arange(len(targets)), targets] = 1
        self._double = np.float32(2 * c)

    def slopes(self, scores: np.ndarray) -> tuple[float, np.ndarray]:
        lacking = np.maximum(1 - self._signs * scores, 0)
        return 0.5 * float(self._double) * float(np.vdot(lacking, lacking)), -self._double * self._signs * lacking

    def along(self, scores: np.ndarray, change: np.ndarray) -> Derivatives:
        start, way = 1 - self._signs * scores, -self._signs * change

        def derivatives(step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            lacking = np.maximum(start + step * way, 0)
            moving = np.where(lacking > 0, way, 0)
            return self._double * _dots(lacking, way), self._double * _dots(moving, moving)

        return derivatives

    def total(self, by_intent: np.ndarray) -> np.ndarray:
        return by_intent


class Likelihood:
    """Logarithmic loss of one intent among all."""

    def __init__(self, targets: np.ndarray, c: float) -> None:
        self._own = np.arange(len(targets)), targets
        self._c = np.float32(c)

    def slopes(self, scores: np.ndarray) -> tuple[float, np.ndarray]:
        raised, own = self._raise(scores)
        sums = raised.sum(axis=1, keepdims=True)
        lost = np.log(sums).sum(dtype=np.float64) - own.sum(dtype=np.float64)
        raised /= sums
        raised[self._own] -= 1
        return float(self._c) * float(lost), self._c * raised

    def along(self, scores: np.ndarray, change: np.ndarray) -> Derivatives:
        own = change[self._own].sum()

        def derivatives(step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            raised, _ = self._raise(scores + step * change)
            weighed = raised / raised.sum(axis=1, keepdims=True) * change
            means = weighed.sum(axis=1)
            return self._c * (means.sum() - own), self._c * (np.vdot(weighed, change) - np.vdot(means, means))

        return derivatives

    def total(self, by_intent: np.ndarray) -> np.ndarray:
        return np.asarray(by_intent.sum())

    def _raise(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the scores as what probabilities are made of, and those of the right intents as they were."""
        shifted = scores - scores.max(axis=1, keepdims=True)
        own = shifted[self._own]
        return np.exp(shifted, out=shifted), own


def fit_margins(features: Features, targets: np.ndarray, c: float) -> Models:
    """Return the models that ``LinearSVC(C=c)`` fits.

    Args:
        features: of the examples.
        targets: the intent of each, as a number; there is one of each number at least.
        c: how hard to try to get every example right.
    """
    start = np.zeros((features.full.shape[1], _count(targets)), dtype=np.float32)
    start[-1] = -1  # most examples are none of an intent: from here on few are on the wrong side
    return _lower(features, Margins(targets, c), np.ones(len(start)), 2 * c * BEND_OF_MARGINS, start)


def fit_likelihood(features: Features, targets: np.ndarray, c: float) -> Models:
    """Return the models that ``LogisticRegression(C=c, multi_class="multinomial")`` fits.

    Args:
        features: of the examples.
        targets: the intent of each, as a number; there is one of each number at least.
        c: how hard to try to get every example right.
    """
    start = np.zeros((features.full.shape[1], _count(targets)), dtype=np.float32)
    ridge = np.ones(len(start))
    ridge[-1] = 0
    return _lower(features, Likelihood(targets, c), ridge, c * BEND_OF_LIKELIHOOD, start)


def _lower(features: Features, loss: Loss, ridge: np.ndarray, bend: float, weights: np.ndarray) -> Models:
    """Return the models of least loss and squared weights, by conjugate gradients (Polak and Ribière 1969).

    Args:
        features: of the examples.
        loss: of their scores.
        ridge: how much the square of each full number's weight counts.
        bend: how bent the loss is where many examples are; divided by the intents it conditions the full numbers.
        weights: to begin with.
    """
    full, intents = features.full, weights.shape[1]
    conditioner = scipy.linalg.inv(np.diag(ridge) + bend / intents * (full.T @ full)).astype(np.float32)
    damp = ridge.astype(np.float32)[:, np.newaxis]
    scores = full @ weights
    pulls = pulled = np.zeros_like(scores)
    before = None
    for _ in range(MOST_STEPS):
        lost, slopes = loss.slopes(scores)
        down, let = damp * weights + full.T @ slopes, pulls + slopes
        eased, spread = conditioner @ down, features.spread(let)
        steep = loss.total(_dots(down, eased) + _dots(let, spread))
        value = lost + 0.5 * float(np.vdot(damp * weights, weights) + np.vdot(pulls, pulled))
        if 0.5 * float(steep.sum()) <= ENOUGH * value:
            break
        if before is None:
            way, pull, push = -eased, -let, -spread
        else:
            gain = steep - loss.total(_dots(before[0], eased) + _dots(before[1], spread))
            turn = np.maximum(gain, 0) / np.maximum(before[2], SMALLEST)
            way, pull, push = turn * way - eased, turn * pull - let, turn * push - spread
        before = down, let, steep
        change = full @ way + push
        length = _find_lowest(
            loss.along(scores, change),
            loss.total(_dots(damp * weights, way) + _dots(pulls, push)),
            loss.total(_dots(damp * way, way) + _dots(pull, push)),
        )
        weights, scores = weights + length * way, scores + length * change
        pulls, pulled = pulls + length * pull, pulled + length * push
    return features.models(weights, pulls)


def _find_lowest(derivatives: Derivatives, slope: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """Return how far to go on a line, by Newton's steps between a place that still falls and one that rises.

    Args:
        derivatives: of the loss.
        slope: of the squared weights at the beginning.
        bend: of the squared weights.
    """
    low, high, length = np.zeros_like(slope), np.full_like(slope, np.inf), np.zeros_like(slope)
    for _ in range(LINE_STEPS):
        first, second = derivatives(length)
        first, second = first + slope + length * bend, second + bend
        low, high = np.where(first < 0, length, low), np.where(first < 0, high, length)
        newton = length - first / np.maximum(second, SMALLEST)
        is_between = (newton > low) & (newton < high)
        length = np.where(is_between, newton, 0.5 * (low + np.minimum(high, 2 * low + 1)))
    return length.astype(np.float32)


def _count(targets: np.ndarray) -> int:
    return int(targets.max()) + 1


def _dots(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the product of each two columns."""
    return np.einsum("ij,ij->j", left, right)
