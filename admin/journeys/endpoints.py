"""The endpoints of journeys."""

from __future__ import annotations

from sqlalchemy import select

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.journeys import queries, trying
from admin.journeys.shapes import (
    Backfill,
    BackfillList,
    BackfillWish,
    EnrolAnswer,
    EnrolWish,
    ImpactAnswer,
    JourneyDecision,
    JourneyDecisions,
    JourneyDetail,
    JourneyList,
    JourneyQuery,
    Landed,
    StateWish,
    VersionWish,
    WhyQuery,
)
from admin.snapshot import snapshot
from base.database import transaction
from base.errors import NotFound
from crm.contacts.service import get_contact
from outreach.backfilling import cancel_backfill, list_backfills, start_backfill
from outreach.entering import Entrant, enter
from outreach.entry_models import JourneyBackfill
from outreach.journey_states import set_state, unpark
from outreach.landing import preview, roll_back
from outreach.library import Library
from outreach.models import Journey
from outreach.reasons import entry_rule_in_words
from outreach.why import explain

_NO_VERSION = "There is no such journey or version"


@endpoint(
    "GET", "/api/v1/journeys", permission="journeys.read", summary="All journeys, and how many people are in each"
)
async def list_journeys(call: Call) -> JourneyList:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_journeys(session, Library())


@endpoint(
    "GET",
    "/api/v1/journeys/detail",
    permission="journeys.read",
    summary="One journey: its versions, who stands where, and what was decided how often",
    problems={404: "There is no such journey"},
)
async def get_journey(call: Call, query: JourneyQuery) -> JourneyDetail:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_journey(session, Library(), query.journey, call.language)


@endpoint(
    "GET",
    "/api/v1/journeys/why",
    permission="contacts.read",
    summary="All that was decided about a contact in a journey, in words: why it got a message, or did not",
    problems={404: "There is no such journey or contact"},
)
async def explain_journey(call: Call, query: WhyQuery) -> JourneyDecisions:
    async with snapshot(call.context.sessions) as session:
        await queries.find_live(session, Library(), query.journey)
        await get_contact(session, query.contact)
        decided = await explain(session, query.journey, query.contact, call.language)
    return JourneyDecisions(
        items=[
            JourneyDecision(
                at=line.at, what=line.what, rule=line.rule, text=line.words, step=line.step, channel=line.channel
            )
            for line in decided
        ]
    )


@endpoint(
    "POST",
    "/api/v1/journeys/state",
    permission="journeys.write",
    summary="Pauses a journey, lets it drain, or has it run",
    problems={404: "There is no such journey"},
    status=204,
)
async def set_journey_state(call: Call, body: StateWish) -> None:
    context = call.context
    async with transaction(context.sessions) as session:
        before = await session.scalar(select(Journey.state).where(Journey.id == body.journey).with_for_update())
        await set_state(session, body.journey, body.state, context.clock.now())
        told = {"state": before}, {"state": body.state}
        await record(session, call, "set_journey_state", "journey", body.journey, *told)
    if body.state != "paused":
        await unpark(context.sessions, body.journey)


@endpoint(
    "POST",
    "/api/v1/journeys/enrol",
    permission="journeys.write",
    summary="Puts a contact into a journey, if its rules let it in",
    problems={404: "There is no such journey or contact"},
)
async def enrol_contact(call: Call, body: EnrolWish) -> EnrolAnswer:
    context, library = call.context, Library()
    async with transaction(context.sessions) as session:
        live = await queries.find_live(session, library, body.journey)
        await get_contact(session, body.contact)
        done = await enter(session, library, live, [Entrant(body.contact)], context.clock.now())
        after = {"journey": body.journey, "entered": body.contact in done.contact_ids}
        await record(session, call, "enrol_contact", "contact", body.contact, None, after)
    if body.contact in done.contact_ids:
        return EnrolAnswer(entered=True, rule=None, text=None)
    if live.definition.first is None:
        return EnrolAnswer(entered=False, rule="no_way_in", text="Nobody can be put into this journey by hand.")
    rule = next(iter(done.refused), "re_entry")
    return EnrolAnswer(entered=False, rule=rule, text=entry_rule_in_words(rule, call.language))


@endpoint(
    "POST",
    "/api/v1/journeys/backfills",
    permission="journeys.write",
    summary="Puts all members of a segment into a journey, if its rules let them in; a worker does it",
    status=201,
    problems={404: "There is no such journey or segment", 409: "Nobody can be put into this journey, or not now"},
)
async def add_backfill(call: Call, body: BackfillWish) -> Backfill:
    context = call.context
    async with transaction(context.sessions) as session:
        made = await start_backfill(
            session, Library(), journey=body.journey, segment_id=body.segment, by=f"user:{call.user.id}",
            now=context.clock.now(),
        )  # fmt: skip
        await record(session, call, "add_backfill", "backfill", made.id, None, body)
        return _backfill(made)


@endpoint(
    "GET",
    "/api/v1/journeys/backfills",
    permission="journeys.read",
    summary="How far the backfills of a journey are, the latest first",
)
async def get_backfills(call: Call, query: JourneyQuery) -> BackfillList:
    async with snapshot(call.context.sessions) as session:
        return BackfillList(items=[_backfill(one) for one in await list_backfills(session, query.journey)])


@endpoint(
    "POST",
    "/api/v1/journeys/backfills/{id}/cancel",
    permission="journeys.write",
    summary="Puts in nobody more by this backfill",
    status=204,
    problems={404: "There is no such backfill"},
)
async def stop_backfill(call: Call) -> None:
    context = call.context
    async with transaction(context.sessions) as session:
        if await cancel_backfill(session, call.ids["id"], context.clock.now()):
            told = {"state": "running"}, {"state": "cancelled"}
            await record(session, call, "stop_backfill", "backfill", call.ids["id"], *told)


@endpoint(
    "POST",
    "/api/v1/journeys/preview",
    permission="journeys.read",
    summary="Where people would be if this published version were live",
    problems={404: _NO_VERSION, 422: "It has no such step to land on"},
)
async def preview_version(call: Call, body: VersionWish) -> ImpactAnswer:
    library = Library()
    async with snapshot(call.context.sessions) as session:
        definition = (await library.read(session, [(body.journey, body.version)])).get((body.journey, body.version))
        if definition is None:
            raise NotFound(_NO_VERSION)
        lines = await preview(session, library, definition, body.places)
    return ImpactAnswer(
        items=[
            Landed(version=line.version, step=line.step, people=line.people, lands_on=line.lands_on, how=line.how)
            for line in lines
        ]
    )


@endpoint(
    "POST",
    "/api/v1/journeys/rollback",
    permission="journeys.write",
    summary="Makes a version that was published before the live one, until the next publishing",
    status=204,
    problems={404: _NO_VERSION},
)
async def roll_back_journey(call: Call, body: VersionWish) -> None:
    context = call.context
    async with transaction(context.sessions) as session:
        before = await session.scalar(select(Journey.live_version).where(Journey.id == body.journey).with_for_update())
        await roll_back(session, Library(), body.journey, body.version, context.clock.now(), places=body.places)
        after = {"version": body.version, "places": body.places}
        await record(session, call, "roll_back_journey", "journey", body.journey, {"version": before}, after)


def _backfill(row: JourneyBackfill) -> Backfill:
    return Backfill.model_validate(
        {
            "id": row.id,
            "journey": row.journey,
            "segment": row.segment_id,
            "state": row.state,
            "total": row.total,
            "looked_at": row.looked_at,
            "entered": row.entered,
            "made_by": row.made_by,
            "made_at": row.made_at,
            "done_at": row.done_at,
        }
    )


ENDPOINTS = (
    list_journeys,
    get_journey,
    explain_journey,
    set_journey_state,
    enrol_contact,
    add_backfill,
    get_backfills,
    stop_backfill,
    preview_version,
    roll_back_journey,
    *trying.ENDPOINTS,
)
