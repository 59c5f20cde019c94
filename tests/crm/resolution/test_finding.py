"""Looking at contacts that came or changed: who is found, at what price, and what people decided stays."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import delete, func, select, update

from base.database import libpq_url, transaction
from base.errors import NotFound
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.service import attach_address, create_contact, set_fields
from crm.privacy.limits import set_mark, take_mark
from crm.resolution.candidates import AlreadyDecided, list_candidates, refuse
from crm.resolution.finding import LARGEST_GROUP, Looked, look_at_due
from crm.resolution.models import DueLook, LikenessKey, MergeCandidate

JANE = {"first_name": "Jane", "last_name": "Thompson", "company": "Northwind", "city": "Springfield"}


@pytest.fixture
def stage(database, keys, now):
    class Stage:
        """Contacts and looks at them."""

        async def add(self, fields, **addresses) -> object:
            async with transaction(database.sessions) as session:
                contact_id = await create_contact(session, time_zone=None, now=now)
                await set_fields(session, contact_id, fields, now)
                for kind, value in addresses.items():
                    await attach_address(session, keys, contact_id, kind=kind, value=value, now=now)
            return contact_id

        async def look(self, limit: int = 500) -> Looked:
            async with transaction(database.sessions) as session:
                return await look_at_due(session, keys, now, limit)

        async def pairs(self, **which) -> set[frozenset]:
            async with database.sessions() as session:
                return {frozenset((one.first_id, one.second_id)) for one in await list_candidates(session, **which)}

        async def count(self, table, *where) -> int:
            async with database.sessions() as session:
                return await session.scalar(select(func.count()).select_from(table).where(*where))

    return Stage()


async def test_a_newcomer_who_is_like_somebody_is_proposed_with_reasons(stage, database) -> None:
    jane = await stage.add(JANE, email="jane.thompson@northwind.example")
    await stage.add({"first_name": "Emil", "last_name": "Garcia", "company": "Northwind"})
    await stage.look()
    again = await stage.add({**JANE, "last_name": "Thomson"}, email="jane.thompson@mail.example")
    looked = await stage.look()
    assert (len(looked.contacts), looked.found) == (1, 1)
    assert await stage.pairs(state="open") == {frozenset((jane, again))}
    async with database.sessions() as session:
        (candidate,) = await list_candidates(session)
    told = {reason["field"]: reason["agreement"] for reason in candidate.reasons}
    assert (told["last_name"], told["company"], told["mailbox"]) == ("close", "same", "same")
    assert "hompson" not in str(candidate.reasons)
    assert await stage.look() == Looked(0, frozenset(), 0, 0)


async def test_both_are_found_when_they_come_at_once_and_a_look_again_changes_nothing(stage) -> None:
    pair = frozenset([await stage.add(JANE), await stage.add(JANE)])
    await stage.look()
    assert await stage.pairs() == {pair}
    await stage.add({"first_name": "Somebody"})
    await stage.look()
    assert await stage.pairs() == {pair}


async def test_a_pair_that_is_no_longer_alike_is_withdrawn(stage, database, now) -> None:
    jane, other = await stage.add(JANE), await stage.add(JANE)
    await stage.look()
    async with transaction(database.sessions) as session:
        await set_fields(session, other, {"first_name": "Emil", "last_name": "Garcia", "company": "Acme"}, now)
    await stage.look()
    assert await stage.pairs() == set()
    assert jane != other


async def test_a_refused_pair_is_never_proposed_again(stage, database, now) -> None:
    await stage.add(JANE)
    jane = await stage.add(JANE)
    await stage.look()
    async with transaction(database.sessions) as session:
        (candidate,) = await list_candidates(session)
        refused = await refuse(session, candidate.id, user="user:1", now=now)
        assert (refused.state, refused.decided_by, refused.decided_at) == ("refused", "user:1", now)
    async with transaction(database.sessions) as session:
        await set_fields(session, jane, {"job_title": "Buyer"}, now)
    assert (await stage.look()).found == 1
    assert await stage.pairs(state="open") == set()
    assert len(await stage.pairs(state="refused")) == 1
    async with transaction(database.sessions) as session:
        with pytest.raises(AlreadyDecided):
            await refuse(session, candidate.id, user="user:2", now=now)
        with pytest.raises(NotFound):
            await refuse(session, jane, user="user:2", now=now)


async def test_only_changes_that_matter_make_a_contact_due(stage, database, now) -> None:
    jane = await stage.add(JANE, email="jane@northwind.example")
    async with transaction(database.sessions) as session:
        await create_contact(session, time_zone=None, now=now)
    assert await stage.count(DueLook) == 2  # fields and address; a bare visitor is nobody yet
    await stage.look()
    async with transaction(database.sessions) as session:
        await session.execute(update(Contact).values(score=5, updated_at=now + timedelta(minutes=1)))
    assert await stage.count(DueLook) == 0
    async with transaction(database.sessions) as session:
        await session.execute(delete(ContactPoint))
    assert await stage.count(DueLook, DueLook.contact_id == jane) == 1


async def test_keys_of_an_address_that_was_let_go_are_gone_with_the_next_look(stage, database) -> None:
    jane = await stage.add({"first_name": "Jane"}, email="jane.thompson@northwind.example")
    await stage.look()
    before = await stage.count(LikenessKey, LikenessKey.contact_id == jane)
    async with transaction(database.sessions) as session:
        await session.execute(delete(ContactPoint))
    await stage.look()
    assert await stage.count(LikenessKey, LikenessKey.contact_id == jane) == before - 3


async def test_who_asked_that_their_data_be_kept_and_not_used_is_compared_with_nobody(stage, database, now) -> None:
    jane = await stage.add(JANE)
    async with transaction(database.sessions) as session:
        await set_mark(session, jane, "restricted", source="request", now=now)
    await stage.add(JANE)
    await stage.look()
    assert await stage.pairs() == set()
    assert await stage.count(LikenessKey, LikenessKey.contact_id == jane) == 0


async def test_a_pair_is_not_shown_while_one_of_the_two_restricts_the_use_of_their_data(stage, database, now) -> None:
    pair = frozenset([jane := await stage.add(JANE), await stage.add(JANE)])
    await stage.look()
    async with transaction(database.sessions) as session:
        await set_mark(session, jane, "restricted", source="request", now=now)
    assert await stage.pairs() == set()
    async with transaction(database.sessions) as session:
        await take_mark(session, jane, "restricted")
    assert await stage.pairs() == {pair}


async def test_a_contact_that_goes_takes_its_keys_along_and_its_pairs_are_not_shown(stage, database) -> None:
    jane, other = await stage.add(JANE), await stage.add(JANE)
    await stage.look()
    async with transaction(database.sessions) as session:
        await session.execute(delete(Contact).where(Contact.id == other))
    assert await stage.count(LikenessKey, LikenessKey.contact_id == other) == 0
    assert await stage.count(DueLook) == 0
    assert await stage.pairs() == set()
    assert await stage.count(MergeCandidate) == 1
    assert jane != other


async def test_a_group_that_is_too_large_says_nothing_and_another_key_still_finds(stage, database, now) -> None:
    async with transaction(database.sessions) as session:
        for _ in range(LARGEST_GROUP):
            contact_id = await create_contact(session, time_zone=None, now=now)
            await set_fields(session, contact_id, {"first_name": "Jane", "last_name": "Smith"}, now)
    looked = await stage.look()
    assert looked.compared == LARGEST_GROUP * (LARGEST_GROUP - 1) // 2
    jane = await stage.add({"first_name": "Jane", "last_name": "Smith", "company": "Plimforth"})
    assert (await stage.look()).compared == 0
    again = await stage.add({"first_name": "Jane", "last_name": "Smith", "company": "Plimforth"})
    await stage.look()
    assert await stage.pairs(contact_id=again) == {frozenset((jane, again))}


async def test_a_contact_that_is_being_deleted_is_left_for_later_and_nobody_waits(stage, database) -> None:
    jane = await stage.add(JANE)
    other = await stage.add({"first_name": "Emil", "last_name": "Garcia"})
    async with await psycopg.AsyncConnection.connect(libpq_url(database.url)) as erasing:
        await erasing.execute("SELECT FROM contacts WHERE id = %s FOR UPDATE", (jane,))
        assert len((await stage.look()).contacts) == 1
        assert await stage.count(LikenessKey, LikenessKey.contact_id == other) > 0
        await erasing.rollback()
    assert len((await stage.look()).contacts) == 1
    assert await stage.count(DueLook) == 0


async def test_nothing_of_a_name_or_address_stands_in_plain_in_what_likeness_keeps(stage, database) -> None:
    for domain in ("a", "b"):
        await stage.add({**JANE, "last_name": "Zyxquorl"}, email=f"zyxquorl@{domain}.example")
    await stage.look()
    async with await psycopg.AsyncConnection.connect(libpq_url(database.url)) as connection:
        for table in ("contact_likeness_keys", "merge_candidates", "contact_due_looks"):
            rows = await connection.execute(f"SELECT t::text FROM {table} t")
            assert "zyxquorl" not in str(await rows.fetchall()).lower()
    assert await stage.count(MergeCandidate) == 1
