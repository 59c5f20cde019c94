"""Train the intent model: a linear SVM on joined features and a logistic regression on the embedding. Deterministic.

How their scores become probabilities, and how much each counts, is picked by cross-validation on the examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from parley_rasa.understanding.intent_model import EMBEDDING_WEIGHT, IntentModel, MeaningModel, softmax
from parley_rasa.understanding.ngrams import NgramWeights, char_ngrams, word_ngrams

FOLDS = 5
SCALE_WITHOUT_CALIBRATION = 4.0
SCALES = np.geomspace(0.5, 32.0, 60)
MEANING_C = 20.0
MEANING_SCALES = np.geomspace(0.3, 3.0, 24)
MEANING_WEIGHTS = (0.0, 0.15, 0.3, 0.4, 0.5, 0.6)


class TrainingError(ValueError):
    """The examples do not make a model."""


def train(texts: Sequence[str], intents: Sequence[str], embeddings: np.ndarray, encoder: str, c: float) -> IntentModel:
    """Return a model of the examples.

    Args:
        texts: the examples.
        intents: the intent of each.
        embeddings: the encoder's vector of each.
        encoder: fingerprint of the encoder.
        c: how hard the linear model tries to get every example right.
    """
    labels = sorted(set(intents))
    if len(labels) < 2:
        raise TrainingError(f"an intent model needs at least two intents, the examples have {len(labels)}")
    targets = np.array([labels.index(intent) for intent in intents])
    words, chars, features = _featurise(texts, embeddings)
    svm = _fit(features, targets, c)
    coefficients, intercept = _per_label(svm)
    mixture = calibrate(texts, embeddings, targets, c)
    meaning = _fit_meaning(embeddings, targets)
    by_meaning, by_meaning_intercept = _per_label(meaning)
    return IntentModel(
        labels, words, chars, coefficients.T, intercept, mixture.scale, encoder,
        MeaningModel(
            by_meaning.T * mixture.meaning_scale, by_meaning_intercept * mixture.meaning_scale, mixture.meaning_weight
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class Mixture:
    """How two models' scores become one probability."""

    scale: float
    meaning_scale: float = 1.0
    meaning_weight: float = 0.0


def calibrate(texts: Sequence[str], embeddings: np.ndarray, targets: np.ndarray, c: float) -> Mixture:
    """Return the scales and the weight under which held-out scores give the best probabilities (smallest log loss)."""
    folds = min(FOLDS, *Counter(targets.tolist()).values())
    if folds < 2:
        return Mixture(SCALE_WITHOUT_CALIBRATION)
    count = len(set(targets.tolist()))
    worded, meant = np.zeros((len(targets), count)), np.zeros((len(targets), count))
    splitter = StratifiedKFold(folds, shuffle=True, random_state=0)
    for seen, unseen in splitter.split(embeddings, targets):
        words, chars, features = _featurise([texts[number] for number in seen], embeddings[seen])
        rest = [texts[number] for number in unseen]
        coefficients, intercept = _per_label(_fit(features, targets[seen], c))
        worded[unseen] = _join(embeddings[unseen], words.matrix(rest), chars.matrix(rest)) @ coefficients.T + intercept
        coefficients, intercept = _per_label(_fit_meaning(embeddings[seen], targets[seen]))
        meant[unseen] = embeddings[unseen] @ coefficients.T + intercept
    scale = _best(SCALES, lambda candidate: softmax(worded * candidate), targets)
    meaning_scale = _best(MEANING_SCALES, lambda candidate: softmax(meant * candidate), targets)
    one, other = softmax(worded * scale), softmax(meant * meaning_scale)
    weight = _best(MEANING_WEIGHTS, lambda candidate: (1 - candidate) * one + candidate * other, targets)
    return Mixture(scale, meaning_scale, weight)


def _best(candidates: Iterable[float], probabilities: Callable[[float], np.ndarray], targets: np.ndarray) -> float:
    """Return the candidate with the smallest log loss."""
    rows = np.arange(len(targets))
    losses = {float(one): -np.mean(np.log(probabilities(one)[rows, targets] + 1e-12)) for one in candidates}
    return min(losses, key=lambda one: losses[one])


def _featurise(
    texts: Sequence[str], embeddings: np.ndarray
) -> tuple[NgramWeights, NgramWeights, scipy.sparse.csr_matrix]:
    words, chars = NgramWeights.fit(word_ngrams, texts), NgramWeights.fit(char_ngrams, texts)
    return words, chars, _join(embeddings, words.matrix(texts), chars.matrix(texts))


def _join(
    embeddings: np.ndarray, words: scipy.sparse.csr_matrix, chars: scipy.sparse.csr_matrix
) -> scipy.sparse.csr_matrix:
    parts: list[scipy.sparse.csr_matrix] = [scipy.sparse.csr_matrix(EMBEDDING_WEIGHT * embeddings), words, chars]
    return scipy.sparse.hstack(parts, format="csr").astype(np.float64)


def _fit(features: scipy.sparse.csr_matrix, targets: np.ndarray, c: float) -> LinearSVC:
    return LinearSVC(C=c, random_state=0, max_iter=5000).fit(features, targets)


def _fit_meaning(embeddings: np.ndarray, targets: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=MEANING_C, max_iter=300).fit(embeddings, targets)


def _per_label(svm: LinearSVC | LogisticRegression) -> tuple[np.ndarray, np.ndarray]:
    """Return one row of coefficients per label; sklearn gives a single row when there are two."""
    if len(svm.classes_) == 2:
        return np.vstack([-svm.coef_, svm.coef_]), np.concatenate([-svm.intercept_, svm.intercept_])
    return svm.coef_, svm.intercept_
