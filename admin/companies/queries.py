"""Companies with what their people come to, in a fixed number of queries per page. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from admin.companies.shapes import (
    Company,
    CompanyPage,
    CompanyPeople,
    CompanyPerson,
    CompanyQuery,
    CompanySuggestion,
    ContactCompany,
)
from admin.leads.names import name_from, text_of
from base.encryption import KeyRing
from crm.companies.models import Company as Row
from crm.companies.models import ContactCompany as Link
from crm.companies.rollup import RollUp, roll_up
from crm.companies.service import find_domains, get_company, list_companies, list_domains
from crm.contacts.models import Contact
from crm.contacts.service import get_contact

MOST_PEOPLE = 200


async def read_page(session: AsyncSession, query: CompanyQuery) -> CompanyPage:
    """One page, the latest first.

    Raises:
        CursorInvalid: the cursor is not one of ours.
    """
    after = Cursor.decode(query.cursor) if query.cursor else None
    rows = await list_companies(
        session, q=query.q, after=(after.at, after.id) if after else None, limit=query.limit + 1
    )
    shown = rows[: query.limit]
    last = shown[-1] if len(rows) > query.limit else None
    return CompanyPage(
        items=await show(session, shown),
        next_cursor=Cursor(last.created_at, last.id).encode() if last else None,
    )


async def show(session: AsyncSession, rows: Sequence[Row]) -> list[Company]:
    """The companies with their domains and what their people come to."""
    ids = [row.id for row in rows]
    domains, sums = await list_domains(session, ids), await roll_up(session, ids)
    return [
        Company(
            id=row.id,
            name=row.name,
            domains=domains.get(row.id, []),
            fields=row.fields,
            people=(told := sums.get(row.id, RollUp())).people,
            stage=told.stage,
            score=told.score,
            highest_score=told.highest_score,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


async def read_people(session: AsyncSession, company_id: UUID) -> CompanyPeople:
    """The company's people, the highest scores first.

    Raises:
        NotFound: there is no such company.
    """
    await get_company(session, company_id)
    rows = await session.execute(
        select(Contact, Link.source)
        .join(Link, Link.contact_id == Contact.id)
        .where(Link.company_id == company_id)
        .order_by(Contact.score.desc(), Contact.id)
        .limit(MOST_PEOPLE)
    )
    return CompanyPeople(
        items=[
            CompanyPerson(
                id=contact.id,
                name=name_from(contact.fields),
                stage=contact.stage,
                score=contact.score,
                source=source,
            )
            for contact, source in rows
        ]
    )


async def read_contact_company(session: AsyncSession, keys: KeyRing, contact_id: UUID) -> ContactCompany:
    """Where a contact works, or what a company could be made of.

    Raises:
        NotFound: there is no such contact.
    """
    contact = await get_contact(session, contact_id)
    link = await session.get(Link, contact_id, populate_existing=True)
    if link is not None:
        rows = [] if link.company_id is None else await show(session, [await get_company(session, link.company_id)])
        company = rows[0] if rows else None
        return ContactCompany(contact_id=contact_id, company=company, source=link.source, suggestion=None)
    domains = (await find_domains(session, keys, [contact_id])).get(contact_id)
    suggestion = CompanySuggestion(name=text_of(contact.fields, "company"), domain=domains[0] if domains else None)
    is_one = suggestion.name is not None or suggestion.domain is not None
    return ContactCompany(contact_id=contact_id, company=None, source=None, suggestion=suggestion if is_one else None)
