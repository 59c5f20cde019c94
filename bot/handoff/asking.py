"""Who plainly asks for a person, told without the dialogue, for when it is away. Pure.

Only words that can mean little else: whoever is not understood here gets a person all the same, later.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("asking.yml")
_LONGEST = 80
"""Characters of a text that can be nothing but a plain wish."""


def asks_for_person(text: str) -> bool:
    """Whether a short text plainly asks for a person, in any of our languages."""
    words = " ".join(re.findall(r"\w+", text.casefold()))
    return len(words) <= _LONGEST and _plain_wish().search(words) is not None


@lru_cache(maxsize=1)
def _plain_wish() -> re.Pattern[str]:
    every: dict[str, dict[str, list[str]]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    alone = [word for language in every.values() for word in language["alone"]]
    within = [phrase for language in every.values() for phrase in language["within"]]
    return re.compile(rf"^(?:{_either(alone)})$|\b(?:{_either(within)})\b")


def _either(phrases: list[str]) -> str:
    return "|".join(re.escape(phrase.casefold()) for phrase in phrases)
