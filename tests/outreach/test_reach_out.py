"""`reach_out` finds the channel and the time, waits until the message has left, and else tries another way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, select, text, update

from base.database import transaction
from base.ids import new_id
from crm.contacts.models import ContactPoint, NumberChallenge
from crm.contacts.service import attach_address
from outreach.habits import read_habits
from outreach.library import Library
from outreach.ports import Refused
from outreach.walking import Work
from outreach.why import explain
from tests.outreach.conftest import WritingSender

STEPS = {
    "reach": {
        "step": "reach_out", "channels": ["sms", "email"], "seconds": 172_800, "unreached": "nobody",
        "next": [{"to": "done"}],
    },
    "done": {"step": "exit", "outcome": "reached"},
    "nobody": {"step": "exit", "outcome": "unreached"},
}  # fmt: skip
WORDS = {"en": {"reach": {"subject": "A question", "text": "Hello {{ first_name | there }}"}}}


@pytest.fixture
def sms(site):
    sender = WritingSender("sms")
    site.gatekeeper.senders["sms"] = sender
    return sender


async def begin(site, journey, contact_id, **step):
    steps = {**STEPS, "reach": STEPS["reach"] | step}
    await site.publish(journey(steps, wording=WORDS))
    assert await site.enrol(contact_id, "follow_up")
    await site.planner.advance_due(site.clock.now())


async def with_phone(site, contact_id, *, consent="given"):
    async with transaction(site.sessions) as session:
        await attach_address(
            session, site.keys, contact_id=contact_id, kind="phone", value="+442079460123", now=site.clock.now()
        )
    if consent:
        await site.consent(contact_id, consent, channel="sms")


async def leave_number(site, contact_id):
    """A number whose browser has work to do."""
    await with_phone(site, contact_id)
    async with transaction(site.sessions) as session:
        number = select(ContactPoint.id).where(ContactPoint.contact_id == contact_id, ContactPoint.kind == "phone")
        point_id, now = await session.scalar(number), site.clock.now()
        session.add(NumberChallenge(contact_point_id=point_id, conversation_id=new_id(), asked_at=now))


async def ended(site, contact_id):
    return (await site.enrolment(contact_id)).exit_reason


def by_channel(rows):
    return {row.channel: (row.state, row.reason_rule) for row in rows}


async def test_a_channel_that_is_refused_is_kept_with_the_reason_and_the_next_one_is_used(site, journey, sms):
    contact_id = await site.contact()
    await begin(site, journey, contact_id)
    assert by_channel(await site.outbox()) == {"sms": ("skipped", "consent"), "email": ("planned", None)}
    told = await explain_all(site, contact_id)
    assert ("not_sent", "consent", "sms") in told
    # It is not over before the message has left.
    assert await ended(site, contact_id) is None
    await site.pump.run_once()
    await site.go_on()
    assert await ended(site, contact_id) == "reached"
    assert len(site.email.sent) == 1
    assert not sms.sent


async def explain_all(site, contact_id):
    async with site.sessions() as session:
        return [(one.what, one.rule, one.channel) for one in await explain(session, "follow_up", contact_id)]


async def test_among_lawful_channels_the_cheaper_is_taken_and_the_other_says_why_it_was_not(site, journey, sms):
    contact_id = await site.contact()
    await with_phone(site, contact_id)
    await begin(site, journey, contact_id)
    assert by_channel(await site.outbox()) == {"sms": ("skipped", "not_chosen"), "email": ("planned", None)}
    assert ("not_sent", "not_chosen", "sms") in await explain_all(site, contact_id)


async def test_whoever_answers_on_the_dearer_channel_gets_it_there_at_their_hour(site, journey, sms):
    contact_id = await site.contact()
    await with_phone(site, contact_id)
    hour = site.clock.now().hour
    for days in (20, 10):
        at = site.clock.now() - timedelta(days=days)
        await site.put(contact_id, channel="sms", state="delivered", claimed_at=at, created_at=at, text="Earlier")
    await site.put(
        contact_id, state="delivered", claimed_at=site.clock.now() - timedelta(days=15), text="A mail nobody answered"
    )
    site.clock.forward(days=-20)
    talk = await site.talk(contact_id)
    await say(site, talk, "sms", after=timedelta(hours=3))
    await say(site, talk, "sms", after=timedelta(days=10, hours=3))
    site.clock.forward(days=20)
    await begin(site, journey, contact_id)
    (row,) = [one for one in await site.outbox() if one.state == "planned"]
    assert row.channel == "sms"
    assert row.due_at == site.clock.now().replace(minute=0, second=0) + timedelta(hours=3)
    assert row.due_at.hour == hour + 3
    site.clock.moment = row.due_at
    await site.pump.run_once()
    assert [one.text for one in sms.sent] == ["Hello there"]


async def say(site, conversation_id, channel, *, after):
    at = site.clock.now() + after
    async with transaction(site.sessions) as session:
        await session.execute(
            text("UPDATE conversations SET channel = :channel WHERE id = :id"),
            {"channel": channel, "id": conversation_id},
        )
        await session.execute(
            text(
                "INSERT INTO messages (id, conversation_id, seq, author, kind, text, created_at) SELECT "
                "gen_random_uuid(), :id, count(*) + 1, 'visitor', 'text', 'Yes', :at FROM messages "
                "WHERE conversation_id = :id"
            ),
            {"id": conversation_id, "at": at},
        )


async def test_nobody_who_objects_to_profiling_is_judged_by_their_answers(site, journey, sms):
    contact_id = await site.contact(fields={"country": "US", "state": "NY"}, time_zone="America/New_York")
    site.clock.forward(days=-20)
    for hours in (0, 1):
        await site.happen(contact_id, "link_clicked")
        site.clock.forward(minutes=hours)
    site.clock.forward(days=20)
    async with site.sessions() as session:
        work = Work(session, site.gatekeeper, Library(), site.clock.now())
        _, habits = await read_habits(work, [contact_id])
        assert sum(habits[contact_id]["email"].hours.values()) == 2
    await site.consent(contact_id, "withdrawn", channel="all", purpose="profiling")
    async with site.sessions() as session:
        work = Work(session, site.gatekeeper, Library(), site.clock.now())
        assert (await read_habits(work, [contact_id]))[1] == {}


async def test_what_costs_more_than_allowed_is_left_out(site, journey, sms):
    contact_id = await site.contact("", consent=None)
    await with_phone(site, contact_id)
    await begin(site, journey, contact_id, channels=["sms"], most_cost=0.01)
    assert by_channel(await site.outbox()) == {"sms": ("skipped", "too_dear")}
    assert await ended(site, contact_id) == "unreached"


async def test_nobody_is_written_to_after_the_deadline(site, journey, now):
    site.clock.moment = now.replace(hour=23)
    contact_id = await site.contact()
    await begin(site, journey, contact_id, channels=["email"], seconds=3_600)
    (row,) = await site.outbox()
    assert (row.state, row.reason_rule) == ("skipped", "deadline")
    assert "It waits for the hours" in row.reason
    assert await ended(site, contact_id) == "unreached"


async def test_a_message_that_can_only_leave_after_its_deadline_is_taken_back(site, journey, now):
    site.clock.moment = now.replace(hour=12)
    contact_id = await site.contact()
    await begin(site, journey, contact_id, channels=["email"], seconds=7_200)
    # Three others leave before it: the cap puts it off to the next day.
    for _ in range(3):
        await site.put(contact_id, state="accepted", claimed_at=site.clock.now())
    await site.pump.run_once()
    (row,) = [one for one in await site.outbox() if one.step == "reach"]
    assert (row.state, row.reason_rule) == ("deferred", "cap")
    await site.go_on(minutes=2)
    row = await site.message(row.id)
    assert (row.state, row.reason_rule) == ("cancelled", "late")
    assert await ended(site, contact_id) == "unreached"
    assert not site.email.sent


async def test_what_the_provider_refuses_is_tried_on_the_other_channel(site, journey, sms):
    contact_id = await site.contact()
    await with_phone(site, contact_id)
    site.email.answer = lambda _: Refused("full", "The mailbox is full.")
    await begin(site, journey, contact_id)
    await site.pump.run_once()
    await site.go_on(minutes=2)
    await site.pump.run_once()
    await site.go_on(minutes=2)
    assert len(sms.sent) == 1
    assert await ended(site, contact_id) == "reached"
    assert len({row.occurrence for row in await site.outbox()}) == 3


async def test_a_second_planner_run_makes_no_second_row(site, journey):
    contact_id = await site.contact()
    await begin(site, journey, contact_id, channels=["email"])
    for _ in range(3):
        await site.go_on(seconds=61)
    assert len(await site.outbox()) == 1


async def test_two_hundred_people_are_planned_for_in_a_bounded_number_of_statements(site, journey):
    people = [await site.contact() for _ in range(200)]
    await site.publish(journey(STEPS, wording=WORDS))
    for contact_id in people:
        await site.enrol(contact_id, "follow_up")
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(site.engine.sync_engine, "before_cursor_execute", note)
    done = await site.planner.advance_due(site.clock.now())
    event.remove(site.engine.sync_engine, "before_cursor_execute", note)
    assert (done.advanced, done.messages) == (200, 200)
    assert len(statements) < 60


@pytest.mark.parametrize("step", ["reach_out", "send"])
async def test_a_number_whose_browser_does_its_work_while_something_is_planned_for_it_does_not_wait(
    site, journey, sms, step
):
    contact_id = await site.contact()
    await leave_number(site, contact_id)
    steps = {"reach": {"step": step, "channels": ["sms"], "next": [{"to": "done"}]}, "done": STEPS["done"]}
    if step == "reach_out":
        steps |= {"reach": {**STEPS["reach"], "channels": ["sms"]}, "nobody": STEPS["nobody"]}
    await site.publish(journey(steps, wording=WORDS))
    assert await site.enrol(contact_id, "follow_up")
    await site.planner.advance_due(site.clock.now())
    # Whoever settled it did not see a message that was not committed yet, so that nothing lets it go.
    async with transaction(site.sessions) as session:
        await session.execute(update(NumberChallenge).values(solved_at=site.clock.now()))
    await site.pump.run_once()
    assert len(sms.sent) == 1


async def test_a_number_whose_browser_does_its_work_later_waits_for_it(site, journey, sms):
    contact_id = await site.contact()
    await leave_number(site, contact_id)
    await begin(site, journey, contact_id, channels=["sms"])
    await site.pump.run_once()
    assert by_channel(await site.outbox()) == {"sms": ("deferred", "number_challenge")}
    site.clock.forward(minutes=16)
    await site.pump.run_once()
    assert by_channel(await site.outbox()) == {"sms": ("skipped", "number_challenge")}
    assert not sms.sent
