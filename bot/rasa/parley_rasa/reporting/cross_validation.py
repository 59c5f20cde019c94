"""Classify every example by a model that has not seen it. The same examples give the same results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parley_rasa.reporting.examples import Example, ReportError
from parley_rasa.understanding import intent_training
from parley_rasa.understanding.encoder import Encoder
from parley_rasa.understanding.intent_model import OUT_OF_SCOPE, IntentModel
from parley_rasa.understanding.intent_training import Fitted, Texts
from parley_rasa.understanding.readable import is_language

SAY_EVERY = 250  # texts
Say = Callable[[str], None]


@dataclass(frozen=True)
class Found:
    """What a model took a text for."""

    intent: str
    confidence: float


class Understanding:
    """The encoder, asked once a text, and how Rasa's configuration would have models trained."""

    def __init__(self, encoder: Encoder, setup: dict[str, Any]) -> None:
        self.encoder = encoder
        self._setup = setup
        self._known: dict[str, np.ndarray] = {}

    def vectors(self, texts: Sequence[str], say: Say = lambda _line: None) -> np.ndarray:
        """Return one row per text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for number, text in enumerate(new, 1):
            self._known[text] = self.encoder.encode(text)
            if number % SAY_EVERY == 0:
                say(f"{number} of {len(new)} texts encoded")
        rows = [self._known[text] for text in texts]
        return np.asarray(rows, dtype=np.float32).reshape(len(rows), self.encoder.dimensions)

    def train(
        self, examples: Sequence[Example], folds: np.ndarray | None = None, fit: intent_training.Fit | None = None
    ) -> IntentModel:
        """Return a model as the bot would have it, had it these examples and no others.

        Raises:
            TrainingError: there are fewer than two intents.
        """
        texts, intents = [example.text for example in examples], [example.intent for example in examples]
        model = intent_training.train(
            texts, intents, self.vectors(texts), self.encoder.fingerprint, self._setup["c"], folds, fit
        )
        if self._setup["threshold"] is not None:
            model.threshold = float(self._setup["threshold"])
        return model

    def classify(self, model: IntentModel, texts: Sequence[str]) -> list[Found]:
        """Return what the bot would take each text for."""
        rankings = model.rank_all(texts, self.vectors(texts))
        return [
            Found(*ranking[0]) if is_language(text) else Found(OUT_OF_SCOPE, 1.0)
            for text, ranking in zip(texts, rankings, strict=True)
        ]


def with_names(examples: Sequence[Example]) -> list[Example]:
    """Return the examples and the names of intents that have few, which training adds to them."""
    texts, intents = intent_training.with_names(
        [example.text for example in examples], [example.intent for example in examples]
    )
    names = zip(texts[len(examples) :], intents[len(examples) :], strict=True)
    return [*examples, *(Example(text, intent, "") for text, intent in names)]


def cross_validate(examples: Sequence[Example], understanding: Understanding, folds: int, say: Say) -> list[Found]:
    """Return what each example is taken for by a model trained without it and without any text that says the same.

    Raises:
        ReportError: there are too few examples.
        TrainingError: there are fewer than two intents.
    """
    most = max(Counter(examples[number].intent for number in _distinct(examples)[0]).values())
    folds = min(folds, most)
    if folds < 2:
        raise ReportError("cross-validation needs an intent with at least two examples")
    taught = with_names(examples)
    first, place = _distinct(taught)
    # What says the same stays together: else a model would have seen what it is asked.
    fold_of = _divide([taught[number] for number in first], folds)[np.array(place)]
    fit = _FittedOnce(say)
    found: dict[int, Found] = {}
    for fold in range(folds):
        fit.part = f"part {fold + 1} of {folds}"
        seen = np.flatnonzero(fold_of != fold)
        unseen = [number for number in np.flatnonzero(fold_of == fold) if number < len(examples)]
        model = understanding.train([taught[number] for number in seen], fold_of[seen], fit)
        results = understanding.classify(model, [examples[number].text for number in unseen])
        found |= dict(zip(unseen, results, strict=True))
    return [found[number] for number in range(len(examples))]


class _FittedOnce:
    """Makes each model once: the one without two parts of the examples is needed when either of them is asked."""

    def __init__(self, say: Say) -> None:
        self.part = ""
        self._say = say
        self._count = 0
        self._kept: dict[Any, Fitted] = {}

    def __call__(self, texts: Texts, rows: Sequence[int], targets: np.ndarray, c: float) -> Fitted:
        learnt = tuple(texts.texts[row] for row in rows)
        key = (learnt, targets.tobytes(), c)
        if key in self._kept:
            return self._kept.pop(key)  # it is needed twice, and large
        self._count += 1
        self._say(f"{self.part}: training model {self._count}")
        fitted = Fitted(texts, rows, targets, c)
        if len(learnt) < len(texts):
            self._kept[key] = fitted
        return fitted


def _distinct(examples: Sequence[Example]) -> tuple[list[int], list[int]]:
    """Return the first example of each wording, and for every example the place of its wording among them."""
    places: dict[str, int] = {}
    first: list[int] = []
    for number, example in enumerate(examples):
        if places.setdefault(example.plain, len(first)) == len(first):
            first.append(number)
    return first, [places[example.plain] for example in examples]


def _divide(examples: Sequence[Example], folds: int) -> np.ndarray:
    """Return the fold of each example: dealt out like cards, so that every intent and language is spread over all."""
    shuffled = np.random.default_rng(0).permutation(len(examples)).tolist()
    dealt = sorted(shuffled, key=lambda number: (examples[number].intent, examples[number].language))
    fold_of = np.zeros(len(examples), dtype=np.int64)
    fold_of[dealt] = np.arange(len(examples)) % folds
    return fold_of
