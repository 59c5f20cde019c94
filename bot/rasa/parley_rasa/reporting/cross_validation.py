"""Classify every example by a model that has not seen it. The same examples give the same results."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from parley_rasa.reporting.examples import Example, ReportError
from parley_rasa.understanding import intent_training
from parley_rasa.understanding.encoder import Encoder
from parley_rasa.understanding.intent_model import OUT_OF_SCOPE, IntentModel
from parley_rasa.understanding.intent_training import Fitted, Readings, Texts
from parley_rasa.understanding.kept_vectors import KeptVectors, Say
from parley_rasa.understanding.readable import is_language


@dataclass(frozen=True)
class Found:
    """What a model took a text for."""

    intent: str
    confidence: float


class Understanding:
    """The encoder, asked once a text, and how Rasa's configuration would have models trained."""

    def __init__(self, encoder: Encoder, setup: dict[str, Any], file: Path | None = None) -> None:
        """Creates it.

        Args:
            encoder: of the bot.
            setup: what the configuration says of ``SemanticIntents``.
            file: what vectors are kept in from one run to the next.
        """
        self.encoder = encoder
        self.setup = setup
        self._kept = KeptVectors(encoder, file)

    def vectors(self, texts: Sequence[str], say: Say = lambda _line: None) -> np.ndarray:
        """Return one row per text."""
        return self._kept.of(texts, say)

    def keep(self) -> None:
        """Keep the vectors that were asked for."""
        self._kept.keep()

    def read(self, examples: Sequence[Example]) -> Texts:
        """Return the texts of examples as training wants them."""
        texts = [example.text for example in examples]
        return Texts(texts, self.vectors(texts))

    def with_threshold(self, model: IntentModel) -> IntentModel:
        """Return the model with the threshold that is configured, if one is."""
        if self.setup["threshold"] is not None:
            model.threshold = float(self.setup["threshold"])
        return model

    def classify(self, model: IntentModel, texts: Sequence[str]) -> list[Found]:
        """Return what the bot would take each text for."""
        rankings = model.rank_all(texts, self.vectors(texts))
        return [
            Found(*ranking[0]) if is_language(text) else Found(OUT_OF_SCOPE, 1.0)
            for text, ranking in zip(texts, rankings, strict=True)
        ]


class Parts:
    """Models of all parts of the examples but one, and of all.

    How the readings of a text are pooled, what is in scope and below what a text is not, is learnt from what models
    made of examples that they had not seen; for a part, of those of the other parts. So no model is fitted twice.
    """

    def __init__(self, taught: Sequence[Example], part_of: np.ndarray, understanding: Understanding, say: Say) -> None:
        """Fits the models.

        Args:
            taught: the examples.
            part_of: the part that each is in.
            understanding: reads and trains.
            say: told of each model.

        Raises:
            TrainingError: there are fewer than two intents.
        """
        self._taught = taught
        self._understanding = understanding
        self._say = say
        self._strange = [(one, part) for one, part in zip(taught, part_of, strict=True) if one.intent == OUT_OF_SCOPE]
        known = _in_several_parts(taught, part_of)
        self._labels = sorted({taught[number].intent for number in known})
        intent_training.check_labels(self._labels)
        self._targets = np.array([self._labels.index(taught[number].intent) for number in known])
        self._part_of = part_of[known]
        self._texts = understanding.read([taught[number] for number in known])
        tried = intent_training.values_of_c(len(known), understanding.setup["c"])
        self._readings = {c: Readings.blank(len(known), len(self._labels)) for c in tried}
        self._fitted = {(c, part): self._fit(c, part) for c in tried for part in np.unique(part_of).tolist()}

    def model_without(self, part: int) -> IntentModel:
        """Return a model that knows nothing of a part."""
        seen = np.flatnonzero(self._part_of != part)
        strange = [example for example, own in self._strange if own != part]
        return self._assemble(self._labels, seen, strange, lambda c: self._fitted[c, part])

    def model_of_all(self) -> IntentModel:
        """Return a model of all examples, also of intents that stand in a single part."""
        self._say("training the model of all examples")
        inside = [example for example in self._taught if example.intent != OUT_OF_SCOPE]
        labels = sorted({example.intent for example in inside})
        targets = np.array([labels.index(example.intent) for example in inside])
        texts = self._understanding.read(inside)
        strange = [example for example, _ in self._strange]
        rows = np.arange(len(self._targets))
        return self._assemble(labels, rows, strange, lambda c: Fitted(texts, range(len(texts)), targets, c))

    def _assemble(
        self, labels: list[str], rows: np.ndarray, strange: Sequence[Example], fitted: Callable[[float], Fitted]
    ) -> IntentModel:
        """Return a model, pooled as is best for some of the examples.

        Args:
            labels: the intents that it knows.
            rows: the examples whose readings are learnt from.
            strange: texts that no intent is meant for.
            fitted: gives the models that are pooled, by C.
        """
        by_c = {c: readings.take(rows) for c, readings in self._readings.items()}
        best = intent_training.best_c(by_c, self._targets[rows])
        model = intent_training.assemble(
            labels, fitted(best), self._targets[rows], by_c[best], self._texts.embeddings[rows],
            self._understanding.read(strange), self._understanding.encoder.fingerprint,
        )  # fmt: skip
        return self._understanding.with_threshold(model)

    def _fit(self, c: float, part: int) -> Fitted:
        self._say(f"training the model without part {part + 1}")
        seen, unseen = np.flatnonzero(self._part_of != part), np.flatnonzero(self._part_of == part)
        fitted = Fitted(self._texts, seen, self._targets[seen], c)
        if len(unseen):
            self._readings[c].put(unseen, fitted.read(self._texts, unseen))
        return fitted


def cross_validate(
    examples: Sequence[Example], understanding: Understanding, folds: int, say: Say
) -> tuple[list[Found], IntentModel]:
    """Return what each example is taken for by a model trained without any text that says the same; and one of all.

    Raises:
        ReportError: there are too few examples.
        TrainingError: there are fewer than two intents.
    """
    taught = with_names(examples)
    part_of = divide(examples, taught, folds)
    parts = Parts(taught, part_of, understanding, say)
    found: dict[int, Found] = {}
    for part in np.unique(part_of).tolist():
        asked = [number for number in np.flatnonzero(part_of == part).tolist() if number < len(examples)]
        results = understanding.classify(parts.model_without(part), [examples[number].text for number in asked])
        found.update(zip(asked, results, strict=True))
    return [found[number] for number in range(len(examples))], parts.model_of_all()


def with_names(examples: Sequence[Example]) -> list[Example]:
    """Return the examples and the names of intents that have few, which training adds to them."""
    texts, intents = intent_training.with_names(
        [example.text for example in examples], [example.intent for example in examples]
    )
    names = zip(texts[len(examples) :], intents[len(examples) :], strict=True)
    return [*examples, *(Example(text, intent, "") for text, intent in names)]


def divide(examples: Sequence[Example], taught: Sequence[Example], folds: int) -> np.ndarray:
    """Return the part that each text taught is in.

    What says the same stays together: else a model would have seen what it is asked. Each intent and language is dealt
    out like cards over all parts, by itself and in an order that hangs on nothing but each text: where an intent gets
    more examples, those of all others stay in their parts, so that two reports differ by what the examples teach.

    Raises:
        ReportError: there are too few examples.
    """
    wordings = {example.plain: example.intent for example in reversed(examples)}
    folds = min(folds, max(Counter(wordings.values()).values()))
    if folds < 2:
        raise ReportError("cross-validation needs an intent with at least two examples")
    first = {example.plain: example for example in reversed(taught)}
    hands: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for plain in sorted(first, key=_mark):
        hands[first[plain].intent][first[plain].language].append(plain)
    parts = {
        plain: (_mark(intent) + number + place) % folds
        for intent, languages in hands.items()
        for number, language in enumerate(sorted(languages))
        for place, plain in enumerate(languages[language])
    }
    return np.array([parts[example.plain] for example in taught])


def _mark(text: str) -> int:
    """Return a number that says nothing of the text but is always the same."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _in_several_parts(taught: Sequence[Example], part_of: np.ndarray) -> np.ndarray:
    """Return the examples that an intent is meant for, but for those whose intent stands in a single part.

    The model that is asked for such an intent cannot know it.
    """
    parts: dict[str, set[int]] = defaultdict(set)
    for example, part in zip(taught, part_of.tolist(), strict=True):
        parts[example.intent].add(part)
    known = [
        number
        for number, example in enumerate(taught)
        if example.intent != OUT_OF_SCOPE and len(parts[example.intent]) > 1
    ]
    return np.array(known, dtype=np.int64)
