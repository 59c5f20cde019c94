"""Word and character n-grams with TF-IDF weights, the same at training and at prediction time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
import scipy.sparse

_WORD = re.compile(r"\w+")
Analyser = Callable[[str], Iterable[str]]


def word_ngrams(text: str) -> list[str]:
    """List words and pairs of neighbouring words, lower-cased."""
    words = _WORD.findall(text.lower())
    return words + [f"{left} {right}" for left, right in pairwise(words)]


def char_ngrams(text: str) -> list[str]:
    """List runs of 2 to 4 characters inside words padded with a blank on either side."""
    grams: list[str] = []
    for word in text.lower().split():
        padded = f" {word} "
        length = len(padded)
        for size in (2, 3, 4):
            grams.extend(padded[at : at + size] for at in range(length - size + 1))
    return grams


class NgramWeights:
    """A vocabulary with inverse document frequencies; turns a text into a sparse unit vector."""

    def __init__(self, analyse: Analyser, vocabulary: Sequence[str], idf: np.ndarray) -> None:
        self._analyse = analyse
        self.vocabulary = list(vocabulary)
        self._index: dict[str, int] = {gram: number for number, gram in enumerate(self.vocabulary)}
        self.idf = np.asarray(idf, dtype=np.float32)

    @classmethod
    def fit(cls, analyse: Analyser, texts: Sequence[str]) -> NgramWeights:
        """Learn the vocabulary and smoothed frequencies of the training texts."""
        documents = Counter(gram for text in texts for gram in set(analyse(text)))
        vocabulary = sorted(documents)
        counts = np.array([documents[gram] for gram in vocabulary], dtype=np.float64)
        return cls(analyse, vocabulary, np.log((1 + len(texts)) / (1 + counts)) + 1)

    def weigh(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of the text's known n-grams and their weights (length 1 together)."""
        index = self._index
        counts = Counter(index[gram] for gram in self._analyse(text) if gram in index)
        numbers = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        frequencies = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        weights = (1 + np.log(frequencies)) * self.idf[numbers]
        length = float(np.sqrt(np.dot(weights, weights)))
        return numbers, weights / length if length else weights

    def matrix(self, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
        """Return one sparse row per text, for training."""
        rows = [self.weigh(text) for text in texts]
        ends = np.cumsum([0] + [len(numbers) for numbers, _ in rows])
        numbers = np.concatenate([numbers for numbers, _ in rows])
        weights = np.concatenate([weights for _, weights in rows])
        return scipy.sparse.csr_matrix((weights, numbers, ends), shape=(len(texts), len(self.vocabulary)))
