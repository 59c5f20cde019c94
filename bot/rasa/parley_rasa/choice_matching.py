"""Find the choice that a typed text means: by label, value, position, ordinal or amount. Pure; in doubt, none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache
from typing import Any

from parley_rasa.amounts import match_amount, match_mentioned_amount, range_of, ranges_of
from parley_rasa.quantities import digits_for_words
from parley_rasa.read_once import once
from parley_rasa.talk_words.by_language import talk_in
from parley_rasa.talk_words.shape import TalkWords
from parley_rasa.team_sizes import find_people
from parley_rasa.typed_answers import normalise, read_yes_no

_SHORTEST_MISSPELT = 4  # letters; shorter words are too alike
_ALIKE = 0.75
_ALIKE_PHRASE = 0.88
_MOST_LETTERS_APART = 3
_LONGEST_MISSPELT = 6  # words
_LONGEST_AROUND_WORD = 8  # words; in a longer text a single word names a choice by chance
_LONGEST_WORD = 20  # letters


@dataclass(frozen=True)
class ChoiceMatch:
    """A choice found in a text; ``whole`` when the text names it and nothing else."""

    value: str
    whole: bool


def match_choice(
    text: str, choices: Sequence[Mapping[str, Any]], numbered: bool = False, language: str = "en"
) -> ChoiceMatch | None:
    """Find the one choice that a typed text means; None when none or several fit.

    Args:
        text: what was typed: a label, a value, a position, an ordinal, or an amount where choices are ranges.
        choices: what was offered, each with ``value`` and ``label``, and ``also`` for other ways to say it.
        numbered: the choices were shown with numbers, so that "2" is the second one even among ranges of amounts.
    """
    offered = tuple((choice["value"], choice["label"], tuple(choice.get("also", ()))) for choice in choices)
    key = (match_choice, text, offered, numbered, language)
    return once(key, lambda: _match(text, choices, numbered, language))


def _match(text: str, choices: Sequence[Mapping[str, Any]], numbered: bool, language: str) -> ChoiceMatch | None:
    said = normalise(text)
    if not said:
        return None
    names = [_names_of(choice) for choice in choices]
    whole = [str(choice["value"]) for choice, own in zip(choices, names, strict=True) if said in own]
    if len(whole) == 1:
        return ChoiceMatch(whole[0], whole=True)
    if len(choices) == 2 and [str(choice["value"]) for choice in choices] == ["yes", "no"]:
        decided = read_yes_no(text, language)
        return None if decided is None else ChoiceMatch("yes" if decided else "no", whole=True)
    counted = _in_digits(text, said, choices, language)
    position, amount = _by_position(said, choices, language), _matched(match_amount(counted, choices), whole=True)
    by_number = (position or amount) if numbered else (amount or position)
    return by_number or _by_words(said, choices, names, language, _mentioned(text, counted, choices, language))


def _in_digits(text: str, said: str, choices: Sequence[Mapping[str, Any]], language: str) -> str:
    """Write the number words of other languages in digits where an amount is asked; English ones are read as such."""
    if language.split("-", maxsplit=1)[0].lower() == "en" or not ranges_of(choices):
        return said
    return normalise(digits_for_words(text, language))


def _mentioned(text: str, counted: str, choices: Sequence[Mapping[str, Any]], language: str) -> str | None:
    """Name the range of the one amount that a text mentions among other words."""
    if not ranges_of(choices):
        return None
    people = find_people(text, language)
    return match_mentioned_amount(counted, choices) or (None if people is None else range_of(people, choices))


def _by_words(
    said: str,
    choices: Sequence[Mapping[str, Any]],
    names: list[frozenset[str]],
    language: str,
    mentioned: str | None,
) -> ChoiceMatch | None:
    found = _contained(said, choices, names, language) or _matched(mentioned, whole=False)
    if found is not None or len(said.split()) > _LONGEST_MISSPELT:
        return found
    alike = SequenceMatcher()
    alike.set_seq2(said)
    for choice, own in zip(choices, names, strict=True):
        if any(_resembles(name, said, alike) for name in own):
            return ChoiceMatch(str(choice["value"]), whole=False)
    mended = _mend_spelling(said, names, talk_in(language)[0].empty)
    return _contained(mended, choices, names, language) if mended != said else None


def _matched(value: str | None, whole: bool) -> ChoiceMatch | None:
    return None if value is None else ChoiceMatch(value, whole)


def _names_of(choice: Mapping[str, Any]) -> frozenset[str]:
    return _normal_names((str(choice["label"]), str(choice["value"]), *choice.get("also", ())))


@lru_cache(maxsize=4096)
def _normal_names(names: tuple[str, ...]) -> frozenset[str]:
    """Normalise what a choice is called once; what visitors type is never kept here."""
    return frozenset(map(normalise, names)) - {""}


@lru_cache(maxsize=1024)
def _words_of(names: tuple[frozenset[str], ...]) -> tuple[str, ...]:
    words = {word for own in names for name in own for word in name.split()}
    return tuple(sorted(word for word in words if len(word) >= _SHORTEST_MISSPELT))


def _resembles(name: str, said: str, alike: SequenceMatcher[str]) -> bool:
    """Tell whether a name is what was said but for slips, by a matcher that knows what was said."""
    if abs(len(name) - len(said)) > _MOST_LETTERS_APART:
        return False
    alike.set_seq1(name)
    return alike.quick_ratio() >= _ALIKE_PHRASE and alike.ratio() >= _ALIKE_PHRASE


def _mend_spelling(said: str, names: list[frozenset[str]], empty: frozenset[str]) -> str:
    """Replace misspelt words by the words of the choices that they are closest to."""
    known = _words_of(tuple(names))
    return " ".join(word if word in empty else _mend_word(word, known) for word in said.split())


def _mend_word(word: str, known: tuple[str, ...]) -> str:
    if len(word) < _SHORTEST_MISSPELT or len(word) > _LONGEST_WORD or word in known:
        return word
    # A slip of the finger seldom changes the first letter; "week" is no misspelt "seek".
    alike = get_close_matches(
        word,
        [other for other in known if other[0] == word[0] and abs(len(other) - len(word)) <= _MOST_LETTERS_APART],
        n=1,
        cutoff=_ALIKE,
    )
    return alike[0] if alike else word


def _by_position(said: str, choices: Sequence[Mapping[str, Any]], language: str) -> ChoiceMatch | None:
    for words in talk_in(language):
        match = words.position.fullmatch(said)
        number = _position(match.group(1), words, len(choices)) if match else 0
        if 1 <= number <= len(choices):
            return ChoiceMatch(str(choices[number - 1]["value"]), True)
    return None


def _position(word: str, words: TalkWords, last: int) -> int:
    """Return the number that a word gives, 0 for one that gives none."""
    if word.isascii() and word.isdigit() and len(word) < 4:
        return int(word)
    if word in words.last:
        return last
    return next((number for number, names in enumerate(words.ordinals, 1) if word in names), 0)


def _contained(
    said: str, choices: Sequence[Mapping[str, Any]], names: list[frozenset[str]], language: str
) -> ChoiceMatch | None:
    """Match a choice named inside a longer text, or by some of its words.

    A text that negates matches none but a choice whose name does so too ("we can't work").
    """
    padded, is_short = f" {said} ", len(said.split()) <= _LONGEST_AROUND_WORD
    if said not in ("no", "not now") and _negates(said, language):
        denied = [
            str(choice["value"])
            for choice, own in zip(choices, names, strict=True)
            if any(" " in name and f" {name} " in padded and _negates(name, language) for name in own)
        ]
        return ChoiceMatch(denied[0], whole=False) if len(denied) == 1 else None
    named = [
        str(choice["value"])
        for choice, own in zip(choices, names, strict=True)
        if any(len(name) > 2 and f" {name} " in padded and (" " in name or is_short) for name in own)
    ]
    empty = talk_in(language)[0].empty
    typed = _content_words(said, empty)
    if named:
        own = next(own for choice, own in zip(choices, names, strict=True) if str(choice["value"]) == named[0])
        whole = any(typed <= _content_words(name, empty) for name in own if f" {name} " in padded)
        return ChoiceMatch(named[0], whole) if len(named) == 1 else None
    if typed <= frozenset().union(*talk_in(language)[0].ordinals):
        return None  # "both of the two" is no part of "none of the two"
    part_of = [
        str(choice["value"])
        for choice, own in zip(choices, names, strict=True)
        if any(typed <= content for content in _contents_of(own, empty))
    ]
    return ChoiceMatch(part_of[0], whole=True) if len(part_of) == 1 else None


def _negates(said: str, language: str) -> bool:
    """Tell whether a text turns something down; that something does not work turns nothing down."""
    padded = f" {said} "
    for words in talk_in(language):
        padded = words.fails.sub(" ", padded)
    return any(words.negating.search(padded) for words in talk_in(language))


@lru_cache(maxsize=4096)
def _contents_of(names: frozenset[str], empty: frozenset[str]) -> tuple[frozenset[str], ...]:
    return tuple(_content_words(name, empty) for name in names)


def _content_words(text: str, empty: frozenset[str]) -> frozenset[str]:
    return frozenset(text.split()) - empty
