"""Find a number or a rating in a text, written in digits or words, in four languages. Pure; in doubt, none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from parley_rasa.number_words import ANOTHER, BEFORE_DIGITS, BESIDES, ME, ON_ONES_OWN, ONE, TIMES
from parley_rasa.people_words import GERMAN_TOGETHER
from parley_rasa.read_once import read_once
from parley_rasa.typed_answers import normalise

LANGUAGES_WITH_NUMBER_WORDS = ("en", "de", "es", "fr")
_LONGEST = 200  # characters
_LARGEST = 1e15
_DIGITS = r"\d{1,15}(?:[.,'\u202f\u00a0]\d{3})*(?:[.,]\d{1,9})?"
_NUMBER = re.compile(rf"(?<![\w.,/:+@-])(-?)({_DIGITS})(?![\w@/:]|[.,]\d)")
_MULTIPLIED = re.compile(
    rf"(?<![\w.,/:+@-])(-?)({_DIGITS})\s?({'|'.join(sorted(TIMES, key=len, reverse=True))})\b", re.IGNORECASE
)
_GROUPED = re.compile(r"\d{1,3}(?:[.,'\u202f\u00a0]\d{3})+")
_SPACED = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u202f\u00a0]\d{3})+(?!\d|\.\d{3})")
_OUT_OF = re.compile(r"(\d{1,2})\s?(?:/|(?:out\s)?of|von|de|sur|sobre)\s?(\d{1,2})", re.IGNORECASE)
_STARS = re.compile(r"[\u2605\u2b50]")
_AROUND_RATING = re.compile(
    r"(?:(?:i|we|would|id|ill|will|give|rate|it|say|you|a|an|its|that|is|id say|my|rating|score|maybe|about|solid|full"
    r"|clear|definitely|of course|ich|gebe|eine|une|un|una|je|donne|doy|le|les|number|points?|stars?|sterne?|punkte?"
    r"|etoiles?|estrellas?|puntos?|please|thanks) ?)*"
)
_NO_NUMBER = frozenset(
    "no which this that the first second third last other another of any every some not big good right wrong".split()
)
_FEW_WORDS = 4
_ISH = re.compile(r"(?<=\d)-?ish\b|(?<=[a-z])-ish\b", re.IGNORECASE)
_RANGE = re.compile(r"\d\s?[-–]\s?\d")
# How many come, when someone counts themselves in.
_MYSELF = re.compile(rf"(?:it'?s )?(?:only |just )*(?:{ME['en']})(?: alone| please| only)*[.!]?", re.IGNORECASE)
_TOGETHER = re.compile(rf"\bzu ({'|'.join(sorted(GERMAN_TOGETHER, key=len, reverse=True))})\b")
_PAIR = re.compile(r"\b(?:a couple(?! (?:of )?dozen)|both of us|the two of us|a pair)\b", re.IGNORECASE)


@read_once
def digits_for_words(text: str, language: str = "en") -> str:
    """Write number words in digits ("twenty-five people" is "25 people"); an article stays what it is."""
    base = language.split("-", maxsplit=1)[0].lower()
    tongue = base if base in LANGUAGES_WITH_NUMBER_WORDS else "en"
    from text_to_num import alpha2digit  # only turns that ask for a number need it

    text = _ISH.sub("", text)
    text = _SPACED.sub(lambda match: re.sub(r"\D", "", match.group()), text)
    for pattern, replacement in BEFORE_DIGITS[tongue]:
        text = pattern.sub(replacement, text)
    text = _MULTIPLIED.sub(_multiply, text)
    return _MULTIPLIED.sub(_multiply, str(alpha2digit(text, tongue)))


def find_numbers(text: str, language: str = "en") -> list[float]:
    """List the numbers in a text; "1,000", "1.000", "1k" and "one thousand" are the same."""
    numbers = [number for number, _, _ in placed_numbers(digits_for_words(text[:_LONGEST], language))]
    return numbers or ([1.0] if _says_one(text, language) else [])


def read_number(text: str, language: str = "en") -> int | float | None:
    """Return the number that a text gives, when it gives one and no other; a range is none."""
    heads = _count_heads(text, language)
    if heads is not None:
        return heads
    numbers = set() if _RANGE.search(text) else set(find_numbers(text, language))
    return plain(numbers.pop()) if len(numbers) == 1 else None


def read_rating(text: str, lowest: int, highest: int, language: str = "en") -> int | None:
    """Return a rating on a scale: "4", "four stars", "4/5", four star signs. One of another scale is none."""
    stars = len(_STARS.findall(text))
    said = digits_for_words(text[:_LONGEST], language)
    scaled = _OUT_OF.search(said)
    if stars:
        number: float | None = stars if not re.search(r"\d", said) else None
    elif scaled:
        number = float(scaled.group(1)) if int(scaled.group(2)) == highest else None
    else:
        number = read_number(text, language)
    if number is None or number != int(number) or not lowest <= number <= highest:
        return None
    return int(number)


def is_rating_alone(text: str, language: str = "en") -> bool:
    """Tell whether nothing but a rating is said, so that no intent may outweigh it."""
    words = re.sub(r"\d+", " ", normalise(_OUT_OF.sub(" ", digits_for_words(text[:_LONGEST], language))))
    return _AROUND_RATING.fullmatch(" ".join(words.split())) is not None


def _count_heads(text: str, language: str) -> int | None:
    """Count people who are not numbered: "just me", "me and two colleagues", "a couple"."""
    said = digits_for_words(text[:_LONGEST], language).strip()
    own = ON_ONES_OWN.get(language.split("-", maxsplit=1)[0].lower())
    if _MYSELF.fullmatch(said) or (own and re.fullmatch(rf"{own}[.!]?", said, re.IGNORECASE)):
        return 1
    numbers = [number for number, _, _ in placed_numbers(said)]
    together = _TOGETHER.findall(normalise(said)) if language.startswith("de") and not numbers else []
    if len(together) == 1:
        return GERMAN_TOGETHER[together[0]]
    others = _with_others(said, language)
    if others is not None:
        counted = others.group(1)
        is_many = counted is None and re.search(r"[^s]s$", others.group().removesuffix(" and me"))
        alone = numbers == ([float(counted)] if counted else [])
        return 1 + int(counted or 1) if alone and not is_many else None
    return 2 if _PAIR.search(said) and not numbers else None


def _with_others(said: str, language: str) -> re.Match[str] | None:
    """Find somebody who counts themselves in with others, in the language or in English."""
    base = language.split("-", maxsplit=1)[0].lower()
    for tongue in dict.fromkeys((base if base in ME else "en", "en")):
        before, after = _besides(tongue)
        found = before.search(said) or after.search(said)
        if found is not None:
            return found
    return None


@lru_cache(maxsize=8)
def _besides(tongue: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    me, besides = rf"(?:{ME[tongue]})", rf"(?:{BESIDES[tongue]})"
    others = rf"(?:(\d{{1,2}}) (?:other )?[^\W\d_]+|{ANOTHER[tongue]})"
    return (
        re.compile(rf"\b{me} {besides} {others}\b", re.IGNORECASE),
        re.compile(rf"\b{others} {besides} {me}\b", re.IGNORECASE),
    )


def _says_one(text: str, language: str) -> bool:
    """Tell whether a few words say "one": among more it is a pronoun or an article, which the library leaves alone."""
    words = normalise(text[:_LONGEST]).split()
    ones = ONE.get(language.split("-", maxsplit=1)[0].lower(), ONE["en"])
    return len(words) <= _FEW_WORDS and not _NO_NUMBER.intersection(words) and len(ones.intersection(words)) == 1


def placed_numbers(said: str) -> Sequence[tuple[float, int, int]]:
    """List the numbers of a text whose words are digits, each with where it begins and ends."""
    found = []
    for match in _NUMBER.finditer(said):
        number = _value(match.group(2))
        if number <= _LARGEST:
            found.append((-number if match.group(1) else number, match.start(), match.end()))
    return found


def _multiply(match: re.Match[str]) -> str:
    return f"{match.group(1)}{plain(_value(match.group(2)) * TIMES[match.group(3).lower()])}"


def _value(written: str) -> float:
    """Read digits with separators: what stands before exactly three digits groups thousands, unless a 0 leads."""
    if _GROUPED.fullmatch(written) and not written.startswith("0"):
        return float(re.sub(r"\D", "", written))
    whole, _, part = max((written.rpartition(mark) for mark in ".,"), key=lambda split: len(split[0]))
    if not whole:
        return float(re.sub(r"\D", "", written))
    return float(f"{re.sub(r'[^0-9]', '', whole)}.{part}")


def plain(number: float) -> int | float:
    """Return a whole number as one."""
    return int(number) if float(number).is_integer() else number
