"""Find how many people a text speaks of, in digits or words, and which range of choices that is. Pure; no guessing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from parley_rasa.typed_answers import normalise

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen".split()
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SMALL = {word: number for number, word in enumerate(_UNITS)} | {
    word: 10 * number for number, word in enumerate(_TENS, start=2)
}
_TIMES = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 1_000_000}
_PEOPLE = frozenset(
    "people person persons poeple ppl employees employee staff workers users heads folks colleagues guys lads men women"
    " members desks seats fte".split()
)
_GROUPS = frozenset("team company firm group staff office business shop agency".split())
_OTHER_UNITS = [[unit] for unit in "day days week weeks month months year years hours minutes percent euro".split()]
_HEDGES = frozenset("about around roughly approx approximately circa maybe nearly almost like say".split())
_LONGEST_BARE = 6  # words; in a longer text a number may count anything
_RANGE = re.compile(
    r"(\d+) (?:(?:to|until|and|bis|und|a|y|hasta|et) )?(\d+)"
    r"|(\d+) (?:plus|(?:people )?or more|and more|and up|and over"
    r"|(?:personas |personnes |personen )?(?:o mas|y mas|ou plus|et plus|oder mehr|und mehr))"
    r"|(?:over|more than|mas de|plus de|mehr als|uber) (\d+)"
)
_AMOUNT = re.compile(
    r"(?:(?:we|there) (?:are|re|have)|were|about|around|roughly|approx|approximately|some|just|only|maybe|its|it is"
    r"|i think|nearly|almost|currently|at the moment|actually|more like|rather|closer to|make that| )*\b(\d{1,9})\b"
    r"(?: (?:people|persons|employees|staff|of us|users|heads|folks|colleagues|guys"
    r"|in (?:the )?(?:team|company|total|all)|now|right now|or so|ish|total|at the moment))*"
)


@dataclass(frozen=True)
class Amount:
    """A number in a text; ``people`` when the text says that it counts people."""

    number: int
    people: bool
    hedged: bool


def amounts_in(said: str) -> list[Amount]:
    """List the whole numbers of a normalised text."""
    words = said.split()
    found = []
    place = 0
    while place < len(words):
        number, after = _read_number(words, place)
        if number is None:
            place += 1
            continue
        people = _says_people(words, after) or _is_group(words, place) or _are_we(words, place, after)
        hedged = place > 0 and words[place - 1] in _HEDGES
        found.append(Amount(number, people, hedged))
        place = after
    return found


def people_in(text: str) -> int | None:
    """Return how many people a text speaks of, when it says so of one number only."""
    counted = {amount.number for amount in amounts_in(normalise(text)) if amount.people}
    return counted.pop() if len(counted) == 1 else None


def range_of(number: int, choices: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the value of the one choice whose range holds the number."""
    fitting = [value for value, low, high in ranges_of(choices) if low <= number and (high is None or number <= high)]
    return fitting[0] if len(fitting) == 1 else None


def ranges_of(choices: Sequence[Mapping[str, Any]]) -> list[tuple[str, int, int | None]]:
    """List value, low and high of choices that are ranges of numbers ("10 to 49", "250+"); none when they are not."""
    ranges = []
    for choice in choices:
        bounds = _bounds_of_name(str(choice["label"])) or _bounds_of_name(str(choice["value"]))
        if bounds is not None:
            ranges.append((str(choice["value"]), *bounds))
    return ranges if len(ranges) >= max(2, len(choices) - 1) else []


def match_amount(said: str, choices: Sequence[Mapping[str, Any]]) -> str | None:
    """Match a text that is an amount ("about 30 people") or a range ("10 to 50") and nothing else."""
    ranges = ranges_of(choices)
    if not ranges:
        return None
    amount, typed = _AMOUNT.fullmatch(said), _bounds(said)
    if amount is not None:
        return range_of(int(amount.group(1)), choices)
    if typed is None:
        return None
    low, high = typed
    fitting = [value for value, *bounds in ranges if (low, high) == tuple(bounds)]
    if not fitting and high is not None:  # "between 10 and 50" is "10 to 49"
        fitting = [value for value, least, most in ranges if least <= low and most is not None and high <= most + 1]
    return fitting[0] if len(fitting) == 1 else None


def match_mentioned_amount(said: str, choices: Sequence[Mapping[str, Any]]) -> str | None:
    """Match an amount among other words, when it can only count what was asked for."""
    if not ranges_of(choices):
        return None
    found = amounts_in(said)
    bare = len(found) == 1 and len(said.split()) <= _LONGEST_BARE
    fitting = {range_of(amount.number, choices) for amount in found if amount.people or amount.hedged or bare}
    return fitting.pop() if len(fitting) == 1 else None


def _says_people(words: list[str], after: int) -> bool:
    return words[after : after + 1] != [] and (
        words[after] in _PEOPLE
        or words[after : after + 2] == ["of", "us"]
        or words[after + 1 : after + 2] == ["people"]
    )


def _is_group(words: list[str], place: int) -> bool:
    """Tell whether the number follows "a team of", "a company of"."""
    return place > 1 and words[place - 1] == "of" and words[place - 2] in _GROUPS


def _are_we(words: list[str], place: int, after: int) -> bool:
    """Tell whether it says "we are 5" and not "we are 5 days late"."""
    said = words[max(0, place - 2) : place]
    return (said == ["we", "are"] or said[-1:] == ["were"]) and words[after : after + 1] not in _OTHER_UNITS


def _read_number(words: list[str], place: int) -> tuple[int | None, int]:
    """Return the number that begins at a place and the place after it."""
    word = words[place]
    if word.isascii() and word.isdigit() and len(word) <= 9:
        number, place = int(word), place + 1
    elif word in _SMALL:
        number, place = _SMALL[word], place + 1
        if number >= 20 and place < len(words) and 0 < _SMALL.get(words[place], 0) < 10:
            number, place = number + _SMALL[words[place]], place + 1
    elif word in _TIMES:
        number = 1
    else:
        return None, place
    while place < len(words) and words[place] in _TIMES:
        number, place = number * _TIMES[words[place]], place + 1
    return number, place


@lru_cache(maxsize=4096)
def _bounds_of_name(name: str) -> tuple[int, int | None] | None:
    """Read a label or value once; what visitors type is never kept here."""
    return _bounds(normalise(name))


def _bounds(text: str) -> tuple[int, int | None] | None:
    match = _RANGE.search(text)
    if match is None:
        return None
    low, high, from_on, over = match.groups()
    return int(low or from_on or int(over) + 1), int(high) if high else None
