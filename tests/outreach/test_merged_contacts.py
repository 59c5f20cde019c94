"""Messages of somebody who turns out to be somebody else while they wait or are about to leave."""

from __future__ import annotations

from uuid import UUID

from base.database import transaction
from crm.consent.suppression import suppress
from crm.contacts.merging import merge_contacts
from crm.contacts.unmerging import unmerge
from tests.base.test_migrations import ROOMS

assert ROOMS  # every room's tables are loaded


async def merge(site, survivor: UUID, merged: UUID) -> UUID:
    async with transaction(site.sessions) as session:
        return await merge_contacts(session, survivor, merged, "user:1", site.clock.now())


async def test_what_was_claimed_before_a_merge_leaves_for_who_they_are_now(site, oracle):
    survivor, merged = await site.contact(), await site.contact()
    outbox_id = await site.put(merged)
    claim = await site.claim()
    await merge(site, survivor, merged)
    await site.delivery.deliver(claim.messages, site.clock)
    row = await site.message(outbox_id)
    assert (row.state, row.contact_id) == ("accepted", survivor)
    assert [kind for kind, _ in await site.timeline(survivor) if kind == "message_sent"] == ["message_sent"]
    await oracle(site.sessions, site.clock.now())


async def test_nothing_leaves_any_more_when_they_turn_out_to_be_somebody_who_stopped_it(site, oracle):
    survivor, merged = await site.contact(), await site.contact()
    async with transaction(site.sessions) as session:
        await suppress(session, [survivor], "all", "keyword", site.clock.now())
    claimed = await site.put(merged)
    claim = await site.claim()
    waiting = await site.put(merged)
    merge_id = await merge(site, survivor, merged)
    await site.delivery.deliver(claim.messages, site.clock)
    await site.delivery.deliver_due(site.clock)
    assert site.email.sent == []
    rows = [await site.message(one) for one in (claimed, waiting)]
    assert [(row.state, row.reason_rule) for row in rows] == [("skipped", "suppression")] * 2
    await oracle(site.sessions, site.clock.now())
    async with transaction(site.sessions) as session:
        await unmerge(session, merge_id, "user:1", site.clock.now())
    again = await site.put(merged)
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(again)).state == "accepted"
    await oracle(site.sessions, site.clock.now())


async def test_two_who_are_one_get_no_more_than_one_may_get(site):
    survivor, merged = await site.contact(), await site.contact()
    for contact_id in (survivor, survivor, merged, merged):
        await site.put(contact_id)
    await merge(site, survivor, merged)
    await site.delivery.deliver_due(site.clock)
    assert len(site.email.sent) == 3
