"""The figures are those of the plain queries, whatever happened: made-up histories with all that can go wrong."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import delete, text, update

from admin.numbers.funnels import count_leads, read_funnels
from admin.numbers.visits import keep_visits
from base.database import transaction
from base.ids import new_id
from bot.conversations import append_message, start_conversation
from bot.models import Conversation, Message
from crm.contacts.models import Contact
from crm.contacts.rules import STAGES
from crm.timeline.models import TimelineEvent
from crm.timeline.service import record
from tests.admin.people import make_contact
from tests.admin.plain_numbers import CAME, FUNNEL

DAY = timedelta(days=1)
WAY = [stage for stage in STAGES if stage != "disqualified"]
FLOWS, JOURNEYS = ("demo_request", "pricing"), ("nurture", "win_back")


async def _live(session, keys, now, chosen: random.Random) -> None:
    """A few people and what they did in ten days, in no order; some are known only later, some not at all."""

    def moment():
        return now - chosen.random() * 10 * DAY

    people = [
        await make_contact(session, keys, now - 20 * DAY, stage=chosen.choice(STAGES))
        for _ in range(chosen.randint(1, 6))
    ]
    for _ in range(chosen.randint(1, 12)):
        began = moment()
        talk = await start_conversation(
            session, channel=chosen.choice(("web", "sms")), language="en", time_zone=None, page_url=None, now=began,
            contact_id=chosen.choice([None, *people]),
        )  # fmt: skip
        for number in range(chosen.randint(0, 4)):
            author = chosen.choice(("visitor", "bot"))
            walked = [[chosen.choice(FLOWS), None, "ask"] for _ in range(chosen.randint(0, 2))]
            stored = await append_message(
                session, conversation_id=talk, author=author, text="Hello", data={}, client_id=new_id(),
                now=began + number * chosen.random() * DAY,
            )  # fmt: skip
            kind = chosen.choice(("text", "text", "start"))
            told = {"walked": walked} if walked else {}
            await session.execute(update(Message).where(Message.id == stored.id).values(kind=kind, data=told))
        if chosen.random() < 0.4:  # who it was is only known later, or it turned out to be somebody else
            whose = update(Conversation).where(Conversation.id == talk)
            await session.execute(whose.values(contact_id=chosen.choice([None, *people])))
    for _ in range(chosen.randint(0, 25)):
        kind = chosen.choice(("order_placed", "stage_changed", "enrolled"))
        data = {
            "order_placed": {"order": str(chosen.random()), "value": 5, "currency": "EUR"},
            "stage_changed": {"stage": chosen.choice(STAGES), "before": chosen.choice(STAGES)},
            "enrolled": {"journey": chosen.choice(JOURNEYS)},
        }[kind]
        who = chosen.choice([None, *people])
        await record(session, kind=kind, contact_id=who, conversation_id=None, data=data, now=moment())


async def _change(session, chosen: random.Random) -> None:
    """Two turn out to be one, and somebody is erased."""
    people = list(await session.scalars(text("SELECT id FROM contacts ORDER BY id")))
    if len(people) > 2:
        one, other, gone = chosen.sample(people, 3)
        for table in (Conversation, TimelineEvent):
            await session.execute(update(table).where(table.contact_id == other).values(contact_id=one))
            await session.execute(delete(table).where(table.contact_id == gone))
        await session.execute(delete(Contact).where(Contact.id.in_([other, gone])))


@pytest.mark.parametrize("seed", range(12))
async def test_funnels_tell_what_the_plain_query_does_also_after_merges_and_erasures(database, keys, now, seed) -> None:
    chosen = random.Random(seed)
    async with transaction(database.sessions) as session:
        await _live(session, keys, now, chosen)
    for kept_at in (None, now - 4 * DAY, now):
        if kept_at is not None:
            await keep_visits(database.sessions, kept_at)
        for first, last in ((10, 0), (7, 0), (6.3, 2.7), (3, 1), (20, 15)):
            since, until = now - first * DAY, now - last * DAY
            async with database.sessions() as session:
                for by, came in CAME.items():
                    given = {"since": since, "until": until, "way": WAY, "won": len(WAY)}
                    total, *rest = (await session.execute(text(FUNNEL.format(came=came)), given)).all()
                    found = await read_funnels(session, by, since, until)
                    quick = [
                        (one.name, one.came, one.wrote, one.leads, one.qualified, one.accepted, one.won)
                        for one in found
                    ]
                    assert sorted(quick[1:]) == sorted(tuple(row) for row in rest), (by, first, last)
                    assert quick[0] == tuple(total), (by, first, last)
                    assert await count_leads(session, by, since, until) == {one.name: one.leads for one in found}
        async with transaction(database.sessions) as session:
            await _change(session, chosen)
