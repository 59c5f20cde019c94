"""In which language a person writes, and in which they are therefore answered. Pure but for the detector's models.

The language a page or a person named is only given up for words that are plainly in another one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.lists import format_list
from lingua import IsoCode639_1, Language, LanguageDetector, LanguageDetectorBuilder

KnownFrom = Literal["page", "detected", "chosen"]

SHIPPED = ("en", "es", "fr", "de")
"""Languages that are told apart even where no content is written in them, so that the person can be told so."""
NEIGHBOURS = ("it", "nl", "pl", "pt")
"""Languages that would be taken for one of those: they are told apart as well."""
OTHER_SCRIPTS = ("ar", "el", "he", "hi", "ja", "ko", "ru", "uk", "zh")
"""Languages known by their letters alone. Their models are read when such letters first come, if at all."""

_FEWEST_LETTERS = 8
_FEWEST_WORDS = 2
_SURE = 0.65
_SURE_OF_FEW = 0.85
"""For up to `_FEW_WORDS` words, which may be a name ("Hans Schneider")."""
_FEW_WORDS = 4
_SURE_AGAIN = 0.95
"""To change a language that was itself detected: nobody is sent back and forth by a foreign name."""
_WORDS_AGAIN = 4
_FEWEST_FOREIGN_LETTERS = 4
"""Where no letter is a Latin one, which says much by itself."""
_LONGEST = 400
"""Characters looked at; more says nothing more."""
_NO_LANGUAGE = re.compile(r"\S*@\S*|https?://\S*|\S*\d\S*")
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")


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
    """The ISO 639-1 code of the language a text is plainly in; None when it could be several or says too little.

    Which of the languages we tell apart for their own sake it is does not depend on the others: these only have to be
    less likely.
    """
    words = _WORD.findall(_NO_LANGUAGE.sub(" ", text[:_LONGEST]))
    if _says_too_little(words, fewest_words):
        return None
    bases = [one.partition("-")[0] for one in available]
    ours = {*SHIPPED, *bases}
    detector = _detector(tuple(sorted({*ours, *NEIGHBOURS, *OTHER_SCRIPTS})))
    ranking = detector.compute_language_confidence_values(" ".join(words))
    likely = {one.language.iso_code_639_1.name.lower(): one.value for one in ranking}
    best = max(likely, key=likely.__getitem__)
    others = sum(value for code, value in likely.items() if code in ours) if best in ours else 1.0
    enough = max(sure, _SURE_OF_FEW) if len(words) <= _FEW_WORDS else sure
    if likely[best] < enough * others or not likely[best]:
        return None
    return best if best in bases or not _may_be_a_name(words) else None


def name_languages(languages: Sequence[str], language: str) -> str:
    """What the languages are called in one of them: `anglais, espagnol et français`."""
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    named = (locale.languages.get(one.partition("-")[0], one) for one in languages)
    return str(format_list(list(dict.fromkeys(named)), locale=locale))


def _says_too_little(words: Sequence[str], fewest_words: int) -> bool:
    letters = "".join(words)
    if letters and not _LATIN.search(letters):
        return len(letters) < _FEWEST_FOREIGN_LETTERS
    return len(words) < fewest_words or len(letters) < _FEWEST_LETTERS


def _may_be_a_name(words: Sequence[str]) -> bool:
    """Tells whether a few words are all written with a capital: nobody is told off for "João Silva"."""
    return len(words) <= _FEW_WORDS and all(word[:1].isupper() for word in words)


@cache
def _detector(codes: tuple[str, ...]) -> LanguageDetector:
    """A detector of these languages; it reads a model when it first needs it (about 20 MB each)."""
    known = {language.iso_code_639_1.name.lower() for language in Language.all()}
    wanted = [getattr(IsoCode639_1, code.upper()) for code in codes if code in known]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*wanted).build()
