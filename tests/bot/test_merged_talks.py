"""A talk goes on while its contact is merged into another: nothing is written for who is no contact any more."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random
from uuid import UUID

from sqlalchemy import func, select

from base.database import repeat_on_deadlock, transaction
from bot.models import Conversation, Message
from crm.contacts.merging import merge_contacts
from crm.contacts.models import Contact
from crm.contacts.service import create_contact
from crm.contacts.unmerging import unmerge
from crm.timeline.models import TimelineEvent
from tests.base.test_migrations import ROOMS
from tests.bot.happenings import contact_of, happen
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage
from tests.crm.contacts.test_merging_histories import rows_naming

assert ROOMS  # every room's tables are loaded
TELLS = {"effect": "capture_lead", "field": "company", "value": "Vex"}
SCORES = {"effect": "add_points", "rule": "a/b/0", "points": 5, "reason": "r"}
"""With the company, which scores by itself, 10 points."""


async def known(stage: Stage) -> UUID:
    """Somebody else of whom the talk's contact turns out to be part."""
    async with transaction(stage.sessions) as session:
        return await create_contact(session, time_zone=None, now=stage.clock.now())


async def merge(stage: Stage, survivor: UUID, merged: UUID) -> UUID:
    async def run() -> UUID:
        async with transaction(stage.sessions) as session:
            return await merge_contacts(session, survivor, merged, "user:1", stage.clock.now())

    return await repeat_on_deadlock(run)


async def test_a_turn_that_was_begun_for_the_merged_one_is_answered_again_for_the_survivor(stage) -> None:
    await happen(stage, TELLS)
    survivor, merged = await known(stage), (await contact_of(stage)).id
    taken = await stage.turns.take(stage.inbound("and 5 points"))
    merge_id = await merge(stage, survivor, merged)
    stage.dialogue.script = lambda _body: say("points", effects=[SCORES])
    await stage.turns.answer(taken.claim)
    assert ("bot", "points") not in await stage.transcript(), "begun for a contact that is none any more"
    assert await stage.turns.resume_waiting() == 1
    assert (await stage.transcript())[-1] == ("bot", "points")
    contact = await contact_of(stage)
    assert (contact.id, contact.score) == (survivor, 10)
    async with stage.sessions() as session:
        assert await rows_naming(session, merged) == {}
    async with transaction(stage.sessions) as session:
        await unmerge(session, merge_id, "user:1", stage.clock.now())
    contact = await contact_of(stage)
    assert (contact.id, contact.score, contact.fields) == (merged, 10, {"company": "Vex"})


async def test_whichever_of_a_turn_and_a_merge_comes_first_all_is_the_survivor_s(stage, oracle) -> None:
    random = Random(4)
    stage.dialogue.script = lambda _body: say("noted", effects=[TELLS, SCORES])
    for _ in range(15):
        await stage.begin_again()
        stage.dialogue.script = lambda _body: say("noted", effects=[TELLS, SCORES])
        await stage.say("first")
        survivor, merged = await known(stage), (await contact_of(stage)).id
        taken = await stage.turns.take(stage.inbound("second"))
        stage.dialogue.delay = random.choice([0, 0, 0.005, 0.02])

        async def later(seconds: float, survivor: UUID = survivor, merged: UUID = merged) -> None:
            await asyncio.sleep(seconds)
            await merge(stage, survivor, merged)

        await asyncio.gather(stage.turns.answer(taken.claim), later(random.uniform(0, 0.05)))
        stage.dialogue.delay = 0
        await stage.turns.resume_waiting()
        contact = await contact_of(stage)
        assert (contact.id, contact.fields, contact.score) == (survivor, {"company": "Vex"}, 10)
        async with stage.sessions() as session:
            assert await rows_naming(session, merged) == {}
            assert await session.get(Contact, merged) is None
            said = (
                select(func.count())
                .select_from(Message)
                .where(Message.conversation_id == stage.conversation_id, Message.author == "bot")
            )
            assert await session.scalar(said) == 2
            noted = (
                select(func.count())
                .select_from(TimelineEvent)
                .where(TimelineEvent.conversation_id == stage.conversation_id, TimelineEvent.contact_id == survivor)
            )
            assert await session.scalar(noted) >= 2
    async with stage.sessions() as session:
        left = select(func.count()).select_from(Conversation).where(Conversation.turn_claimed_until > func.now())
        assert await session.scalar(left) == 0
    await oracle(stage.sessions, stage.clock.now() + timedelta(minutes=1))
