"""The endpoints of segments."""

from __future__ import annotations

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.segments import queries
from admin.segments.meanings import learn
from admin.segments.shapes import (
    MemberPage,
    MemberQuery,
    Membership,
    PreviewWish,
    Segment,
    SegmentCount,
    SegmentList,
    SegmentPreview,
    SegmentRule,
    SegmentWish,
    SegmentWords,
    WordsQuery,
)
from admin.segments.uses import list_journeys
from admin.snapshot import snapshot
from base.database import transaction
from crm.segments import service
from crm.segments.service import (
    change_segment,
    check_references,
    create_segment,
    delete_segment,
)

_NOT_MEANT = "No dialogue process could say what a text in the rule means"


@endpoint(
    "GET", "/api/v1/segments", permission="segments.read", summary="All segments by name, in words, with their members"
)
async def list_segments(call: Call, query: WordsQuery) -> SegmentList:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_segments(session, query.language)


@endpoint(
    "POST",
    "/api/v1/segments",
    permission="segments.write",
    summary="Adds a segment; a worker finds its members within seconds or minutes",
    status=201,
    problems={409: "There is a segment of this name", 503: _NOT_MEANT},
)
async def add_segment(call: Call, body: SegmentWish) -> Segment:
    context = call.context
    await learn(call, body.tree)
    async with transaction(context.sessions) as session:
        added = await create_segment(
            session, name=body.name, tree=body.tree, by=f"user:{call.user.id}", now=context.clock.now()
        )
        await record(session, call, "add_segment", "segment", added.id, None, body)
    await context.wake_segments()
    async with snapshot(context.sessions) as session:
        return await queries.read_segment(session, added.id, "en")


@endpoint(
    "GET", "/api/v1/segments/{id}", permission="segments.read", summary="One segment with its rule and what uses it"
)
async def get_segment(call: Call, query: WordsQuery) -> Segment:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_segment(session, call.ids["id"], query.language)


@endpoint(
    "PUT",
    "/api/v1/segments/{id}",
    permission="segments.write",
    summary="Gives a segment another name or rule; its members stay until they were asked by the new one",
    problems={409: "Another segment has this name, or a journey calls it by its old one", 503: _NOT_MEANT},
    edits=True,
)
async def edit_segment(call: Call, body: SegmentWish) -> Segment:
    context = call.context
    await learn(call, body.tree)
    async with transaction(context.sessions) as session:
        known = await service.get_segment(session, call.ids["id"])
        before = {"name": known.name, "tree": known.tree}
        named_by = [] if known.name == body.name else await list_journeys(session, known.name)
        await change_segment(
            session, call.ids["id"], name=body.name, tree=body.tree, version=call.version, now=context.clock.now(),
            named_by=named_by,
        )  # fmt: skip
        await record(session, call, "edit_segment", "segment", call.ids["id"], before, body)
    await context.wake_segments()
    async with snapshot(context.sessions) as session:
        return await queries.read_segment(session, call.ids["id"], "en")


@endpoint(
    "DELETE",
    "/api/v1/segments/{id}",
    permission="segments.write",
    summary="Removes a segment that nothing else speaks of",
    status=204,
    problems={409: "Another segment or a journey speaks of it; the problem says which"},
    edits=True,
)
async def remove_segment(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        segment = await service.get_segment(session, call.ids["id"])
        journeys = await list_journeys(session, segment.name, segment.id)
        before = {"name": segment.name, "tree": segment.tree}
        await delete_segment(session, call.ids["id"], version=call.version, used_by=journeys)
        await record(session, call, "remove_segment", "segment", call.ids["id"], before)


@endpoint(
    "POST",
    "/api/v1/segments/count",
    permission="segments.read",
    summary="How many contacts a rule holds for, and for how many each of its conditions does alone",
    problems={503: _NOT_MEANT},
)
async def count_segment(call: Call, body: SegmentRule) -> SegmentCount:
    await learn(call, body.tree)
    async with snapshot(call.context.sessions) as session:
        await check_references(session, body.tree)
        return await queries.read_count(session, body.tree, body.language, call.context.clock.now())


@endpoint(
    "POST",
    "/api/v1/segments/preview",
    permission="contacts.read",
    summary="Some of the contacts a rule holds for: the first, or drawn by chance",
    problems={503: _NOT_MEANT},
)
async def preview_segment(call: Call, body: PreviewWish) -> SegmentPreview:
    await learn(call, body.tree)
    async with snapshot(call.context.sessions) as session:
        await check_references(session, body.tree)
        return await queries.read_preview(
            session, body.tree, call.context.clock.now(), limit=body.limit, sample=body.sample
        )


@endpoint("POST", "/api/v1/segments/words", permission="segments.read", summary="A rule in words")
async def describe_segment(call: Call, body: SegmentRule) -> SegmentWords:
    async with snapshot(call.context.sessions) as session:
        await check_references(session, body.tree)
        return await queries.read_words(session, body.tree, body.language)


@endpoint(
    "GET",
    "/api/v1/segments/{id}/members",
    permission="contacts.read",
    summary="Who is in a segment since when, the last to enter first",
    problems={400: "The cursor is not one of ours"},
)
async def list_segment_members(call: Call, query: MemberQuery) -> MemberPage:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_members(session, call.ids["id"], query)


@endpoint(
    "GET",
    "/api/v1/segments/{id}/contacts/{contact_id}",
    permission="contacts.read",
    summary="Why a contact is in a segment or not: condition by condition, and whether it may be profiled",
)
async def explain_membership(call: Call, query: WordsQuery) -> Membership:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_membership(
            session, call.ids["id"], call.ids["contact_id"], query.language, call.context.clock.now()
        )


ENDPOINTS = (
    list_segments,
    add_segment,
    get_segment,
    edit_segment,
    remove_segment,
    count_segment,
    preview_segment,
    describe_segment,
    list_segment_members,
    explain_membership,
)
