"""Write a value of a slot as people do: a day by the name of its month. Pure; what is kept stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

_TIME_OF = {
    "en": "EEEE d MMMM, HH:mm",
    "es": "EEEE d 'de' MMMM, HH:mm",
    "fr": "EEEE d MMMM 'à' HH:mm",
    "de": "EEEE, d. MMMM, HH:mm 'Uhr'",
}
_DAY_OF_ENGLISH = "EEEE d MMMM y"
_HAS_TIME = re.compile(r"\d[Tt ]\d")
_OF_ENGLISH = "d MMMM y"  # which nobody reads the wrong way round, as they may 4/5/2026


def shown(value: Any, kind: str | None, language: str, zone: tzinfo | None = None) -> Any:
    """Return the value as it is said: days and times in the visitor's language, all else unchanged.

    Args:
        zone: the visitor's, by whose name a time is said that is of that zone.
    """
    if kind not in _SHOWN or not isinstance(value, str):
        return value
    base = language.split("-", maxsplit=1)[0].lower()
    try:
        if kind == "date" and _HAS_TIME.search(value):
            return _moment(value, base, getattr(zone, "key", None))
        return _SHOWN[kind](value, base)
    except ValueError:
        return value


@lru_cache(maxsize=512)
def _moment(written: str, language: str, zone: str | None) -> str:
    """Write a day with a time of day and the zone it is in, which nobody asked about may be in another."""
    from babel.core import UnknownLocaleError
    from babel.dates import format_date, get_timezone_gmt, get_timezone_name

    moment = datetime.fromisoformat(written)
    own = ZoneInfo(zone) if zone else None
    try:
        day = format_date(moment, _DAY_OF_ENGLISH if language == "en" else "full", locale=language)
        if own is not None and moment.utcoffset() == moment.astimezone(own).utcoffset():
            name = get_timezone_name(own, width="long", locale=language)
        else:
            name = get_timezone_gmt(moment, locale=language)
        return f"{day}, {moment:%H:%M} ({name})"
    except (UnknownLocaleError, ValueError):
        return f"{moment:%Y-%m-%d %H:%M} ({moment:%z})"


@lru_cache(maxsize=512)
def _time(written: str, language: str) -> str:
    """Write a time in the zone that it is given in, which is the one it was offered in, to the minute."""
    from babel.core import UnknownLocaleError
    from babel.dates import format_datetime

    moment = datetime.fromisoformat(written).replace(tzinfo=None)
    try:
        return str(format_datetime(moment, _TIME_OF.get(language, "long"), locale=language))
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
