"""Reads journeys for the API, at one moment."""

from __future__ import annotations

from datetime import datetime

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
from admin.journeys.trying_shapes import JourneyDropOff, JourneyEdgeFigures, JourneyLeft, JourneyStepFigures
from base.errors import NotFound
from base.wording import FALLBACK
from outreach.drop_off import STOPS, StepPassed, read_passed
from outreach.landing import list_versions
from outreach.library import Library, Live
from outreach.models import Enrolment, Journey
from outreach.reasons import reason_in_words
from outreach.why import total_up


async def read_journeys(session: AsyncSession, library: Library) -> JourneyList:
    """All of them, by name."""
    live = await library.live(session)
    people = await _count_people(session)
    landing = set(await session.scalars(select(Journey.id).where(Journey.landing)))
    rows = [_row(one, people.get(one.name, 0), landing=one.name in landing) for one in live.values()]
    return JourneyList(items=sorted(rows, key=lambda row: row.journey))


async def read_journey(
    session: AsyncSession, library: Library, journey: str, language: str = FALLBACK
) -> JourneyDetail:
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
            for total in await total_up(session, journey, language)
        ],
    )


async def read_drop_off(
    session: AsyncSession, journey: str, since: datetime, until: datetime, language: str
) -> JourneyDropOff:
    """How people went through it over a period.

    Raises:
        NotFound: there is no such journey.
    """
    if await session.get(Journey, journey) is None:
        raise NotFound(f"There is no journey {journey}.")
    passed = await read_passed(session, journey, since, until)
    arrived = {one.step: one.arrived for one in passed.steps}
    return JourneyDropOff(
        journey=journey,
        since=since,
        until=until,
        people=passed.entered,
        steps=[_figures(one, language) for one in passed.steps],
        edges=[
            JourneyEdgeFigures(
                step=edge.step,
                to=edge.to,
                people=edge.people,
                # Who came to the step before the period is counted on the way only.
                share=min(1.0, edge.people / max(1, arrived.get(edge.step, 0))),
                median_seconds=edge.median,
            )
            for edge in passed.edges
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


def _figures(one: StepPassed, language: str) -> JourneyStepFigures:
    stopped = sum(people for reason, people in one.left.items() if reason in STOPS)
    return JourneyStepFigures(
        step=one.step,
        arrived=one.arrived,
        went_on=one.went_on,
        ended=sum(one.left.values()) - stopped,
        stopped=stopped,
        left=[
            JourneyLeft(reason=reason, text=reason_in_words(reason, language), people=people)
            for reason, people in sorted(one.left.items(), key=lambda item: (-item[1], item[0]))
        ],
        median_seconds=one.median,
    )


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
