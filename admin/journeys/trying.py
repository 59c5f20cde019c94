"""The endpoints of trying journeys out: letters as channels make them, people in virtual time, and how it went."""

from __future__ import annotations

from datetime import timedelta

from admin.api.endpoints import Call, endpoint
from admin.journeys import played, queries
from admin.journeys.letters import preview_letter
from admin.journeys.trying_shapes import (
    JourneyDropOff,
    JourneyDropOffQuery,
    JourneySimulation,
    JourneySimulationWish,
    LetterPreview,
    LetterWish,
)
from admin.snapshot import snapshot
from base.errors import InvalidInput

MAX_SIMULATION = 200_000
"""Bytes of a person with all that they do."""
_USUAL_PERIOD = timedelta(days=30)


@endpoint(
    "POST",
    "/api/v1/journeys/previews",
    permission="journeys.read",
    summary="A letter of a journey as each channel makes it, for a made-up person and for one of whom nothing is known",
    problems={422: "The step has no letter, or the words are not of the form that wording has"},
    leaves_trail=False,
)
async def preview_journey_letter(call: Call, body: LetterWish) -> LetterPreview:
    return preview_letter(body, call.context.journeys.looks, call.context.prices)


@endpoint(
    "POST",
    "/api/v1/journeys/simulations",
    permission="journeys.write",
    summary="Lets a made-up person, or people like those of a segment, through a journey in virtual time",
    problems={
        404: "There is no such journey or segment",
        409: "The draft has problems that keep it from being tried out",
        422: "Nobody can be so, or go these ways; or the journey never comes to rest",
        503: "Nothing can be tried out here, or it took too long",
    },
    max_body=MAX_SIMULATION,
    leaves_trail=False,
)
async def simulate_journey(call: Call, body: JourneySimulationWish) -> JourneySimulation:
    context = call.context
    begins_at = body.begins_at or context.clock.now()
    lasts = timedelta(days=body.days)
    async with context.sessions() as session:
        script = await played.find_script(session, context.flows.checks, body.journey, body.state)
    if body.person is not None:
        test = played.test_of(body.person, begins_at, lasts)
        entry = body.person.entry
        walked = await context.journeys.laboratory.try_out(played.walking(script, test, entry))
        found = JourneySimulation(
            begins_at=begins_at, ends_at=walked.ends_at, version=script.version, problems=len(script.faults),
            person=played.show_person(walked, test, context.journeys.looks, context.prices), people=None,
        )  # fmt: skip
    elif body.people is not None:
        async with snapshot(context.sessions) as session:
            drawn = await played.draw(session, context.keys, script, body.people, context.clock.now())
        flowed = await context.journeys.laboratory.try_out(
            played.flowing(script, drawn, begins_at, lasts, seed=body.people.seed, prices=context.prices)
        )
        found = JourneySimulation(
            begins_at=begins_at, ends_at=begins_at + lasts, version=script.version, problems=len(script.faults),
            person=None, people=played.show_people(flowed, context.prices),
        )  # fmt: skip
    else:
        raise InvalidInput("Give a person, or people.")
    return found


@endpoint(
    "GET",
    "/api/v1/journeys/drop-off",
    permission="journeys.read",
    summary="How people really went through a journey over a period: on each way, and where and why they stopped",
    problems={404: "There is no such journey"},
)
async def get_journey_drop_off(call: Call, query: JourneyDropOffQuery) -> JourneyDropOff:
    until = query.until or call.context.clock.now()
    since = query.since or until - _USUAL_PERIOD
    async with snapshot(call.context.sessions) as session:
        return await queries.read_drop_off(session, query.journey, since, until, call.language)


ENDPOINTS = (preview_journey_letter, simulate_journey, get_journey_drop_off)
