"""Train the intent model: linear models of wording and of meaning, and how they are pooled. Deterministic.

How much each counts, what is in scope and below what a text is not, is picked by cross-validation on the examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from parley_rasa.understanding.intent_model import (
    EMBEDDING_WEIGHT,
    OUT_OF_SCOPE,
    IntentModel,
    Meaning,
    Pooling,
    Scope,
    pool,
)
from parley_rasa.understanding.linear_models import Features, Models, fit_likelihood, fit_margins
from parley_rasa.understanding.nearest import NEIGHBOURS
from parley_rasa.understanding.ngrams import Counted, NgramWeights, char_ngrams, word_ngrams

FOLDS = 5
ENOUGH_READ = 3000  # examples; a handful of numbers is learnt from their held-out scores as well as from more
LEAST_PARTS = 3  # what one or two say hangs on chance
UNREAD = -1
MEANING_C = 20.0
SCOPE_C = 1000.0
UNCALIBRATED = Pooling(4.0)
FIRST_GUESS = Pooling(3.0, 0.4, 2.0)
C = 0.5
OTHER_C = (1.0,)
FEW_TO_TRY = 1000  # examples, up to which other values of C are worth the seconds
FEW = 30  # examples, below which an intent's name is taught too
LEAST_OUTSIDE = 5  # texts out of scope, below which they teach nothing
RIGHT_KEPT = 0.98  # of the answers that are right, where there are no texts out of scope to pick a threshold by


class TrainingError(ValueError):
    """The examples do not make a model."""


@dataclass
class Readings:
    """Scores of texts by models that have not seen them: one row a text.

    Attributes:
        wording: decision values of the model over embedding and n-grams, a column per intent.
        meaning: decision values of the model over the embedding alone.
        nearest: cosine of each intent's nearest example.
        familiarity: mean cosine of the nearest examples of all.
    """

    wording: np.ndarray
    meaning: np.ndarray
    nearest: np.ndarray
    familiarity: np.ndarray

    @classmethod
    def blank(cls, texts: int, intents: int) -> Readings:
        """Return readings to be put in."""
        return cls(*(np.zeros((texts, intents)) for _ in range(3)), np.zeros(texts))

    def put(self, rows: np.ndarray, found: Readings) -> None:
        """Write the readings of some of the texts."""
        self.wording[rows], self.meaning[rows] = found.wording, found.meaning
        self.nearest[rows], self.familiarity[rows] = found.nearest, found.familiarity

    def take(self, rows: np.ndarray) -> Readings:
        """Return the readings of some of the texts."""
        return Readings(self.wording[rows], self.meaning[rows], self.nearest[rows], self.familiarity[rows])


def with_names(texts: Sequence[str], intents: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the examples and, for each intent with few, its name in words: "card_arrival" says what it is about."""
    counts = Counter(intents)
    named = [name for name in sorted(counts) if counts[name] < FEW and name != OUT_OF_SCOPE]
    return [*texts, *(name.replace("_", " ").lower() for name in named)], [*intents, *named]


def train(
    texts: Sequence[str], intents: Sequence[str], embeddings: np.ndarray, encoder: str, c: float | None = None
) -> IntentModel:
    """Return a model of the examples.

    Args:
        texts: the examples.
        intents: the intent of each; ``out_of_scope`` for those that no intent is meant for.
        embeddings: the encoder's vector of each.
        encoder: fingerprint of the encoder.
        c: how hard the wording model tries to get every example right; picked by cross-validation where it is None
            and the examples are few.

    Raises:
        TrainingError: there are fewer than two intents.
    """
    inside = [number for number, intent in enumerate(intents) if intent != OUT_OF_SCOPE]
    labels = sorted({intents[number] for number in inside})
    check_labels(labels)
    inside.sort(key=lambda number: intents[number])
    outside = [number for number, intent in enumerate(intents) if intent == OUT_OF_SCOPE]
    targets = np.array([labels.index(intents[number]) for number in inside])
    known = Texts([texts[number] for number in inside], embeddings[inside])
    strange = Texts([texts[number] for number in outside], embeddings[outside])
    folds = divide(targets)
    readings_by_c = {one: cross_validate(known, targets, one, folds) for one in values_of_c(len(known), c)}
    read = np.arange(len(known)) if folds is None else np.flatnonzero(folds != UNREAD)
    best = best_c(readings_by_c, targets[read])
    fitted = Fitted(known, range(len(known)), targets, best)
    return assemble(labels, fitted, targets[read], readings_by_c[best], known.embeddings[read], strange, encoder)


def check_labels(labels: Sequence[str]) -> None:
    """Refuse to tell apart what needs no telling.

    Raises:
        TrainingError: there are fewer than two intents.
    """
    if len(labels) < 2:
        raise TrainingError(f"an intent model needs at least two intents, the examples have {len(labels)}")


def values_of_c(examples: int, c: float | None) -> list[float]:
    """Return the values that are worth trying."""
    return [C, *(OTHER_C if examples <= FEW_TO_TRY else ())] if c is None else [c]


def best_c(readings_by_c: Mapping[float, Readings | None], targets: np.ndarray) -> float:
    """Return the value whose held-out probabilities are best."""
    if len(readings_by_c) == 1:
        return next(iter(readings_by_c))
    return min(readings_by_c, key=lambda one: _loss_of(readings_by_c[one], targets))


def assemble(
    labels: list[str], fitted: Fitted, targets: np.ndarray, held_out: Readings | None, vectors: np.ndarray,
    strange: Texts, encoder: str,
) -> IntentModel:  # fmt: skip
    """Return a model that pools what the fitted models say, as is best for examples they have not seen.

    Args:
        labels: the intents.
        fitted: models of all examples.
        targets: the intent of each example that is learnt from here, as a number.
        held_out: scores of each of them by models that have not seen it; None if there are none.
        vectors: the encoder's vector of each of them.
        strange: texts that no intent is meant for.
        encoder: fingerprint of the encoder.
    """
    model = IntentModel(
        labels, fitted.words, fitted.chars, *fitted.wording, UNCALIBRATED, encoder,
        Meaning(*fitted.meaning, fitted.examples, fitted.starts),
    )  # fmt: skip
    if held_out is None:
        return model
    model.pooling = fit_pooling(held_out, targets)
    found = pool(model.pooling, held_out.wording, held_out.meaning, held_out.nearest)
    right = found.argmax(axis=1) == targets
    if len(strange) < LEAST_OUTSIDE:
        model.threshold = float(np.quantile(found.max(axis=1)[right], 1 - RIGHT_KEPT)) if right.any() else 0.0
        return model
    readings = fitted.read(strange, range(len(strange)))
    weight = len(fitted.examples) / len(targets)
    model.scope, probable, improbable = fit_scope(held_out, vectors, readings, strange.embeddings, weight)
    model.threshold = best_threshold(probable, right, improbable, weight)
    return model


def divide(targets: np.ndarray) -> np.ndarray | None:
    """Return the part of the cross-validation that each example is in; None if an intent has a single example.

    Where there are many examples some are ``UNREAD``: models learn from them, and none is asked for them.

    Args:
        targets: the intent of each example, as a number.
    """
    count = min(FOLDS, *Counter(targets.tolist()).values())
    if count < 2:
        return None
    found = np.full(len(targets), UNREAD)
    splitter = StratifiedKFold(count, shuffle=True, random_state=0)
    for number, (_, unseen) in enumerate(splitter.split(found, targets)):
        if number < LEAST_PARTS or np.count_nonzero(found != UNREAD) < ENOUGH_READ:
            found[unseen] = number
    return found


def cross_validate(texts: Texts, targets: np.ndarray, c: float, folds: np.ndarray | None) -> Readings | None:
    """Return the scores of the examples that are read, by models of the other folds; None if there are no folds."""
    if folds is None:
        return None
    found = Readings.blank(len(targets), int(targets.max()) + 1)
    for fold in np.unique(folds[folds != UNREAD]):
        seen, unseen = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        found.put(unseen, Fitted(texts, seen, targets[seen], c).read(texts, unseen))
    return found.take(np.flatnonzero(folds != UNREAD))


def fit_pooling(readings: Readings, targets: np.ndarray) -> Pooling:
    """Return the weights under which held-out scores give the best probabilities (smallest log loss)."""
    scores = np.stack([readings.wording, readings.meaning, readings.nearest])
    own = scores[:, np.arange(len(targets)), targets]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        pooled = np.tensordot(weights, scores, axes=1)
        pooled -= pooled.max(axis=1, keepdims=True)
        right = pooled[np.arange(len(targets)), targets]
        raised = np.exp(pooled)
        sums = raised.sum(axis=1, keepdims=True)
        expected = np.tensordot(scores, raised / sums, axes=2)
        return float(np.mean(np.log(sums[:, 0]) - right)), (expected - own.sum(axis=1)) / len(targets)

    first = [FIRST_GUESS.wording, FIRST_GUESS.meaning, FIRST_GUESS.nearest]
    best = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(first))
    return Pooling(*best.x.tolist())


def pooling_loss(pooling: Pooling, readings: Readings, targets: np.ndarray) -> float:
    """Return the log loss of pooled held-out scores."""
    found = pool(pooling, readings.wording, readings.meaning, readings.nearest)
    return -float(np.mean(np.log(found[np.arange(len(targets)), targets] + 1e-12)))


def _loss_of(readings: Readings | None, targets: np.ndarray) -> float:
    return 0.0 if readings is None else pooling_loss(fit_pooling(readings, targets), readings, targets)


def fit_scope(
    inside: Readings, vectors: np.ndarray, outside: Readings, strange: np.ndarray, weight: float = 1.0
) -> tuple[Scope, np.ndarray, np.ndarray]:
    """Return the model of scope and its probabilities of the examples inside and of those outside.

    Args:
        inside: readings of examples that an intent is meant for.
        vectors: the encoder's vector of each.
        outside: readings of texts that none is meant for.
        strange: the encoder's vector of each.
        weight: how many examples each of those inside stands for.
    """
    likeness = strange @ strange.T
    np.fill_diagonal(likeness, -1.0)  # a text is not its own neighbour
    numbers = np.vstack(
        [_scope_numbers(inside, _nearest_means(vectors @ strange.T)), _scope_numbers(outside, _nearest_means(likeness))]
    )
    targets = np.concatenate([np.ones(len(vectors)), np.zeros(len(strange))])
    centre, spread = numbers.mean(axis=0), numbers.std(axis=0) + 1e-9
    weights = np.where(targets == 1, weight, 1.0)
    fitted = LogisticRegression(C=SCOPE_C, max_iter=1000).fit((numbers - centre) / spread, targets, weights)
    coefficients = fitted.coef_[0] / spread
    intercept = float(fitted.intercept_[0] - centre @ coefficients)
    probabilities = 1.0 / (1.0 + np.exp(-(numbers @ coefficients + intercept)))
    return Scope(strange, coefficients, intercept), probabilities[: len(vectors)], probabilities[len(vectors) :]


def best_threshold(inside: np.ndarray, right: np.ndarray, outside: np.ndarray, weight: float = 1.0) -> float:
    """Return the probability below which calling a text out of scope is right most often (Larson et al. 2019).

    Args:
        inside: probability to be in scope, of texts that are.
        right: whether the likeliest intent is the right one, for each of them.
        outside: probability to be in scope, of texts that are not.
        weight: how many texts each of those inside stands for.
    """
    candidates = np.unique(np.concatenate([[0.0], inside, outside]))
    kept = np.sort(inside[right])
    refused = np.sort(outside)
    good = weight * (len(kept) - np.searchsorted(kept, candidates)) + np.searchsorted(refused, candidates)
    # Of several that are as good the one that turns most away: a wrong answer costs more than a question.
    return float(candidates[len(candidates) - 1 - int(np.argmax(good[::-1]))])


class Texts:
    """Texts with all that is read from them: n-grams, counted once, and embeddings."""

    def __init__(self, texts: Sequence[str], embeddings: np.ndarray) -> None:
        self.texts, self.embeddings = list(texts), np.asarray(embeddings, dtype=np.float32)
        self.words, self.chars = Counted(word_ngrams, texts), Counted(char_ngrams, texts)

    def __len__(self) -> int:
        return len(self.texts)


class Fitted:
    """Models of some of the examples, which may come in any order."""

    def __init__(self, texts: Texts, rows: Sequence[int], targets: np.ndarray, c: float) -> None:
        """Creates them.

        Args:
            texts: the examples, and others.
            rows: which of them to learn.
            targets: the intent of each of these, as a number.
            c: how hard the wording model tries.
        """
        self.words, self.chars = NgramWeights.fit(texts.words, rows), NgramWeights.fit(texts.chars, rows)
        embeddings = texts.embeddings[rows]
        numbers = Features(EMBEDDING_WEIGHT * embeddings, self._ngrams(texts, rows))
        self.wording: Models = fit_margins(numbers, targets, c)
        self.meaning: Models = fit_likelihood(Features(embeddings), targets, MEANING_C)
        order = np.argsort(targets, kind="stable")
        self.examples = embeddings[order]
        self.starts = np.searchsorted(targets[order], np.unique(targets))

    def read(self, texts: Texts, rows: Sequence[int]) -> Readings:
        embeddings = texts.embeddings[rows]
        cosines = embeddings @ self.examples.T
        of_embedding, of_ngrams = np.split(self.wording[0], [embeddings.shape[1]])
        return Readings(
            EMBEDDING_WEIGHT * embeddings @ of_embedding + self._ngrams(texts, rows) @ of_ngrams + self.wording[1],
            embeddings @ self.meaning[0] + self.meaning[1],
            np.maximum.reduceat(cosines, self.starts, axis=1),
            _nearest_means(cosines),
        )

    def _ngrams(self, texts: Texts, rows: Sequence[int]) -> scipy.sparse.csr_matrix:
        parts = [self.words.matrix(texts.words, rows), self.chars.matrix(texts.chars, rows)]
        return scipy.sparse.hstack(parts, format="csr")


def _scope_numbers(readings: Readings, strangeness: np.ndarray) -> np.ndarray:
    highest = np.sort(readings.wording, axis=1)
    return np.column_stack([highest[:, -1], highest[:, -2], readings.familiarity, strangeness])


def _nearest_means(cosines: np.ndarray) -> np.ndarray:
    count = min(NEIGHBOURS, cosines.shape[1])
    found: np.ndarray = np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1)
    return found
