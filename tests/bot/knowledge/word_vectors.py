"""A stand-in for the dialogue process's encoder: texts that share words are near each other, always the same way."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence

from bot.turn_shapes import Vectors


class WordVectors:
    """Makes vectors of words.

    Attributes:
        calls: how many texts were sent each time.
    """

    def __init__(self, encoder: str = "words/1", dimensions: int = 384) -> None:
        self.encoder = encoder
        self.dimensions = dimensions
        self.calls: list[int] = []

    async def vectors(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(len(texts))
        rows = [self.of(text) for text in texts]
        return Vectors(encoder=self.encoder, dimensions=self.dimensions, vectors=rows)

    def of(self, text: str) -> list[float]:
        row = [0.0] * self.dimensions
        for word in re.findall(r"\w+", text.casefold()):
            digest = hashlib.sha256(word.encode()).digest()
            row[int.from_bytes(digest[:4]) % self.dimensions] += 1 if digest[4] % 2 else -1
        length = math.sqrt(sum(value * value for value in row)) or 1.0
        row[0] += 0.0 if any(row) else 1.0
        return [value / length for value in row]
