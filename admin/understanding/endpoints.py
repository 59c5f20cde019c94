"""The endpoints of the gaps list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy import select

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.snapshot import snapshot
from admin.understanding.contents import read_live
from admin.understanding.effects import read_proposals, show_proposal
from admin.understanding.queries import read_gaps, read_gaps_of_group, read_groups, read_run
from admin.understanding.shapes import (
    Dismissed,
    GapGroupPage,
    GapGroupQuery,
    GapPage,
    GapQuery,
    GapsToDismiss,
    GroupGapQuery,
    GroupingRun,
    LiveKnowledge,
    Proposal,
    ProposalPage,
    ProposalQuery,
    ProposalWish,
)
from base.database import transaction
from bot.understanding import proposals
from bot.understanding.gaps import close_gaps, open_gaps_of_group
from bot.understanding.grouping import ask_for_grouping
from bot.understanding.models import Proposal as Row
from bot.understanding.proposals import Wish, propose

_STRANGE_CURSOR = "The cursor is not one of ours"
_DECIDED = "It is decided, or being published"


@endpoint(
    "GET",
    "/api/v1/understanding/contents",
    permission="knowledge.read",
    summary="What the bot understands and knows: intents with their examples, and articles, as published",
)
async def get_live_knowledge(call: Call) -> LiveKnowledge:
    async with snapshot(call.context.sessions) as session:
        return await read_live(session)


@endpoint(
    "GET",
    "/api/v1/understanding/groups",
    permission="conversations.read",
    summary="What was not understood, grouped by meaning, the largest first",
    problems={400: f"{_STRANGE_CURSOR}, or messages were grouped anew"},
)
async def list_gap_groups(call: Call, query: GapGroupQuery) -> GapGroupPage:
    async with snapshot(call.context.sessions) as session:
        return await read_groups(session, query)


@endpoint(
    "GET",
    "/api/v1/understanding/groups/{id}/gaps",
    permission="conversations.read",
    summary="The open messages of a group, the latest first",
    problems={400: _STRANGE_CURSOR},
)
async def list_gaps_of_group(call: Call, query: GroupGapQuery) -> GapPage:
    async with snapshot(call.context.sessions) as session:
        return await read_gaps_of_group(session, call.ids["id"], query)


@endpoint(
    "POST",
    "/api/v1/understanding/groups/{id}/dismiss",
    permission="knowledge.write",
    summary="Takes all open messages of a group off the list",
)
async def dismiss_gap_group(call: Call) -> Dismissed:
    async with transaction(call.context.sessions) as session:
        ids = await open_gaps_of_group(session, call.ids["id"])
        closed = await close_gaps(session, ids, "dismissed", call.context.clock.now())
        await record(session, call, "dismiss_gap_group", "gap_group", call.ids["id"], None, {"dismissed": closed})
        return Dismissed(dismissed=closed)


@endpoint(
    "GET",
    "/api/v1/understanding/gaps",
    permission="conversations.read",
    summary="Messages that were not understood, the latest first",
    problems={400: _STRANGE_CURSOR},
)
async def list_gaps(call: Call, query: GapQuery) -> GapPage:
    async with snapshot(call.context.sessions) as session:
        return await read_gaps(session, query)


@endpoint(
    "POST",
    "/api/v1/understanding/gaps/dismiss",
    permission="knowledge.write",
    summary="Takes messages off the list that need no mending",
)
async def dismiss_gaps(call: Call, body: GapsToDismiss) -> Dismissed:
    async with transaction(call.context.sessions) as session:
        closed = await close_gaps(session, body.message_ids, "dismissed", call.context.clock.now())
        if closed:
            await record(session, call, "dismiss_gaps", "gap", None, None, body)
    return Dismissed(dismissed=closed)


@endpoint(
    "POST",
    "/api/v1/understanding/regroup",
    permission="knowledge.write",
    summary="Groups the open messages anew; a worker does it within seconds or minutes",
    status=202,
)
async def regroup_gaps(call: Call) -> GroupingRun:
    context = call.context
    async with transaction(context.sessions) as session:
        await ask_for_grouping(session, by=f"user:{call.user.id}", now=context.clock.now())
        run = await read_run(session)
    assert run is not None, "one was just asked for"
    await context.wake_understanding()
    return run


@endpoint(
    "POST",
    "/api/v1/understanding/proposals",
    permission="knowledge.write",
    summary="Proposes examples of an intent, questions of an article, or an article; its effect is measured",
    status=201,
    problems={
        404: "There is no such group, message or article",
        409: "All of it is there already, or the contents cannot take it",
        422: "Fields not valid, or texts that tell who wrote them: edit those first",
        502: "A dialogue process gave no usable answer",
        503: "No dialogue process could read the texts, or nothing is published yet",
    },
)
async def create_proposal(call: Call, body: ProposalWish) -> Proposal:
    context = call.context
    wish = Wish(**body.model_dump())
    row = await propose(context.sessions, context.facts, wish, author=f"user:{call.user.id}", now=context.clock.now())
    await context.wake_understanding()
    async with snapshot(context.sessions) as session:
        return await show_proposal(session, row)


@endpoint(
    "GET",
    "/api/v1/understanding/proposals",
    permission="knowledge.read",
    summary="Proposals, the latest first",
    problems={400: _STRANGE_CURSOR},
)
async def list_understanding_proposals(call: Call, query: ProposalQuery) -> ProposalPage:
    async with snapshot(call.context.sessions) as session:
        return await read_proposals(session, query)


@endpoint(
    "GET",
    "/api/v1/understanding/proposals/{id}",
    permission="knowledge.read",
    summary="One proposal with what it would change",
)
async def get_proposal(call: Call) -> Proposal:
    async with snapshot(call.context.sessions) as session:
        return await show_proposal(session, await proposals.get_proposal(session, call.ids["id"]))


@endpoint(
    "POST",
    "/api/v1/understanding/proposals/{id}/measure",
    permission="knowledge.write",
    summary="Measures it again, against what is live now",
    status=202,
    problems={409: f"{_DECIDED}, or it is being measured"},
)
async def measure_proposal(call: Call) -> Proposal:
    async with transaction(call.context.sessions) as session:
        row = await proposals.measure_again(session, call.ids["id"])
    return await _show_and_wake(call, row)


@endpoint(
    "POST",
    "/api/v1/understanding/proposals/{id}/accept",
    permission="knowledge.write",
    summary="Publishes it, with all checks; the messages it was made of go off the list when it is live",
    status=202,
    problems={409: f"{_DECIDED}, its effect is not known, or something else went live since: measure it again"},
)
async def accept_proposal(call: Call) -> Proposal:
    return await _show_and_wake(call, await _decide(call, "accept_proposal", proposals.accept))


@endpoint(
    "POST",
    "/api/v1/understanding/proposals/{id}/reject",
    permission="knowledge.write",
    summary="Turns it down; its messages stay on the list",
    problems={409: _DECIDED},
)
async def reject_proposal(call: Call) -> Proposal:
    row = await _decide(call, "reject_proposal", proposals.reject)
    async with snapshot(call.context.sessions) as session:
        return await show_proposal(session, row)


async def _decide(call: Call, action: str, decision: Callable[..., Awaitable[Row]]) -> Row:
    context = call.context
    async with transaction(context.sessions) as session:
        before = {"status": await session.scalar(select(Row.status).where(Row.id == call.ids["id"]))}
        row = await decision(session, call.ids["id"], user=f"user:{call.user.id}", now=context.clock.now())
        await record(session, call, action, "proposal", row.id, before, {"status": row.status})
        return row


async def _show_and_wake(call: Call, row: Row) -> Proposal:
    await call.context.wake_understanding()
    async with snapshot(call.context.sessions) as session:
        return await show_proposal(session, row)


ENDPOINTS = (
    get_live_knowledge,
    list_gap_groups,
    list_gaps_of_group,
    dismiss_gap_group,
    list_gaps,
    dismiss_gaps,
    regroup_gaps,
    create_proposal,
    list_understanding_proposals,
    get_proposal,
    measure_proposal,
    accept_proposal,
    reject_proposal,
)
