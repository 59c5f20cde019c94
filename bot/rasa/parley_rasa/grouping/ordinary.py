"""What people ordinarily write in a language: the examples of the content, from whose middle meanings are seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from parley_rasa.reporting.examples import Example
from parley_rasa.understanding.encoder import Encoder
from parley_rasa.understanding.readable import is_language

TEXTS = 64  # of a language; more move the middle by less than it matters
FEWEST = 16  # below which the middle of all languages is nearer to the truth


class Ordinary:
    """Middles of languages."""

    def __init__(self, examples: Iterable[Example], encoder: Encoder) -> None:
        self._encoder = encoder
        self._texts: dict[str, list[str]] = defaultdict(list)
        for example in examples:
            if is_language(example.text):
                self._texts[example.language].append(example.text)
        self._middles: dict[str, np.ndarray] = {}

    def texts(self, language: str) -> list[str]:
        """Return the language's examples."""
        return list(self._texts.get(language, ()))

    def middle(self, language: str) -> np.ndarray:
        """Return the mean vector of the language's examples; of all languages where it has few."""
        if len(self._texts.get(language, ())) >= FEWEST:
            return self._mean_of(language)
        known = [self._mean_of(other) for other in sorted(self._texts) if len(self._texts[other]) >= FEWEST]
        return np.mean(known, axis=0) if known else np.zeros(self._encoder.dimensions)

    def _mean_of(self, language: str) -> np.ndarray:
        if language not in self._middles:
            texts = self._texts[language]
            # Evenly over the files: neighbours are of one intent.
            places = np.unique(np.linspace(0, len(texts) - 1, TEXTS).round().astype(int))
            self._middles[language] = self._encoder.encode_all([texts[place] for place in places]).mean(axis=0)
        return self._middles[language]
