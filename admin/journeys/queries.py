"""Reads journeys for the API, at one moment."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.journeys.shapes import (
    JourneyDetail,
    JourneyList,
    JourneyRow,
    JourneyStanding,
    JourneyTotal,
    JourneyVersionRow,
)
from base.errors import NotFound
from outreach.landing import list_versions
from outreach.library import Library, Live
from outreach.models import Enrolment, Journey
from outreach.why import total_up


async def read_journeys(session: AsyncSession, library: Library) -> JourneyList:
    """All of them, by name."""
    live = await library.live(session)
    people = await _count_people(session)
    landing = set(await session.scalars(select(Journey.id).where(Journey.landing)))
    rows = [_row(one, people.get(one.name, 0), landing=one.name in landing) for one in live.values()]
    return JourneyList(items=sorted(rows, key=lambda row: row.journey))


async def read_journey(session: AsyncSession, library: Library, journey: str) -> JourneyDetail:
    """One with its versions, who stands where, and what was decided how often.

    Raises:
        NotFound: there is none.
    """
    live = await find_live(session, library, journey)
    standing = await session.execute(
        select(Enrolment.version, Enrolment.step, func.count())
        .where(Enrolment.journey == journey, Enrolment.state == "active")
        .group_by(Enrolment.version, Enrolment.step)
        .order_by(Enrolment.version, Enrolment.step)
    )
    lines = [JourneyStanding(version=version, step=step, people=people) for version, step, people in standing]
    landing = await session.scalar(select(Journey.landing).where(Journey.id == journey))
    return JourneyDetail(
        journey=_row(live, sum(line.people for line in lines), landing=bool(landing)),
        versions=[
            JourneyVersionRow(version=version, published_at=published_at, live=version == live.definition.version)
            for version, published_at in await list_versions(session, journey)
        ],
        standing=lines,
        totals=[
            JourneyTotal(what=total.what, rule=total.rule, text=total.words, people=total.people)
            for total in await total_up(session, journey)
        ],
    )


async def find_live(session: AsyncSession, library: Library, journey: str) -> Live:
    """The journey as it stands.

    Raises:
        NotFound: there is none.
    """
    live = (await library.live(session, [journey])).get(journey)
    if live is None:
        raise NotFound(f"There is no journey {journey}.")
    return live


async def _count_people(session: AsyncSession) -> dict[str, int]:
    rows = await session.execute(
        select(Enrolment.journey, func.count()).where(Enrolment.state == "active").group_by(Enrolment.journey)
    )
    return dict(row for row in rows)


def _row(live: Live, people: int, *, landing: bool) -> JourneyRow:
    definition = live.definition
    return JourneyRow.model_validate(
        {
            "journey": live.name,
            "name": definition.name,
            "purpose": definition.purpose,
            "state": live.state,
            "live_version": definition.version,
            "version_policy": definition.version_policy,
            "priority": definition.priority,
            "exclusive_group": definition.exclusive_group,
            "holdout_percent": definition.holdout_percent,
            "entries": list(definition.entries),
            "people": people,
            "landing": landing,
        }
    )
