"""Companies: who is linked by a domain, what colleagues say, and what people come to."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select, update

from base.database import transaction
from base.errors import InvalidInput, NotFound
from base.ids import new_id
from crm.companies.models import ContactCompany
from crm.companies.rollup import RollUp, roll_up
from crm.companies.service import (
    DomainTaken,
    change_company,
    create_company,
    delete_company,
    link_by_domain,
    list_companies,
    list_domains,
    set_company,
)
from crm.contacts.models import Contact
from crm.owners.service import assign_owner, list_owners
from crm.resolution.finding import look_at_due
from tests.admin.people import make_contact


@pytest.fixture
def stage(database, keys, now):
    class Stage:
        """Contacts, companies, and the worker's look."""

        async def contact(self, email: str | None = None, **columns) -> UUID:
            async with transaction(database.sessions) as session:
                return await make_contact(session, keys, now, email=email, **columns)

        async def company(self, name: str, *domains: str) -> UUID:
            async with transaction(database.sessions) as session:
                return (await create_company(session, keys, now, name=name, domains=domains)).id

        async def look(self) -> int:
            async with transaction(database.sessions) as session:
                looked = await look_at_due(session, keys, now)
                return await link_by_domain(session, keys, looked.contacts, now)

        async def links(self) -> dict[UUID, UUID | None]:
            async with database.sessions() as session:
                rows = await session.execute(select(ContactCompany.contact_id, ContactCompany.company_id))
                return dict(rows.all())

    return Stage()


async def test_whoever_comes_with_an_address_on_a_companys_domain_is_linked(stage) -> None:
    northwind = await stage.company("Northwind", "Northwind.example", "@nw.example")
    ann, bob = await stage.contact("ann@northwind.example"), await stage.contact("bob@nw.example")
    await stage.contact("eve@gmail.com")
    await stage.contact("eve@sub.northwind.example")
    assert await stage.look() == 2
    assert await stage.links() == {ann: northwind, bob: northwind}
    assert await stage.look() == 0


async def test_whoever_was_there_before_the_company_is_linked_when_it_is_made_or_gets_the_domain(
    stage, database, keys, now
) -> None:
    ann, bob = await stage.contact("ann@northwind.example"), await stage.contact("bob@nw.example")
    await stage.look()
    northwind = await stage.company("Northwind", "northwind.example")
    assert await stage.links() == {ann: northwind}
    async with transaction(database.sessions) as session:
        await change_company(session, keys, northwind, now, domains=["northwind.example", "nw.example"])
    assert await stage.links() == {ann: northwind, bob: northwind}
    async with transaction(database.sessions) as session:
        await change_company(session, keys, northwind, now, name="Northwind Ltd", domains=["nw.example"])
        assert await list_domains(session, [northwind]) == {northwind: ["nw.example"]}
    assert await stage.links() == {ann: northwind, bob: northwind}


async def test_what_a_colleague_said_is_never_changed_by_a_domain(stage, database, now) -> None:
    acme = await stage.company("Acme")
    ann, bob = await stage.contact("ann@northwind.example"), await stage.contact("bob@northwind.example")
    async with transaction(database.sessions) as session:
        await set_company(session, ann, acme, by="user:1", now=now)
        await set_company(session, bob, None, by="user:1", now=now)
    await stage.company("Northwind", "northwind.example")
    assert await stage.look() == 0
    assert await stage.links() == {ann: acme, bob: None}
    async with transaction(database.sessions) as session:
        with pytest.raises(NotFound):
            await set_company(session, ann, new_id(), by="user:1", now=now)
        with pytest.raises(NotFound):
            await set_company(session, new_id(), acme, by="user:1", now=now)


async def test_a_proven_address_says_where_somebody_works_before_one_that_was_only_typed(
    stage, database, keys, now
) -> None:
    from crm.contacts.recognition import prove_address

    await stage.company("Typed", "typed.example")
    proven = await stage.company("Proven", "proven.example")
    ann = await stage.contact("ann@typed.example")
    async with transaction(database.sessions) as session:
        await prove_address(session, keys, ann, kind="email", value="ann@proven.example", now=now)
    await stage.look()
    assert await stage.links() == {ann: proven}


@pytest.mark.parametrize("domain", ["gmail.com", "no domain", "localhost", ""])
async def test_a_public_providers_domain_and_what_is_none_are_refused(stage, domain: str) -> None:
    with pytest.raises(InvalidInput):
        await stage.company("Northwind", domain)


async def test_a_domain_is_one_companys(stage) -> None:
    await stage.company("Northwind", "northwind.example")
    with pytest.raises(DomainTaken, match=r"northwind\.example"):
        await stage.company("Other", "NORTHWIND.example", "other.example")
    # Nothing of the second was kept.
    await stage.contact("ann@other.example")
    assert await stage.look() == 0


async def test_people_come_to_how_many_how_far_and_how_high(stage, database, now) -> None:
    northwind, empty = await stage.company("Northwind"), await stage.company("Empty")
    people = [
        await stage.contact(stage="lead", score=5),
        await stage.contact(stage="sql", score=40),
        await stage.contact(stage="disqualified", score=-3),
    ]
    async with transaction(database.sessions) as session:
        for one in people:
            await set_company(session, one, northwind, by="user:1", now=now)
        assert await roll_up(session, [northwind, empty]) == {northwind: RollUp(3, "sql", 42, 40)}
        await session.execute(update(Contact).values(stage="disqualified"))
        assert (await roll_up(session, [northwind]))[northwind].stage is None


async def test_a_company_that_is_taken_away_leaves_its_people(stage, database, now) -> None:
    northwind = await stage.company("Northwind", "northwind.example")
    ann = await stage.contact("ann@northwind.example")
    await stage.look()
    async with transaction(database.sessions) as session:
        await delete_company(session, northwind)
        with pytest.raises(NotFound):
            await delete_company(session, northwind)
        assert await list_companies(session) == []
        assert await session.get(Contact, ann) is not None
    assert await stage.links() == {}
    await stage.company("Northwind again", "northwind.example")
    assert len(await stage.links()) == 1


async def test_a_contact_is_given_to_a_colleague_once_and_to_nobody_again(stage, database, now) -> None:
    from crm.timeline.service import list_timeline

    ann, user = await stage.contact(), new_id()
    async with transaction(database.sessions) as session:
        for _ in range(2):
            await assign_owner(session, ann, user, by="user:1", now=now)
        assert await list_owners(session, [ann]) == {ann: user}
        for _ in range(2):
            await assign_owner(session, ann, None, by="user:1", now=now)
        assert await list_owners(session, [ann]) == {}
        assert [event.data["user_id"] for event in await list_timeline(session, ann)] == [None, str(user)]
        with pytest.raises(NotFound):
            await assign_owner(session, new_id(), user, by="user:1", now=now)
