"""What an occasional journey sends gives way to what a normal one has waiting, and says so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from base.database import transaction
from base.ids import new_id
from outreach.answers import OutboxAnswers


def mailing(journey, name, frequency_class, wait=0):
    steps = {
        "settle": {"step": "wait_for", "seconds": wait, "next": [{"to": "mail"}]},
        "mail": {"step": "send", "channels": ["email"], "next": []},
    }
    return journey(steps, journey=name, frequency_class=frequency_class)


@pytest.fixture
async def busy(site):
    """Somebody who got two of three messages of a day."""
    contact_id = await site.contact()
    for hours in (20, 3):
        left = site.clock.now() - timedelta(hours=hours)
        await site.put(contact_id, state="accepted", claimed_at=left, journey="news", due_at=left)
    return contact_id


async def states(site, contact_id, *journeys):
    return {one.journey: one for one in await site.outbox(contact_id) if one.journey in journeys}


async def test_an_occasional_message_leaves_the_last_place_to_a_normal_one_that_waits(site, journey, busy):
    await site.publish(mailing(journey, "tips", "occasional"), mailing(journey, "cart", "normal"))
    # It is due first, so that it would leave first.
    await site.enrol(busy, "tips")
    await site.put(busy, journey="cart", due_at=site.clock.now() + timedelta(minutes=20), occurrence="cart")
    await site.pump.run_once()
    tips = (await states(site, busy, "tips"))["tips"]
    assert (tips.state, tips.frequency_class, tips.reason_rule) == ("deferred", "occasional", "frequency_class")
    assert tips.reason.endswith("is kept for another that waits (cart).")
    site.clock.forward(minutes=20)
    await site.pump.run_once()
    assert {name: one.state for name, one in (await states(site, busy, "tips", "cart")).items()} == {
        "tips": "deferred",
        "cart": "accepted",
    }
    # The cap holds it then, as it would hold any other.
    site.clock.forward(hours=1)
    await site.pump.run_once()
    assert (await states(site, busy, "tips"))["tips"].reason_rule == "cap"
    site.clock.forward(hours=3)
    await site.pump.run_once()
    assert (await states(site, busy, "tips"))["tips"].state == "accepted"


@pytest.mark.parametrize("waits_as", ["occasional", "essential"])
async def test_it_leaves_when_what_waits_is_no_normal_promotion(site, journey, busy, waits_as):
    await site.publish(mailing(journey, "tips", "occasional"))
    purpose = "service" if waits_as == "essential" else "marketing"
    await site.put(
        busy, journey="other", frequency_class=waits_as, purpose=purpose, due_at=site.clock.now() + timedelta(hours=1)
    )
    await site.enrol(busy, "tips")
    await site.pump.run_once()
    assert (await states(site, busy, "tips"))["tips"].state == "accepted"


async def test_the_last_place_is_kept_also_at_the_last_question_before_the_wire(site, journey, busy):
    tips = await site.put(busy, journey="tips", frequency_class="occasional")
    claim = await site.claim()
    await site.put(busy, journey="cart")
    await site.delivery.deliver(claim.messages, site.clock)
    left = await site.message(tips)
    assert (left.state, left.reason_rule) == ("deferred", "frequency_class")
    assert [(one.stage, one.answer) for one in await site.decisions(tips)] == [("claim", "allow"), ("wire", "defer")]


async def test_the_opening_of_a_talk_is_of_its_journeys_class(site, journey):
    await site.publish(mailing(journey, "tips", "occasional", wait=600))
    contact_id = await site.contact()
    await site.enrol(contact_id, "tips")
    conversation_id = await site.talk(contact_id)
    enrolment = await site.enrolment(contact_id, "tips")

    class Said:
        message_id, number, text, content = new_id(), 0, "Good day", {}

    begun_by = {"journey": "tips", "step": "mail", "enrolment_id": str(enrolment.id)}
    answers = OutboxAnswers(["web"])
    async with transaction(site.sessions) as session:
        await answers.queue(
            session, conversation_id=conversation_id, purpose="marketing", parts=[Said], now=site.clock.now(),
            begun_by=begun_by,
        )  # fmt: skip
    assert [one.frequency_class for one in await site.outbox(contact_id)] == ["occasional"]
