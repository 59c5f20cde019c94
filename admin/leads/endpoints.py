"""The endpoints of leads."""

from __future__ import annotations

from admin.api.endpoints import Call, endpoint
from admin.leads.detail import read_lead
from admin.leads.queries import list_leads as read_page
from admin.leads.shapes import LeadDetail, LeadPage, LeadQuery
from admin.snapshot import snapshot


@endpoint(
    "GET",
    "/api/v1/leads",
    permission="contacts.read",
    summary="Leads, the latest first",
    problems={400: "The cursor is not one of ours"},
)
async def list_leads(call: Call, query: LeadQuery) -> LeadPage:
    context = call.context
    async with snapshot(context.sessions) as session:
        return await read_page(session, context.keys, query, context.clock.now())


@endpoint("GET", "/api/v1/leads/{id}", permission="contacts.read", summary="One lead with its whole story")
async def get_lead(call: Call) -> LeadDetail:
    context = call.context
    async with snapshot(context.sessions) as session:
        return await read_lead(session, context.keys, context.outlooks, call.ids["id"], context.clock.now())


ENDPOINTS = (list_leads, get_lead)
