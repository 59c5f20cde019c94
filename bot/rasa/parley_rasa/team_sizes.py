"""Find how many people a text says work there, in English, Spanish, French or German. Pure; in doubt, none.

Of a range ("10-20 people") the first number is taken; whoever uses it says what was understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from parley_rasa.amounts import people_in
from parley_rasa.people_words import ADJECTIVES, GERMAN_TOGETHER, HEDGES, PEOPLE, UNITS
from parley_rasa.quantities import placed_numbers, read_number
from parley_rasa.ranges import find_range, spread
from parley_rasa.typed_answers import normalise

_LONGEST = 400  # characters
_SPAN = r"\b(\d{1,9})(?: (?:–|to|until|bis|a|hasta|und|and|y|et) (\d{1,9}))?"
_TOGETHER = re.compile(rf"\bzu ({'|'.join(sorted(GERMAN_TOGETHER, key=len, reverse=True))})\b")
_OTHER_UNIT = re.compile(rf"\s?(?:{UNITS}|años|año|días|día|année|années)\b|\s?[€$£%]", re.IGNORECASE)
_MYSELF_ALONE = 1


@dataclass(frozen=True)
class _Patterns:
    counted: re.Pattern[str]
    we_are: re.Pattern[str]
    group: re.Pattern[str]
    alone: re.Pattern[str]


def find_people(text: str, language: str = "en") -> int | None:
    """Return how many people a text speaks of, when it says so of one number only."""
    base = language.split("-", maxsplit=1)[0].lower()
    own = _of_language(text, base) if base in PEOPLE else set()
    if own:
        return own.pop() if len(own) == 1 else None
    counted = people_in(text)
    if counted is not None or base == "en":
        return counted
    others = _of_language(text, "en")
    return others.pop() if len(others) == 1 else None


def read_people(text: str, language: str = "en") -> int | None:
    """Read the answer to "how many are you?", which need not say people; a range is its first number."""
    found = find_people(text, language)
    if found is not None:
        return found
    base = language.split("-", maxsplit=1)[0].lower()
    if base in PEOPLE and _patterns(base).alone.search(_plain_words(text, language)):
        return _MYSELF_ALONE
    span = find_range(text, language)
    if span is not None:
        number = None if _OTHER_UNIT.match(span.said, span.end) else span.low
    else:
        said = spread(text, language)
        other = any(_OTHER_UNIT.match(said, end) for _, _, end in placed_numbers(said))
        number = None if other else read_number(text, language)
    return int(number) if number is not None and number == int(number) and number >= 0 else None


def _of_language(text: str, base: str) -> set[int]:
    said = _plain_words(text, base)
    patterns = _patterns(base)
    found = {int(match.group(1)) for match in patterns.counted.finditer(said)}
    if base != "en":  # what says "we are" in English is told from days and hours more narrowly in ``amounts``
        found |= {int(match.group(1)) for match in patterns.we_are.finditer(said)}
        found |= {int(match.group(1)) for match in patterns.group.finditer(said)}
        found |= {_MYSELF_ALONE for _ in patterns.alone.finditer(said)} if not found else set()
    elif not any(match.group(2) for match in patterns.counted.finditer(said)):
        spans = [*patterns.we_are.finditer(said), *patterns.group.finditer(said)]
        found = {int(match.group(1)) for match in spans if match.group(2)}  # one number alone is left to ``amounts``
    if base == "de":
        found |= {GERMAN_TOGETHER[match.group(1)] for match in _TOGETHER.finditer(said)}
    return found


def _plain_words(text: str, language: str) -> str:
    """Write a text in digits and plain words, the dash of a range as the word "to"."""
    said = spread(text[:_LONGEST], language).replace("–", " to ")
    return normalise(said.replace("'", " ").replace("’", " "))


@lru_cache(maxsize=8)
def _patterns(base: str) -> _Patterns:
    words = PEOPLE[base]
    hedges, no_unit = rf"(?:(?:{HEDGES}) )*", rf"(?! ?(?:{UNITS})\b)(?!\d)"
    return _Patterns(
        re.compile(rf"{_SPAN} (?:de |d )?(?:(?:{ADJECTIVES}) ){{0,3}}(?:{words.counted})\b"),
        re.compile(rf"\b(?:{words.we_are}) {hedges}{_SPAN}\b{no_unit}"),
        re.compile(rf"\b(?:{words.group}) {hedges}{_SPAN}\b{no_unit}"),
        re.compile(rf"\b(?:{words.alone})\b"),
    )
