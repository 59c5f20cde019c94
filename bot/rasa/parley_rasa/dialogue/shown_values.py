"""Write a value of a slot as people do: a day by the name of its month. Pure; what is kept stays as it is."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

_OF_ENGLISH = "d MMMM y"  # which nobody reads the wrong way round, as they may 4/5/2026


def shown(value: Any, kind: str | None, language: str) -> Any:
    """Return the value as it is said: days in the visitor's language, all else unchanged."""
    if kind != "date" or not isinstance(value, str):
        return value
    try:
        return _day(date.fromisoformat(value), language.split("-", maxsplit=1)[0].lower())
    except ValueError:
        return value


@lru_cache(maxsize=512)
def _day(day: date, language: str) -> str:
    # Loading the names takes a while, and most turns say no day.
    from babel.core import UnknownLocaleError
    from babel.dates import format_date

    try:
        return str(format_date(day, _OF_ENGLISH if language == "en" else "long", locale=language))
    except (UnknownLocaleError, ValueError):
        return day.isoformat()
