"""Find the day and time that a text names, as of a moment in a zone. Pure; in doubt, none.

The zone is that of ``now``. Where it has rules for the clocks, a time that they skip is the one so much later, and of
one that they repeat it is the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo

from parley_rasa.clock_times import Clock, find_clock, find_delay, says_today, without_parts_of_day
from parley_rasa.dates import read_date

_ISO = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::\d{2})?(Z|[+-]\d{2}:\d{2})?(?!\d)", re.IGNORECASE)
_LONGEST = 200  # characters


@dataclass(frozen=True)
class Said:
    """What a text says of a moment: its day, its time of day, both or neither."""

    day: date | None = None
    at: time | None = None


def read_moment(text: str, now: datetime, language: str = "en", past: bool = False, asked: bool = False) -> Said:
    """Read a day and a time of day.

    Args:
        now: the present moment where the visitor is.
        past: a day without a year, or a bare weekday, is the last one before now and not the next one.
        asked: a time is what was asked for, so that a number alone is an hour.
    """
    written = _read_iso(text, now)
    if written is not None:
        return written
    delay = find_delay(text, language)
    if delay is not None:
        moment = _to_minute(now.astimezone(timezone.utc) + delay).astimezone(now.tzinfo)
        return Said(moment.date(), moment.time())
    clock = find_clock(text, language, asked)
    day = _read_day(text, clock, now, language, past)
    return Said(day, clock.at if clock else None)


def in_zone(day: date, at: time, zone: tzinfo | None) -> datetime:
    """Return the moment of a day and time of day in a zone, also on the nights when its clocks are changed."""
    local = datetime.combine(day, at, tzinfo=zone)
    return local.astimezone(timezone.utc).astimezone(zone)


def written(moment: datetime) -> str:
    """Write a moment as RFC 3339 does, to the minute and with the distance from UTC that its zone has then."""
    return moment.isoformat(timespec="seconds")


def _read_day(text: str, clock: Clock | None, now: datetime, language: str, past: bool) -> date | None:
    rest = clock.rest if clock else without_parts_of_day(text, language)
    day = read_date(rest, now, language, past)
    if day is None and says_today(text, language):
        return now.date()
    return day


def _read_iso(text: str, now: datetime) -> Said | None:
    match = _ISO.search(text[:_LONGEST])
    if match is None:
        return None
    day, at, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{at}{'+00:00' if zone in ('Z', 'z') else zone or ''}")
        local = moment.astimezone(now.tzinfo) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
    return Said(local.date(), local.time())


def _to_minute(moment: datetime) -> datetime:
    return (moment + timedelta(seconds=30)).replace(second=0, microsecond=0)
