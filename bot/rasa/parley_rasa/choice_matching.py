"""Find the choice that a typed text means: by label, value, position, ordinal or amount. Pure; in doubt, none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from parley_rasa.typed_answers import normalise, read_yes_no

_ORDINALS = {
    word: number
    for number, words in enumerate(
        ("first|1st|one", "second|2nd|two", "third|3rd|three", "fourth|4th|four", "fifth|5th|five", "sixth|6th|six",
         "seventh|7th|seven", "eighth|8th|eight", "ninth|9th|nine"), start=1
    )
    for word in words.split("|")
}  # fmt: skip
_POSITION = re.compile(
    r"(?:(?:i (?:would )?(?:choose|pick|take|want)|id (?:choose|pick|take|say)|its|it is|lets say) )?"
    r"(?:the )?(?:number |option |no |nr |answer )?(\w+)(?: one| option| choice| please)*"
)
_NEGATING = re.compile(r" (?:not|no|dont|isnt|arent|never|neither|except|without) ")
# Words that do not tell one choice from another. "no" is not among them.
_EMPTY_WORDS = frozenset(
    "a an the to of in on at by for with within and or i id im ill we wed us me my our you it its is are am be was"
    " like want would think guess maybe please thanks some about just really so well hm hmm uh um probably that this"
    " can could do".split()
)


_RANGE = re.compile(
    r"(\d+) (?:(?:to|until|and|bis) )?(\d+)|(\d+) (?:plus|(?:people )?or more|and more|and up|and over)"
    r"|(?:over|more than) (\d+)"
)
_AMOUNT = re.compile(
    r"(?:(?:we|there) (?:are|re|have)|were|about|around|roughly|approx|approximately|some|just|only|maybe|its|it is"
    r"|i think|nearly|almost|currently|at the moment| )*\b(\d{1,9})\b"
    r"(?: (?:people|persons|employees|staff|of us|users|heads|folks|colleagues|guys"
    r"|in (?:the )?(?:team|company|total|all)|now|right now|or so|ish|total|at the moment))*"
)


@dataclass(frozen=True)
class ChoiceMatch:
    """A choice found in a text; ``whole`` when the text names it and nothing else."""

    value: str
    whole: bool


def match_choice(text: str, choices: Sequence[Mapping[str, Any]], numbered: bool = False) -> ChoiceMatch | None:
    """Find the one choice that a text means; None when none or several fit.

    Args:
        text: what was typed: a label, a value, a position, an ordinal, or an amount where choices are ranges.
        choices: what was offered, each with ``value`` and ``label``.
        numbered: the choices were shown with numbers, so that "2" is the second one even among ranges of amounts.
    """
    said = normalise(text)
    if not said:
        return None
    names = [{_normal_name(str(choice["label"])), _normal_name(str(choice["value"]))} - {""} for choice in choices]
    whole = [str(choice["value"]) for choice, own in zip(choices, names, strict=True) if said in own]
    if len(whole) == 1:
        return ChoiceMatch(whole[0], whole=True)
    if len(choices) == 2 and [str(choice["value"]) for choice in choices] == ["yes", "no"]:
        decided = read_yes_no(text)
        return None if decided is None else ChoiceMatch("yes" if decided else "no", whole=True)
    position, amount = _by_position(said, choices), _in_range(said, choices)
    by_number = (position or amount) if numbered else (amount or position)
    return by_number or _contained(said, choices, names)


@lru_cache(maxsize=4096)
def _normal_name(name: str) -> str:
    """Normalise a label or value once; what visitors type is never kept here."""
    return normalise(name)


def _by_position(said: str, choices: Sequence[Mapping[str, Any]]) -> ChoiceMatch | None:
    match = _POSITION.fullmatch(said)
    if match is None:
        return None
    word = match.group(1)
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 4 else _ORDINALS.get(word, 0)
    if word == "last":
        number = len(choices)
    return ChoiceMatch(str(choices[number - 1]["value"]), True) if 1 <= number <= len(choices) else None


def _in_range(said: str, choices: Sequence[Mapping[str, Any]]) -> ChoiceMatch | None:
    """Match an amount ("about 30 people") or a range when the choices are ranges of numbers ("10 to 49", "250+")."""
    ranges = []
    for choice in choices:
        bounds = _bounds(_normal_name(str(choice["label"]))) or _bounds(_normal_name(str(choice["value"])))
        if bounds is not None:
            ranges.append((str(choice["value"]), *bounds))
    if len(ranges) < max(2, len(choices) - 1):
        return None
    amount, typed_range = _AMOUNT.fullmatch(said), _bounds(said)
    if amount is not None:
        number = int(amount.group(1))
        fitting = [value for value, low, high in ranges if low <= number and (high is None or number <= high)]
    else:
        fitting = [value for value, low, high in ranges if (low, high) == typed_range]
    return ChoiceMatch(fitting[0], True) if len(fitting) == 1 else None


def _bounds(text: str) -> tuple[int, int | None] | None:
    match = _RANGE.search(text)
    if match is None:
        return None
    low, high, from_on, over = match.groups()
    return int(low or from_on or int(over) + 1), int(high) if high else None


def _contained(said: str, choices: Sequence[Mapping[str, Any]], names: list[Any]) -> ChoiceMatch | None:
    """Match a choice named inside a longer text, or by some of its words; a text that negates matches none."""
    if said not in ("no", "not now") and _NEGATING.search(f" {said} "):
        return None
    padded = f" {said} "
    named = [
        str(choice["value"])
        for choice, own in zip(choices, names, strict=True)
        if any(len(name) > 2 and f" {name} " in padded for name in own)
    ]
    if named:
        return ChoiceMatch(named[0], whole=False) if len(named) == 1 else None
    typed = _content_words(said)
    part_of = [
        str(choice["value"])
        for choice, own in zip(choices, names, strict=True)
        if typed and any(typed <= _content_words(name) for name in own)
    ]
    return ChoiceMatch(part_of[0], whole=True) if len(part_of) == 1 else None


def _content_words(text: str) -> frozenset[str]:
    return frozenset(text.split()) - _EMPTY_WORDS
