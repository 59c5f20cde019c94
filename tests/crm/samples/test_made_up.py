"""Made-up people are kept apart from real ones, and nothing reacts to what happens to them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select

import server.web  # noqa: F401  # loads every room's tables
from base.database import transaction
from base.ids import new_id
from crm.contacts.merging import merge_contacts
from crm.contacts.unmerging import unmerge
from crm.samples.made_up import OnlyAmongSamples, is_made_up
from crm.samples.models import SamplePerson
from crm.timeline.models import QueuedEvent
from crm.timeline.service import record
from crm.webhooks.models import WebhookDelivery
from crm.webhooks.service import Wish, make_endpoint
from tests.admin.people import make_contact


async def make_two(session, keys, now, *made_up: str):
    contacts = [await make_contact(session, keys, now, fields={"first_name": name}) for name in ("Ann", "Anne")]
    for name, contact_id in zip(made_up, contacts, strict=False):
        await session.execute(insert(SamplePerson).values(contact_id=contact_id, name=name))
    return contacts


async def test_a_made_up_person_never_becomes_one_with_a_real_one(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        made_up, real = await make_two(session, keys, now, "ann")
    for survivor, merged in ((made_up, real), (real, made_up)):
        with pytest.raises(OnlyAmongSamples):
            async with transaction(database.sessions) as session:
                await merge_contacts(session, survivor, merged, "user:1", now, keys=keys)


async def test_two_made_up_people_can_be_merged_and_parted_and_stay_made_up(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        survivor, merged = await make_two(session, keys, now, "ann", "anne")
    async with transaction(database.sessions) as session:
        merge_id = await merge_contacts(session, survivor, merged, "user:1", now, keys=keys)
    async with transaction(database.sessions) as session:
        assert await is_made_up(session, survivor)
        await unmerge(session, merge_id, "user:1", now)
    async with database.sessions() as session:
        assert await is_made_up(session, survivor)
        assert await is_made_up(session, merged)


async def test_what_happens_to_made_up_people_is_neither_reacted_to_nor_told_to_other_systems(
    database, keys, now
) -> None:
    async with transaction(database.sessions) as session:
        made_up, real = await make_two(session, keys, now, "ann")
        wish = Wish("all", "https://hooks.example/", ("lead_captured",), with_addresses=False, enabled=True)
        await make_endpoint(session, keys, wish, allow_private=False, made_by=new_id(), now=now)
        for contact_id in (made_up, real):
            await record(session, kind="lead_captured", contact_id=contact_id, conversation_id=None, data={}, now=now)
    async with database.sessions() as session:
        assert set(await session.scalars(select(QueuedEvent.contact_id))) == {real}
        assert set(await session.scalars(select(WebhookDelivery.contact_id))) == {real}
        assert await session.scalar(select(func.count()).select_from(SamplePerson)) == 1
