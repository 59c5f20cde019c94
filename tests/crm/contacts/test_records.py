"""The contact's own row."""

from __future__ import annotations

from datetime import timedelta

import pytest

from base.database import transaction
from base.errors import NotFound
from base.ids import new_id
from crm.contacts.rules import stages_before
from crm.contacts.service import (
    create_contact,
    get_contact,
    set_fields,
    set_qualification,
    set_stage,
)


async def test_a_new_contact_is_a_visitor_of_whom_nothing_is_known(database, now) -> None:
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, language="de", time_zone="Europe/Berlin", now=now)
        contact = await get_contact(session, contact_id)
    assert (contact.stage, contact.score, contact.fields, contact.qualification) == ("visitor", 0, {}, None)
    assert (contact.language, contact.time_zone, contact.created_at) == ("de", "Europe/Berlin", now)


async def test_fields_are_merged_and_none_forgets(database, now) -> None:
    later = now + timedelta(minutes=1)
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        await set_fields(session, contact_id, {"company": "Example GmbH", "team_size": "10-49"}, now)
        await set_fields(session, contact_id, {"company": None, "timeline": "this_month", "quote'd": [1, "x"]}, later)
        contact = await get_contact(session, contact_id)
    assert contact.fields == {"team_size": "10-49", "timeline": "this_month", "quote'd": [1, "x"]}
    assert contact.updated_at == later


async def test_two_transactions_telling_different_facts_lose_neither(database, now) -> None:
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
    async with transaction(database.sessions) as one, transaction(database.sessions) as two:
        await get_contact(one, contact_id)
        await get_contact(two, contact_id)
        await set_fields(one, contact_id, {"a": 1}, now)
        await one.commit()
        await set_fields(two, contact_id, {"b": 2}, now)
    async with database.sessions() as session:
        assert (await get_contact(session, contact_id)).fields == {"a": 1, "b": 2}


async def test_a_stage_never_goes_back(database, now) -> None:
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        assert await set_stage(session, contact_id, "mql", now)
        assert not await set_stage(session, contact_id, "lead", now)
        assert not await set_stage(session, contact_id, "mql", now)
        assert (await get_contact(session, contact_id)).stage == "mql"
        assert await set_stage(session, contact_id, "disqualified", now)
        assert not await set_stage(session, contact_id, "customer", now)
        assert (await get_contact(session, contact_id)).stage == "disqualified"


def test_no_two_stages_come_before_each_other() -> None:
    stages = ("visitor", "lead", "mql", "sql", "customer", "disqualified")
    assert not [(one, two) for one in stages for two in stages_before(one) if one in stages_before(two)]


async def test_the_last_qualification_stands(database, now) -> None:
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        await set_qualification(session, contact_id, "hot", now)
        await set_qualification(session, contact_id, "cold", now)
        assert (await get_contact(session, contact_id)).qualification == "cold"


async def test_a_contact_that_is_gone_cannot_be_changed(database, now) -> None:
    async with database.sessions() as session:
        for change in (
            get_contact(session, new_id()),
            set_fields(session, new_id(), {"a": 1}, now),
            set_stage(session, new_id(), "lead", now),
            set_qualification(session, new_id(), "hot", now),
        ):
            with pytest.raises(NotFound):
                await change
