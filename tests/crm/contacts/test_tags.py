"""Tags: added and removed as a set, whatever is asked in whatever order, also by two at once."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from base.database import transaction
from base.errors import InvalidInput, NotFound
from base.ids import new_id
from crm.contacts.service import change_tags, create_contact, get_contact
from crm.contacts.tags import MOST_TAGS
from tests.conftest import Database


async def test_a_tag_is_had_once_and_removal_wins(database: Database, now: datetime) -> None:
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        first = await change_tags(session, contact_id, add=["pilot", "vip", "pilot"], now=now)
        again = await change_tags(session, contact_id, add=["pilot", "both"], remove=["vip", "both", "never"], now=now)
        assert (await get_contact(session, contact_id)).tags == ["pilot"]
    assert (first.added, first.removed) == (("pilot", "vip"), ())
    assert (again.added, again.removed) == ((), ("vip",))


async def test_two_changes_at_once_lose_nothing(database: Database, now: datetime) -> None:
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)

    async def add(tag: str) -> None:
        async with transaction(database.sessions) as session:
            await change_tags(session, contact_id, add=[tag], now=now)

    await asyncio.gather(*(add(f"t{number}") for number in range(8)))
    async with database.sessions() as session:
        assert sorted((await get_contact(session, contact_id)).tags) == [f"t{number}" for number in range(8)]


@pytest.mark.parametrize("tag", ["", "Pilot", "1st", "two words", "x" * 61, "ä"])
async def test_a_tag_is_written_like_a_name_in_a_flow(database: Database, now: datetime, tag: str) -> None:
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        with pytest.raises(InvalidInput):
            await change_tags(session, contact_id, add=[tag], now=now)


async def test_a_contact_has_so_many_tags_and_no_more(database: Database, now: datetime) -> None:
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        await change_tags(session, contact_id, add=[f"t{number}" for number in range(MOST_TAGS)], now=now)
        with pytest.raises(InvalidInput, match="at most"):
            await change_tags(session, contact_id, add=["one_more"], now=now)


async def test_nobody_has_no_tags(database: Database, now: datetime) -> None:
    async with transaction(database.sessions) as session:
        with pytest.raises(NotFound):
            await change_tags(session, new_id(), add=["pilot"], now=now)
