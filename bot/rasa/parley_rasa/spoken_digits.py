"""Find a run of digits said one by one ("plus four four, two oh double seven"), as callers say a number. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIGITS = {
    word: str(number)
    for number, words in enumerate(
        ("zero oh o nought null", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
    for word in words.split()
}
_TIMES = {"double": 2, "triple": 3}
_LONGEST = 400  # characters
_FEWEST, _MOST = 7, 18  # words of a number
_WORD = rf"(?:(?:{'|'.join(_TIMES)})\s+)?(?:{'|'.join(_DIGITS)})"
_RUN = re.compile(rf"\b(?:plus\s+)?{_WORD}(?:[\s,.-]+{_WORD}){{{_FEWEST - 1},{_MOST - 1}}}\b", re.IGNORECASE)


@dataclass(frozen=True)
class SpokenDigits:
    """A number as it would be written, and where the words for it stand."""

    written: str
    start: int
    end: int


def find_spoken_digits(text: str) -> SpokenDigits | None:
    """Return the first run of digits that is as long as a phone number."""
    match = _RUN.search(text[:_LONGEST])
    if match is None:
        return None
    words = re.findall(r"[a-z]+", match.group().lower())
    written, times = "+" if words[0] == "plus" else "", 1
    for word in words:
        written += _DIGITS.get(word, "") * times
        times = _TIMES.get(word, 1)
    return SpokenDigits(written, match.start(), match.end())
