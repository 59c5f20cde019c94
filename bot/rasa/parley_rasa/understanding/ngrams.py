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


class Counted:
    """The n-grams of texts, counted once: cross-validation weighs the same texts many times."""

    def __init__(self, analyse: Analyser, texts: Sequence[str]) -> None:
        counts = [Counter(analyse(text)) for text in texts]
        self.analyse = analyse
        self.vocabulary = sorted(set().union(*counts))
        index = {gram: number for number, gram in enumerate(self.vocabulary)}
        self.numbers = [np.array([index[gram] for gram in count], dtype=np.int64) for count in counts]
        self.frequencies = [np.array([*count.values()], dtype=np.float32) for count in counts]


class NgramWeights:
    """A vocabulary with inverse document frequencies; turns a text into a sparse unit vector."""

    def __init__(self, analyse: Analyser, vocabulary: Sequence[str], idf: np.ndarray) -> None:
        self._analyse = analyse
        self.vocabulary = list(vocabulary)
        self._index: dict[str, int] = {gram: number for number, gram in enumerate(self.vocabulary)}
        self.idf = np.asarray(idf, dtype=np.float32)

    @classmethod
    def fit(cls, counted: Counted, rows: Sequence[int]) -> NgramWeights:
        """Learn the vocabulary and smoothed frequencies of some of the counted texts."""
        numbers = np.concatenate([counted.numbers[row] for row in rows])
        documents = np.bincount(numbers, minlength=len(counted.vocabulary))
        known = np.flatnonzero(documents)
        vocabulary = [counted.vocabulary[number] for number in known]
        return cls(counted.analyse, vocabulary, np.log((1 + len(rows)) / (1 + documents[known])) + 1)

    def weigh(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of the text's known n-grams and their weights (length 1 together)."""
        index = self._index
        counts = Counter(index[gram] for gram in self._analyse(text) if gram in index)
        numbers = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        frequencies = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        return numbers, self._weights(numbers, frequencies)

    def matrix(self, counted: Counted, rows: Sequence[int]) -> scipy.sparse.csr_matrix:
        """Return one sparse row per text, as ``weigh`` has it, for training."""
        places = np.array([self._index.get(gram, -1) for gram in counted.vocabulary], dtype=np.int64)
        all_numbers, all_weights = [], []
        for row in rows:
            numbers = places[counted.numbers[row]]
            known = numbers >= 0
            all_numbers.append(numbers[known])
            all_weights.append(self._weights(numbers[known], counted.frequencies[row][known]))
        ends = np.cumsum([0, *map(len, all_numbers)])
        shape = (len(rows), len(self.vocabulary))
        return scipy.sparse.csr_matrix((np.concatenate(all_weights), np.concatenate(all_numbers), ends), shape=shape)

    def _weights(self, numbers: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
        weights = (1 + np.log(frequencies)) * self.idf[numbers]
        length = float(np.sqrt(np.dot(weights, weights)))
        return weights / length if length else weights
