"""What other systems know contacts as: found by it, one contact an id, sealed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from base.database import transaction
from base.errors import InvalidInput, NotFound
from base.ids import new_id
from crm.contacts.external_ids import (
    SAME_ID,
    IdTaken,
    find_contact_by_id,
    list_external_ids,
    remove_external_id,
    set_external_id,
)
from crm.contacts.models import ContactMerge, ExternalId
from crm.contacts.service import create_contact, reseal_external_ids
from tests.base.test_migrations import ROOMS

assert ROOMS  # every room's tables are loaded


@pytest.fixture
async def session(database):
    async with transaction(database.sessions) as session:
        yield session


@pytest.fixture
async def two(session, now):
    return [await create_contact(session, time_zone=None, now=now) for _ in range(2)]


@pytest.fixture
def put(session, keys, now):
    async def put(contact_id, value="A-1", *, source="shop", verified=True, **options):
        return await set_external_id(
            session, keys, contact_id, source=source, value=value, verified=verified, by="user:1", now=now, **options
        )

    return put


async def test_a_contact_is_found_by_what_another_system_knows_it_as(session, keys, two, put) -> None:
    await put(two[0])
    await put(two[0], source="crm")
    await put(two[1], "A-2", verified=False)
    assert await find_contact_by_id(session, keys, "shop", " A-1 ") == two[0]
    assert await find_contact_by_id(session, keys, "shop", "A-2") == two[1]
    assert await find_contact_by_id(session, keys, "crm", "A-2") is None
    known = await list_external_ids(session, keys, two[0])
    assert [(one.source, one.value, one.verified_at is None) for one in known] == [
        ("crm", "A-1", False),
        ("shop", "A-1", False),
    ]
    await remove_external_id(session, known[0].id)
    assert await find_contact_by_id(session, keys, "crm", "A-1") is None
    with pytest.raises(NotFound):
        await remove_external_id(session, known[0].id)


async def test_the_id_stands_nowhere_in_the_clear(session, two, put) -> None:
    await put(two[0], "customer-77-secret")
    stored = await session.scalar(
        text("SELECT encode(value_sealed, 'escape') || encode(blind_index, 'escape') FROM external_ids")
    )
    assert "customer-77" not in stored


async def test_a_claim_takes_nothing_from_anybody_and_is_taken_by_a_proof(session, keys, two, put) -> None:
    await put(two[0], verified=False)
    with pytest.raises(IdTaken, match=str(two[0])):
        await put(two[1], verified=False)
    assert await put(two[1]) == two[1]
    assert await find_contact_by_id(session, keys, "shop", "A-1") == two[1]
    with pytest.raises(IdTaken):
        await put(two[0], verified=False)
    assert await session.scalar(select(func.count()).select_from(ExternalId)) == 1


async def test_saying_it_again_may_verify_it_and_never_unverifies(session, keys, two, put) -> None:
    await put(two[0], verified=False)
    assert await put(two[0]) == two[0]
    await put(two[0], verified=False)
    assert (await list_external_ids(session, keys, two[0]))[0].verified_at is not None


async def test_two_with_the_same_verified_id_are_one_person_merged_by_rule_when_that_is_wanted(
    session, keys, two, put
) -> None:
    await put(two[0])
    with pytest.raises(IdTaken, match="merge the two"):
        await put(two[1])
    assert await put(two[1], merge_same=True) == two[0]
    assert await find_contact_by_id(session, keys, "shop", "A-1") == two[0]
    merge = await session.scalar(select(ContactMerge))
    assert (merge.survivor_id, merge.merged_id, merge.reason) == (two[0], two[1], SAME_ID)


NO_IDS = [("Shop", "1"), ("", "1"), ("shop", ""), ("shop", " "), ("shop", "a\x00"), ("shop", "x" * 201)]


@pytest.mark.parametrize("wrong", NO_IDS)
async def test_what_cannot_be_an_id_is_refused(session, keys, two, put, wrong) -> None:
    source, value = wrong
    with pytest.raises(InvalidInput):
        await put(two[0], value, source=source)
    with pytest.raises(InvalidInput):
        await find_contact_by_id(session, keys, source, value)


async def test_an_id_of_nobody_is_refused(put) -> None:
    with pytest.raises(NotFound):
        await put(new_id())


async def test_ids_are_sealed_anew_with_a_new_key_and_found_as_before(session, keys, two, put) -> None:
    await put(two[0])
    newer = replace(keys, newest="k2", roots={**keys.roots, "k2": b"\x05" * 32})
    assert await reseal_external_ids(session, newer) == 1
    assert await reseal_external_ids(session, newer) == 0
    session.expire_all()
    only_new = replace(newer, roots={"k2": b"\x05" * 32})
    assert [one.value for one in await list_external_ids(session, only_new, two[0])] == ["A-1"]
    assert await find_contact_by_id(session, only_new, "shop", "A-1") == two[0]
