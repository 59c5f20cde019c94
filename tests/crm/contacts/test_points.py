"""Addresses of contacts: one owner each, sealed, found by blind index, moved to new keys."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from base.database import transaction
from base.encryption import KeyProblem, KeyRing
from crm.contacts.addresses import InvalidAddress
from crm.contacts.models import ContactPoint
from crm.contacts.service import (
    attach_address,
    create_contact,
    find_contact_by_address,
    read_addresses,
    reencrypt_addresses,
)


async def test_an_address_is_found_in_any_spelling_and_stored_in_none(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        first = await attach_address(session, keys, contact_id, kind="email", value=" Ann@Example.COM ", now=now)
        again = await attach_address(session, keys, contact_id, kind="email", value="ann@example.com", now=now)
    assert (first.created, again.created, again.is_owned) == (True, False, True)
    async with database.sessions() as session:
        assert await find_contact_by_address(session, keys, "email", "ANN@example.com") == contact_id
        assert await find_contact_by_address(session, keys, "email", "bob@example.com") is None
        point = (await session.scalars(select(ContactPoint))).one()
        assert b"ann" not in point.value_sealed.lower()
        assert b"ann" not in point.blind_index


async def test_another_contacts_address_is_not_taken_over(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        eve = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, ann, kind="phone", value="+1 415 555 2671", now=now)
        taken = await attach_address(session, keys, eve, kind="phone", value="+14155552671", now=now)
        assert (taken.contact_id, taken.created, taken.owner_contact_id, taken.is_owned) == (eve, False, ann, False)
        assert await read_addresses(session, keys, [ann, eve]) == {ann: {"phone": "+14155552671"}, eve: {}}


async def test_what_is_no_address_stores_nothing(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        with pytest.raises(InvalidAddress):
            await attach_address(session, keys, contact_id, kind="email", value="ann(at)example.com", now=now)
        assert (await session.scalars(select(ContactPoint))).all() == []


async def test_of_two_at_once_exactly_one_gets_the_address(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        contacts = [await create_contact(session, time_zone=None, now=now) for _ in range(6)]

    async def attach(contact_id):
        async with transaction(database.sessions) as session:
            outcome = await attach_address(session, keys, contact_id, kind="email", value="ann@example.com", now=now)
            await asyncio.sleep(0.02)
            return outcome

    outcomes = await asyncio.gather(*(attach(contact_id) for contact_id in contacts))
    owners = {outcome.owner_contact_id for outcome in outcomes}
    assert [outcome.created for outcome in outcomes].count(True) == 1
    assert owners == {outcome.contact_id for outcome in outcomes if outcome.created}


async def test_a_verified_address_is_written_to_before_a_later_one(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, contact_id, kind="email", value="old@example.com", now=now)
        await attach_address(session, keys, contact_id, kind="email", value="new@example.com", now=now)
        assert (await read_addresses(session, keys, [contact_id]))[contact_id] == {"email": "new@example.com"}
        old = keys.blind_index("old@example.com", kind="email")
        await session.execute(update(ContactPoint).where(ContactPoint.blind_index == old).values(verified_at=now))
        assert (await read_addresses(session, keys, [contact_id]))[contact_id] == {"email": "old@example.com"}


async def test_rotation_moves_every_address_to_the_newest_key_in_batches(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        contacts = [await create_contact(session, time_zone=None, now=now) for _ in range(5)]
        for number, contact_id in enumerate(contacts):
            await attach_address(session, keys, contact_id, kind="email", value=f"p{number}@example.com", now=now)
    rotated = KeyRing("k2", {**keys.roots, "k2": b"\x03" * 32}, keys.index_root)
    moved = []
    while not moved or moved[-1]:
        async with transaction(database.sessions) as session:
            moved.append(await reencrypt_addresses(session, rotated, batch=2))
    assert moved == [2, 2, 1, 0]
    only_new = KeyRing("k2", {"k2": rotated.roots["k2"]}, keys.index_root)
    async with transaction(database.sessions) as session:
        read = await read_addresses(session, only_new, contacts)
        assert [read[contact_id]["email"] for contact_id in contacts] == [f"p{n}@example.com" for n in range(5)]
        assert await find_contact_by_address(session, only_new, "email", "p3@example.com") == contacts[3]
        with pytest.raises(KeyProblem):
            await read_addresses(session, keys, contacts)


async def test_two_rotations_at_once_share_the_work(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        for number in range(4):
            contact_id = await create_contact(session, time_zone=None, now=now + timedelta(seconds=number))
            await attach_address(session, keys, contact_id, kind="email", value=f"p{number}@example.com", now=now)
    rotated = KeyRing("k2", {**keys.roots, "k2": b"\x03" * 32}, keys.index_root)
    async with transaction(database.sessions) as one, transaction(database.sessions) as two:
        assert await reencrypt_addresses(one, rotated, batch=3) == 3
        assert await reencrypt_addresses(two, rotated, batch=3) == 1
