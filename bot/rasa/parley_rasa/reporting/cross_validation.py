"""Classify every example by a model that has not seen it. The same examples give the same results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedKFold

from parley_rasa.reporting.examples import Example, ReportError
from parley_rasa.understanding import intent_training
from parley_rasa.understanding.encoder import Encoder
from parley_rasa.understanding.intent_model import IntentModel

SAY_EVERY = 250  # texts
Say = Callable[[str], None]


@dataclass(frozen=True)
class Found:
    """What a model took a text for."""

    intent: str
    confidence: float


class Vectors:
    """The encoder, asked once a text."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._known: dict[str, np.ndarray] = {}

    def of(self, texts: Sequence[str], say: Say = lambda _line: None) -> np.ndarray:
        """Return one row per text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for number, text in enumerate(new, 1):
            self._known[text] = self.encoder.encode(text)
            if number % SAY_EVERY == 0:
                say(f"{number} of {len(new)} texts encoded")
        rows = [self._known[text] for text in texts]
        return np.asarray(rows, dtype=np.float32).reshape(len(rows), self.encoder.dimensions)


def train(examples: Sequence[Example], vectors: Vectors) -> IntentModel:
    """Return a model of the examples, trained as the product trains (SemanticIntents).

    Raises:
        TrainingError: there are fewer than two intents.
    """
    texts, intents = intent_training.with_names(
        [example.text for example in examples], [example.intent for example in examples]
    )
    return intent_training.train(texts, intents, vectors.of(texts), vectors.encoder.fingerprint)


def classify(model: IntentModel, texts: Sequence[str], vectors: Vectors) -> list[Found]:
    """Return what the product would take each text for."""
    rankings = model.rank_all(texts, vectors.of(texts))
    return [Found(*ranking[0]) for ranking in rankings]


def cross_validate(examples: Sequence[Example], vectors: Vectors, folds: int, say: Say) -> list[Found]:
    """Return what each example is taken for by a model trained without it and without any text that says the same.

    Raises:
        ReportError: there are too few examples.
        TrainingError: there are fewer than two intents.
    """
    first, place = _distinct(examples)
    most = max(Counter(examples[number].intent for number in first).values(), default=0)
    folds = min(folds, most)
    if folds < 2:
        raise ReportError("cross-validation needs an intent with at least two examples")
    # Duplicates stay together: else a model would have seen what it is asked.
    distinct = [examples[number] for number in first]
    fold_of = _folds(distinct, folds)[np.array(place)]
    found: list[Found | None] = [None] * len(examples)
    for fold in range(folds):
        unseen = np.flatnonzero(fold_of == fold)
        model = train([examples[number] for number in np.flatnonzero(fold_of != fold)], vectors)
        results = classify(model, [examples[number].text for number in unseen], vectors)
        for number, result in zip(unseen, results, strict=True):
            found[number] = result
        say(f"{fold + 1} of {folds} folds")
    return [result for result in found if result is not None]


def _distinct(examples: Sequence[Example]) -> tuple[list[int], list[int]]:
    """Return the first example of each wording, and for every example the place of its wording among them."""
    places: dict[str, int] = {}
    first: list[int] = []
    for number, example in enumerate(examples):
        if places.setdefault(example.plain, len(first)) == len(first):
            first.append(number)
    return first, [places[example.plain] for example in examples]


def _folds(examples: Sequence[Example], folds: int) -> np.ndarray:
    """Return the fold of each example; every intent and language is spread over all of them where it can be."""
    groups = [f"{example.intent}/{example.language}" for example in examples]
    if max(Counter(groups).values()) < folds:
        groups = [example.intent for example in examples]
    counts = Counter(groups)
    # What is rarer than the folds cannot be stratified, and sklearn warns of it.
    kept = [group if counts[group] >= folds else "" for group in groups]
    if 0 < kept.count("") < folds:
        common = counts.most_common(1)[0][0]
        kept = [group or common for group in kept]
    fold_of = np.zeros(len(examples), dtype=np.int64)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=0)
    for number, (_, unseen) in enumerate(splitter.split(np.zeros(len(kept)), kept)):
        fold_of[unseen] = number
    return fold_of
