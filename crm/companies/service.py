"""Makes and changes companies, and says who works where. In the caller's transaction.

A domain links those whose address is on it; what a colleague said of a contact is never changed by a domain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput, NotFound
from base.ids import new_id
from crm.companies.models import Company, CompanyDomain, ContactCompany
from crm.contacts.addresses import is_business_email, normalise_email
from crm.contacts.models import SEALED_COLUMN, ContactPoint
from crm.contacts.naming import has_name
from crm.contacts.service import lock_contact
from crm.resolution.finding import hold_looks
from crm.resolution.keys import domain_key
from crm.resolution.models import LikenessKey

MOST_DOMAINS = 50


class DomainTaken(Conflict):
    """This domain is another company's."""

    code = "domain_taken"


async def create_company(
    session: AsyncSession,
    keys: KeyRing,
    now: datetime,
    *,
    name: str,
    domains: Iterable[str] = (),
    fields: dict[str, Any] | None = None,
) -> Company:
    """A company; whoever has an address on its domains and no company is linked to it.

    Raises:
        InvalidInput: one is no domain, or a public mail provider's.
        DomainTaken: one is another company's.
    """
    company = Company(id=new_id(), name=name, fields=fields or {}, created_at=now, updated_at=now)
    session.add(company)
    await session.flush()
    await _set_domains(session, keys, company.id, domains, now)
    return company


async def change_company(
    session: AsyncSession,
    keys: KeyRing,
    company_id: UUID,
    now: datetime,
    *,
    name: str | None = None,
    domains: Iterable[str] | None = None,
    fields: dict[str, Any] | None = None,
) -> Company:
    """Changes what is named. Who was linked by a domain that goes stays linked.

    Raises:
        NotFound: there is no such company.
        InvalidInput: one is no domain, or a public mail provider's.
        DomainTaken: one is another company's.
    """
    company = await get_company(session, company_id, lock=True)
    company.name = company.name if name is None else name
    company.fields = company.fields if fields is None else fields
    company.updated_at = now
    await session.flush()
    if domains is not None:
        await _set_domains(session, keys, company_id, domains, now)
    return company


async def get_company(session: AsyncSession, company_id: UUID, *, lock: bool = False) -> Company:
    """The company.

    Raises:
        NotFound: there is none.
    """
    company = await session.get(Company, company_id, with_for_update=lock or None, populate_existing=True)
    if company is None:
        raise NotFound("There is no such company.")
    return company


async def delete_company(session: AsyncSession, company_id: UUID) -> None:
    """Takes a company away; its people stay contacts, of no company.

    Raises:
        NotFound: there is none.
    """
    await session.delete(await get_company(session, company_id, lock=True))
    await session.flush()


async def list_companies(
    session: AsyncSession, *, q: str | None = None, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> Sequence[Company]:
    """The latest first.

    Args:
        q: part of a name, or a whole domain.
    """
    key = (Company.created_at, Company.id)
    statement = select(Company).order_by(*(column.desc() for column in key)).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(*key) < after)
    if q is not None:
        # As a value and not as EXISTS: so both sides of the `or` can be looked up by an index.
        owned = (
            Company.id == select(CompanyDomain.company_id).where(CompanyDomain.domain == q.lower()).scalar_subquery()
        )
        statement = statement.where(has_name(q, Company.name.expression) | owned)
    return (await session.scalars(statement)).all()


async def list_domains(session: AsyncSession, company_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The domains of each company, in order; one without any is absent."""
    wanted = CompanyDomain.company_id.in_(list(company_ids))
    domains: dict[UUID, list[str]] = {}
    for row in await session.scalars(select(CompanyDomain).where(wanted).order_by(CompanyDomain.domain)):
        domains.setdefault(row.company_id, []).append(row.domain)
    return domains


async def set_company(
    session: AsyncSession, contact_id: UUID, company_id: UUID | None, *, by: str, now: datetime
) -> None:
    """Says where a contact works, or that it is at none we know; no domain changes that.

    Raises:
        NotFound: there is no such contact, or company.
    """
    await lock_contact(session, contact_id)
    if company_id is not None:
        await get_company(session, company_id)
    row = {"company_id": company_id, "source": "person", "linked_by": by, "linked_at": now}
    linked = insert(ContactCompany).values(contact_id=contact_id, **row)
    await session.execute(linked.on_conflict_do_update(index_elements=["contact_id"], set_=row))


async def link_by_domain(session: AsyncSession, keys: KeyRing, contact_ids: Collection[UUID], now: datetime) -> int:
    """Links those who have no company yet to the one whose domain their e-mail address is on; returns how many."""
    if not contact_ids:
        return 0
    domains = await find_domains(session, keys, contact_ids)
    owned = select(CompanyDomain.domain, CompanyDomain.company_id).where(
        CompanyDomain.domain.in_({domain for found in domains.values() for domain in found})
    )
    companies = dict((await session.execute(owned)).all())
    rows = []
    for contact_id, found in domains.items():
        known = [companies[domain] for domain in found if domain in companies]
        if known:
            rows.append(_link(contact_id, known[0], now))
    return await _store_links(session, rows)


async def find_domains(session: AsyncSession, keys: KeyRing, contact_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """The companies' domains among the contacts' e-mail addresses, the proven before the others."""
    points = select(ContactPoint.id, ContactPoint.contact_id, ContactPoint.value_sealed).where(
        ContactPoint.contact_id.in_(list(contact_ids)), ContactPoint.kind == "email"
    )
    domains: dict[UUID, list[str]] = {}
    proven_first = (ContactPoint.verified_at.desc().nulls_last(), ContactPoint.id)
    for point_id, contact_id, sealed in await session.execute(points.order_by(*proven_first)):
        email = keys.unseal(sealed, column=SEALED_COLUMN, row=point_id)
        if is_business_email(email):
            domains.setdefault(contact_id, []).append(email.rpartition("@")[2])
    return domains


async def _set_domains(
    session: AsyncSession, keys: KeyRing, company_id: UUID, domains: Iterable[str], now: datetime
) -> None:
    wanted = {_read_domain(domain) for domain in domains}
    if len(wanted) > MOST_DOMAINS:
        raise InvalidInput(f"A company has at most {MOST_DOMAINS} domains.")
    stale = delete(CompanyDomain).where(CompanyDomain.company_id == company_id, CompanyDomain.domain.not_in(wanted))
    await session.execute(stale)
    if not wanted:
        return
    rows = [{"domain": domain, "company_id": company_id} for domain in sorted(wanted)]
    await session.execute(insert(CompanyDomain).values(rows).on_conflict_do_nothing())
    owners = select(CompanyDomain.domain).where(
        CompanyDomain.domain.in_(wanted), CompanyDomain.company_id != company_id
    )
    if taken := (await session.scalars(owners)).all():
        raise DomainTaken(f"{', '.join(sorted(taken))} belongs to another company: take it away there first.")
    # Addresses are sealed: who is on the domain is known by its keyed hash. Whoever is looked at later sees the domain.
    await hold_looks(session)
    on_it = select(LikenessKey.contact_id).where(LikenessKey.key.in_({domain_key(keys, one) for one in wanted}))
    await _store_links(session, [_link(one, company_id, now) for one in set(await session.scalars(on_it))])


def _read_domain(text: str) -> str:
    domain = normalise_email(f"a@{text.strip().removeprefix('@')}").rpartition("@")[2]
    if not is_business_email(f"a@{domain}"):
        raise InvalidInput(f"{domain} is a public mail provider's: its addresses belong to no company.")
    return domain


def _link(contact_id: UUID, company_id: UUID, now: datetime) -> dict[str, Any]:
    return {"contact_id": contact_id, "company_id": company_id, "source": "domain", "linked_at": now}


async def _store_links(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> int:
    stored = 0
    for begin in range(0, len(rows), _AT_ONCE):
        some = insert(ContactCompany).values(list(rows[begin : begin + _AT_ONCE]))
        made = await session.scalars(some.on_conflict_do_nothing().returning(ContactCompany.contact_id))
        stored += len(made.all())
    return stored


_AT_ONCE = 5_000
"""Rows a statement."""
