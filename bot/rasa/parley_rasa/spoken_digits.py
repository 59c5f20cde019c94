"""Find a run of digits said one by one or in pairs, as callers say a number, in four languages. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from parley_rasa.spoken_words import DIGITS, PLUS, TIMES

_LONGEST = 400  # characters
_FEWEST, _MOST = 7, 18  # digits of a number
_PAIRS = re.compile(r"\b(?:(?:plus|más)\s+)?\+?\d{1,3}(?:[\s,.-]+\d{1,3}){2,11}\b", re.IGNORECASE)


@dataclass(frozen=True)
class SpokenDigits:
    """A number as it would be written, and where the words for it stand."""

    written: str
    start: int
    end: int


def find_spoken_digits(text: str, language: str = "en") -> SpokenDigits | None:
    """Return the first run of digits that is as long as a phone number."""
    base = language.split("-", maxsplit=1)[0].lower()
    said = text[:_LONGEST]
    for tongue in dict.fromkeys((base if base in DIGITS else "en", "en")):
        match = _run(tongue).search(said)
        if match is not None:
            return SpokenDigits(_written(match.group(), tongue), match.start(), match.end())
    return _find_in_pairs(said, base)


def _written(run: str, tongue: str) -> str:
    words = re.findall(r"[^\W\d_]+", run.lower())
    digits = _digits(tongue)
    written, times = "+" if words[0] in PLUS.split("|") else "", 1
    for word in words:
        written += digits.get(word, "") * times
        times = TIMES.get(word, 1)
    return written


def _find_in_pairs(said: str, base: str) -> SpokenDigits | None:
    """Read "zéro six, douze, trente-quatre …", which only French and Spanish speakers say so."""
    if base not in ("fr", "es") or re.search(r"\d", said):
        return None
    from text_to_num import alpha2digit

    figures = str(alpha2digit(said.replace(",", " "), base))
    match = _PAIRS.search(figures)
    if match is None:
        return None
    digits = re.sub(r"\D", "", match.group())
    sign = "+" if re.match(PLUS, match.group(), re.IGNORECASE) else ""
    # Where the words stand in the text is not known to the letter: from the first to the last that became digits.
    before, after = figures[: match.start()], figures[match.end() :]
    whole = said.replace(",", " ")
    if not _FEWEST <= len(digits) <= _MOST or not whole.startswith(before) or not whole.endswith(after):
        return None
    return SpokenDigits(sign + digits, len(before), len(said) - len(after))


@lru_cache(maxsize=8)
def _digits(tongue: str) -> dict[str, str]:
    return {word: str(number) for number, words in enumerate(DIGITS[tongue]) for word in words.split()}


@lru_cache(maxsize=8)
def _run(tongue: str) -> re.Pattern[str]:
    word = rf"(?:(?:{'|'.join(TIMES)})\s+)?(?:{'|'.join(_digits(tongue))})"
    return re.compile(rf"\b(?:(?:{PLUS})\s+)?{word}(?:[\s,.-]+{word}){{{_FEWEST - 1},{_MOST - 1}}}\b", re.IGNORECASE)
