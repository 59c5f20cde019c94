"""Who plainly asks for a person, told without the dialogue, for when it is away. Pure.

Only words that can mean little else: whoever is not understood here gets a person all the same, later.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from base.wording import read_sentences

_FILE = Path(__file__).with_name("asking.yml")
_LONGEST = 80
"""Characters of a text that can be nothing but a plain wish."""
_CLAUSES = re.compile(r"[.,;:!?\n]+")
_MOST_BETWEEN = 3
"""Words between a denial and what is denied."""


def asks_for_person(text: str) -> bool:
    """Whether a short text plainly asks for a person, in any of our languages.

    Whoever wants none, or asks whether we are one, does not.
    """
    words = _words(text)
    if len(words) > _LONGEST or _plain_wish().search(words) is None:
        return False
    return not any(_no_wish().search(_words(clause)) for clause in _CLAUSES.split(text))


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


@lru_cache(maxsize=1)
def _plain_wish() -> re.Pattern[str]:
    return re.compile(rf"^(?:{_either('alone')})$|\b(?:{_either('within')})\b")


@lru_cache(maxsize=1)
def _no_wish() -> re.Pattern[str]:
    denied = rf"(?:{_either('denied')})(?: \w+){{0,{_MOST_BETWEEN}}}"
    asked = rf"(?:{_either('asked')})(?: \w+)?"
    return re.compile(rf"\b(?:{denied}|{asked}) (?:{_either('within')})\b")


def _either(kind: str) -> str:
    """Any phrase of a kind, in any language."""
    return "|".join(
        re.escape(phrase.casefold()) for language in read_sentences(_FILE).values() for phrase in language[kind]
    )
