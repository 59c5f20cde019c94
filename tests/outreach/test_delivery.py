"""A message leaves once, through the gate, and what became of it is written down."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from base.database import transaction
from base.ids import new_id
from outreach.delivery import Delivery
from outreach.models import OutboxMessage
from outreach.outcomes import write_outcomes
from outreach.ports import Accepted, InDoubt, Refused, RetryLater


async def test_a_due_message_is_sent_once_with_three_stored_answers_of_the_gate(site):
    contact_id = await site.contact("ada@customer.example")
    outbox_id = await site.put(contact_id)
    for _ in range(3):
        await site.delivery.deliver_due(site.clock)
    (envelope,) = site.email.sent
    assert (envelope.outbox_id, envelope.address, envelope.attempt) == (outbox_id, "ada@customer.example", 1)
    row = await site.message(outbox_id)
    assert (row.state, row.attempts, row.provider_id) == ("accepted", 1, f"provider-{outbox_id}")
    decisions = await site.decisions(outbox_id)
    assert [(one.stage, one.answer) for one in decisions] == [("claim", "allow"), ("wire", "allow")]
    assert row.gate_decision_id == decisions[0].id
    assert "ada@" not in str([one.inputs for one in decisions])
    assert [kind for kind, _ in await site.timeline(contact_id)] == ["message_sent"]


async def test_the_database_refuses_sending_without_an_answer_of_the_gate(site):
    await site.put(await site.contact())
    with pytest.raises(IntegrityError):
        async with transaction(site.sessions) as session:
            await session.execute(update(OutboxMessage).values(state="sending"))


async def test_what_the_gate_denies_at_the_claim_is_skipped_with_its_reason(site):
    contact_id = await site.contact(consent=None)
    outbox_id = await site.put(contact_id)
    delivered = await site.delivery.deliver_due(site.clock)
    assert (delivered.attempted, delivered.skipped, site.email.sent) == (0, 1, [])
    row = await site.message(outbox_id)
    assert (row.state, row.reason_rule, row.attempts) == ("skipped", "consent", 0)
    assert [kind for kind, _ in await site.timeline(contact_id)] == ["message_refused"]


async def test_a_channel_that_is_not_set_up_says_which_setting_is_missing(site):
    site.email.missing = "the SMTP server (smtp_url) is not set."
    outbox_id = await site.put(await site.contact())
    await site.delivery.deliver_due(site.clock)
    row = await site.message(outbox_id)
    assert row.reason_rule == "channel_not_configured"
    assert "smtp_url" in row.reason


async def test_an_opt_out_between_claim_and_wire_stops_the_message(site):
    contact_id = await site.contact()
    outbox_id = await site.put(contact_id)
    claim = await site.claim()
    await site.consent(contact_id, "withdrawn")
    await site.delivery.deliver(claim.messages, site.clock)
    assert site.email.sent == []
    row = await site.message(outbox_id)
    assert (row.state, row.reason_rule) == ("skipped", "consent")
    assert [(one.stage, one.answer) for one in await site.decisions(outbox_id)] == [
        ("claim", "allow"),
        ("wire", "deny"),
    ]


async def test_a_message_put_off_at_the_wire_has_not_used_up_an_attempt(site):
    outbox_id = await site.put(await site.contact())
    claim = await site.claim()
    site.clock.moment = site.clock.moment.replace(hour=22)
    async with transaction(site.sessions) as session:
        await session.execute(update(OutboxMessage).values(due_at=site.clock.now()))
    await site.delivery.deliver(claim.messages, site.clock)
    row = await site.message(outbox_id)
    assert (row.state, row.reason_rule, row.attempts) == ("deferred", "quiet_hours", 0)
    site.clock.moment = row.due_at
    await site.delivery.deliver_due(site.clock)
    assert len(site.email.sent) == 1


async def test_of_five_promotions_three_leave_and_two_wait_for_the_next_day(site):
    contact_id = await site.contact()
    for _ in range(5):
        await site.put(contact_id)
    await site.delivery.deliver_due(site.clock)
    assert len(site.email.sent) == 3
    waiting = [one for one in await site.outbox() if one.state == "deferred"]
    assert [(one.reason_rule, one.due_at) for one in waiting] == [("cap", site.clock.now() + timedelta(hours=24))] * 2


@pytest.mark.parametrize(
    ("message_class", "sends"),
    [("promotional", 1), ("requested", 2)],
)
async def test_a_send_in_doubt_is_repeated_only_as_its_class_allows(site, message_class, sends):
    site.email.answer = lambda envelope: InDoubt("The line went dead.")
    purpose = "marketing" if message_class == "promotional" else "service"
    outbox_id = await site.put(await site.contact(), message_class=message_class, purpose=purpose)
    for _ in range(4):
        await site.delivery.deliver_due(site.clock)
        site.clock.forward(hours=1)
    assert len(site.email.sent) == sends
    assert (await site.message(outbox_id)).state == "unknown"


async def test_a_sender_that_breaks_or_hangs_leaves_the_message_in_doubt(site):
    def break_off(envelope):
        raise ConnectionResetError

    site.email.answer = break_off
    broken = await site.put(await site.contact())
    with capture_logs() as logs:
        await site.delivery.deliver_due(site.clock)
    assert "send_broke_off" in [one["event"] for one in logs]
    assert (await site.message(broken)).reason_rule == "in_doubt"

    async def hang(envelope):
        await asyncio.sleep(30)

    site.email.send = hang
    hanging = await site.put(await site.contact())
    quick = Delivery(site.sessions, site.keys, site.gatekeeper, send_timeout=timedelta(milliseconds=50))
    await quick.deliver_due(site.clock)
    row = await site.message(hanging)
    assert (row.state, row.reason_rule) == ("unknown", "in_doubt")


async def test_a_refusal_for_now_is_tried_again_five_times_with_growing_pauses(site):
    site.email.answer = lambda envelope: RetryLater("Try later.")
    contact_id = await site.contact()
    outbox_id = await site.put(contact_id)
    pauses = []
    for _ in range(5):
        await site.delivery.deliver_due(site.clock)
        row = await site.message(outbox_id)
        pauses.append(row.due_at - site.clock.now())
        site.clock.moment = max(row.due_at, site.clock.now())
    assert [envelope.attempt for envelope in site.email.sent] == [1, 2, 3, 4, 5]
    assert pauses[:4] == [timedelta(minutes=one) for one in (1, 4, 16, 64)]
    row = await site.message(outbox_id)
    assert (row.state, row.reason_rule) == ("failed", "retries_exhausted")
    assert [kind for kind, _ in await site.timeline(contact_id)] == ["message_refused"]


async def test_an_address_nobody_has_is_never_written_to_again(site):
    site.email.answer = lambda envelope: Refused("hard_bounce", "There is no such mailbox (550 5.1.1).", True)
    contact_id = await site.contact("gone@customer.example")
    first = await site.put(contact_id)
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(first)).state == "failed"
    second = await site.put(contact_id)
    await site.delivery.deliver_due(site.clock)
    row = await site.message(second)
    assert (row.state, row.reason_rule, row.reason) == (
        "skipped",
        "suppression",
        "Nothing may go to this contact by e-mail: hard bounce.",
    )
    assert len(site.email.sent) == 1


async def test_an_interrupted_send_becomes_unknown_and_is_not_repeated(site):
    outbox_id = await site.put(await site.contact())
    (message,) = (await site.claim()).messages
    provider = SlowProvider(site)
    sending = asyncio.create_task(site.delivery.deliver([message], site.clock))
    await provider.was_asked.wait()
    site.clock.forward(seconds=61)
    assert (await site.pump.run_once()).interrupted == 1
    row = await site.message(outbox_id)
    assert (row.state, row.reason_rule, row.attempts, row.crashes) == ("unknown", "send_interrupted", 1, 1)
    # The sender was only slow, after all: what it knows is written, and nothing else is.
    async with transaction(site.sessions) as session:
        assert await write_outcomes(session, [(message, RetryLater("Later."))], site.clock.now()) == set()
    provider.may_answer.set()
    await sending
    assert (await site.message(outbox_id)).state == "accepted"
    assert provider.asked == 1


async def test_what_was_claimed_and_not_begun_is_sent_after_its_sender_died(site):
    outbox_id = await site.put(await site.contact())
    (message,) = (await site.claim()).messages
    await site.pump.run_once()
    assert (await site.message(outbox_id)).state == "sending"
    site.clock.forward(seconds=61)
    assert (await site.pump.run_once()).interrupted == 1
    row = await site.message(outbox_id)
    assert (row.state, row.attempts, row.crashes) == ("accepted", 1, 1)
    await site.delivery.deliver([message], site.clock)
    assert len(site.email.sent) == 1


async def test_a_message_whose_senders_die_again_and_again_before_its_turn_is_put_aside(site):
    outbox_id = await site.put(await site.contact(), message_class="requested", purpose="service")
    for crash in range(1, 11):
        assert [one.id for one in (await site.claim()).messages] == [outbox_id]
        site.clock.forward(seconds=61)
        await site.delivery.sweep(site.clock)
        assert (await site.message(outbox_id)).crashes == crash
    row = await site.message(outbox_id)
    assert (row.state, row.reason_rule, row.attempts) == ("failed", "quarantined", 0)


async def test_what_is_claimed_with_a_message_that_senders_die_of_leaves_all_the_same(site):
    poison, *others = [await site.put(await site.contact()) for _ in range(6)]
    deaths = 0
    while (await site.message(poison)).state != "failed":
        claim = await site.claim()
        if poison in {one.id for one in claim.messages}:
            # Whoever was about to send it died, and with them all that they had claimed.
            deaths += 1
        else:
            await site.delivery.deliver(claim.messages, site.clock)
        site.clock.forward(seconds=61)
        await site.delivery.sweep(site.clock)
        assert deaths <= 10
    assert {(await site.message(one)).state for one in others} == {"accepted"}
    assert (await site.message(poison)).reason_rule == "quarantined"


async def test_who_is_asked_to_stop_finishes_what_is_on_the_wire_and_gives_back_the_rest(site):
    for _ in range(6):
        await site.put(await site.contact())
    delivery = Delivery(site.sessions, site.keys, site.gatekeeper, concurrency=2)
    claim = await delivery.claim(site.clock)
    provider = SlowProvider(site)
    sending = asyncio.create_task(delivery.deliver(claim.messages, site.clock))
    await provider.was_asked.wait()
    delivery.finishing = True
    provider.may_answer.set()
    await sending
    rows = await site.outbox()
    assert Counter((row.state, row.attempts) for row in rows) == {("accepted", 1): 2, ("planned", 0): 4}
    await site.delivery.deliver_due(site.clock)
    assert {row.state for row in await site.outbox()} == {"accepted"}
    assert provider.asked == 6


class SlowProvider:
    """An e-mail provider that answers when it is told to."""

    def __init__(self, site) -> None:
        self.asked = 0
        self.was_asked, self.may_answer = asyncio.Event(), asyncio.Event()
        site.gatekeeper.senders["email"] = self

    channel = "email"

    def configured(self) -> None:
        return None

    async def send(self, envelope):
        self.asked += 1
        self.was_asked.set()
        await self.may_answer.wait()
        return Accepted(f"provider-{envelope.outbox_id}")


async def test_only_the_holder_of_the_fence_writes_the_outcome(site):
    contact_id = await site.contact()
    outbox_id = await site.put(contact_id, message_class="requested", purpose="service")
    (stale,) = (await site.claim()).messages
    site.clock.forward(minutes=2)
    await site.delivery.sweep(site.clock)
    site.clock.forward(hours=1)
    (fresh,) = (await site.claim()).messages
    assert fresh.fence > stale.fence
    async with transaction(site.sessions) as session:
        assert await write_outcomes(session, [(stale, Accepted("stale"))], site.clock.now()) == set()
    await site.delivery.deliver([stale], site.clock)
    assert site.email.sent == []
    assert (await site.message(outbox_id)).state == "sending"


async def test_an_erased_contact_takes_its_messages_with_it(site):
    contact_id = await site.contact()
    await site.put(contact_id)
    claim = await site.claim()
    async with transaction(site.sessions) as session:
        from crm.contacts.models import Contact

        await session.delete(await session.get_one(Contact, contact_id))
    await site.delivery.deliver(claim.messages, site.clock)
    assert (site.email.sent, await site.outbox()) == ([], [])


async def test_two_deliveries_at_once_send_each_message_once(site):
    for _ in range(60):
        await site.put(await site.contact(f"{new_id().hex}@customer.example"))
    other = Delivery(site.sessions, site.keys, site.gatekeeper)
    await asyncio.gather(site.delivery.deliver_due(site.clock), other.deliver_due(site.clock))
    await site.delivery.deliver_due(site.clock)
    assert len(site.email.sent) == len({one.outbox_id for one in site.email.sent}) == 60


async def test_a_key_that_is_missing_delays_one_message_and_not_the_others(site):
    spoilt, fine = await site.contact(), await site.contact()
    spoilt_id, fine_id = await site.put(spoilt), await site.put(fine)
    async with transaction(site.sessions) as session:
        from crm.contacts.models import ContactPoint

        await session.execute(
            update(ContactPoint).where(ContactPoint.contact_id == spoilt).values(value_sealed=b"k9\x00nonsense")
        )
    with capture_logs() as logs:
        await site.delivery.deliver_due(site.clock)
    assert "sends_not_prepared" in [one["event"] for one in logs]
    assert (await site.message(fine_id)).state == "accepted"
    row = await site.message(spoilt_id)
    assert (row.state, row.due_at) == ("planned", site.clock.now() + timedelta(hours=1))
