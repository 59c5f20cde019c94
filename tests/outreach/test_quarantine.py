"""Quarantine (F14): after a back-up was restored nothing leaves until somebody lifts it, nor twice afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from base.database import transaction
from base.ids import new_id
from outreach.calling import ConnectorCalls
from outreach.dates import DateEntries
from outreach.entry_models import JourneyCall
from outreach.library import Library
from outreach.looking import Looking
from outreach.models import OutboxMessage
from outreach.planning import Planner
from outreach.ports import Accepted
from outreach.quarantine import (
    NotInQuarantine,
    Quarantine,
    RestoreBrokeOff,
    count_waiting,
    find_quarantine,
    lift_quarantine,
    note_begun,
    statement_of,
)
from outreach.time_between import DoneThen, walk_through
from tests.outreach.conftest import WritingSender
from tests.outreach.test_conversing import STEPS as TALK
from tests.outreach.test_conversing import NotedTalks
from tests.outreach.test_long_journey import Shop
from tests.outreach.test_looking import ListingProvider
from tests.outreach.test_phoning import STEPS as CALL
from tests.outreach.test_phoning import WORDS as CALL_WORDS
from tests.outreach.test_phoning import report, somebody
from tests.outreach.test_reach_out import STEPS as REACH
from tests.outreach.test_reach_out import WORDS

HELLO = {
    "hello": {"step": "send", "channels": ["email"], "next": [{"to": "done"}]},
    "done": {"step": "exit", "outcome": "completed"},
}


async def begin(site, *, entries=None, **since) -> DoneThen:
    """As a restore leaves it: the data is of some time ago."""
    now = site.clock.now()
    quarantine = Quarantine(now - timedelta(**(since or {"hours": 3})), now)
    await put_fact(site, quarantine)
    dates = DateEntries(site.sessions, Library(), "Europe/London")
    return await walk_through(site.sessions, site.planner, {**(entries or {}), "dates": dates.do_due}, quarantine)


async def put_fact(site, quarantine) -> None:
    async with transaction(site.sessions) as session:
        await session.execute(text(statement_of(quarantine)))


async def lift(site) -> None:
    async with transaction(site.sessions) as session:
        await lift_quarantine(session, site.clock.now())


async def test_nothing_leaves_whatever_it_is_and_the_reason_is_stored(site):
    contact_id = await site.contact()
    await begin(site)
    site.clock.forward(minutes=1)
    promotion = await site.put(contact_id)
    service = await site.put(await site.contact(), purpose="service", message_class="requested")
    for _ in range(3):
        await site.delivery.deliver_due(site.clock)
        site.clock.forward(hours=1, minutes=1)
    assert site.email.sent == []
    for outbox_id in (promotion, service):
        message = await site.message(outbox_id)
        assert (message.state, message.reason_rule) == ("deferred", "quarantine")
        assert "quarantine" in message.reason
        assert {one.rule for one in await site.decisions(outbox_id)} == {"quarantine"}


async def test_it_holds_at_planning_too(site, journey):
    await site.publish(journey(HELLO))
    contact_id = await site.contact()
    await begin(site)
    site.clock.forward(minutes=1)
    await site.enrol(contact_id, "follow_up")
    await site.planner.advance_due(site.clock.now())
    (message,) = await site.outbox(contact_id)
    (decision,) = await site.decisions(message.id)
    assert (decision.stage, decision.answer, decision.rule) == ("plan", "defer", "quarantine")


async def test_it_holds_before_the_wire_for_what_was_claimed_just_before(site):
    outbox_id = await site.put(await site.contact(), purpose="service", message_class="requested")
    claimed = (await site.claim()).messages
    await begin(site)
    await site.delivery.deliver(claimed, site.clock)
    assert site.email.sent == []
    assert (await site.message(outbox_id)).reason_rule == "quarantine"
    assert [one.stage for one in await site.decisions(outbox_id)] == ["claim", "wire"]


async def test_a_denial_still_is_one(site):
    outbox_id = await site.put(await site.contact(consent=None))
    await begin(site, seconds=0)
    async with transaction(site.sessions) as session:
        await session.execute(_planned_again(outbox_id))
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(outbox_id)).reason_rule == "consent"


def _planned_again(outbox_id):
    return update(OutboxMessage).where(OutboxMessage.id == outbox_id).values(state="planned")


async def test_once_lifted_what_was_put_off_leaves_at_once_and_once(site, oracle):
    contact_id = await site.contact()
    await begin(site)
    site.clock.forward(minutes=1)
    outbox_id = await site.put(contact_id)
    await site.delivery.deliver_due(site.clock)
    site.clock.forward(minutes=5)
    await lift(site)
    await site.delivery.deliver_due(site.clock)
    await site.delivery.deliver_due(site.clock)
    assert [one.outbox_id for one in site.email.sent] == [outbox_id]
    await oracle(site.sessions, site.clock.now())
    with pytest.raises(NotInQuarantine):
        await lift(site)


async def test_promotion_that_was_due_between_the_back_up_and_its_restoring_is_never_sent_again(site, oracle):
    now = site.clock.now()
    due_then = await site.put(
        await site.contact(), due_at=now - timedelta(hours=1), created_at=now - timedelta(hours=4)
    )
    due_later = await site.put(await site.contact(), due_at=now + timedelta(minutes=30))
    asked_for = await site.put(
        await site.contact(), due_at=now - timedelta(minutes=1), purpose="service", message_class="requested"
    )
    await begin(site)
    await site.delivery.deliver_due(site.clock)
    site.clock.forward(minutes=40)
    await lift(site)
    await site.delivery.deliver_due(site.clock)
    assert {one.outbox_id for one in site.email.sent} == {due_later, asked_for}
    message = await site.message(due_then)
    assert (message.state, message.reason_rule) == ("unknown", "restored")
    await oracle(site.sessions, site.clock.now())


async def test_what_a_journey_plans_anew_for_the_time_between_is_in_doubt_too(site, journey):
    """The enrolment was due after the back-up: what ran then has planned and sent it, and nobody here knows."""
    await site.publish(journey(HELLO))
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    site.clock.forward(minutes=30)
    await begin(site, hours=1)
    site.clock.forward(minutes=1)
    await site.planner.advance_due(site.clock.now())
    await lift(site)
    await site.delivery.deliver_due(site.clock)
    assert site.email.sent == []
    (message,) = await site.outbox(contact_id)
    assert (message.state, message.reason_rule) == ("unknown", "restored")


async def test_what_a_sender_had_in_hand_whose_turn_had_not_come_is_in_doubt_too(site, oracle):
    """The sender of then went on with it; here nobody will, and the sweep must not plan it again."""
    promotion = await site.put(await site.contact())
    asked_for = await site.put(await site.contact(), purpose="service", message_class="requested")
    assert len((await site.claim()).messages) == 2
    site.clock.forward(minutes=10)
    assert await begin(site, minutes=10) == DoneThen(messages=1)
    site.clock.forward(minutes=5)
    assert await site.delivery.sweep(site.clock) == 1
    await lift(site)
    await site.delivery.deliver_due(site.clock)
    assert [one.outbox_id for one in site.email.sent] == [asked_for]
    message = await site.message(promotion)
    assert (message.state, message.reason_rule, message.unbegun) == ("unknown", "restored", False)
    await oracle(site.sessions, site.clock.now())


async def test_what_comes_hours_after_a_message_of_the_time_between_is_in_doubt_as_well(site, journey):
    steps = {
        "first": {"step": "send", "channels": ["email"], "next": [{"to": "rest"}]},
        "rest": {"step": "wait_for", "seconds": 14_400, "next": [{"to": "second"}]},
        "second": {"step": "send", "channels": ["email"], "next": [{"to": "rest_again"}]},
        "rest_again": {"step": "wait_for", "seconds": 14_400, "next": []},
    }
    await site.publish(journey(steps))
    contact_id, entered_at = await site.contact(), site.clock.now()
    await site.enrol(contact_id, "follow_up")
    site.clock.forward(hours=6, minutes=10)
    assert await begin(site, hours=6, minutes=20) == DoneThen(messages=2)
    await site.planner.advance_due(site.clock.now())
    await lift(site)
    await site.delivery.deliver_due(site.clock)
    assert site.email.sent == []
    assert {one.step: one.state for one in await site.outbox()} == {"first": "unknown", "second": "unknown"}
    assert (await site.enrolment(contact_id)).due_at == entered_at + timedelta(hours=8), "their own clock is right"


async def test_whose_day_was_in_the_time_between_is_not_written_to_afterwards(site, journey):
    enter = {"step": "on_date", "field": "renewal", "at": "09:00", "next": [{"to": "hello"}]}
    await site.publish(journey({"enter": enter, **HELLO}, entries=["enter"], first=None))
    contact_id = await site.contact(fields={"renewal": "2026-11-24"})
    dates = DateEntries(site.sessions, Library(), "Europe/London")
    await dates.do_due(site.clock.now())
    site.clock.forward(days=1, hours=1)
    assert await begin(site, days=1) == DoneThen(messages=1)
    site.clock.forward(minutes=1)
    assert await dates.do_due(site.clock.now()) == 0
    await site.planner.advance_due(site.clock.now())
    await lift(site)
    await site.delivery.deliver_due(site.clock)
    assert site.email.sent == []
    assert [one.state for one in await site.outbox(contact_id)] == ["unknown"]


async def test_what_breaks_off_in_the_time_between_is_named_and_keeps_nobody_else_out(site, journey):
    enter = {"step": "on_date", "field": "renewal", "at": "09:00", "next": [{"to": "hello"}]}
    await site.publish(journey({"enter": enter, **HELLO}, entries=["enter"], first=None))
    await site.contact(fields={"renewal": "2026-11-24"})
    await DateEntries(site.sessions, Library(), "Europe/London").do_due(site.clock.now())
    site.clock.forward(days=1, hours=1)

    async def break_off(_moment):
        raise ValueError("what was stored cannot be read")

    found = await begin(site, days=1, entries={"segments": break_off})
    assert found == DoneThen(messages=1, not_walked=frozenset({"segments"}))


async def test_a_talk_that_was_to_begin_in_the_time_between_counts_as_begun_and_a_later_one_begins_once_lifted(
    site, journey
):
    talks = NotedTalks()
    site.planner = Planner(site.sessions, site.gatekeeper, talks=talks)
    await site.publish(journey(TALK, exit_when=[]))
    then, later = await site.contact(), await site.contact()
    await site.enrol(then, "follow_up")
    site.clock.forward(minutes=30)
    await begin(site)
    site.clock.forward(minutes=1)
    await site.enrol(later, "follow_up")
    await site.planner.advance_due(site.clock.now())
    assert talks.begun == []
    await lift(site)
    await site.go_on(hours=1)
    assert [one.contact_id for one in talks.begun] == [later]
    await site.go_on(days=3)
    assert (await site.enrolment(then)).exit_reason == "silent"


async def test_nobody_is_given_up_as_unreached_because_of_the_quarantine(site, journey):
    """Planned for a moment after it, and still waiting when the step would be over."""
    await begin(site)
    site.clock.forward(minutes=1)
    await site.publish(journey(REACH, wording=WORDS))
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    await site.planner.advance_due(site.clock.now())
    (message,) = [one for one in await site.outbox(contact_id) if one.channel == "email"]
    assert message.state == "planned"
    for _ in range(4):
        await site.pump.run_once()
        site.clock.forward(days=1)
    assert (await site.enrolment(contact_id)).exit_reason is None
    await lift(site)
    await site.pump.run_once()
    assert [one.outbox_id for one in site.email.sent] == [message.id]
    await site.go_on(minutes=2)
    assert (await site.enrolment(contact_id)).exit_reason == "reached"


async def test_the_patience_of_a_call_does_not_run_while_it_is_held_back(site, journey):
    voice = site.gatekeeper.senders["voice"] = WritingSender("voice")
    await begin(site)
    site.clock.forward(minutes=1)
    contact_id = await somebody(site)
    ring = {"ring": {**CALL["ring"], "seconds": 1_800, "attempts": 1, "apart_seconds": None}}
    await site.publish(journey({**CALL, **ring}, wording=CALL_WORDS, exit_when=[]))
    await site.enrol(contact_id, "follow_up")
    for _ in range(8):
        await site.pump.run_once()
        site.clock.forward(minutes=15)
    assert (await site.enrolment(contact_id)).exit_reason is None
    assert voice.sent == []
    await lift(site)
    await site.pump.run_once()
    assert len(voice.sent) == 1
    await site.go_on(minutes=29)
    assert (await site.enrolment(contact_id)).exit_reason is None, "who answers has as long as ever"
    await report(site, "delivered")
    assert (await site.enrolment(contact_id)).exit_reason == "done"


async def test_nor_does_that_of_a_talk_that_cannot_begin_or_whose_opening_is_held_back(site, journey):
    talks = NotedTalks()
    site.planner = Planner(site.sessions, site.gatekeeper, talks=talks)
    await site.publish(journey({**TALK, "ask": {**TALK["ask"], "seconds": 7_200}}, exit_when=[]))
    opened, later = await site.contact(), await site.contact()
    await site.enrol(opened, "follow_up")
    await site.planner.advance_due(site.clock.now())
    enrolment = await site.enrolment(opened)
    await begin(site, minutes=0)
    site.clock.forward(minutes=1)
    opening = await site.put(
        opened, enrolment_id=enrolment.id, step="ask", channel=talks.begun[0].channel, message_class="requested",
        purpose="service", message_id=new_id(),
    )  # fmt: skip
    await site.enrol(later, "follow_up")
    for _ in range(4):
        await site.delivery.deliver_due(site.clock)
        await site.planner.advance_due(site.clock.now())
        site.clock.forward(hours=1)
    assert (await site.message(opening)).reason_rule == "quarantine"
    assert {one: (await site.enrolment(one)).exit_reason for one in (opened, later)} == {opened: None, later: None}
    await lift(site)
    await site.delivery.deliver_due(site.clock)
    site.clock.forward(hours=1)
    await site.planner.advance_due(site.clock.now())
    assert [one.contact_id for one in talks.begun] == [opened, later]
    assert (await site.enrolment(opened)).exit_reason is None, "it was lifted an hour ago"
    site.clock.forward(hours=2)
    await site.planner.advance_due(site.clock.now())
    assert (await site.enrolment(opened)).exit_reason == "silent"


async def test_a_call_that_may_have_been_made_is_not_made_again_and_its_journey_goes_on_as_where_it_failed(
    site, journey
):
    steps = {
        "ask": {
            "step": "webhook_connector", "connector": "shop", "method": "POST", "path": "/people/{{ first_name }}",
            "body": {"name": "{{ first_name }}"}, "failed": "hello", "next": [{"to": "done"}],
        },
        **HELLO,
    }  # fmt: skip
    await site.publish(journey(steps))
    asked, due_then = [await site.contact(fields={"first_name": name}) for name in ("Ann", "Bob")]
    await site.enrol(asked, "follow_up")
    await site.planner.advance_due(site.clock.now())
    site.clock.forward(hours=1)
    await site.enrol(due_then, "follow_up")
    site.clock.forward(hours=1)
    assert await begin(site, minutes=90) == DoneThen(messages=2, calls=2)
    shop = Shop()
    await ConnectorCalls(site.sessions, Library(), shop, site.keys, site.clock).do_due(site.clock.now())
    assert shop.calls == {}
    async with site.sessions() as session:
        problems = await session.scalars(select(JourneyCall.problem).where(JourneyCall.state == "failed"))
        assert ["before the back-up was restored" in one for one in problems] == [True, True]


async def test_it_cannot_be_lifted_before_it_is_known_what_may_have_been_sent(site):
    now = site.clock.now()
    await put_fact(site, Quarantine(now - timedelta(hours=1), now, begun=False))
    with pytest.raises(RestoreBrokeOff, match="restore once more"):
        await lift(site)
    async with transaction(site.sessions) as session:
        await note_begun(session)
    async with transaction(site.sessions) as session:
        assert await find_quarantine(session) == Quarantine(now - timedelta(hours=1), now)
        await lift_quarantine(session, now)
        assert await session.scalar(text("SHOW statement_timeout")) == "0", "however large the outbox is"


async def test_providers_that_list_what_they_took_are_asked_and_the_operator_is_shown_it(site):
    now = site.clock.now()
    outbox_id = await site.put(await site.contact("ann@example.com"), due_at=now - timedelta(hours=1))
    waiting = await site.put(await site.contact(), due_at=now + timedelta(hours=1))
    await begin(site)
    provider = ListingProvider("P7")
    assert await Looking(site.sessions, site.keys, {"email": provider}).do_due(site.clock.now()) == 1
    (sought,) = provider.asked
    assert sought.since == now - timedelta(hours=1)
    assert (await site.message(outbox_id)).state == "accepted"
    async with site.sessions() as session:
        (row,) = await count_waiting(session, site.clock.now())
    assert (row.channel, row.purpose) == ("email", "marketing")
    assert (row.waiting, row.due, row.maybe_sent, row.found) == (1, 0, 1, 1)
    assert (await site.message(waiting)).state == "planned"


async def test_a_provider_answer_to_what_was_sent_before_is_none_of_the_quarantine(site):
    site.email.answer = lambda envelope: Accepted("P1")
    outbox_id = await site.put(await site.contact())
    await site.delivery.deliver_due(site.clock)
    await begin(site)
    assert (await site.message(outbox_id)).state == "accepted"
