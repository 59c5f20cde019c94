"""The endpoint of follow-ups."""

from __future__ import annotations

from admin.api.endpoints import Call, endpoint
from admin.follow_ups.queries import list_follow_ups as read_page
from admin.follow_ups.shapes import FollowUpPage, FollowUpQuery
from admin.snapshot import snapshot


@endpoint(
    "GET",
    "/api/v1/follow-ups",
    permission="contacts.read",
    summary="Planned and past follow-ups, the latest due first",
    problems={400: "The cursor is not one of ours"},
)
async def list_follow_ups(call: Call, query: FollowUpQuery) -> FollowUpPage:
    context = call.context
    async with snapshot(context.sessions) as session:
        return await read_page(session, context.keys, context.outlooks, query, call.language)


ENDPOINTS = (list_follow_ups,)
