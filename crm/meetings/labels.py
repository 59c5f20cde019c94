"""A time as a person reads it, in their language and on their clock. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton, format_time, get_timezone_name


def find_zone(name: str | None) -> ZoneInfo | None:
    """The zone of that name, if there is one. Visitors' browsers name them, and anybody can write anything."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def label_of(at: datetime, language: str, zone: ZoneInfo, *, name_zone: bool = False) -> str:
    """Such as `Tue 24 Nov, 10:00`.

    Args:
        name_zone: adds what the clock is called, for whom it may not be their own.
    """
    locale = _locale(language)
    local = at.astimezone(zone)
    label = f"{format_skeleton('MMMEd', local, locale=locale)}, {format_time(local, 'short', locale=locale)}"
    return f"{label} ({get_timezone_name(local, width='short', locale=locale)})" if name_zone else label


def _locale(language: str) -> Locale:
    # English without a country is written as most of the world writes it: day first, 24 hours.
    for code in ("en_GB" if language == "en" else language, language.partition("-")[0], "en_GB"):
        try:
            return Locale.parse(code.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError
