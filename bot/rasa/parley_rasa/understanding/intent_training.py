"""Train the intent model: linear SVM on joined features, its scores calibrated by cross-validation. Deterministic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import scipy.sparse
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from parley_rasa.understanding.intent_model import EMBEDDING_WEIGHT, IntentModel, softmax
from parley_rasa.understanding.ngrams import NgramWeights, char_ngrams, word_ngrams

FOLDS = 5
SCALE_WITHOUT_CALIBRATION = 4.0
SCALES = np.geomspace(0.5, 32.0, 60)


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
    scale = calibrate(texts, embeddings, targets, c)
    return IntentModel(labels, words, chars, coefficients.T, intercept, scale, encoder)


def calibrate(texts: Sequence[str], embeddings: np.ndarray, targets: np.ndarray, c: float) -> float:
    """Return the scale under which held-out scores give the best probabilities (smallest log loss)."""
    folds = min(FOLDS, *Counter(targets.tolist()).values())
    if folds < 2:
        return SCALE_WITHOUT_CALIBRATION
    held_out = np.zeros((len(targets), len(set(targets.tolist()))))
    splitter = StratifiedKFold(folds, shuffle=True, random_state=0)
    for seen, unseen in splitter.split(embeddings, targets):
        words, chars, features = _featurise([texts[number] for number in seen], embeddings[seen])
        rest = [texts[number] for number in unseen]
        coefficients, intercept = _per_label(_fit(features, targets[seen], c))
        held_out[unseen] = (
            _join(embeddings[unseen], words.matrix(rest), chars.matrix(rest)) @ coefficients.T + intercept
        )
    rows = np.arange(len(targets))
    losses = [-np.mean(np.log(softmax(held_out * scale)[rows, targets] + 1e-12)) for scale in SCALES]
    return float(SCALES[int(np.argmin(losses))])


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


def _per_label(svm: LinearSVC) -> tuple[np.ndarray, np.ndarray]:
    """Return one row of coefficients per label; sklearn gives a single row when there are two."""
    if len(svm.classes_) == 2:
        return np.vstack([-svm.coef_, svm.coef_]), np.concatenate([-svm.intercept_, svm.intercept_])
    return svm.coef_, svm.intercept_
