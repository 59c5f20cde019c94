"""Find the day that a text names, in English, German, Spanish or French, as of a given day. Pure; in doubt, none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib import import_module
from itertools import islice
from typing import Any

from dateutil.relativedelta import relativedelta

from parley_rasa.date_phrases import NEXT_WEEK, REWRITTEN
from parley_rasa.quantities import digits_for_words

LANGUAGES = ("en", "de", "es", "fr")
_LONGEST = 200  # characters
_MOST = 3  # phrases worth parsing; more than one day is none
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = "january february march april may june july august september october november december".split()
_DAYS_AWAY = ("0 day ago", "1 day ago", "in 1 day", "in 2 day", "2 day ago")
_UNITS = ("day", "week", "month", "year")
_DAY = r"\d{1,2}(?:st|nd|rd|th|er|º|\.)?"
_YEAR = r"(?:,?\s+(?:(?:of|de|del)\s+)?\d{4}\b)?"
_ISO = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_NUMERIC = re.compile(
    r"(?<![\d./-])(?:\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})|\d{1,2}/\d{1,2}|\d{1,2}\.\s?\d{1,2}\.)(?![\d/-])"
)
_ORDINAL = re.compile(
    r"\b(?:the|am|den|dem|el|le)\s+(\d{1,2})(?:st|nd|rd|th|er|\.)?(?![\d:.]*\d)|\b(\d{1,2})(?:st|nd|rd|th)\b"
)
_DOTTED = re.compile(r"\d{1,2}\.\s?\d")
_DAY_AND_MONTH = re.compile(r"\d{1,2}\.\s?\d{1,2}\.")
_WITH_YEAR = re.compile(r"\d{4}|([./-])\d{1,2}\1\d{2}")
_ALTERNATIVE = re.compile(r"\d(?:st|nd|rd|th|\.)?\s*(?:-|–|\b(?:or|and|to|oder|und|bis|o|y|a|ou|et|au))\s*$")


@dataclass(frozen=True)
class _Words:
    """What a language calls days, as the library knows it."""

    weekdays: dict[str, int]
    weekday: re.Pattern[str]
    next_week: re.Pattern[str]
    by_month: re.Pattern[str]
    away: re.Pattern[str]


def read_date(text: str, now: datetime, language: str = "en", past: bool = False) -> date | None:
    """Return the one day that a text names.

    Args:
        text: what was typed; only its beginning is read.
        now: the present moment where the visitor is; "tomorrow" is the day after it.
        language: the visitor's; English is read besides.
        past: a day without a year, or a bare weekday, is the last one before now and not the next one.
    """
    order = "MDY" if language in ("en", "en-US") else "DMY"
    for tongue, shortest in ((_own(language), 3), ("en", 4)):
        said = _prepared(text, tongue)
        for candidates in _candidates(said, _words(tongue, shortest), _Reader(now, tongue, order, past)):
            days = set(candidates)
            if days:
                return days.pop() if len(days) == 1 else None
    return None


def weekday_in(text: str, language: str = "en") -> int | None:
    """Return the one weekday that a text names (Monday is 0), when it names no other day."""
    said = " ".join(text[:_LONGEST].lower().split())
    for tongue, shortest in ((_own(language), 3), ("en", 4)):
        words = _words(tongue, shortest)
        if words.by_month.search(said) or _NUMERIC.search(said) or words.next_week.search(said):
            return None
        named = {words.weekdays[match.group(1)] for match in words.weekday.finditer(said)}
        if named:
            return named.pop() if len(named) == 1 else None
    return None


def _own(language: str) -> str:
    base = language.split("-", maxsplit=1)[0].lower()
    return base if base in LANGUAGES else "en"


class _Reader:
    """Reads one phrase that stands for a day."""

    def __init__(self, now: datetime, language: str, order: str, past: bool) -> None:
        self.today, self.past = now.date(), past
        # Midnight, so that the library's cache of settings grows by one entry a day and not by one a turn.
        midnight = datetime.combine(self.today, time())
        self._language = language
        self._settings = {
            "RELATIVE_BASE": midnight, "PREFER_DATES_FROM": "current_period", "DATE_ORDER": order,
            "PREFER_LOCALE_DATE_ORDER": False, "TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": False,
            "PARSERS": ["relative-time", "absolute-time"],
        }  # fmt: skip

    def parse(self, phrase: str) -> Iterator[date]:
        # The library takes a third of a second to load and most turns ask for no day.
        from dateparser.date import DateDataParser

        dotted = {"DATE_ORDER": "DMY"} if _DOTTED.match(phrase) else {}  # nobody writes the month first with dots
        parser = DateDataParser(languages=[self._language], settings=self._settings | dotted)
        # The library takes a day and a month in dots for a time of day, unless a year follows.
        whole = f"{phrase}{self.today.year}" if _DAY_AND_MONTH.fullmatch(phrase) else phrase
        found = parser.get_date_data(whole).date_obj
        if found is not None:
            yield found.date()

    def of_year(self, phrase: str) -> Iterator[date]:
        """Read a day of a month; without a year it is the next one, or the last one."""
        for day in self.parse(phrase):
            if _WITH_YEAR.search(phrase) or (day <= self.today if self.past else day >= self.today):
                yield day
            else:
                yield day + relativedelta(years=-1 if self.past else 1)

    def weekday(self, number: int, next_week: bool) -> date:
        if next_week:
            return self.today + timedelta(days=7 - self.today.weekday() + number)
        if self.past:
            return self.today - timedelta(days=(self.today.weekday() - number - 1) % 7 + 1)
        return self.today + timedelta(days=(number - self.today.weekday() - 1) % 7 + 1)

    def day_of_month(self, number: int) -> Iterator[date]:
        """Return the next (or last) day with a number: not every month has a 31st."""
        step = -1 if self.past else 1
        days = (self.today + timedelta(days=step * away) for away in range(63))
        yield from [day for day in days if day.day == number][:1]


def _candidates(said: str, words: _Words, reader: _Reader) -> Iterator[list[date]]:
    """List the days named, the surest way to name one first."""
    yield [day for match in _ISO.finditer(said) for day in _iso(match.group())]
    written = [*islice(_NUMERIC.finditer(said), _MOST), *islice(words.by_month.finditer(said), _MOST)]
    if any(_ALTERNATIVE.search(said[: match.start()]) for match in written):
        yield [date.min, date.max]  # "3 or 4 May" is no one day
    yield [day for match in written for day in reader.of_year(match.group())]
    yield [day for match in islice(words.away.finditer(said), _MOST) for day in reader.parse(match.group())]
    next_week = words.next_week.search(said) is not None
    yield [reader.weekday(words.weekdays[match.group(1)], next_week) for match in words.weekday.finditer(said)]
    yield [
        day for match in _ORDINAL.finditer(said) for day in reader.day_of_month(int(match.group(1) or match.group(2)))
    ]


def _iso(written: str) -> Iterator[date]:
    try:
        yield date.fromisoformat(written)
    except ValueError:
        return


def _prepared(text: str, language: str) -> str:
    said = digits_for_words(" ".join(text[:_LONGEST].lower().split()), language)
    for pattern, replacement in REWRITTEN[language]:
        said = pattern.sub(replacement, said)
    return said


@lru_cache(maxsize=16)
def _words(language: str, shortest: int) -> _Words:
    """Read the library's own lists of names once; shorter names than ``shortest`` are too like other words."""
    names: dict[str, Any] = import_module(f"dateparser.data.date_translation_data.{language}").info
    weekdays = {
        name.lower(): number
        for number, key in enumerate(_WEEKDAYS)
        for name in [key, *names[key]]
        if len(name) >= shortest and (name != key or language == "en")
    }
    months = [name.lower() for key in _MONTHS for name in names[key] if len(name) >= 3]
    units = [name.lower() for key in _UNITS for name in names[key] if len(name) > 1]
    relative = names.get("relative-type", {})
    away = [name.lower() for key in _DAYS_AWAY for name in relative.get(key, ())]
    next_week = [name.lower() for name in relative.get("in 1 week", ())]
    in_words = "|".join(("in", "dans", "dentro de"))
    return _Words(
        weekdays,
        re.compile(rf"\b({_any_of(weekdays)})\b"),
        re.compile(rf"\b(?:{_any_of([*next_week, *NEXT_WEEK])})\b"),
        re.compile(
            rf"(?<!\d)(?:{_DAY}\s*(?:(?:of|de|del)\s+)?(?:{_any_of(months)})\b\.?{_YEAR}"
            rf"|\b(?:{_any_of(months)})\b\.?\s+(?:the\s+)?{_DAY}(?![\d:]){_YEAR})"
        ),
        re.compile(rf"\b(?:(?:{_any_of(away)})\b|(?:{in_words})\s+\d{{1,4}}\s+(?:{_any_of(units)})\b)"),
    )


def _any_of(names: Any) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or "(?!)"
