"""Propose a name for each group of texts: its most telling words as somebody wrote them. Pure.

Words are weighed by class-based TF-IDF: what many texts of the group hold and few others do.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from parley_rasa.grouping.stop_words import STOP_WORDS

MOST_WORDS = 4
LONGEST = 40  # characters of a text that stands for a name
SHARED = 1 / 3  # of the texts, at least, hold a word that names them all
LESS_TELLING = 0.25  # of the weightiest word: what a further word of a name must say at least
_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN = re.compile(r"(?:\s+|['’-])")
_PERSONAL = re.compile(r"\S*[@\d]\S*")
_ALIKE = 6  # letters that words of one stem share


@dataclass(frozen=True)
class _Word:
    stem: str
    start: int
    end: int
    telling: bool


class Namer:
    """Names the groups of one language; no two of them the same."""

    def __init__(self, language: str, groups: Sequence[Sequence[str]], ordinary: Iterable[str] = ()) -> None:
        """Creates it.

        Args:
            language: of all the texts.
            groups: the texts of each group.
            ordinary: other texts of the language, whose words are less telling.
        """
        self._stop_words = STOP_WORDS.get(language.split("-")[0], frozenset())
        self._counts = Counter(stem for texts in [*groups, ordinary] for text in texts for stem in self._stems(text))
        self._average = max(sum(self._counts.values()) / (len(groups) + 1), 1.0)
        self._taken: set[str] = set()

    def name(self, texts: Sequence[str]) -> str:
        """Return two to four words that the group shares, else its first text, shortened.

        Args:
            texts: the group's, the most central first.
        """
        proposed = [self._shared_words(texts), *(shortened(text) for text in texts)]
        name = next((one for one in proposed if one and one.casefold() not in self._taken), None)
        if name is None:
            first = proposed[1]
            name = next(
                f"{first} ({number})"
                for number in range(2, len(self._taken) + 3)
                if f"{first} ({number})".casefold() not in self._taken
            )
        self._taken.add(name.casefold())
        return name

    def _shared_words(self, texts: Sequence[str]) -> str:
        counts = Counter(stem for text in texts for stem in self._stems(text))
        weights = {
            stem: count / len(texts) * math.log(1 + self._average / self._counts[stem])
            for stem, count in counts.items()
            if count > 1
        }
        anchors = {stem for stem in weights if counts[stem] >= len(texts) * SHARED}
        if not anchors:
            return ""
        price = LESS_TELLING * max(weights[stem] for stem in anchors)  # of a word more
        best = (-math.inf, False, 0, "")
        for place, text in enumerate(texts):
            for words in self._phrases(text):
                stems = {word.stem for word in words if word.telling}
                if stems & anchors:
                    # One word alone hardly makes a name: two are worth a bit more than what they say.
                    length = len(words) if len(words) > 1 else 2.5
                    score = sum(weights.get(stem, 0.0) for stem in stems) - price * length
                    # Of equals the one that reads to the end of what was written, then the most central text's.
                    to_the_end = not _WORD.search(text, words[-1].end)
                    best = max(best, (round(score, 9), to_the_end, -place, text[words[0].start : words[-1].end]))
        return _as_title(best[-1])

    def _phrases(self, text: str) -> Iterator[Sequence[_Word]]:
        """Yield the runs of up to four words that begin and end with a telling one and are broken by nothing else."""
        words = list(self._words(text))
        for first, word in enumerate(words):
            if not word.telling:
                continue
            for last in range(first, min(first + MOST_WORDS, len(words))):
                if last > first and not _BETWEEN.fullmatch(text[words[last - 1].end : words[last].start]):
                    break
                if words[last].telling:
                    yield words[first : last + 1]

    def _stems(self, text: str) -> set[str]:
        return {word.stem for word in self._words(text) if word.telling}

    def _words(self, text: str) -> Iterator[_Word]:
        personal = [found.span() for found in _PERSONAL.finditer(text)]
        for found in _WORD.finditer(text):
            if any(start <= found.start() < end for start, end in personal):
                continue
            plain = _plain(found[0])
            yield _Word(
                plain.rstrip("s")[:_ALIKE], *found.span(), telling=plain not in self._stop_words and len(plain) > 1
            )


def shortened(text: str) -> str:
    """Return the beginning of a text without what looks like an address or a number."""
    words = _PERSONAL.sub("…", text).split()
    kept = ""
    for word in words:
        if len(kept) + len(word) >= LONGEST:
            return _as_title(f"{kept or word[: LONGEST - 1]}…")
        kept = f"{kept} {word}".strip()
    return _as_title(kept) or "…"


def _plain(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def _as_title(text: str) -> str:
    quiet = text.lower() if text.isupper() and len(text) > MOST_WORDS else text
    return quiet[:1].upper() + " ".join(quiet.split())[1:]
