"""Suppressions of contacts and addresses."""

from __future__ import annotations

import asyncio

from sqlalchemy import delete

from base.database import transaction
from base.ids import new_id
from crm.consent.suppression import lift, list_suppressions, suppress
from crm.contacts.models import Contact
from crm.contacts.service import attach_address, create_contact


async def _contact_with(session, keys, now, email):
    contact_id = await create_contact(session, time_zone=None, now=now)
    await attach_address(session, keys, contact_id, kind="email", value=email, now=now)
    return contact_id


async def test_stopping_twice_is_stopping_once_and_keeps_the_first_reason(database, keys, now) -> None:
    index = keys.blind_index("ann@example.com", kind="email")
    async with transaction(database.sessions) as session:
        ann = await _contact_with(session, keys, now, "ann@example.com")
        assert await suppress(session, [ann, index], "email", "asked in the chat", now) == 2
        assert await suppress(session, [index, ann], "email", "hard bounce", now) == 0
        assert await suppress(session, [], "email", "nobody", now) == 0
        assert await list_suppressions(session, [ann]) == {ann: {"email": "asked in the chat"}}


async def test_contacts_and_their_addresses_are_listed_together(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await _contact_with(session, keys, now, "ann@example.com")
        bob = await _contact_with(session, keys, now, "bob@example.com")
        eve = await _contact_with(session, keys, now, "eve@example.com")
        await suppress(session, [ann], "all", "opted out", now)
        await suppress(session, [keys.blind_index("bob@example.com", kind="email")], "email", "hard bounce", now)
        assert await list_suppressions(session, [ann, bob, eve]) == {
            ann: {"all": "opted out"},
            bob: {"email": "hard bounce"},
            eve: {},
        }


async def test_an_address_stays_stopped_when_its_contact_is_erased_and_comes_back(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await _contact_with(session, keys, now, "ann@example.com")
        await suppress(session, [ann, keys.blind_index("ann@example.com", kind="email")], "all", "opted out", now)
        await session.execute(delete(Contact).where(Contact.id == ann))
        again = await _contact_with(session, keys, now, "Ann@example.com")
        assert await list_suppressions(session, [again]) == {again: {"all": "opted out"}}


async def test_lifting_one_channel_leaves_the_others(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await _contact_with(session, keys, now, "ann@example.com")
        index = keys.blind_index("ann@example.com", kind="email")
        for channel in ("email", "all"):
            await suppress(session, [ann, index], channel, "opted out", now)
        assert await lift(session, ann, "email") == 2
        assert await lift(session, ann, "email") == 0
        assert await list_suppressions(session, [ann]) == {ann: {"all": "opted out"}}


async def test_many_stopping_the_same_at_once_neither_fail_nor_wait_for_each_other(database, now) -> None:
    targets = [new_id() for _ in range(20)]

    async def stop(order):
        async with transaction(database.sessions) as session:
            return await suppress(session, order, "email", "opted out", now)

    counts = await asyncio.gather(*(stop(targets[turn:] + targets[:turn]) for turn in range(0, 20, 4)))
    assert sorted(counts) == [0, 0, 0, 0, 20]
