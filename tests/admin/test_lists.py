"""Lists of contacts among many: the same rows in the same order, by whatever way they are found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from admin.leads import latest
from base.database import transaction
from crm.companies.service import create_company
from crm.contacts.models import Contact
from crm.contacts.naming import named
from crm.owners.service import assign_owner
from crm.segments.work import SegmentWork
from tests.admin.people import make_contact

NAMES = ("Ada Lovelace", "Grace Hopper", "Annie Easley", "Jean-Luc O'Brien", "王 小芳", "İpek Şahin", "Öyvind Ærø")
COMPANIES = ("Navy", "100% Wool & Co.", "北京字节跳动", "a_b", "Engine (London)")


@pytest.fixture
async def people(context, user, keys, now):
    """Forty: every second tagged, every third German, every fifth owned."""
    async with transaction(context.sessions) as session:
        made = []
        for at in range(40):
            first, last = NAMES[at % len(NAMES)].split(" ", 1)
            made.append(
                await make_contact(
                    session,
                    keys,
                    # Some came at the same moment: then the id decides.
                    now + timedelta(seconds=at // 3),
                    email=f"p{at}@x.example",
                    fields={
                        "first_name": first,
                        "last_name": last,
                        "company": COMPANIES[at % len(COMPANIES)],
                        "country": "DE" if at % 3 == 0 else "FR",
                    },
                    tags=["fair"] if at % 2 else [],
                    stage="customer" if at % 7 == 0 else "lead",
                    score=90 if at % 9 == 0 else 1,
                )
            )
            if at % 5 == 0:
                await assign_owner(session, made[at], user.id, by="user:1", now=now)
        return made


async def pages(ask):
    ids, cursor = [], {}
    while True:
        page = await ask(cursor)
        ids += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            return ids
        cursor = {"cursor": page["next_cursor"]}


@pytest.mark.parametrize("stretch", [1, 3, 10])
async def test_a_filter_finds_the_same_leads_in_the_same_order_however_far_is_looked_first(  # noqa: PLR0917  # fixtures
    signed_in, context, user, people, monkeypatch, stretch
):
    added = await signed_in.send("POST", "/api/v1/segments", {"name": "Fair", "tree": {"tag": "fair"}})
    await SegmentWork(context.sessions, context.keys, context.clock).do_all()
    filters = [
        {}, {"q": "ada"}, {"q": "navy"}, {"q": "p7@x.example"}, {"q": "gr"}, {"q": "nobody"}, {"band": "hot"},
        {"stage": "customer"}, {"stage": "sql"}, {"tag": "fair"}, {"tag": "none"}, {"owner": str(user.id)},
        {"segment": (await added.json())["id"], "q": "navy"},
    ]  # fmt: skip

    async def found(one):
        return await pages(lambda cursor: signed_in.read("/api/v1/leads", limit=4, **one, **cursor))

    whole = [await found(one) for one in filters]
    assert [len(ids) for ids in whole] == [40, 6, 8, 1, 6, 0, 5, 6, 0, 20, 0, 8, 4]
    monkeypatch.setattr(latest, "STRETCH", stretch)
    assert [await found(one) for one in filters] == whole


@pytest.mark.parametrize("stretch", [1, 3, 10])
async def test_a_rule_finds_the_same_contacts_in_the_same_order_however_far_is_looked_first(
    signed_in, context, people, monkeypatch, stretch
):
    # Who was not looked at yet is in no segment.
    await SegmentWork(context.sessions, context.keys, context.clock).do_all()
    german = {"fact": "country", "op": "is", "value": "DE"}
    trees = [
        german, {"all": [german, {"tag": "fair"}]}, {"any": [{"tag": "fair"}, {"address": "email"}]}, {"tag": "none"},
        {"all": [{"address": "email"}, {"not": {"event": "page_viewed"}}, german]},
    ]  # fmt: skip

    async def found(tree):
        async def ask(cursor):
            answer = await signed_in.send("POST", "/api/v1/contacts/search", {"tree": tree, "limit": 4, **cursor})
            assert answer.status == 200, await answer.text()
            return await answer.json()

        return await pages(ask)

    whole = [await found(tree) for tree in trees]
    assert [len(ids) for ids in whole] == [14, 7, 40, 0, 14]
    monkeypatch.setattr(latest, "STRETCH", stretch)
    assert [await found(tree) for tree in trees] == whole


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("ada", 6),
        ("ADA LOVE", 6),
        ("a", 18),
        ("lu", 6),
        ("ean", 6),
        ("ea", 6),
        ("o'b", 6),
        ("王", 6),
        ("小芳", 6),
        ("字节", 8),
        ("100%", 8),
        ("0%", 8),
        ("%", 8),
        ("a_b", 8),
        ("_", 8),
        ("lon", 8),
        ("(l", 8),
        ("şah", 5),
        ("öy", 5),
        ("ærø", 5),
        ("\\", 0),
    ],
)
async def test_part_of_a_name_finds_it_and_one_or_two_letters_the_beginning_of_a_word(
    signed_in, people, monkeypatch, part, found
):
    monkeypatch.setattr(latest, "STRETCH", 1)
    rows = (await signed_in.read("/api/v1/leads", q=part, limit=200))["items"]
    assert len(rows) == found


async def test_a_rare_name_and_a_rare_tag_are_found_by_an_index(context, people, database):
    """Among many, that is: here PostgreSQL is told not to read everybody."""
    named_so = select(Contact.id).where(named("lovelace"))
    asked = {
        "ix_contacts_name_pieces": str(named_so.compile(database.engine, compile_kwargs={"literal_binds": True})),
        "ix_contacts_tags": """SELECT id FROM contacts WHERE tags @> '["fair"]'""",
    }
    async with context.sessions() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        connection = await session.connection()
        for index, statement in asked.items():
            plan = await connection.exec_driver_sql(f"EXPLAIN {statement}")
            assert index in str(plan.all())


async def test_companies_are_found_by_part_of_a_name_or_a_whole_domain(signed_in, context, keys, now):
    async with transaction(context.sessions) as session:
        for name, domains in (("Northwind Traders", ["northwind.example"]), ("Contoso", []), ("Wingtip", [])):
            await create_company(session, keys, now, name=name, domains=domains)

    async def found(q):
        return sorted(one["name"] for one in (await signed_in.read("/api/v1/companies", q=q))["items"])

    assert await found("wind") == ["Northwind Traders"]
    assert await found("tra") == ["Northwind Traders"]
    assert await found("w") == ["Wingtip"]
    assert await found("northwind.example") == ["Northwind Traders"]
    assert await found("wind.example") == []
