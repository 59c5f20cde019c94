"""Words of four languages that mean alike, as dated data (word_families.yml): `remove`, `borrar` and `löschen` are kin.

What the classifier learnt of a family in one language holds in the others. Judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("word_families.yml")
_SHORTEST_BEGINNING = 2  # letters
_LONGEST_WORD = 60  # letters; nobody writes a longer one to be read
_REMEMBERED = 8192  # words
_FRENCH_ELISIONS = ("m", "n", "l", "d", "j", "s", "t", "qu")
"""What an apostrophe joins to a French word: "n'envoyez" is read as nenvoyez."""


@lru_cache(maxsize=_REMEMBERED)
def families_of(word: str) -> tuple[str, ...]:
    """The families that a word (reduced) belongs to, in the order of the alphabet."""
    words = _families()
    found = set(words.whole.get(word, ()))
    for length in range(_SHORTEST_BEGINNING, min(len(word), _LONGEST_WORD) + 1):
        found |= words.beginnings.get(word[:length], frozenset())
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class _Families:
    """Families by whole words and by how words begin (`remov*` in the file)."""

    whole: Mapping[str, frozenset[str]]
    beginnings: Mapping[str, frozenset[str]]


@cache
def _families() -> _Families:
    content = yaml.safe_load(_FILE.read_text("utf-8"))
    whole: dict[str, frozenset[str]] = {}
    beginnings: dict[str, frozenset[str]] = {}
    for family, languages in content["families"].items():
        for language, words in languages.items():
            for written in words.split():
                target = beginnings if written.endswith("*") else whole
                for form in _forms(written.removesuffix("*"), language):
                    target[form] = target.get(form, frozenset()) | {family}
    return _Families(whole, beginnings)


def _forms(word: str, language: str) -> Iterator[str]:
    yield word
    if language == "fr" and len(word) > 2 and word[0] in "aeiouyh":
        yield from (elision + word for elision in _FRENCH_ELISIONS)
