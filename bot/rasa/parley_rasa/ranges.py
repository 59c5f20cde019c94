"""Find a range of numbers in a text ("10-20", "between five and ten thousand"), in four languages. Pure.

What needs one number takes the first of a range: the middle is nobody's number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from parley_rasa.number_words import TIMES
from parley_rasa.quantities import digits_for_words, placed_numbers, plain

_LONGEST = 200  # characters
_DASH = re.compile(r"(?<=[\d€$£kKmM])\s?[-–—]\s?(?=[€$£]?\s?\d)")
_TO = r"(?:–|to|until|bis|a|hasta|à|jusqu'à)"
_AND = r"(?:and|und|y|et)"
_BETWEEN = re.compile(r"\b(?:between|zwischen|entre)\s+(?:about |etwa |unos |unas )?[€$£]?\s?$", re.IGNORECASE)
_BEFORE = re.compile(r"[€$£]?\s?$")
_SIGN = r"(?:\s?(?:[€$£]|euros?|eur|dollars?|pounds?|people|leute|personen|personas|personnes))?"
_JOINED = re.compile(rf"{_SIGN}\s*{_TO}\s*[€$£]?\s?", re.IGNORECASE)
_PAIRED = re.compile(rf"{_SIGN}\s+{_AND}\s+[€$£]?\s?", re.IGNORECASE)
_MULTIPLIER = re.compile(rf"(?:\d\s?|\b)(?:{'|'.join(TIMES)})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Range:
    """Two numbers that bound a third, and where they stand in ``said``, the text in digits."""

    low: int | float
    high: int | float
    start: int
    end: int
    said: str


def find_range(text: str, language: str = "en") -> Range | None:
    """Return the first range of a text. "3 or 4" is none."""
    said = spread(text, language)
    numbers = placed_numbers(said)
    for (low, start, after), (high, before, end) in zip(numbers, numbers[1:]):  # noqa: B905 - strict is of no use here
        between = said[after:before]
        paired = _PAIRED.fullmatch(between) and _BETWEEN.search(said[:start])
        if low < high and (paired or _JOINED.fullmatch(between)):
            return Range(plain(_scaled(low, high, text)), plain(high), start, end, said)
    return None


def spread(text: str, language: str = "en") -> str:
    """Write a text in digits, with room around the dash of a range so that no number is read with it."""
    return digits_for_words(_DASH.sub(" – ", text[:_LONGEST]), language)


def _scaled(low: float, high: float, text: str) -> float:
    """Read "between 5 and 10k" as both in thousands: the multiplier is said once."""
    said_once = len(_MULTIPLIER.findall(text[:_LONGEST])) == 1
    for times in (1e6, 1e3):
        if said_once and low < times <= high and low * times < high and high % times == 0:
            return low * times
    return low
