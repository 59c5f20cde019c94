"""Quarantine (F14): after a back-up was restored nothing leaves until somebody lifts it, nor twice afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from base.database import transaction
from outreach.looking import Looking
from outreach.models import OutboxMessage
from outreach.ports import Accepted
from outreach.quarantine import (
    NotInQuarantine,
    Quarantine,
    begin_quarantine,
    count_waiting,
    doubt_what_was_due,
    lift_quarantine,
)
from tests.outreach.test_looking import ListingProvider

HELLO = {
    "hello": {"step": "send", "channels": ["email"], "next": [{"to": "done"}]},
    "done": {"step": "exit", "outcome": "completed"},
}


async def begin(site, **since) -> Quarantine:
    """As a restore leaves it: the data is of some time ago."""
    now = site.clock.now()
    quarantine = Quarantine(now - timedelta(**(since or {"hours": 3})), now)
    async with transaction(site.sessions) as session:
        await begin_quarantine(session, quarantine)
    await site.planner.advance_due(now)
    async with transaction(site.sessions) as session:
        await doubt_what_was_due(session, quarantine, now)
    return quarantine


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
