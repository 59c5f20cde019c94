"""Find examples that say the same, and intents with too few of them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from parley_rasa.reporting.examples import Example
from parley_rasa.understanding.intent_model import OUT_OF_SCOPE

ALIKE = 0.97  # cosine from which two texts teach the same
MOST_SHOWN = 500
WANTED = 15  # examples an intent and language
_ROWS = 1024  # of the table of cosines held at once


def duplicates(examples: Sequence[Example], vectors: np.ndarray) -> list[dict[str, Any]]:
    """Return pairs that say the same; those of different intents first, for one of the two is wrong there.

    The same word for the same thing in two languages is no fault.
    """
    rows: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    for left, right, cosine in _alike(examples, vectors):
        one, other = examples[left], examples[right]
        if one.intent == other.intent and one.language != other.language:
            continue
        same = one.plain == other.plain
        rows.setdefault(
            (one.plain, other.plain, one.intent, other.intent),
            {
                "text": one.text,
                "other": other.text,
                "intents": [one.intent] if one.intent == other.intent else [one.intent, other.intent],
                "languages": sorted({one.language, other.language}),
                "same": same,
                "similarity": 1.0 if same else round(min(cosine, 1.0), 4),
            },
        )
    found = sorted(rows.values(), key=lambda row: (-len(row["intents"]), -row["similarity"], row["text"], row["other"]))
    return found[:MOST_SHOWN]


def coverage(examples: Sequence[Example]) -> list[dict[str, Any]]:
    """Return what each intent lacks in each language there are examples of, what lacks most first."""
    counts = Counter((example.intent, example.language) for example in examples)
    intents = sorted({example.intent for example in examples} - {OUT_OF_SCOPE})
    languages = sorted({example.language for example in examples})
    rows = [
        {"intent": intent, "language": language, "examples": counts[intent, language], "wanted": WANTED}
        for language in languages
        for intent in intents
        if counts[intent, language] < WANTED
    ]
    return sorted(rows, key=lambda row: (row["language"], row["examples"], row["intent"]))


def _alike(examples: Sequence[Example], vectors: np.ndarray) -> Iterator[tuple[int, int, float]]:
    """Yield the pairs by number, the lower first."""
    wordings = {plain: number for number, plain in enumerate({example.plain: None for example in examples})}
    wording = np.array([wordings[example.plain] for example in examples])
    for start in range(0, len(examples), _ROWS):
        block = slice(start, start + _ROWS)
        cosines = vectors[block] @ vectors.T
        near = (cosines >= ALIKE) | (wording[block, np.newaxis] == wording)
        for row, column in zip(*np.nonzero(near), strict=True):
            if start + row < column:
                yield int(start + row), int(column), float(cosines[row, column])
