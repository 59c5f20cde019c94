"""The admin room as routes for the composition root, which also puts `problem_middleware` around its whole app."""

from __future__ import annotations

from functools import cache
from typing import Any

from aiohttp import web
from pydantic import RootModel

from admin.api.endpoints import Call, endpoint
from admin.api.openapi import create_document
from admin.api_tokens import endpoints as api_tokens
from admin.audit import endpoints as audit
from admin.bulk import endpoints as bulk
from admin.channels import endpoints as channels
from admin.companies import endpoints as companies
from admin.contact_fields import endpoints as contact_fields
from admin.context import AdminContext
from admin.digests import endpoints as digests
from admin.events import endpoints as events
from admin.experiments import endpoints as experiments
from admin.flows import endpoints as flows
from admin.follow_ups import endpoints as follow_ups
from admin.imports import endpoints as imports
from admin.inbox import aids as inbox_aids
from admin.inbox import booking as inbox_booking
from admin.inbox import endpoints as inbox
from admin.inbox import teams as inbox_teams
from admin.journeys import endpoints as journeys
from admin.journeys import enrolments
from admin.leads import endpoints as leads
from admin.meetings import endpoints as meetings
from admin.merge_candidates import endpoints as merge_candidates
from admin.merges import endpoints as merges
from admin.numbers import endpoints as numbers
from admin.opt_outs import endpoints as opt_outs
from admin.owners import endpoints as owners
from admin.passkeys import endpoints as passkeys
from admin.privacy import endpoints as privacy
from admin.proofs import endpoints as proofs
from admin.reference.routes import create_reference_routes
from admin.roles import endpoints as roles
from admin.samples import endpoints as samples
from admin.scoring import endpoints as scoring
from admin.second_step import endpoints as second_step
from admin.segments import endpoints as segments
from admin.sessions import endpoints as sessions
from admin.single_sign_on import endpoints as single_sign_on
from admin.spending import endpoints as spending
from admin.static_ui import create_ui_routes
from admin.stream import endpoints as stream
from admin.task_mails import endpoints as task_mails
from admin.understanding import endpoints as understanding
from admin.users import endpoints as users
from admin.users import own as account
from admin.users import way_in
from admin.webhooks import endpoints as webhooks


class APIDescription(RootModel[dict[str, Any]]):
    """An OpenAPI 3.1 document."""


@endpoint("GET", "/api/v1/openapi.json", permission="public", summary="This API, described")
async def get_api_description(_call: Call) -> APIDescription:
    return APIDescription(describe_api())


ENDPOINTS = (
    *sessions.ENDPOINTS,
    *way_in.ENDPOINTS,
    *account.ENDPOINTS,
    *passkeys.ENDPOINTS,
    *single_sign_on.ENDPOINTS,
    *users.ENDPOINTS,
    *roles.ENDPOINTS,
    *second_step.ENDPOINTS,
    *api_tokens.ENDPOINTS,
    *audit.ENDPOINTS,
    *leads.ENDPOINTS,
    *bulk.ENDPOINTS,
    *inbox.ENDPOINTS,
    *inbox_aids.ENDPOINTS,
    *inbox_booking.ENDPOINTS,
    *inbox_teams.ENDPOINTS,
    *meetings.ENDPOINTS,
    *stream.ENDPOINTS,
    *imports.ENDPOINTS,
    *follow_ups.ENDPOINTS,
    *journeys.ENDPOINTS,
    *enrolments.ENDPOINTS,
    *flows.ENDPOINTS,
    *experiments.ENDPOINTS,
    *events.ENDPOINTS,
    *scoring.ENDPOINTS,
    *task_mails.ENDPOINTS,
    *digests.ENDPOINTS,
    *channels.ENDPOINTS,
    *companies.ENDPOINTS,
    *owners.ENDPOINTS,
    *contact_fields.ENDPOINTS,
    *merge_candidates.ENDPOINTS,
    *merges.ENDPOINTS,
    *opt_outs.ENDPOINTS,
    *proofs.ENDPOINTS,
    *privacy.ENDPOINTS,
    *numbers.ENDPOINTS,
    *segments.ENDPOINTS,
    *samples.ENDPOINTS,
    *spending.ENDPOINTS,
    *understanding.ENDPOINTS,
    *webhooks.ENDPOINTS,
    get_api_description,
)


@cache
def describe_api() -> dict[str, Any]:
    """The description of all of them, put together when it is first asked for: that takes a third of a second."""
    return create_document(ENDPOINTS)


def create_admin_routes(context: AdminContext) -> list[web.RouteDef]:
    """The API below /api/v1/ with its reference, and the admin UI below /admin/."""
    return [
        *(each.route(context) for each in ENDPOINTS),
        *create_reference_routes(describe_api),
        *create_ui_routes(context.ui_build),
    ]
