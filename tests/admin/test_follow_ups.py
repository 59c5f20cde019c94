"""The list of follow-ups: the outbox, and what journeys will put there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from base.database import transaction
from flows.compiler import compile_journeys, load_content
from outreach.enrolment import enrol, exit_all, publish_journeys
from outreach.models import Enrolment, GateDecision
from tests.admin.people import make_contact, outbox_row

PATH = "/api/v1/follow-ups"


@pytest.fixture(scope="module")
def journeys():
    return compile_journeys(load_content())


@pytest.fixture
async def enrolled(context, keys, journeys, now):
    """A lead in the journey we ship, just enrolled."""
    async with transaction(context.sessions) as session:
        await publish_journeys(session, journeys, now)
        lead = await make_contact(session, keys, now, email="ada@example.com", fields={"first_name": "Ada"})
        assert await enrol(session, journey="demo_follow_up", contact_id=lead, conversation_id=None, now=now)
    return lead


async def move_to(context, step: str, due_at) -> None:
    async with transaction(context.sessions) as session:
        await session.execute(update(Enrolment).values(step=step, due_at=due_at))


async def test_a_row_of_the_outbox_shows_what_became_of_it_and_why(signed_in, context, keys, now):
    until = now + timedelta(hours=6)
    async with transaction(context.sessions) as session:
        lead = await make_contact(session, keys, now, email="ada@example.com", fields={"first_name": "Ada"})
        reason = {"reason_rule": "quiet_hours", "reason": "It is night there.", "deferred_until": until}
        row = outbox_row(lead, until, state="deferred", attempts=2, updated_at=now, **reason)
        session.add(row)
    (item,) = (await signed_in.read(PATH))["items"]
    assert item == {
        "id": str(row.id),
        "lead": {"id": str(lead), "name": "Ada", "email": "ada@example.com"},
        "channel": "email",
        "journey": "demo_follow_up",
        "step": "mail_hot",
        "subject": "Your demo",
        "text": "Hello Ada",
        "state": "deferred",
        "due_at": "2026-11-23T21:00:00Z",
        "reason": {"rule": "quiet_hours", "text": "It is night there.", "until": "2026-11-23T21:00:00Z"},
        "attempts": 2,
        "updated_at": "2026-11-23T15:00:00Z",
    }


async def test_right_after_enrolment_the_planned_follow_up_is_listed(signed_in, context, enrolled):
    async with context.sessions() as session:
        enrolment = await session.scalar(select(Enrolment))
    (item,) = (await signed_in.read(PATH))["items"]
    assert item["id"] == str(enrolment.id)
    assert item["lead"] == {"id": str(enrolled), "name": "Ada", "email": "ada@example.com"}
    assert (item["state"], item["journey"]) == ("planned", "demo_follow_up")
    assert item["due_at"] == "2026-11-23T15:10:00Z"
    # All three ways of the branch ahead send an e-mail, but which one is not decided.
    assert (item["channel"], item["step"]) == ("email", None)
    assert item["text"] == "Next step decided at by qualification."
    assert (item["reason"], item["attempts"], item["subject"]) == (None, 0, None)


async def test_a_send_behind_a_wait_is_named(signed_in, context, enrolled, now):
    await move_to(context, "two_days", now + timedelta(days=2))
    (item,) = (await signed_in.read(PATH))["items"]
    assert (item["channel"], item["step"], item["text"]) == ("email", "last_mail", "")
    assert item["due_at"] == "2026-11-25T15:00:00Z"


async def test_who_only_waits_for_the_end_has_no_follow_up(signed_in, context, enrolled, now):
    await move_to(context, "done", now)
    assert (await signed_in.read(PATH))["items"] == []


async def test_who_left_the_journey_has_no_follow_up(signed_in, context, enrolled, now):
    async with transaction(context.sessions) as session:
        await exit_all(session, enrolled, "opted_out", now)
    assert (await signed_in.read(PATH))["items"] == []


async def test_a_step_its_version_does_not_have_is_shown_and_not_hidden(signed_in, context, enrolled, now):
    await move_to(context, "vanished", now)
    (item,) = (await signed_in.read(PATH))["items"]
    assert (item["channel"], item["step"]) == (None, None)
    assert "not in the journey's version" in item["text"]


async def test_a_version_published_later_is_known_at_once(*, signed_in, context, enrolled, keys, journeys, now):
    await signed_in.read(PATH)
    newer = {"demo_follow_up": {**journeys["demo_follow_up"], "version": "newer", "first": "two_days"}}
    async with transaction(context.sessions) as session:
        await publish_journeys(session, newer, now)
        second = await make_contact(session, keys, now, email="bea@example.com")
        await enrol(session, journey="demo_follow_up", contact_id=second, conversation_id=None, now=now)
    items = {item["lead"]["email"]: item for item in (await signed_in.read(PATH))["items"]}
    assert items["bea@example.com"]["step"] == "last_mail"
    assert items["ada@example.com"]["step"] is None


@pytest.mark.parametrize("limit", [1, 3, 7, 50])
async def test_pages_merge_both_kinds_completely_and_in_order(*, signed_in, context, keys, journeys, now, limit):
    async with transaction(context.sessions) as session:
        await publish_journeys(session, journeys, now)
        for number in range(7):
            lead = await make_contact(session, keys, now, email=f"a{number}@example.com")
            at = now + timedelta(minutes=10 * (number // 3))  # several are due in one instant
            await enrol(session, journey="demo_follow_up", contact_id=lead, conversation_id=None, now=at)
            session.add(outbox_row(lead, at + timedelta(minutes=10)))
    found, cursor = [], {}
    while True:
        page = await signed_in.read(PATH, limit=limit, **cursor)
        found += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert len({item["id"] for item in found}) == len(found) == 14
    assert [item["due_at"] for item in found] == sorted((item["due_at"] for item in found), reverse=True)


STATES = ["planned", "deferred", "accepted", "delivered", "failed", "unknown", "skipped", "cancelled"]


async def test_a_state_shows_its_own_and_planned_those_to_come_too(signed_in, context, enrolled, now):
    async with transaction(context.sessions) as session:
        for state in STATES:
            session.add(outbox_row(enrolled, now, state=state))
    for state in STATES:
        items = (await signed_in.read(PATH, state=state))["items"]
        assert {item["state"] for item in items} == {state}
        assert len(items) == (2 if state == "planned" else 1)
    assert (await signed_in.read(PATH, state="sending"))["items"] == []


async def test_a_row_on_its_way_is_shown_as_sending(signed_in, context, enrolled, now):
    from base.ids import new_id

    async with transaction(context.sessions) as session:
        row = outbox_row(enrolled, now)
        session.add(row)
        await session.flush()
        decision = GateDecision(
            id=new_id(),
            outbox_id=row.id,
            stage="claim",
            answer="allow",
            rule="no_objection",
            reason="Nothing speaks against it.",
            pack_version="1",
            inputs={},
            decided_at=now,
        )
        session.add(decision)
        await session.flush()
        row.gate_decision_id, row.state, row.claimed_at = decision.id, "sending", now
    assert [item["id"] for item in (await signed_in.read(PATH, state="sending"))["items"]] == [str(row.id)]


async def test_a_contact_sees_only_its_own(signed_in, context, enrolled, keys, now):
    async with transaction(context.sessions) as session:
        other = await make_contact(session, keys, now, email="bea@example.com")
        session.add(outbox_row(other, now))
    for contact in (enrolled, other):
        items = (await signed_in.read(PATH, contact=str(contact)))["items"]
        assert [item["lead"]["id"] for item in items] == [str(contact)]


async def test_the_number_of_queries_does_not_grow_with_the_rows(*, signed_in, context, keys, enrolled, now, counted):
    async with transaction(context.sessions) as session:
        for number in range(20):
            lead = await make_contact(session, keys, now, email=f"a{number}@example.com")
            session.add(outbox_row(lead, now))
    await signed_in.read(PATH)  # reads the journey's version once
    numbers = []
    for limit in (1, 21):
        with counted() as statements:
            assert len((await signed_in.read(PATH, limit=limit))["items"]) == limit
        numbers.append(len(statements))
    assert numbers[0] == numbers[1] <= 7
