"""The endpoints of doubtful opt-outs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.opt_outs.queries import read_page, show
from admin.opt_outs.shapes import OptOutReview, OptOutReviewPage, OptOutReviewQuery
from admin.snapshot import snapshot
from base.database import transaction
from crm.consent.models import OptOutReview as Row
from crm.consent.opt_out_reviews import confirm, reverse


@endpoint(
    "GET",
    "/api/v1/opt-out-reviews",
    permission="privacy.read",
    summary="Opt-outs that were read from doubtful words, the latest first",
    problems={400: "The cursor is not one of ours"},
)
async def list_opt_out_reviews(call: Call, query: OptOutReviewQuery) -> OptOutReviewPage:
    async with snapshot(call.context.sessions) as session:
        return await read_page(session, query)


@endpoint(
    "POST",
    "/api/v1/opt-out-reviews/{id}/confirm",
    permission="privacy.write",
    summary="It was an opt-out: all stays stopped",
    problems={409: "Somebody has looked at it already"},
)
async def confirm_opt_out(call: Call) -> OptOutReview:
    return await _decide(call, confirm)


@endpoint(
    "POST",
    "/api/v1/opt-out-reviews/{id}/reverse",
    permission="privacy.write",
    summary="It was none: opens exactly what it stopped",
    problems={409: "Somebody has looked at it already, or the person opted out again since"},
)
async def reverse_opt_out(call: Call) -> OptOutReview:
    return await _decide(call, reverse)


async def _decide(call: Call, decision: Callable[..., Awaitable[Row]]) -> OptOutReview:
    context = call.context
    async with transaction(context.sessions) as session:
        review = await decision(session, call.ids["id"], user=f"user:{call.user.id}", now=context.clock.now())
        after = {"status": review.status}
        await record(
            session, call, "review_opt_out", "opt_out_review", review.id, None, after, contact_id=review.contact_id
        )
        (shown,) = await show(session, [review])
    return shown


ENDPOINTS = (list_opt_out_reviews, confirm_opt_out, reverse_opt_out)
