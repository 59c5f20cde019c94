"""Find which of the times offered a text names, by day, hour or both. Pure; when several fit, none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from parley_rasa.clock_times import find_clock, part_of_day, without_parts_of_day
from parley_rasa.dates import read_date, weekday_in
from parley_rasa.quantities import digits_for_words
from parley_rasa.talk_words.by_language import talk_in
from parley_rasa.typed_answers import normalise

_LONGEST = 200  # characters
_CLOCK = re.compile(
    r"(?<![\d.,:])(?:(\d{1,2})(?:[:h]|\.(?=\d\d\s?uhr))(\d{2})|(\d{1,2}))\s?(a\.?m\b|p\.?m\b|o'?clock\b|uhr\b|h\b|heures?\b)?(?!\d)"
)
_AT = re.compile(r"\b(?:at|um|à|a las|a la|gegen|around)\s*$")
_NEGATING = re.compile(r"\b(?:not|no|never|none|neither|except|nicht|kein\w*|pas|aucun\w*|ningun\w*)\b|n't\b")
_PARTS_OF_DAY = {"morning": range(0, 12), "afternoon": range(12, 17), "evening": range(17, 24)}
_NOON = re.compile(r"\b(?:noon|midday|mittags?|(?<!après-)(?<!après )midi|mediodía)\b")


def find_offered(text: str, offered: Sequence[Mapping[str, Any]], now: datetime, language: str = "en") -> int | None:
    """Return the index of the one offered time that fits the text.

    Args:
        text: what was typed, such as "tuesday", "10:00" or "the 24th at ten".
        offered: times with ``starts_at`` (RFC 3339), each in the zone it was shown in.
        now: the present moment where the visitor is, to read days from.
    """
    said = " ".join(text[:_LONGEST].lower().split())
    if _NEGATING.search(said):
        return None
    starts = [datetime.fromisoformat(one["starts_at"]) for one in offered]
    fitting = _on_the_day(without_parts_of_day(said, language), starts, now, language)
    hours = _with_spoken(_hours(digits_for_words(said, language)), said, language)
    if hours:
        fitting = [index for index in fitting if (starts[index].hour, starts[index].minute) in hours]
    elif parts := [hours for name, hours in _PARTS_OF_DAY.items() if re.search(rf"\b{name}\b", said)]:
        fitting = [index for index in fitting if any(starts[index].hour in hours for hours in parts)]
    elif (half := part_of_day(said, language)) is not None:
        fitting = [index for index in fitting if starts[index].hour in half]
    elif len(fitting) == len(starts):
        return None  # it names neither a day that tells them apart nor an hour
    return fitting[0] if len(fitting) == 1 else None


def asks_for_times(text: str, language: str = "en") -> bool:
    """Tell whether a text asks what there is ("is there anything on Friday?"), which takes none of them yet."""
    said = normalise(text)
    return any(words.asks_for_times.match(said) for words in talk_in(language))


def is_any_time(text: str, language: str = "en") -> bool:
    """Tell whether the text wants the first time there is ("the earliest", "any of them")."""
    said = normalise(text)
    return any(words.any_time.fullmatch(said) for words in talk_in(language))


def is_after_offered(text: str, offered: Sequence[Mapping[str, Any]], now: datetime, language: str = "en") -> bool:
    """Tell whether the text names a day or a week after all that are offered."""
    said = " ".join(text[:_LONGEST].lower().split())
    if not offered or _NEGATING.search(said):
        return False
    last = max(datetime.fromisoformat(one["starts_at"]).date() for one in offered)
    day = read_date(said, now, language)
    return day is not None and day > last


def _on_the_day(said: str, starts: Sequence[datetime], now: datetime, language: str) -> list[int]:
    """Keep the times of the day named; a bare weekday is that of any week offered."""
    every = list(range(len(starts)))
    weekday = weekday_in(said, language)
    if weekday is not None:
        return [index for index in every if starts[index].weekday() == weekday]
    day = read_date(said, now, language)
    return every if day is None else [index for index in every if starts[index].date() == day]


def _with_spoken(hours: set[tuple[int, int]], said: str, language: str) -> set[tuple[int, int]]:
    """Put a time said in words ("half past ten", "a las diez y media") in the place of its hour alone."""
    clock = find_clock(said, language)
    if clock is None or any(minute for _, minute in hours) or (hours and not clock.at.minute):
        return hours
    return {(clock.at.hour, clock.at.minute)}


def _hours(said: str) -> set[tuple[int, int]]:
    """List the times of day a text may mean; an hour alone may be one of the afternoon."""
    hours = {(12, 0)} if _NOON.search(said) else set()
    for match in _CLOCK.finditer(said):
        written, minute, bare, half = match.groups()
        if bare and not half and not _AT.search(said[: match.start()]) and said.strip(" .!?") != bare:
            continue  # a number among other words need not be an hour
        hour = int(written or bare)
        if half and half.startswith("p"):
            hour = hour % 12 + 12
        elif half and half.startswith("a"):
            hour %= 12
        hours.add((hour, int(minute or 0)))
        if not half and 0 < hour < 8:
            hours.add((hour + 12, int(minute or 0)))
    return hours
