"""The score in the database: one entry per rule, the sum on the contact, reasons that stay with their turn."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from base.database import transaction
from base.errors import InvalidInput, NotFound
from base.ids import new_id
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.contacts.service import attach_address, create_contact, get_contact, set_fields
from crm.scoring.models import ScoreEntry
from crm.scoring.service import add_points, list_reasons, rescore
from crm.timeline.service import record
from tests.statements import statements


async def _points(
    session, contact_id, now, *, rule="demo/qualify/0", points=20, reason="Asked to see a demo", turn=None
):
    return await add_points(
        session, contact_id, rule=rule, points=points, reason=reason, message_id=turn or new_id(), now=now
    )


async def test_a_rule_that_gives_points_again_replaces_what_it_gave(database, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        assert await _points(session, ann, now) == 20
        assert await _points(session, ann, now, rule="demo/qualify/1", points=-5, reason="Small team") == 15
        assert await _points(session, ann, now, points=30) == 25
        assert (await get_contact(session, ann)).score == 25
        assert [(entry.points, entry.reason) for entry in await list_reasons(session, ann)] == [
            (30, "Asked to see a demo"),
            (-5, "Small team"),
        ]


async def test_points_given_again_unchanged_keep_the_turn_they_came_from(database, now) -> None:
    first_turn = new_id()
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        await _points(session, ann, now, turn=first_turn)
        await _points(session, ann, now + timedelta(days=1))
        entry = (await list_reasons(session, ann))[0]
    assert (entry.message_id, entry.created_at) == (first_turn, now)


async def test_rescoring_adds_what_holds_and_takes_back_what_no_longer_does(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        await _points(session, ann, now)
        facts = {"email_kind": "business", "company": "Example GmbH", "days_active": 3}
        assert await rescore(session, keys, ann, message_id=None, now=now, facts=facts) == 20 + 10 + 5 + 10
        facts = {"email_kind": "private"}
        assert await rescore(session, keys, ann, message_id=None, now=now, facts=facts) == 20 - 5
        assert [entry.rule for entry in await list_reasons(session, ann)] == ["demo/qualify/0", "private_email"]
        assert await rescore(session, keys, ann, message_id=None, now=now, facts={}) == 20


async def test_points_of_a_rule_that_left_the_file_are_taken_back(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        session.add(
            ScoreEntry(id=new_id(), contact_id=ann, rule="old_rule", points=99, reason="As it was", created_at=now)
        )
        await session.flush()
        assert await rescore(session, keys, ann, message_id=None, now=now, facts={}) == 0


async def test_facts_are_read_from_what_the_person_told_and_did(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        assert await rescore(session, keys, ann, message_id=None, now=now) == 0
        await attach_address(session, keys, ann, kind="email", value="ann@northwind-ledger.example", now=now)
        await attach_address(session, keys, ann, kind="phone", value="+14155552671", now=now)
        await set_fields(session, ann, {"company": "Example GmbH"}, now)
        fact = ConsentFact(
            event="given", principal_ref=ann, purpose="marketing", channel="email", controller="Northwind Ledger",
            language="en", method="chat_choice", actor="subject", effective_at=now, notice_text="OK?",
        )  # fmt: skip
        await record_consent_event(session, fact, now)
        for day, kind in ((0, "lead_captured"), (1, "message_sent"), (2, "lead_captured")):
            at = now + timedelta(days=day)
            await record(session, kind=kind, contact_id=ann, conversation_id=None, data={}, now=at)
        assert await rescore(session, keys, ann, message_id=None, now=now) == 10 + 5 + 5 + 10 + 10
        reasons = {entry.rule for entry in await list_reasons(session, ann)}
    assert reasons == {"business_email", "phone_left", "company_named", "agreed_to_email", "came_back"}


async def test_our_own_messages_are_no_sign_that_somebody_came_back(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        for day, kind in ((0, "lead_captured"), (1, "message_sent"), (2, "message_refused")):
            at = now + timedelta(days=day)
            await record(session, kind=kind, contact_id=ann, conversation_id=None, data={}, now=at)
        assert await rescore(session, keys, ann, message_id=None, now=now) == 0


async def test_points_given_at_once_all_count(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)

    async def give(number):
        async with transaction(database.sessions) as session:
            await _points(session, ann, now, rule=f"demo/qualify/{number}", points=1)
            await rescore(session, keys, ann, message_id=None, now=now, facts={"company": "Example GmbH"})

    await asyncio.gather(*(give(number) for number in range(8)))
    async with database.sessions() as session:
        assert (await get_contact(session, ann)).score == 8 + 5


async def test_points_for_nobody_or_under_a_name_of_the_file_are_refused(database, keys, now) -> None:
    async with database.sessions() as session:
        with pytest.raises(NotFound):
            await _points(session, new_id(), now)
        with pytest.raises(NotFound):
            await rescore(session, keys, new_id(), message_id=None, now=now)
        with pytest.raises(InvalidInput):
            await _points(session, new_id(), now, rule="business_email")


async def test_a_turn_s_score_takes_few_statements(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        await set_fields(session, ann, {"country": "DE", "company": "Example GmbH"}, now)
        await attach_address(session, keys, ann, kind="email", value="ann@example.com", now=now)
    async with transaction(database.sessions) as session:
        with statements(database.sessions) as asked:
            assert await rescore(session, keys, ann, message_id=new_id(), now=now) > 0
    # The contact is held, what is known of it is read, and what it comes to is written; then that is told of.
    assert len(asked) == 4
