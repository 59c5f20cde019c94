"""An opt-out and a claim of the same contact's message: of the two, one is seen by the other, always."""

from __future__ import annotations

import asyncio
import random
import time

from base.database import transaction
from base.ids import new_id
from crm.consent.withdrawal import withdraw
from outreach.claiming import claim_due
from outreach.delivery import Delivery
from outreach.follow_ups import JourneyFollowUps

INTERLEAVINGS = 300


class TimedDelivery(Delivery):
    """Notes when the claim of each message began."""

    def __init__(self, *args):
        # One after the other: a claim of many would be over before the first opt-out begins.
        super().__init__(*args, claimed_at_once=1)
        self.claim_began = {}

    async def claim(self, clock):
        began = time.monotonic()
        claimed = await super().claim(clock)
        self.claim_began |= {message.contact_id: began for message in claimed.messages}
        return claimed


async def test_an_opt_out_that_was_recorded_before_the_claim_always_stops_the_message(site, oracle):
    """Both sides start at the same moment, in a few hundred random interleavings."""
    chance = random.Random(7)
    contacts = [await site.contact() for _ in range(INTERLEAVINGS)]
    rows = {}
    delivery = TimedDelivery(site.sessions, site.keys, site.gatekeeper)
    stopped_at = {}

    async def opt_out(contact_id):
        await asyncio.sleep(chance.random() * 0.06)
        async with transaction(site.sessions) as session:
            now = site.clock.now()
            await withdraw(
                session,
                contact_id=contact_id,
                method="keyword",
                evidence={"id": str(new_id())},
                actor="subject",
                now=now,
            )
            await asyncio.sleep(chance.random() * 0.002)
            await JourneyFollowUps().stop(session, contact_id=contact_id, reason="opted_out", now=now)
        stopped_at[contact_id] = time.monotonic()

    for start in range(0, INTERLEAVINGS, 10):
        some = contacts[start : start + 10]
        rows |= {contact_id: await site.put(contact_id) for contact_id in some}
        await asyncio.gather(delivery.deliver_due(site.clock), *(opt_out(one) for one in some))
    await delivery.deliver_due(site.clock)

    sent = {envelope.contact_id for envelope in site.email.sent}
    states = {contact_id: (await site.message(rows[contact_id])).state for contact_id in contacts}
    assert {contact_id for contact_id, state in states.items() if state == "accepted"} == sent
    assert set(states.values()) <= {"accepted", "cancelled", "skipped"}
    assert not [one for one in sent if stopped_at[one] < delivery.claim_began[one]]
    # Both sides won some: the interleavings were worth the name.
    assert INTERLEAVINGS / 10 < len(sent) < INTERLEAVINGS * 9 / 10
    # Afterwards nothing more leaves, whoever won.
    again = [await site.put(contact_id) for contact_id in contacts[:20]]
    await delivery.deliver_due(site.clock)
    assert {(await site.message(one)).state for one in again} == {"skipped"}
    assert {envelope.contact_id for envelope in site.email.sent} == sent
    await oracle(site.sessions, site.clock.now())


async def test_a_claim_passes_over_a_contact_whose_opt_out_is_under_way(site):
    contact_id, other = await site.contact(), await site.contact()
    row, other_row = await site.put(contact_id), await site.put(other)
    async with transaction(site.sessions) as session:
        await withdraw(
            session,
            contact_id=contact_id,
            method="keyword",
            evidence={"id": "m1"},
            actor="subject",
            now=site.clock.now(),
        )
        # Not committed yet: the claim does not wait, and does not take it.
        claimed = await asyncio.wait_for(site.claim(), 5)
        assert [one.id for one in claimed.messages] == [other_row]
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(row)).state == "skipped"


async def test_an_opt_out_waits_for_a_claim_and_then_sees_the_message_under_way(site):
    contact_id = await site.contact()
    row = await site.put(contact_id)
    stop = JourneyFollowUps().stop
    async with transaction(site.sessions) as claiming:
        await claim_due(claiming, site.gatekeeper, site.clock.now(), limit=8)

        async def opt_out():
            async with transaction(site.sessions) as session:
                await stop(session, contact_id=contact_id, reason="opted_out", now=site.clock.now())

        waiting = asyncio.create_task(opt_out())
        await asyncio.sleep(0.1)
        assert not waiting.done()
    await waiting
    # Handed over to the sender before the opt-out: cancelled it cannot be, and it is not called so.
    assert (await site.message(row)).state == "sending"
