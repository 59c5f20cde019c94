"""The intent model at prediction time: two linear models, one over meaning and wording and one over meaning alone.

Numpy only, stored as numbers and words: its file holds no code.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from parley_rasa.understanding.ngrams import NgramWeights, char_ngrams, word_ngrams

EMBEDDING_WEIGHT = 2.0
_ARRAYS = "intents.npz"
_WORDS = "intents.json"


class MeaningModel:
    """Embedding → probabilities of intents, and how much they count."""

    def __init__(self, coefficients: np.ndarray, intercept: np.ndarray, weight: float) -> None:
        """Creates the model.

        Args:
            coefficients: one row per dimension, one column per intent, scaled so that the softmax is calibrated.
            intercept: one number per intent, scaled likewise.
            weight: 0 to 1.
        """
        self.coefficients = np.ascontiguousarray(coefficients, dtype=np.float32)
        self.intercept = np.asarray(intercept, dtype=np.float32)
        self.weight = weight

    def probabilities(self, embedding: np.ndarray) -> np.ndarray:
        """Return the probability of every intent."""
        found: np.ndarray = softmax((embedding @ self.coefficients + self.intercept)[np.newaxis])[0]
        return found


class IntentModel:
    """Probabilities of intents: a weighted mean of those of two linear models.

    One reads [2 · embedding | word n-grams | character n-grams], the other the embedding alone. The first is surer of
    words it has seen, the second of meanings it has seen in other words; their mean is right more often than either.
    """

    def __init__(
        self, labels: list[str], words: NgramWeights, chars: NgramWeights, coefficients: np.ndarray,
        intercept: np.ndarray, scale: float, encoder: str, meaning: MeaningModel | None = None,
    ) -> None:  # fmt: skip
        """Creates the model.

        Args:
            labels: the intents, in the order of the columns of ``coefficients``.
            words: weights of word n-grams.
            chars: weights of character n-grams.
            coefficients: one row per feature, one column per intent: a text's few rows lie together in memory.
            intercept: one number per intent.
            scale: what the scores are multiplied by before the softmax; calibrated at training.
            encoder: fingerprint of the encoder that made the embeddings.
            meaning: the model over the embedding alone; None in files that are older than it.
        """
        self.labels, self.words, self.chars = labels, words, chars
        self.coefficients = np.ascontiguousarray(coefficients, dtype=np.float32)
        self.intercept = np.asarray(intercept, dtype=np.float32)
        self.scale, self.encoder, self.meaning = scale, encoder, meaning
        dimensions = len(self.coefficients) - len(words.vocabulary) - len(chars.vocabulary)
        self._of_embedding = np.ascontiguousarray(self.coefficients[:dimensions] * EMBEDDING_WEIGHT)
        self._of_words = self.coefficients[dimensions : dimensions + len(words.vocabulary)]
        self._of_chars = self.coefficients[dimensions + len(words.vocabulary) :]

    def scores(self, text: str, embedding: np.ndarray) -> np.ndarray:
        """Return the decision value of every intent."""
        word_numbers, word_weights = self.words.weigh(text)
        char_numbers, char_weights = self.chars.weigh(text)
        return (
            embedding @ self._of_embedding
            + word_weights @ self._of_words[word_numbers]
            + char_weights @ self._of_chars[char_numbers]
            + self.intercept
        )

    def probabilities(self, text: str, embedding: np.ndarray) -> np.ndarray:
        """Return the probability of every intent."""
        worded: np.ndarray = softmax(self.scores(text, embedding)[np.newaxis] * self.scale)[0]
        if self.meaning is None:
            return worded
        return (1 - self.meaning.weight) * worded + self.meaning.weight * self.meaning.probabilities(embedding)

    def rank(self, text: str, embedding: np.ndarray) -> list[tuple[str, float]]:
        """Return all intents with their probabilities, the likeliest first."""
        probabilities = self.probabilities(text, embedding)
        order = np.argsort(-probabilities, kind="stable")
        return [(self.labels[number], float(probabilities[number])) for number in order]

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
                "meaning": self.meaning.coefficients, "meaning_intercept": self.meaning.intercept,
                "meaning_weight": np.array(self.meaning.weight),
            }  # fmt: skip
        np.savez_compressed(folder / _ARRAYS, **arrays)
        words: dict[str, Any] = {
            "labels": self.labels, "scale": self.scale, "encoder": self.encoder,
            "words": self.words.vocabulary, "chars": self.chars.vocabulary,
        }  # fmt: skip
        (folder / _WORDS).write_text(json.dumps(words, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        """Read a model written by ``save``; refuses pickled content."""
        words = json.loads((folder / _WORDS).read_text("utf-8"))
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            return cls(
                words["labels"],
                NgramWeights(word_ngrams, words["words"], arrays["word_idf"]),
                NgramWeights(char_ngrams, words["chars"], arrays["char_idf"]),
                arrays["coefficients"], arrays["intercept"], float(words["scale"]), words["encoder"],
                MeaningModel(arrays["meaning"], arrays["meaning_intercept"], float(arrays["meaning_weight"]))
                if "meaning" in arrays
                else None,
            )  # fmt: skip


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return each row's scores as probabilities."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
