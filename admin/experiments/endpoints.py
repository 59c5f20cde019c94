"""The endpoints of experiments."""

from __future__ import annotations

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.experiments.shapes import (
    Compared,
    ExperimentList,
    ExperimentRow,
    ExperimentWay,
    Group,
    LiftAnswer,
    WinnerWish,
)
from admin.journeys import queries
from admin.journeys.shapes import JourneyQuery
from admin.snapshot import snapshot
from base.database import transaction
from outreach.experiments.results import Results, Way, list_results, read_lift
from outreach.experiments.service import set_winner
from outreach.experiments.statistics import SAMPLE_RATIO_ERROR, Comparison, Sample
from outreach.library import Library


@endpoint(
    "GET",
    "/api/v1/experiments",
    permission="journeys.read",
    summary="The experiments of a journey and how their ways compare, the latest first",
    problems={404: "There is no such journey"},
)
async def list_experiments(call: Call, query: JourneyQuery) -> ExperimentList:
    async with snapshot(call.context.sessions) as session:
        await queries.find_live(session, Library(), query.journey)
        found = await list_results(session, query.journey, call.context.clock.now())
    return ExperimentList(items=[_experiment(one) for one in found])


@endpoint(
    "POST",
    "/api/v1/experiments/{id}/winner",
    permission="journeys.write",
    summary="Decides an experiment: whoever comes from now on goes one way",
    status=204,
    problems={404: "There is no such experiment", 409: "It is decided", 422: "It has no such variant"},
)
async def decide_experiment(call: Call, body: WinnerWish) -> None:
    context = call.context
    async with transaction(context.sessions) as session:
        await set_winner(session, call.ids["id"], body.variant, f"user:{call.user.id}", context.clock.now())
        before, after = {"winner": None}, {"winner": body.variant}
        await record(session, call, "decide_experiment", "experiment", call.ids["id"], before, after)


@endpoint(
    "GET",
    "/api/v1/journeys/lift",
    permission="journeys.read",
    summary="What a journey brings beside the people who are held back for good",
    problems={404: "There is no such journey"},
)
async def get_lift(call: Call, query: JourneyQuery) -> LiftAnswer:
    async with snapshot(call.context.sessions) as session:
        live = await queries.find_live(session, Library(), query.journey)
        lift = await read_lift(session, live, call.context.clock.now())
    return LiftAnswer(
        journey=lift.journey,
        holdout_percent=lift.holdout_percent,
        since=lift.since,
        inside=_group(lift.inside),
        held_back=_group(lift.held_back),
        compared=_compared(lift.compared),
    )


def _experiment(results: Results) -> ExperimentRow:
    return ExperimentRow(
        id=results.id,
        journey=results.journey,
        step=results.step,
        goal=results.design.goal.kind,
        error=results.design.stop.error,
        minimum=results.design.stop.minimum,
        automatic=results.design.stop.winner == "automatic",
        begun_at=results.begun_at,
        ways=[_way(way) for way in results.ways],
        sample_ratio_p=results.sample_ratio_p,
        even=results.sample_ratio_p >= SAMPLE_RATIO_ERROR,
        winner=results.winner,
        decided_by=results.decided_by,
        decided_at=results.decided_at,
    )


def _way(way: Way) -> ExperimentWay:
    return ExperimentWay(
        name=way.name,
        share=way.share,
        people=way.people,
        counted=way.counted.people,
        goals=way.counted.goals,
        total=way.counted.total,
        mean=way.counted.mean,
        compared=_compared(way.compared),
    )


def _group(sample: Sample) -> Group:
    return Group(people=sample.people, goals=sample.goals, total=sample.total, mean=sample.mean)


def _compared(found: Comparison | None) -> Compared | None:
    if found is None:
        return None
    return Compared(difference=found.difference, low=found.low, high=found.high, p_value=found.p_value)


ENDPOINTS = (list_experiments, decide_experiment, get_lift)
