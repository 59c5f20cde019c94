"""Which week a digest is of, when it leaves, and what came of that week. The queries are those of the numbers page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from admin.numbers.deliveries import HeldBack, read_deliveries, read_held_back
from admin.numbers.funnels import By, Funnel, read_funnels
from admin.numbers.revenue import read_revenue

LEAVES_AT = time(7)
"""On Monday, where the reader is."""
LONGEST_LATE = timedelta(days=3)
"""What could not leave by then is no news: the next Monday's does."""
_WEEK = timedelta(weeks=1)
_NOBODY = Funnel(None, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Week:
    """The seven days before a Monday, by the days of a zone."""

    monday: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        return self._midnight(self.monday - _WEEK)

    @property
    def until(self) -> datetime:
        return self._midnight(self.monday)

    @property
    def first_day(self) -> date:
        return self.monday - _WEEK

    @property
    def last_day(self) -> date:
        return self.monday - timedelta(days=1)

    @property
    def leaves_at(self) -> datetime:
        """When its digest leaves."""
        return datetime.combine(self.monday, LEAVES_AT, self.zone)

    def before(self) -> Week:
        """The week before."""
        return Week(self.monday - _WEEK, self.zone)

    def after(self) -> Week:
        """The week after."""
        return Week(self.monday + _WEEK, self.zone)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(0), self.zone)


def week_of(now: datetime, zone: ZoneInfo) -> Week:
    """The last week that is over, where the reader is."""
    today = now.astimezone(zone).date()
    return Week(today - timedelta(days=today.weekday()), zone)


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold in one currency."""

    currency: str
    value: float


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """What came of a week: people who came in it at the furthest place they have come to, and what was sent and sold.

    `reasons` are those of what was held back, the most frequent first. `best_flow` and `best_journey` brought most
    people who were won or, where nobody was, most leads; None where there was neither.
    """

    people: Funnel
    sold: Sequence[Sold]
    opted_out: int
    held_back: int
    reasons: Sequence[HeldBack] = ()
    best_flow: Funnel | None = None
    best_journey: Funnel | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happened at all."""
        return not (self.people.came or self.sold or self.opted_out or self.held_back or self.best_journey)


@dataclass(frozen=True, slots=True)
class Report:
    """A week beside the one before, of which reasons and the best are not told."""

    week: Week
    figures: WeekFigures
    before: WeekFigures


async def read_report(session: AsyncSession, week: Week) -> Report:
    """What a digest tells."""
    figures = replace(
        await _read(session, week),
        reasons=await read_held_back(session, week.since, week.until),
        best_flow=await _best(session, "flow", week),
        best_journey=await _best(session, "journey", week),
    )
    return Report(week, figures, await _read(session, week.before()))


async def _read(session: AsyncSession, week: Week) -> WeekFigures:
    period = (week.since, week.until)
    funnels = await read_funnels(session, "channel", *period)
    deliveries = await read_deliveries(session, "channel", *period)
    return WeekFigures(
        people=funnels[0] if funnels else _NOBODY,
        sold=[Sold(one.currency, one.value) for one in await read_revenue(session, "channel", *period)],
        opted_out=sum(one.opted_out for one in deliveries),
        held_back=sum(one.held_back for one in deliveries),
    )


async def _best(session: AsyncSession, by: By, week: Week) -> Funnel | None:
    told = [
        one for one in await read_funnels(session, by, week.since, week.until) if one.name and (one.leads or one.won)
    ]
    return max(told, key=lambda one: (one.won, one.leads, one.came), default=None)
