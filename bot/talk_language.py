"""In which language a person writes, and in which they are therefore answered. Pure but for the detector's models.

The language a page or a person named is only given up for words that are plainly in another one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from lingua import IsoCode639_1, Language, LanguageDetector, LanguageDetectorBuilder

KnownFrom = Literal["page", "detected", "chosen"]

SHIPPED = ("en", "es", "fr", "de")
"""Languages that are told apart even where no content is written in them, so that the person can be told so."""

_FEWEST_LETTERS = 8
_FEWEST_WORDS = 2
_SURE = 0.65
_SURE_OF_FEW = 0.85
"""For up to `_FEW_WORDS` words, which may be a name ("Hans Schneider")."""
_FEW_WORDS = 4
_SURE_AGAIN = 0.95
"""To change a language that was itself detected: nobody is sent back and forth by a foreign name."""
_WORDS_AGAIN = 4
_LONGEST = 400
"""Characters looked at; more says nothing more."""
_NO_LANGUAGE = re.compile(r"\S*@\S*|https?://\S*|\S*\d\S*")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class TalkLanguage:
    """The language of a conversation and how it is known.

    Attributes:
        unspoken: what the person writes instead, when no content is written in it; told once in a talk.
    """

    language: str
    known_from: KnownFrom
    unspoken: str | None = None


def choose_language(named: str, available: Sequence[str]) -> str:
    """The content's language that comes nearest to the one named; the first, which is the default, if none does."""
    for candidate in (named, named.partition("-")[0]):
        if candidate in available:
            return candidate
    return available[0]


def follow_language(
    present: str, known_from: KnownFrom, text: str, available: Sequence[str], *, first_words: bool = False
) -> TalkLanguage:
    """The language to go on in after a text.

    Args:
        available: languages the content is written in, the default one first.
        first_words: whether nothing was said before: then one plain word will do.
    """
    spoken = choose_language(present, available)
    if known_from == "chosen":
        return TalkLanguage(spoken, known_from)
    again = known_from == "detected"
    fewest = _WORDS_AGAIN if again else 1 if first_words else _FEWEST_WORDS
    found = detect_language(text, available, fewest_words=fewest, sure=_SURE_AGAIN if again else _SURE)
    if found is None or found == spoken:
        return TalkLanguage(spoken, known_from)
    if found in available:
        return TalkLanguage(found, "detected")
    return TalkLanguage(spoken, "detected", unspoken=None if again else found)


def detect_language(
    text: str, available: Sequence[str], *, fewest_words: int = _FEWEST_WORDS, sure: float = _SURE
) -> str | None:
    """The ISO 639-1 code of the language a text is plainly in; None when it could be several or says too little."""
    words = _WORD.findall(_NO_LANGUAGE.sub(" ", text[:_LONGEST]))
    if len(words) < fewest_words or sum(map(len, words)) < _FEWEST_LETTERS:
        return None
    ranking = _detector(tuple(sorted({*SHIPPED, *(one.partition("-")[0] for one in available)})))
    best = ranking.compute_language_confidence_values(" ".join(words))[0]
    enough = max(sure, _SURE_OF_FEW) if len(words) <= _FEW_WORDS else sure
    return best.language.iso_code_639_1.name.lower() if best.value >= enough else None


@cache
def _detector(codes: tuple[str, ...]) -> LanguageDetector:
    """A detector of these languages; it reads their models when it is first asked (about 30 MB each)."""
    known = {language.iso_code_639_1.name.lower() for language in Language.all()}
    wanted = [getattr(IsoCode639_1, code.upper()) for code in codes if code in known]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*wanted).build()
