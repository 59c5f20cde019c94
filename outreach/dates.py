"""Lets people in on a day counted from a date of theirs, each at the time of day by their own clock. Sends nothing.

What it costs depends on who is due: `contact_dates` is found by field, zone and day. A journey notes in the same
transaction up to when its entries were made, so each day of each person lets in once, however late or often this runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions, transaction
from outreach.definitions import Step
from outreach.entering import Entrant, enter
from outreach.entry_models import ContactDate
from outreach.library import Library, Live
from outreach.models import Journey
from outreach.quiet_hours import find_zone
from outreach.wall_clock import instant_of

_AT_ONCE = 500
_MADE_UP = timedelta(days=2)
"""How far back entries are made up for; a birthday is not celebrated a week late."""
_LEAP_DAY = 229

_ZONES = text(
    "WITH RECURSIVE found AS ("
    " (SELECT zone FROM contact_dates WHERE field = :field ORDER BY zone LIMIT 1)"
    " UNION ALL SELECT (SELECT d.zone FROM contact_dates d WHERE d.field = :field AND d.zone > found.zone"
    " ORDER BY d.zone LIMIT 1) FROM found WHERE found.zone IS NOT NULL"
    ") SELECT zone FROM found WHERE zone IS NOT NULL"
)
"""The zones of a field, one look at the index each."""


@dataclass(frozen=True, slots=True)
class _Due:
    """Whoever has this day in the field, in this zone, is due now."""

    zone: str
    day: date


class DateEntries:
    """`outreach.ports.DueWork`: entries of the kind `on_date`."""

    def __init__(self, sessions: Sessions, library: Library, default_zone: str) -> None:
        self._sessions = sessions
        self._library = library
        self._default_zone = ZoneInfo(default_zone)

    async def do_due(self, now: datetime) -> int:
        """Makes the entries that became due since the last time; returns how many entered."""
        async with transaction(self._sessions) as session:
            journeys = await self._library.live(session)
        entered = 0
        for live in journeys.values():
            if any(step.step == "on_date" for step in _entries(live)):
                entered += await self._let_in(live.name, now)
        return entered

    async def next_due_at(self) -> datetime | None:
        """Looked for each minute."""
        return None

    async def _let_in(self, journey: str, now: datetime) -> int:
        async with transaction(self._sessions) as session:
            # Whoever else is at it does the same.
            held = select(Journey.dates_done_to).where(Journey.id == journey).with_for_update(skip_locked=True)
            row = (await session.execute(held)).one_or_none()
            live = (await self._library.live(session, [journey])).get(journey)
            if row is None or live is None:
                return 0
            since = max(row.dates_done_to or now, now - _MADE_UP)
            entered = 0
            for entry in live.definition.entries:
                step = live.definition.steps[entry]
                if step.step == "on_date" and since < now:
                    people = await self._find_due(session, step, since, now)
                    for start in range(0, len(people), _AT_ONCE):
                        coming = [Entrant(one) for one in people[start : start + _AT_ONCE]]
                        done = await enter(session, self._library, live, coming, now, entry=entry)
                        entered += len(done.contact_ids)
            await session.execute(
                update(Journey)
                .where(Journey.id == journey)
                .values(dates_done_to=now)
                .execution_options(synchronize_session=False)
            )
            return entered

    async def _find_due(self, session: AsyncSession, step: Step, since: datetime, now: datetime) -> list[UUID]:
        zones = list(await session.scalars(_ZONES, {"field": step.field}))
        due = [one for zone in zones for one in self._days_due(step, zone, since, now)]
        if not due:
            return []
        found = select(ContactDate.contact_id).where(ContactDate.field == step.field, _is_due(step, due))
        return list(await session.scalars(found.order_by(ContactDate.contact_id)))

    def _days_due(self, step: Step, zone_name: str, since: datetime, now: datetime) -> Iterator[_Due]:
        """The dates whose moment, in this zone, lies in the time since."""
        zone = find_zone(zone_name) or self._default_zone
        day, last = since.astimezone(zone).date() - timedelta(days=1), now.astimezone(zone).date()
        while day <= last:
            if since < instant_of(day, step.at or "09:00", zone) <= now:
                yield _Due(zone_name, day - timedelta(days=step.days))
            day += timedelta(days=1)


def _is_due(step: Step, due: Sequence[_Due]) -> Any:
    if not step.yearly:
        return tuple_(ContactDate.zone, ContactDate.day).in_([(one.zone, one.day) for one in due])
    days = [(one.zone, yearly) for one in due for yearly in _yearly(one.day)]
    # Not before the day itself.
    return tuple_(ContactDate.zone, ContactDate.yearly).in_(days) & (ContactDate.day <= max(one.day for one in due))


def _yearly(day: date) -> Iterator[int]:
    yield day.month * 100 + day.day
    if (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month == 3:  # no 29th this year
        yield _LEAP_DAY


def _entries(live: Live) -> list[Step]:
    return [live.definition.steps[entry] for entry in live.definition.entries]
