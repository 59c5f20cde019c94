"""What an experiment came to so far, and what a journey brings beside nothing. Reads; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Float, case, cast, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from outreach.definitions import Goal
from outreach.entering import HELD_OUT
from outreach.experiments.design import HOLDOUT, Design, read_design
from outreach.experiments.models import Experiment, ExperimentPerson
from outreach.experiments.statistics import Comparison, Sample, compare, sample_ratio_p
from outreach.library import Live
from outreach.models import Enrolment, JourneyVersion

LIFT_ERROR = 0.05
_LIFT_MINIMUM = 100


@dataclass(frozen=True, slots=True)
class Way:
    """One way of an experiment. Of its people, those count whose time to reach the goal is over.

    `compared` is with the control; None for the control itself, and while there is too little to compare.
    """

    name: str
    share: float
    people: int
    counted: Sample
    compared: Comparison | None


@dataclass(frozen=True, slots=True)
class Results:
    """An experiment and its ways, the control first, the holdout last."""

    id: UUID
    journey: str
    step: str
    design: Design
    begun_at: datetime
    winner: str | None
    decided_by: str | None
    decided_at: datetime | None
    ways: Sequence[Way]
    sample_ratio_p: float


@dataclass(frozen=True, slots=True)
class Lift:
    """What people in a journey bring beside those who are held back, since the share of these is what it is now.

    `compared` is None while there is too little to compare, or nobody is held back.
    """

    journey: str
    holdout_percent: float
    since: datetime | None
    inside: Sample
    held_back: Sample
    compared: Comparison | None


async def list_results(session: AsyncSession, journey: str, now: datetime) -> list[Results]:
    """The experiments of a journey, the latest first."""
    found = select(Experiment).where(Experiment.journey == journey).order_by(Experiment.begun_at.desc(), Experiment.id)
    return [await read_results(session, experiment, now) for experiment in await session.scalars(found)]


async def read_results(session: AsyncSession, experiment: Experiment, now: datetime) -> Results:
    """What an experiment came to so far."""
    design = read_design(experiment.design)
    counts, samples = await _count(session, experiment.id, design, now)
    shares = design.shares()
    names = [one.name for one in design.variants] + ([HOLDOUT] if HOLDOUT in shares else [])
    control = samples.get(design.control, Sample())
    error = design.stop.error / (sum(one.weight > 0 for one in design.variants) - 1)

    def way(name: str) -> Way:
        sample = samples.get(name, Sample())
        compared = None
        if name != design.control:
            compared = compare(control, sample, error=error, minimum=design.stop.minimum)
        return Way(name, shares.get(name, 0.0), counts.get(name, 0), sample, compared)

    return Results(
        id=experiment.id,
        journey=experiment.journey,
        step=experiment.step,
        design=design,
        begun_at=experiment.begun_at,
        winner=experiment.winner,
        decided_by=experiment.decided_by,
        decided_at=experiment.decided_at,
        ways=[way(name) for name in names],
        sample_ratio_p=sample_ratio_p(counts, shares),
    )


async def read_lift(session: AsyncSession, live: Live, now: datetime) -> Lift:
    """What a journey brings, by its own goal.

    Of each person their first time in it counts. Only those who came since the share that is held back is what it is
    now: among others the two groups would have come at different times.
    """
    definition = live.definition
    percent, goal = definition.holdout_percent, definition.goal
    if not percent or goal is None:
        return Lift(live.name, percent, None, Sample(), Sample(), None)
    since = await _share_since(session, live.name, percent)
    ended = now if goal.within_seconds is None else now - timedelta(seconds=goal.within_seconds)
    first = (
        select(Enrolment.state, Enrolment.goal_at, Enrolment.goal_value)
        .ext(distinct_on(Enrolment.contact_id))
        .where(Enrolment.journey == live.name, Enrolment.entered_at >= since, Enrolment.entered_at <= ended)
        .order_by(Enrolment.contact_id, Enrolment.entered_at)
        .subquery()
    )
    held = (first.c.state == HELD_OUT).label("held")
    rows = await session.execute(select(held, *_sums(first.c.goal_at, first.c.goal_value, goal)).group_by(held))
    samples = {is_held: Sample(*told) for is_held, *told in rows}
    inside, held_back = samples.get(False, Sample()), samples.get(True, Sample())
    compared = compare(held_back, inside, error=LIFT_ERROR, minimum=_LIFT_MINIMUM)
    return Lift(live.name, percent, since, inside, held_back, compared)


async def _share_since(session: AsyncSession, journey: str, percent: float) -> datetime | None:
    """Since when each version that was published held back as many as now."""
    versions = await session.execute(
        select(JourneyVersion.published_at, JourneyVersion.definition["holdout_percent"].astext.cast(Float()))
        .where(JourneyVersion.journey == journey)
        .order_by(JourneyVersion.published_at.desc())
    )
    since: datetime | None = None
    for published_at, held_back in versions:
        if held_back != percent:
            break
        since = published_at
    return since


async def _count(
    session: AsyncSession, experiment_id: UUID, design: Design, now: datetime
) -> tuple[Mapping[str, int], Mapping[str, Sample]]:
    """How many people went each way, and the sample of those who count."""
    person, within = ExperimentPerson, design.goal.within_seconds
    counts: dict[str, int] = {}
    samples: dict[str, Sample] = {}
    over = true() if within is None else person.assigned_at <= now - timedelta(seconds=within)
    sums = (one.filter(over) for one in _sums(person.goal_at, person.goal_value, design.goal))
    rows = await session.execute(
        select(person.variant, func.count(), *sums)
        .where(person.experiment_id == experiment_id)
        .group_by(person.variant)
    )
    for variant, people, counted, goals, total, squares in rows:
        counts[variant] = people
        samples[variant] = Sample(counted, goals, total or 0.0, squares or 0.0)
    return counts, samples


def _sums(goal_at: Any, goal_value: Any, goal: Goal) -> tuple[Any, ...]:
    """People, goals, the sum of what those were worth, and of its squares."""
    worth = func.coalesce(goal_value, 0.0) if goal.value is not None else cast(1.0, Float())
    brought = case((goal_at.is_not(None), worth), else_=cast(0.0, Float()))
    return func.count(), func.count(goal_at), func.sum(brought), func.sum(brought * brought)
