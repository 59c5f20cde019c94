"""The intent model at prediction time: three readings of a text pooled into one, and how likely it is in scope.

Stored as numbers and words: its file holds no code.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from parley_rasa.understanding.nearest import NearestRows, nearest_mean
from parley_rasa.understanding.ngrams import NgramWeights, char_ngrams, word_ngrams

EMBEDDING_WEIGHT = 2.0
OUT_OF_SCOPE = "out_of_scope"
_ARRAYS = "intents.npz"
_WORDS = "intents.json"


@dataclass(frozen=True)
class Pooling:
    """How much each reading's scores count before the softmax: logarithmic pooling (Genest and Zidek 1986).

    Attributes:
        wording: of the linear model over embedding and n-grams.
        meaning: of the linear model over the embedding alone.
        nearest: of the cosine of the nearest example of each intent.
    """

    wording: float
    meaning: float = 0.0
    nearest: float = 0.0


class Meaning:
    """What a model knows of meanings: a linear model over embeddings, and the examples themselves."""

    def __init__(
        self, coefficients: np.ndarray, intercept: np.ndarray, examples: np.ndarray, starts: np.ndarray
    ) -> None:
        """Creates it.

        Args:
            coefficients: one row per dimension, one column per intent.
            intercept: one number per intent.
            examples: one embedding of length 1 per example, those of an intent together, in the intents' order.
            starts: the row at which each intent's examples begin.
        """
        self.coefficients = np.ascontiguousarray(coefficients, dtype=np.float32)
        self.intercept = np.asarray(intercept, dtype=np.float32)
        # Half the file, and no cosine that differs by more than a thousandth.
        self.examples = np.ascontiguousarray(examples, dtype=np.float16)
        self.starts = np.asarray(starts, dtype=np.int64)
        self._nearest = NearestRows(self.examples, self.starts)

    def scores(self, embedding: np.ndarray) -> np.ndarray:
        """Return the decision value of every intent."""
        found: np.ndarray = embedding @ self.coefficients + self.intercept
        return found

    def likeness(self, embedding: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the cosine of each intent's nearest example, and the mean of the nearest of all."""
        return self._nearest.find(embedding)


class Scope:
    """How likely a text is one the intents are meant for: a logistic model of four numbers.

    They are the two highest decision values, the mean cosine of the nearest examples, and that of the nearest texts
    that are known to be out of scope.
    """

    def __init__(self, outside: np.ndarray, coefficients: np.ndarray, intercept: float) -> None:
        self.outside = np.ascontiguousarray(outside, dtype=np.float16)
        self.coefficients = np.asarray(coefficients, dtype=np.float64)
        self.intercept = intercept
        self._rows = self.outside.astype(np.float32)

    def probability(self, scores: np.ndarray, familiarity: float, embedding: np.ndarray) -> float:
        """Return the probability that a text is in scope.

        Args:
            scores: the wording model's decision value of every intent.
            familiarity: mean cosine of the nearest examples.
            embedding: the encoder's vector.
        """
        second, first = np.partition(scores, -2)[-2:]
        numbers = np.array([first, second, familiarity, nearest_mean(self._rows @ embedding)])
        return float(1.0 / (1.0 + np.exp(-(numbers @ self.coefficients + self.intercept))))


class IntentModel:
    """Probabilities of intents, with ``out_of_scope`` among them when the model was shown such texts."""

    def __init__(
        self, labels: list[str], words: NgramWeights, chars: NgramWeights, coefficients: np.ndarray,
        intercept: np.ndarray, pooling: Pooling, encoder: str, meaning: Meaning | None = None,
        scope: Scope | None = None, threshold: float = 0.0,
    ) -> None:  # fmt: skip
        """Creates the model.

        Args:
            labels: the intents, in the order of the columns of ``coefficients``.
            words: weights of word n-grams.
            chars: weights of character n-grams.
            coefficients: one row per feature, one column per intent: a text's few rows lie together in memory.
            intercept: one number per intent.
            pooling: how much each reading counts; fitted at training so that the probabilities are calibrated.
            encoder: fingerprint of the encoder that made the embeddings.
            meaning: what is known of meanings; None in files that are older than it.
            scope: None where training had no texts that are out of scope.
            threshold: below it a text is out of scope: of the probability to be in scope where ``scope`` is there, of
                the likeliest intent's where not.
        """
        self.labels, self.words, self.chars = labels, words, chars
        self.coefficients = np.ascontiguousarray(coefficients, dtype=np.float32)
        self.intercept = np.asarray(intercept, dtype=np.float32)
        self.pooling, self.encoder, self.meaning, self.scope = pooling, encoder, meaning, scope
        self.threshold = threshold
        dimensions = len(self.coefficients) - len(words.vocabulary) - len(chars.vocabulary)
        self._of_embedding = np.ascontiguousarray(self.coefficients[:dimensions] * EMBEDDING_WEIGHT)
        self._of_words = self.coefficients[dimensions : dimensions + len(words.vocabulary)]
        self._of_chars = self.coefficients[dimensions + len(words.vocabulary) :]

    def scores(self, text: str, embedding: np.ndarray) -> np.ndarray:
        """Return the wording model's decision value of every intent."""
        word_numbers, word_weights = self.words.weigh(text)
        char_numbers, char_weights = self.chars.weigh(text)
        return (
            embedding @ self._of_embedding
            + word_weights @ self._of_words[word_numbers]
            + char_weights @ self._of_chars[char_numbers]
            + self.intercept
        )

    def read(self, text: str, embedding: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the probability of every intent if the text is in scope, and that it is."""
        wording = self.scores(text, embedding)
        if self.meaning is None:
            found = softmax(wording[np.newaxis] * self.pooling.wording)[0]
            return found, 1.0
        nearest, familiarity = self.meaning.likeness(embedding)
        found = pool(self.pooling, wording, self.meaning.scores(embedding), nearest)
        inside = 1.0 if self.scope is None else self.scope.probability(wording, familiarity, embedding)
        return found, inside

    def rank(self, text: str, embedding: np.ndarray) -> list[tuple[str, float]]:
        """Return all intents with their probabilities, the likeliest first.

        ``out_of_scope`` is first, too, where the text is below the threshold; its probability then is at least that of
        the next.
        """
        given_inside, inside = self.read(text, embedding)
        probabilities = given_inside * inside
        order = np.argsort(-probabilities, kind="stable")
        ranking = [(self.labels[number], float(probabilities[number])) for number in order]
        if self.scope is None:
            return ranking if ranking[0][1] >= self.threshold else [(OUT_OF_SCOPE, 1.0 - ranking[0][1]), *ranking]
        outside = 1.0 - inside
        place = sum(probability > outside for _, probability in ranking) if inside >= self.threshold else 0
        return [*ranking[:place], (OUT_OF_SCOPE, outside), *ranking[place:]]

    def rank_all(self, texts: Sequence[str], embeddings: np.ndarray) -> list[list[tuple[str, float]]]:
        """Return the ranking of each text, the same as ``rank`` gives one by one."""
        return [self.rank(text, embedding) for text, embedding in zip(texts, embeddings, strict=True)]

    def save(self, folder: Path) -> None:
        """Write the model to a folder."""
        arrays = {
            "coefficients": self.coefficients, "intercept": self.intercept,
            "word_idf": self.words.idf, "char_idf": self.chars.idf,
        }  # fmt: skip
        if self.meaning is not None:
            arrays |= {
                "of_meaning": self.meaning.coefficients, "of_meaning_intercept": self.meaning.intercept,
                "examples": self.meaning.examples, "starts": self.meaning.starts,
            }  # fmt: skip
        if self.scope is not None:
            arrays |= {
                "outside": self.scope.outside,
                "scope": np.array([*self.scope.coefficients, self.scope.intercept]),
            }
        np.savez_compressed(folder / _ARRAYS, **arrays)
        words: dict[str, Any] = {
            "labels": self.labels, "scale": self.pooling.wording, "meaning": self.pooling.meaning,
            "nearest": self.pooling.nearest, "threshold": self.threshold, "encoder": self.encoder,
            "words": self.words.vocabulary, "chars": self.chars.vocabulary,
        }  # fmt: skip
        (folder / _WORDS).write_text(json.dumps(words, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        """Read a model written by ``save``, or an older one that knew wording only; refuses pickled content."""
        words = json.loads((folder / _WORDS).read_text("utf-8"))
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            meaning = scope = None
            if "examples" in arrays:
                meaning = Meaning(
                    arrays["of_meaning"], arrays["of_meaning_intercept"], arrays["examples"], arrays["starts"]
                )
            if "scope" in arrays:
                *coefficients, intercept = arrays["scope"].tolist()
                scope = Scope(arrays["outside"], np.array(coefficients), intercept)
            return cls(
                words["labels"],
                NgramWeights(word_ngrams, words["words"], arrays["word_idf"]),
                NgramWeights(char_ngrams, words["chars"], arrays["char_idf"]),
                arrays["coefficients"], arrays["intercept"],
                Pooling(float(words["scale"]), float(words.get("meaning", 0.0)), float(words.get("nearest", 0.0))),
                words["encoder"], meaning, scope, float(words.get("threshold", 0.2)),
            )  # fmt: skip


def pool(pooling: Pooling, wording: np.ndarray, meaning: np.ndarray, nearest: np.ndarray) -> np.ndarray:
    """Return probabilities of the three readings' scores, of one text or of one text a row."""
    pooled = pooling.wording * wording + pooling.meaning * meaning + pooling.nearest * nearest
    return softmax(np.atleast_2d(pooled)).reshape(pooled.shape)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return each row's scores as probabilities."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
    return found
