"""Write a value of a slot as people do: a day by the name of its month. Pure; what is kept stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

_TIME_OF_ENGLISH = "EEEE d MMMM, HH:mm"
_OF_ENGLISH = "d MMMM y"  # which nobody reads the wrong way round, as they may 4/5/2026


def shown(value: Any, kind: str | None, language: str) -> Any:
    """Return the value as it is said: days and times in the visitor's language, all else unchanged."""
    if kind not in _SHOWN or not isinstance(value, str):
        return value
    try:
        return _SHOWN[kind](value, language.split("-", maxsplit=1)[0].lower())
    except ValueError:
        return value


@lru_cache(maxsize=512)
def _time(written: str, language: str) -> str:
    """Write a time in the zone that it is given in, which is the one it was offered in."""
    from babel.core import UnknownLocaleError
    from babel.dates import format_datetime

    moment = datetime.fromisoformat(written).replace(tzinfo=None)
    try:
        return str(format_datetime(moment, _TIME_OF_ENGLISH if language == "en" else "long", locale=language))
    except (UnknownLocaleError, ValueError):
        return f"{moment:%Y-%m-%d %H:%M}"


@lru_cache(maxsize=512)
def _day(written: str, language: str) -> str:
    day = date.fromisoformat(written)
    # Loading the names takes a while, and most turns say no day.
    from babel.core import UnknownLocaleError
    from babel.dates import format_date

    try:
        return str(format_date(day, _OF_ENGLISH if language == "en" else "long", locale=language))
    except (UnknownLocaleError, ValueError):
        return day.isoformat()


_SHOWN: dict[str | None, Callable[[str, str], str]] = {"date": _day, "meeting": _time}
