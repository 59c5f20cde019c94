"""Put vectors that mean the same together: agglomerative clustering with the mean of the cosines. Pure.

Sentence encoders put all texts of a language into one corner, so that any two seem alike; most so where the language is
not theirs. Vectors are therefore seen from the middle of ordinary texts of that language.
"""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

WITHIN = 0.78  # cosine distance up to which groups are joined; picked by parley_rasa.grouping.quality
_ROWS = 256  # of the table of distances worked out at once


def cluster(vectors: np.ndarray, middle: np.ndarray, within: float = WITHIN) -> list[list[int]]:
    """Return the groups of two and more, as row numbers: the largest first, in each the most central first.

    Args:
        vectors: a row per text.
        middle: mean vector of ordinary texts of their language.
        within: cosine distance up to which groups are joined.
    """
    seen, known = _seen_from(vectors, middle)
    if len(known) < 2:
        return []
    labels = fcluster(linkage(_distances(seen), method="average"), within, criterion="distance")
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    found = [[int(known[row]) for row in _central_first(seen, group)] for group in groups if len(group) > 1]
    return sorted(found, key=lambda rows: (-len(rows), min(rows)))


def _seen_from(vectors: np.ndarray, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the directions of the vectors that have one, and which they are."""
    moved = np.asarray(vectors, dtype=np.float64) - middle
    lengths = np.linalg.norm(moved, axis=1)
    known = np.flatnonzero((lengths > 1e-9) & np.any(vectors, axis=1))
    return moved[known] / lengths[known, np.newaxis], known


def _distances(rows: np.ndarray) -> np.ndarray:
    """Return the upper half of the table of cosine distances, row after row, as scipy wants it.

    Its ``pdist`` does the same in ten times the time.
    """
    count = len(rows)
    found = np.empty(count * (count - 1) // 2)
    place = 0
    for start in range(0, count, _ROWS):
        block = 1.0 - rows[start : start + _ROWS] @ rows[start:].T
        for number in range(len(block)):
            own = block[number, number + 1 :]
            found[place : place + len(own)] = own
            place += len(own)
    return np.maximum(found, 0.0, out=found)


def _central_first(rows: np.ndarray, group: np.ndarray) -> np.ndarray:
    nearness = rows[group] @ rows[group].mean(axis=0)
    order: np.ndarray = group[np.argsort(-np.round(nearness, 9), kind="stable")]
    return order
