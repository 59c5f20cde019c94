"""Decide whether a team is there at a moment, by its hours in its own zone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_END_OF_DAY = "24:00"


def is_there(team: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether somebody of the team is there.

    Args:
        team: ``zone``, ``hours`` by weekday (none given: at all hours) and ``closed`` days.
        now: an aware moment.
    """
    local = now.astimezone(ZoneInfo(team.get("zone", "UTC")))
    hours = team.get("hours") or dict.fromkeys(_DAYS, ("00:00-24:00",))
    days = (local.date() - timedelta(days=1), local.date())  # a night shift began the day before
    return any(
        _falls_into(local, day, span)
        for day in days
        if day.isoformat() not in team.get("closed", ())
        for span in hours.get(_DAYS[day.weekday()], ())
    )


def _falls_into(local: datetime, day: date, span: str) -> bool:
    begins, ends = span.split("-")
    first, last = _moment(day, begins), _moment(day, ends)
    if last <= first:
        last += timedelta(days=1)
    return first <= local.replace(tzinfo=None) < last


def _moment(day: date, written: str) -> datetime:
    if written == _END_OF_DAY:
        return datetime.combine(day, time()) + timedelta(days=1)
    return datetime.combine(day, time.fromisoformat(written))
