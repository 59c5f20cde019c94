"""The endpoints of companies."""

from __future__ import annotations

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.companies.queries import read_contact_company, read_page, read_people, show
from admin.companies.shapes import (
    Company,
    CompanyChange,
    CompanyPage,
    CompanyPeople,
    CompanyQuery,
    ContactCompany,
    ContactCompanyChange,
    NewCompany,
)
from admin.snapshot import snapshot
from base.database import transaction
from crm.companies import service

_TAKEN = {409: "A domain is another company's"}


@endpoint(
    "GET",
    "/api/v1/companies",
    permission="contacts.read",
    summary="Companies with what their people come to, the latest first",
    problems={400: "The cursor is not one of ours"},
)
async def list_companies(call: Call, query: CompanyQuery) -> CompanyPage:
    async with snapshot(call.context.sessions) as session:
        return await read_page(session, query)


@endpoint(
    "POST", "/api/v1/companies", permission="contacts.write", summary="Make a company", status=201, problems=_TAKEN
)
async def create_company(call: Call, body: NewCompany) -> Company:
    context = call.context
    async with transaction(context.sessions) as session:
        row = await service.create_company(session, context.keys, context.clock.now(), **dict(body))
        await record(session, call, "create_company", "company", row.id, None, body)
        (shown,) = await show(session, [row])
    return shown


@endpoint("GET", "/api/v1/companies/{id}", permission="contacts.read", summary="One company")
async def get_company(call: Call) -> Company:
    async with snapshot(call.context.sessions) as session:
        (shown,) = await show(session, [await service.get_company(session, call.ids["id"])])
    return shown


@endpoint("PATCH", "/api/v1/companies/{id}", permission="contacts.write", summary="Change a company", problems=_TAKEN)
async def change_company(call: Call, body: CompanyChange) -> Company:
    context = call.context
    async with transaction(context.sessions) as session:
        (before,) = await show(session, [await service.get_company(session, call.ids["id"])])
        row = await service.change_company(session, context.keys, call.ids["id"], context.clock.now(), **dict(body))
        (shown,) = await show(session, [row])
        told = {"name", "domains", "fields"}
        known = before.model_dump(include=told)
        await record(session, call, "change_company", "company", row.id, known, shown.model_dump(include=told))
    return shown


@endpoint(
    "DELETE",
    "/api/v1/companies/{id}",
    permission="contacts.write",
    summary="Take a company away; its people stay contacts",
    status=204,
)
async def delete_company(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        before = {"name": (await service.get_company(session, call.ids["id"])).name}
        await service.delete_company(session, call.ids["id"])
        await record(session, call, "delete_company", "company", call.ids["id"], before)


@endpoint(
    "GET",
    "/api/v1/companies/{id}/people",
    permission="contacts.read",
    summary="A company's people, the highest scores first",
)
async def list_company_people(call: Call) -> CompanyPeople:
    async with snapshot(call.context.sessions) as session:
        return await read_people(session, call.ids["id"])


@endpoint(
    "GET",
    "/api/v1/contacts/{id}/company",
    permission="contacts.read",
    summary="Where a contact works, or what a company could be made of",
)
async def get_contact_company(call: Call) -> ContactCompany:
    async with snapshot(call.context.sessions) as session:
        return await read_contact_company(session, call.context.keys, call.ids["id"])


@endpoint(
    "PUT",
    "/api/v1/contacts/{id}/company",
    permission="contacts.write",
    summary="Say where a contact works, or that it is at none we know",
)
async def set_contact_company(call: Call, body: ContactCompanyChange) -> ContactCompany:
    context, contact_id = call.context, call.ids["id"]
    async with transaction(context.sessions) as session:
        by = f"user:{call.user.id}"
        await service.set_company(session, contact_id, body.company_id, by=by, now=context.clock.now())
        await record(session, call, "set_contact_company", "contact", contact_id, None, body)
        return await read_contact_company(session, context.keys, contact_id)


ENDPOINTS = (
    list_companies,
    create_company,
    get_company,
    change_company,
    delete_company,
    list_company_people,
    get_contact_company,
    set_contact_company,
)
