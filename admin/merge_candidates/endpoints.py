"""The endpoints of contacts that may be one person."""

from __future__ import annotations

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.merge_candidates.queries import read_page, show
from admin.merge_candidates.shapes import (
    ConfirmedCandidate,
    MergeCandidate,
    MergeCandidatePage,
    MergeCandidateQuery,
    MergeDecision,
)
from admin.snapshot import snapshot
from base.database import repeat_on_deadlock, transaction
from crm.resolution.candidates import confirm, refuse


@endpoint(
    "GET",
    "/api/v1/merge-candidates",
    permission="contacts.read",
    summary="Pairs of contacts that are probably one person, the most probable first",
    problems={400: "The cursor is not one of ours"},
)
async def list_merge_candidates(call: Call, query: MergeCandidateQuery) -> MergeCandidatePage:
    async with snapshot(call.context.sessions) as session:
        return await read_page(session, call.context.keys, query)


@endpoint(
    "POST",
    "/api/v1/merge-candidates/{id}/refuse",
    permission="contacts.write",
    summary="They are two people: the pair is never proposed again",
    problems={409: "Somebody has decided about it already"},
)
async def refuse_merge_candidate(call: Call) -> MergeCandidate:
    context = call.context
    async with transaction(context.sessions) as session:
        row = await refuse(session, call.ids["id"], user=f"user:{call.user.id}", now=context.clock.now())
        await record(session, call, "refuse_merge_candidate", "merge_candidate", row.id, None, {"state": "refused"})
        (shown,) = await show(session, context.keys, [row])
    return shown


@endpoint(
    "POST",
    "/api/v1/merge-candidates/{id}/confirm",
    permission="contacts.write",
    summary="They are one person: the two contacts become one",
    problems={409: "Somebody has decided about it already"},
)
async def confirm_merge_candidate(call: Call, body: MergeDecision) -> ConfirmedCandidate:
    context = call.context

    async def once() -> ConfirmedCandidate:
        async with transaction(context.sessions) as session:
            row, merge_id = await confirm(
                session,
                context.keys,
                call.ids["id"],
                body.survivor_id,
                take=body.take,
                user=f"user:{call.user.id}",
                now=context.clock.now(),
            )
            await record(
                session, call, "confirm_merge_candidate", "merge_candidate", row.id, None, body,
                contact_id=body.survivor_id,
            )  # fmt: skip
            (shown,) = await show(session, context.keys, [row])
        return ConfirmedCandidate(**dict(shown), merge_id=merge_id)

    return await repeat_on_deadlock(once)


ENDPOINTS = (list_merge_candidates, refuse_merge_candidate, confirm_merge_candidate)
