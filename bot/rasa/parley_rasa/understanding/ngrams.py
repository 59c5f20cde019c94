"""Word and character n-grams with TF-IDF weights, the same at training and at prediction time."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
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
    """The n-grams of texts, counted once: cross-validation weighs the same texts many times.

    Attributes:
        vocabulary: the n-grams, in order.
        frequencies: one row per text, one column per n-gram: 1 + ln(count).
    """

    def __init__(self, analyse: Analyser, texts: Sequence[str]) -> None:
        found: defaultdict[str, int] = defaultdict()
        found.default_factory = found.__len__
        numbers: list[int] = []
        ends = [0]
        for text in texts:
            numbers.extend(map(found.__getitem__, analyse(text)))
            ends.append(len(numbers))
        self.analyse = analyse
        self.vocabulary = sorted(found)
        places = np.empty(len(found), dtype=np.int64)
        places[[found[gram] for gram in self.vocabulary]] = np.arange(len(found))
        ones = np.ones(len(numbers), dtype=np.float32)
        self.frequencies = scipy.sparse.csr_matrix((ones, places[numbers], ends), shape=(len(texts), len(found)))
        self.frequencies.sum_duplicates()
        self.frequencies.data = 1 + np.log(self.frequencies.data)


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
        documents = counted.frequencies[rows].getnnz(axis=0)
        known = np.flatnonzero(documents)
        vocabulary = [counted.vocabulary[number] for number in known]
        return cls(counted.analyse, vocabulary, np.log((1 + len(rows)) / (1 + documents[known])) + 1)

    def weigh(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of the text's known n-grams and their weights (length 1 together)."""
        counts = Counter(map(self._index.get, self._analyse(text)))
        counts.pop(None, None)  # those that are not known
        numbers = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        frequencies = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        weights = (1 + np.log(frequencies)) * self.idf[numbers]
        length = float(np.sqrt(np.dot(weights, weights)))
        return numbers, weights / length if length else weights

    def matrix(self, counted: Counted, rows: Sequence[int]) -> scipy.sparse.csr_matrix:
        """Return one sparse row per text, as ``weigh`` has it, for training."""
        places = np.array([self._index.get(gram, -1) for gram in counted.vocabulary], dtype=np.int64)
        found = counted.frequencies[rows]
        numbers = places[found.indices]
        known = numbers >= 0
        numbers, texts = numbers[known], np.repeat(np.arange(len(rows)), np.diff(found.indptr))[known]
        weights = found.data[known] * self.idf[numbers]
        lengths = np.sqrt(np.bincount(texts, weights=weights * weights, minlength=len(rows)))
        ends = np.cumsum([0, *np.bincount(texts, minlength=len(rows))])
        shape = (len(rows), len(self.vocabulary))
        weights = (weights / lengths[texts]).astype(np.float32)
        return scipy.sparse.csr_matrix((weights, numbers, ends), shape=shape)
