"""Find the time of day that a text names, in English, Spanish, French or German. Pure; in doubt, none.

An hour from 1 to 7 without morning or afternoon is one of the afternoon, as in an office; whoever uses it says what
was understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta
from functools import lru_cache

from parley_rasa.clock_words import HALF, NO_HOUR, WORDS
from parley_rasa.quantities import digits_for_words

_LONGEST = 200  # characters
_LAST_AMBIGUOUS = 7  # o'clock; from 8 on an hour is one of the morning
_HALF_DAY = r"[ap]\.?\s?m\b\.?"
_MARK = "@"  # stands before an hour that was found in words
_TIME = r"\d{1,2}(?:[:.h]\d{2})?"
_ALTERNATIVE = re.compile(
    rf"\d(?:\s?{_HALF_DAY}|\s?h|\s?uhr|\s?heures)?\s(?:or|oder|o|ou)\s(?:\w+\s){{0,2}}?{_MARK}?\d"
)


@dataclass(frozen=True)
class Clock:
    """A time of day and the text without the words for it, which may still name a day."""

    at: time
    rest: str


@dataclass(frozen=True)
class _Patterns:
    rewritten: tuple[tuple[re.Pattern[str], str], ...]
    spoken: tuple[tuple[re.Pattern[str], int, int], ...]
    span: re.Pattern[str]
    hour: re.Pattern[str]
    morning: re.Pattern[str]
    afternoon: re.Pattern[str]
    today: re.Pattern[str]
    noon: re.Pattern[str]
    midnight: re.Pattern[str]
    soon: re.Pattern[str]
    now: re.Pattern[str]


_BARE = re.compile(r"^[^\w@]*(?P<at>)(?P<h>\d{1,2})(?:[\s.:h](?P<m>\d{2}))?(?P<mark>)(?P<half>)[^\w€$£%]*$")


def find_clock(text: str, language: str = "en", asked: bool = False) -> Clock | None:
    """Return the one time of day that a text names; of a span ("from 3 to 4") its beginning.

    Args:
        asked: a time is what was asked for, so that a number alone is an hour.
    """
    for tongue in _tongues(language):
        patterns = _patterns(tongue)
        said = _in_figures(text, tongue, patterns)
        hours = [] if _ALTERNATIVE.search(said) else _hours(said, patterns, asked)
        rest = _cut(said, hours)
        found = set(_times(rest, said, hours, patterns))
        if found:
            for named in (patterns.morning, patterns.afternoon, patterns.noon, patterns.midnight):
                rest = named.sub(" ", rest)
            return Clock(found.pop(), " ".join(rest.split())) if len(found) == 1 else None
    return None


def without_parts_of_day(text: str, language: str = "en") -> str:
    """Return the text without "in the morning" and the like, some of which are like the names of days."""
    said = " ".join(text[:_LONGEST].lower().split())
    for tongue in _tongues(language):
        patterns = _patterns(tongue)
        said = patterns.afternoon.sub(" ", patterns.morning.sub(" ", said))
    return said


def part_of_day(text: str, language: str = "en") -> range | None:
    """Return the hours of the part of the day that a text names, when it names one half of it and not both."""
    said = text[:_LONGEST].lower()
    for tongue in _tongues(language):
        patterns = _patterns(tongue)
        before, after = patterns.morning.search(said) is not None, patterns.afternoon.search(said) is not None
        if before != after:
            return range(0, 12) if before else range(12, 24)
    return None


def says_today(text: str, language: str = "en") -> bool:
    """Tell whether a text names a part of the present day ("this afternoon")."""
    return any(_patterns(tongue).today.search(text[:_LONGEST].lower()) for tongue in _tongues(language))


def find_delay(text: str, language: str = "en") -> timedelta | None:
    """Return how long from now a text means ("in two hours"); "now" is no time at all, when nothing else is said."""
    for tongue in _tongues(language):
        patterns = _patterns(tongue)
        said = _in_figures(text, tongue, patterns)
        match = patterns.soon.search(said)
        if match is not None:
            number = float(match["n"]) if match["n"].isdigit() else 0.5 if match["n"] in HALF else 1.0
            return timedelta(hours=number) if match["hours"] else timedelta(minutes=number)
        if patterns.now.fullmatch(said.strip(" .!")):
            return timedelta(0)
    return None


def _tongues(language: str) -> tuple[str, ...]:
    base = language.split("-", maxsplit=1)[0].lower()
    return (base, "en") if base in WORDS and base != "en" else ("en",)


def _in_figures(text: str, tongue: str, patterns: _Patterns) -> str:
    """Write a text in lower case with every time in it in figures ("half past three" is "@3:30")."""
    said = " ".join(text[:_LONGEST].lower().replace("’", "'").split())
    for pattern, replacement in patterns.rewritten:
        said = pattern.sub(replacement, said)
    said = digits_for_words(said, tongue)
    for spoken, added, sign in patterns.spoken:
        said = spoken.sub(lambda match, a=added, s=sign: _figures(match, a, s), said)
    return patterns.span.sub(_beginning, said)


def _figures(match: re.Match[str], added: int, sign: int) -> str:
    minutes = int(match["h"]) * 60 + added + sign * int(match.groupdict().get("m") or 0)
    if int(match["h"]) > 23 or minutes >= 24 * 60:
        return match.group()
    if minutes < 60 and int(match["h"]) > 0:  # a quarter to one is soon after noon
        minutes += 12 * 60
    return f"{_MARK}{minutes // 60}:{minutes % 60:02d}"


def _beginning(match: re.Match[str]) -> str:
    """Leave of a span its beginning ("3-4 pm" is "3 pm", "11-1 pm" is "11 am")."""
    first, second, half = match["first"], match["second"], match["half"] or ""
    if half.startswith("p") and int(re.split(r"[:.h]", first)[0]) % 12 > int(re.split(r"[:.h]", second)[0]) % 12:
        half = "am"
    return f" {_MARK}{first} {match['own'] or half} "


def _hours(said: str, patterns: _Patterns, asked: bool) -> list[re.Match[str]]:
    found = [match for match in patterns.hour.finditer(said) if _is_hour(match)]
    bare = _BARE.match(said) if asked and not found else None
    return [bare] if bare else found


def _is_hour(match: re.Match[str]) -> bool:
    """Tell whether a number has something that makes it an hour; minutes after a dot or a blank need more."""
    sure = bool(match["at"] or match["mark"] or match["half"])
    return sure or (match["m"] is not None and match["joint"].strip() not in ("", "."))


def _times(rest: str, said: str, hours: list[re.Match[str]], patterns: _Patterns) -> list[time]:
    part = "a" if patterns.morning.search(rest) else "p" if patterns.afternoon.search(rest) else ""
    found = []
    for match in hours:
        hour, minute = int(match["h"]), int(match["m"] or 0)
        half = (match["half"] or part)[:1]
        if hour < 24 and minute < 60:
            found.append(time(_of_the_day(hour, half, match["h"].startswith("0")), minute))
    if not found and patterns.noon.search(said):
        found.append(time(12))
    if not found and patterns.midnight.search(said):
        found.append(time(0))
    return found


def _of_the_day(hour: int, half: str, padded: bool) -> int:
    if half == "a":
        return 0 if hour == 12 else hour
    if half == "p":
        return hour + 12 if hour < 12 else hour
    return hour + 12 if 0 < hour <= _LAST_AMBIGUOUS and not padded else hour


def _cut(said: str, hours: list[re.Match[str]]) -> str:
    for match in reversed(hours):
        said = f"{said[: match.start()]} {said[match.end() :]}"
    return said


@lru_cache(maxsize=8)
def _patterns(tongue: str) -> _Patterns:
    words = WORDS[tongue]
    until = rf"\s?(?:-|–|\b(?:{words.until})\b)\s?"
    ends = rf"(?:\s?(?P<half>{_HALF_DAY})|\s?(?:{words.hour})(?!\w))"
    no_hour = rf"(?!\d|[.,:/]\d|\s?[€$£%]|\.?\s?(?:{NO_HOUR}))"
    first = rf"(?P<first>{_TIME})(?:\s?(?P<mark>{words.hour})(?!\w)|\s?(?P<own>{_HALF_DAY}))?"
    # "Le 2 à 10h" names a day and an hour, so what only joins needs a sign that the first number is an hour too.
    joined = rf"(?:(?(begin){until}|(?(mark){until}|(?(own){until}|\s?(?:-|–|\bto\b|\bbis\b)\s?))))"
    return _Patterns(
        tuple((re.compile(pattern), replacement) for pattern, replacement in words.rewritten),
        tuple((re.compile(rf"(?<![\d:.,]){pattern}\b(?!:)"), added, sign) for pattern, added, sign in words.spoken),
        re.compile(
            rf"(?<![\d.,:/-])(?:(?P<begin>(?:{words.begin})\s)?{first}{joined}(?P<second>{_TIME})"
            rf"(?:{ends}|(?(begin){no_hour}|(?!))))"
        ),
        re.compile(
            rf"(?P<at>(?:\b|(?<=\s)|^)(?:{words.at})\s|@\s?)?(?<![\d.,:/€$£-])(?P<h>\d{{1,2}})"
            rf"(?:(?P<joint>:|\.|\s|{words.joint})(?P<m>\d{{2}})(?!\d|[.,/]\d|\.))?"
            rf"(?:\s?(?P<half>{_HALF_DAY})|\s?(?P<mark>{words.hour})(?!\w))?{no_hour}"
        ),
        *(re.compile(one) for one in (words.morning, words.afternoon, words.today, words.noon, words.midnight)),
        re.compile(words.soon), re.compile(words.now),
    )  # fmt: skip
