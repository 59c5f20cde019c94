"""The endpoints of leads."""

from __future__ import annotations

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.leads.detail import read_lead
from admin.leads.queries import list_leads as read_page
from admin.leads.queries import search_contacts
from admin.leads.shapes import ContactSearch, ContactTags, LeadDetail, LeadPage, LeadQuery, TagsChange
from admin.segments.meanings import learn
from admin.snapshot import snapshot
from base.database import transaction
from crm.contacts.service import get_contact, tag_contact
from crm.segments.service import check_references


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
        now = context.clock.now()
        return await read_lead(session, context.keys, context.outlooks, call.ids["id"], now, language=call.language)


@endpoint(
    "POST",
    "/api/v1/contacts/search",
    permission="contacts.read",
    summary="Contacts for whom a rule of segments holds, the latest first; nothing is changed",
    problems={400: "The cursor is not one of ours", 503: "No dialogue process could say what a text in the rule means"},
)
async def find_contacts(call: Call, body: ContactSearch) -> LeadPage:
    context = call.context
    await learn(call, body.tree)
    async with snapshot(context.sessions) as session:
        await check_references(session, body.tree)
        return await search_contacts(session, context.keys, body, context.clock.now())


@endpoint(
    "POST",
    "/api/v1/contacts/{id}/tags",
    permission="contacts.write",
    summary="Give a contact tags, or take some away; the same again changes nothing",
)
async def change_contact_tags(call: Call, body: TagsChange) -> ContactTags:
    contact_id, now = call.ids["id"], call.context.clock.now()
    async with transaction(call.context.sessions) as session:
        await tag_contact(session, contact_id, add=body.add, remove=body.remove, conversation_id=None, now=now)
        await record(session, call, "change_tags", "contact", contact_id, None, body)
        contact = await get_contact(session, contact_id)
        return ContactTags(contact_id=contact_id, tags=contact.tags)


ENDPOINTS = (list_leads, get_lead, find_contacts, change_contact_tags)
