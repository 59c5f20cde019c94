"""When a team is there, by the hours that the content gives it. Pure; the dialogue asks the same of the same hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from crm.meetings.hours import WEEKDAYS, read_span
from crm.meetings.labels import find_zone

_A_DAY = 24 * 60
_LOOKED_AHEAD = 14
"""Days; a team that is away for longer says nothing of when it is back."""


def opens_at(team: Mapping[str, Any], now: datetime) -> datetime | None:
    """When somebody of the team is there: `now` while it is open, None when that is not known.

    Args:
        team: `zone`, `hours` by weekday (none given: at all hours) and `closed` days, as the content has them.
    """
    hours: Mapping[str, Any] = team.get("hours") or {}
    if not hours and not team.get("closed"):
        return now
    zone = find_zone(team.get("zone")) or UTC
    today = now.astimezone(zone).date()
    for ahead in range(-1, _LOOKED_AHEAD):
        day = today + timedelta(days=ahead)
        if day.isoformat() in team.get("closed", ()):
            continue
        for span in sorted(hours.get(WEEKDAYS[day.weekday()], ()) if hours else ("00:00-24:00",)):
            begin, end = _period(day, span, zone)
            if now < end:
                return max(begin, now)
    return None


def _period(day: date, span: str, zone: Any) -> tuple[datetime, datetime]:
    begins, ends = read_span(span)
    if ends <= begins:
        ends += _A_DAY  # a night shift, which goes on after midnight
    midnight = datetime.combine(day, time())
    begin, end = (
        (midnight + timedelta(minutes=minutes)).replace(tzinfo=zone).astimezone(UTC) for minutes in (begins, ends)
    )
    return begin, end
