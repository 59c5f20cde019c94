"""Whom a conversation speaks for after an address was typed in it."""

from __future__ import annotations

import asyncio

import pytest

from base.database import transaction
from base.errors import NotFound
from base.ids import new_id
from crm.contacts.service import (
    attach_address,
    create_contact,
    find_contact_by_address,
    read_addresses,
    resolve_captured_address,
    speaks_for_contact,
)


@pytest.fixture
async def chat(database, keys, now):
    """A function that types an address in a conversation that belongs to a contact."""

    async def type_address(session, contact_id, conversation_id, value, kind="email"):
        return await resolve_captured_address(
            session, keys, contact_id, kind=kind, value=value, conversation_id=conversation_id, now=now
        )

    return type_address


async def _visitor(session, now):
    return await create_contact(session, time_zone=None, now=now), new_id()


async def test_a_free_address_becomes_the_visitors_own(database, keys, now, chat) -> None:
    async with transaction(database.sessions) as session:
        visitor, talk = await _visitor(session, now)
        resolved = await chat(session, visitor, talk, "Ann@example.com")
        assert (resolved.contact_id, resolved.joined_existing, resolved.stored) == (visitor, False, True)
        assert await chat(session, visitor, talk, "ann@example.com") == resolved
        assert await speaks_for_contact(session, visitor, talk)


async def test_a_corrected_address_replaces_the_mistyped_one(database, keys, now, chat) -> None:
    async with transaction(database.sessions) as session:
        visitor, talk = await _visitor(session, now)
        await chat(session, visitor, talk, "bob@example.com")
        await chat(session, visitor, talk, "rob@example.com")
        assert await read_addresses(session, keys, [visitor]) == {visitor: {"email": "rob@example.com"}}
        assert await find_contact_by_address(session, keys, "email", "bob@example.com") is None


async def test_a_bare_visitor_who_types_a_known_address_joins_but_does_not_speak_for_it(
    database, keys, now, chat
) -> None:
    async with transaction(database.sessions) as session:
        ann, anns_talk = await _visitor(session, now)
        await chat(session, ann, anns_talk, "ann@example.com")
        visitor, talk = await _visitor(session, now)
        resolved = await chat(session, visitor, talk, "ann@example.com")
        assert (resolved.contact_id, resolved.joined_existing, resolved.stored) == (ann, True, False)
        assert not await speaks_for_contact(session, ann, talk)
        assert await speaks_for_contact(session, ann, anns_talk)


async def test_a_conversation_that_joined_cannot_change_the_contacts_addresses(database, keys, now, chat) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, ann, kind="email", value="ann@example.com", now=now)
        visitor, talk = await _visitor(session, now)
        await chat(session, visitor, talk, "ann@example.com")
        phone = await chat(session, ann, talk, "+14155552671", kind="phone")
        assert (phone.contact_id, phone.stored) == (ann, False)
        moved = await chat(session, ann, talk, "mallory@example.com")
        assert (moved.contact_id, moved.joined_existing, moved.stored) == (visitor, False, True)
        assert await read_addresses(session, keys, [ann, visitor]) == {
            ann: {"email": "ann@example.com"},
            visitor: {"email": "mallory@example.com"},
        }


async def test_a_visitor_who_keeps_an_address_of_another_kind_does_not_join_anybody(database, keys, now, chat) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, ann, kind="email", value="ann@example.com", now=now)
        visitor, talk = await _visitor(session, now)
        await chat(session, visitor, talk, "bob@example.com")
        await chat(session, visitor, talk, "+14155552671", kind="phone")
        resolved = await chat(session, visitor, talk, "ann@example.com")
        assert (resolved.contact_id, resolved.joined_existing, resolved.stored) == (visitor, False, False)
        # The address that was just said to be wrong is let go all the same.
        assert await read_addresses(session, keys, [visitor]) == {visitor: {"phone": "+14155552671"}}


async def test_a_visitor_who_corrects_to_a_known_address_lets_the_wrong_one_go_and_joins(
    database, keys, now, chat
) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, ann, kind="email", value="ann@example.com", now=now)
        visitor, talk = await _visitor(session, now)
        await chat(session, visitor, talk, "bob@example.com")
        resolved = await chat(session, visitor, talk, "ann@example.com")
        assert (resolved.contact_id, resolved.joined_existing, resolved.stored) == (ann, True, False)
        assert await find_contact_by_address(session, keys, "email", "bob@example.com") is None


async def test_visitors_typing_one_address_at_once_end_with_one_contact(database, keys, now, chat) -> None:
    async with transaction(database.sessions) as session:
        visitors = [await _visitor(session, now) for _ in range(6)]

    async def talk(visitor, conversation_id):
        async with transaction(database.sessions) as session:
            resolved = await chat(session, visitor, conversation_id, "ann@example.com")
            await asyncio.sleep(0.02)
            return resolved

    outcomes = await asyncio.gather(*(talk(*visitor) for visitor in visitors))
    assert len({outcome.contact_id for outcome in outcomes}) == 1
    assert sorted(outcome.joined_existing for outcome in outcomes) == [False] + [True] * 5


async def test_a_contact_that_is_gone_gets_no_address(database, now, chat) -> None:
    async with database.sessions() as session:
        with pytest.raises(NotFound):
            await chat(session, new_id(), new_id(), "ann@example.com")
