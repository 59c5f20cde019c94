"""Answers of a talk leave by the one send path: in order, before all else, at the account's pace, through the gate."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update

from base.channel_contract import Reported
from base.database import transaction
from base.ids import new_id
from crm.consent.suppression import list_suppressions, suppress
from crm.contacts.models import ContactPoint
from crm.contacts.service import attach_address
from outreach.accounts.book import AccountBook
from outreach.accounts.rates import fill, hold, take
from outreach.accounts.service import disable_account, get_account, list_accounts, reseal_accounts, save_account
from outreach.answers import OutboxAnswers
from outreach.delivery import Delivery
from outreach.models import OutboxMessage
from outreach.ports import Accepted, InDoubt, Refused, RetryLater
from outreach.reports import write_report
from tests.outreach.conftest import WritingSender

NUMBER = "+14155552671"
ANSWERS = OutboxAnswers(("sms", "telegram", "email"))


@dataclass(frozen=True)
class Part:
    message_id: UUID
    number: int
    text: str
    content: dict[str, Any] = field(default_factory=dict)


@dataclass
class Line:
    """A number of ours, and somebody who texts it."""

    site: Any
    sms: WritingSender
    delivery: Delivery
    account_id: UUID
    contact_id: UUID
    conversation_id: UUID

    async def say(self, *texts: str, purpose: str = "answer", conversation_id: UUID | None = None) -> list[UUID]:
        parts = [Part(new_id(), 0, one) for one in texts]
        async with transaction(self.site.sessions) as session:
            added = await ANSWERS.queue(
                session,
                conversation_id=conversation_id or self.conversation_id,
                purpose=purpose,
                parts=parts,
                now=self.site.clock.now(),
            )
        assert added == len(parts)
        messages = {one.message_id: one.id for one in await self.site.outbox()}
        return [messages[part.message_id] for part in parts]

    async def report(self, **what: Any) -> bool:
        async with transaction(self.site.sessions) as session:
            return await write_report(session, "sms", Reported(**what), self.site.clock.now())

    async def sent(self) -> list[str]:
        await self.delivery.deliver_due(self.site.clock)
        return [envelope.text for envelope in self.sms.sent]


async def open_line(site: Any, *, settings: dict[str, Any] | None = None) -> Line:
    now, contact_id = site.clock.now(), await site.contact("", consent=None)
    async with transaction(site.sessions) as session:
        account_id = await save_account(
            session,
            site.keys,
            channel="sms",
            name="main",
            address="+15005550006",
            settings=settings or {},
            secrets={"auth_token": "12345"},
            now=now,
        )
        await attach_address(session, site.keys, contact_id, kind="phone", value=NUMBER, now=now)
        point_id = await session.scalar(text("SELECT id FROM contact_points WHERE kind = 'phone'"))
    conversation_id = await site.talk(contact_id)
    async with transaction(site.sessions) as session:
        await session.execute(
            text(
                "UPDATE conversations SET channel = 'sms', account_id = :account, contact_point_id = :point, "
                'thread = \'{"subject": "Your question"}\' WHERE id = :id'
            ),
            {"account": account_id, "point": point_id, "id": conversation_id},
        )
    sms = WritingSender("sms")
    book = AccountBook(site.sessions, site.keys, fresh_for=0)
    gatekeeper = replace(site.gatekeeper, senders={**site.gatekeeper.senders, "sms": sms}, accounts=book)
    return Line(site, sms, Delivery(site.sessions, site.keys, gatekeeper), account_id, contact_id, conversation_id)


@pytest.fixture
async def line(site) -> Line:
    return await open_line(site)


async def test_an_answer_needs_no_consent_and_goes_to_the_very_address_they_wrote_from(line):
    (outbox_id,) = await line.say("It costs 29 euros.")
    async with transaction(line.site.sessions) as session:
        await attach_address(
            session, line.site.keys, line.contact_id, kind="phone", value="+14155552999", now=line.site.clock.now()
        )
    assert await line.sent() == ["It costs 29 euros."]
    (envelope,) = line.sms.sent
    assert (envelope.address, envelope.account_id) == (NUMBER, line.account_id)
    assert envelope.content["thread"] == {"subject": "Your question"}
    assert (await line.site.message(outbox_id)).state == "accepted"


async def test_the_same_answer_queued_again_adds_nothing(line):
    part = Part(new_id(), 0, "once")
    for expected in (1, 0):
        async with transaction(line.site.sessions) as session:
            now = line.site.clock.now()
            added = await ANSWERS.queue(
                session, conversation_id=line.conversation_id, purpose="answer", parts=[part], now=now
            )
        assert added == expected


async def test_what_is_said_leaves_in_its_order_even_when_an_earlier_part_must_be_tried_again(line):
    first, second = await line.say("one", "two")
    line.sms.answer = lambda envelope: (
        RetryLater("busy") if len(line.sms.sent) == 1 else Accepted(f"SM{envelope.outbox_id}")
    )
    assert await line.sent() == ["one"]
    assert (await line.site.message(second)).state == "planned"
    line.site.clock.forward(minutes=5)
    assert await line.sent() == ["one", "one", "two"]
    assert (await line.site.message(first)).state == "accepted"


async def test_two_workers_do_not_overtake_each_other_in_one_talk(line):
    await line.say(*[str(number) for number in range(6)])
    await asyncio.gather(*(line.delivery.deliver_due(line.site.clock) for _ in range(3)))
    for _ in range(6):
        await line.delivery.deliver_due(line.site.clock)
    assert [envelope.text for envelope in line.sms.sent] == [str(number) for number in range(6)]


async def test_answers_go_before_promotion_that_was_due_earlier(line):
    for _ in range(12):
        await line.site.put(await line.site.contact(), due_at=line.site.clock.now() - timedelta(hours=1))
    await line.say("Here I am.")
    claim = await line.delivery.claim(line.site.clock)
    assert "Here I am." in [message.text for message in claim.messages]


async def test_after_a_stop_only_its_confirmation_goes_out(line):
    async with transaction(line.site.sessions) as session:
        await suppress(session, [line.contact_id], "all", "sms_keyword", line.site.clock.now())
    (answer,) = await line.say("About our prices …")
    (notice,) = await line.say("You are unsubscribed.", purpose="notice")
    assert await line.sent() == ["You are unsubscribed."]
    assert (await line.site.message(answer)).reason_rule == "suppression"
    assert (await line.site.message(notice)).state == "accepted"


async def test_a_journey_cannot_borrow_the_freedom_of_an_answer(line):
    contact_id = await line.site.contact(consent=None)
    outbox_id = await line.site.put(contact_id, purpose="notice", message_class="requested")
    await line.delivery.deliver_due(line.site.clock)
    assert (await line.site.message(outbox_id)).reason_rule == "not_in_a_talk"


async def test_a_word_into_their_silence_waits_for_the_morning_and_an_answer_does_not(line):
    line.site.clock.forward(hours=8)  # 23:00 in London
    (nudge,) = await line.say("Are you still there?", purpose="nudge")
    other = await open_other_talk(line)
    await line.say("Good evening!", conversation_id=other)
    assert await line.sent() == ["Good evening!"]
    assert (await line.site.message(nudge)).state == "deferred"


async def open_other_talk(line: Line) -> UUID:
    contact_id = await line.site.contact("", consent=None)
    conversation_id = await line.site.talk(contact_id)
    async with transaction(line.site.sessions) as session:
        await attach_address(
            session, line.site.keys, contact_id, kind="phone", value="+14155550123", now=line.site.clock.now()
        )
        await session.execute(text("UPDATE conversations SET channel = 'sms' WHERE id = :id"), {"id": conversation_id})
    return conversation_id


async def test_an_account_sends_no_faster_than_it_may_and_all_workers_share_its_pace(site):
    line = await open_line(site, settings={"per_second": 2})
    others = [await open_other_talk(line)]
    for conversation_id in (line.conversation_id, *others):
        await line.say("a", "b", "c", conversation_id=conversation_id)
    sent_by_second = []
    for _ in range(5):
        before = len(line.sms.sent)
        await asyncio.gather(*(line.delivery.deliver_due(site.clock) for _ in range(2)))
        sent_by_second.append(len(line.sms.sent) - before)
        site.clock.forward(seconds=1)
    assert sum(sent_by_second) == 6
    assert max(sent_by_second) <= 2


async def test_a_person_gets_messages_no_closer_together_than_the_account_keeps_them(site):
    line = await open_line(site, settings={"seconds_apart": 1})
    other = await open_other_talk(line)
    await line.say("one", "two", "three")
    await line.say("elsewhere", conversation_id=other)
    sent_by_half_second = []
    for _ in range(6):
        before = len(line.sms.sent)
        await asyncio.gather(*(line.delivery.deliver_due(site.clock) for _ in range(2)))
        sent_by_half_second.append(sorted(envelope.text for envelope in line.sms.sent[before:]))
        site.clock.forward(seconds=0.5)
    assert sent_by_half_second == [["elsewhere", "one"], [], ["two"], [], ["three"], []]


async def test_a_provider_that_asks_for_a_pause_holds_the_whole_account(line):
    other = await open_other_talk(line)
    line.sms.answer = lambda _envelope: RetryLater("too many", timedelta(seconds=90), holds_account=True)
    await line.say("first")
    assert await line.sent() == ["first"]
    await line.say("second", conversation_id=other)
    line.sms.answer = lambda envelope: Accepted(str(envelope.outbox_id))
    assert await line.sent() == ["first"]
    line.site.clock.forward(seconds=91)
    assert await line.sent() == ["first", "second", "first"] or await line.sent() == ["first", "first", "second"]


async def test_a_stop_that_only_the_provider_knew_becomes_ours(line):
    line.sms.answer = lambda _envelope: Refused("21610", "They opted out at the provider.", opted_out=True)
    (outbox_id,) = await line.say("hello")
    await line.sent()
    assert (await line.site.message(outbox_id)).state == "failed"
    async with line.site.sessions() as session:
        assert (await list_suppressions(session, [line.contact_id]))[line.contact_id] == {"sms": "sms_provider_stop"}


async def test_a_report_proves_what_was_in_doubt_and_it_is_not_sent_again(line):
    line.sms.answer = lambda _envelope: InDoubt("no answer in time")
    (outbox_id,) = await line.say("hello")
    await line.sent()
    assert (await line.site.message(outbox_id)).state == "planned"  # a requested message may be tried once more
    assert await line.report(state="delivered", outbox_id=outbox_id, message_provider_id="SM1")
    line.site.clock.forward(hours=1)
    assert await line.sent() == ["hello"]
    row = await line.site.message(outbox_id)
    assert (row.state, row.provider_id) == ("delivered", "SM1")


async def test_reports_in_any_order_end_in_the_same_state_and_one_event_each(line):
    line.site.clock.forward(hours=3)  # day in London and where the number is from
    now = line.site.clock.now()
    async with transaction(line.site.sessions) as session:
        await session.execute(text("UPDATE contacts SET time_zone = 'Europe/London'"))
    await line.site.consent(line.contact_id, "given", channel="sms")
    outbox_id = await line.site.put(line.contact_id, channel="sms", due_at=now)
    assert await line.sent() == ["Good day"]
    for state in ("delivered", "accepted", "delivered", "undelivered"):
        await line.report(state=state, outbox_id=outbox_id)
    assert (await line.site.message(outbox_id)).state == "delivered"
    kinds = [kind for kind, _ in await line.site.timeline(line.contact_id)]
    assert kinds.count("message_delivered") == 1
    assert "message_undelivered" not in kinds


async def test_what_is_said_in_a_talk_is_on_the_timeline_only_when_it_did_not_arrive(line):
    said, lost = await line.say("hello", "again")
    await line.sent()
    await line.report(state="delivered", outbox_id=said)
    await line.report(state="undelivered", outbox_id=lost, rule="30005", reason="Unknown number.")
    assert [kind for kind, _ in await line.site.timeline(line.contact_id)] == ["message_undelivered"]


async def test_a_report_about_nothing_of_ours_changes_nothing(line):
    assert not await line.report(state="delivered", outbox_id=new_id())
    assert not await line.report(state="delivered", message_provider_id="SM-unknown")
    assert not await line.report(state="delivered")


async def test_an_undeliverable_number_gets_nothing_more(line):
    (outbox_id,) = await line.say("hello")
    await line.sent()
    await line.report(state="undelivered", outbox_id=outbox_id, rule="30006", reason="A landline.", dead_address=True)
    row = await line.site.message(outbox_id)
    assert (row.state, row.reason_rule, row.reason) == ("undelivered", "30006", "A landline.")
    async with line.site.sessions() as session:
        assert (await list_suppressions(session, [line.contact_id]))[line.contact_id] == {"sms": "30006"}


async def test_an_address_that_was_erased_meanwhile_is_not_written_to(line):
    (outbox_id,) = await line.say("hello")
    async with transaction(line.site.sessions) as session:
        await session.execute(ContactPoint.__table__.delete())
    assert await line.sent() == []
    assert (await line.site.message(outbox_id)).reason_rule == "no_address"


async def test_accounts_are_kept_sealed_and_changed_by_name(line):
    site, now = line.site, line.site.clock.now()
    async with transaction(site.sessions) as session:
        again = await save_account(
            session,
            site.keys,
            channel="sms",
            name="main",
            address="+15005550006",
            settings={"per_second": 1},
            secrets={"auth_token": "67890"},
            now=now,
        )
        account = await get_account(session, site.keys, channel="sms", name="main")
        dump = str((await session.execute(text("SELECT * FROM channel_accounts"))).all())
    assert again == line.account_id == account.id
    assert (account.secrets["auth_token"], account.per_second) == ("67890", 1.0)
    assert "67890" not in dump + repr(account)
    rotated = replace(site.keys, newest="k2", roots={**site.keys.roots, "k2": b"\x09" * 32})
    async with transaction(site.sessions) as session:
        assert await reseal_accounts(session, rotated, 10) == 1
        assert await reseal_accounts(session, rotated, 10) == 0
    async with transaction(site.sessions) as session:
        await disable_account(session, channel="sms", name="main", now=now)
        assert list(await list_accounts(session, rotated)) == []
        assert len(await list_accounts(session, rotated, enabled_only=False)) == 1


async def test_the_book_finds_an_account_that_was_added_a_moment_ago(line):
    book = AccountBook(line.site.sessions, line.site.keys, fresh_for=3600)
    await book.refresh()
    async with transaction(line.site.sessions) as session:
        account_id = await save_account(
            session,
            line.site.keys,
            channel="telegram",
            name="bot",
            address="a_bot",
            settings={},
            secrets={},
            now=line.site.clock.now(),
        )
    assert book.find("telegram", None) is None
    found = await book.get(account_id)
    assert found is not None
    assert book.find("telegram", account_id) == found
    assert book.find("sms", account_id) is None


@given(st.floats(0.1, 100), st.lists(st.tuples(st.floats(0, 5), st.integers(0, 50)), min_size=1, max_size=30))
def test_a_bucket_never_gives_more_than_its_rate_and_one_burst(per_second, asked):
    tokens, passed, given_out = max(per_second, 1.0), 0.0, 0
    from datetime import UTC, datetime

    start = datetime(2026, 1, 1, tzinfo=UTC)
    filled_at = start
    for pause, wanted in asked:
        passed += pause
        now = start + timedelta(seconds=passed)
        held = fill(tokens, filled_at, now, per_second)
        count = min(wanted, int(held))
        given_out += count
        tokens, filled_at = held - count, now
    assert given_out <= per_second * passed + max(per_second, 1.0) + 1e-3


async def test_a_longer_pause_is_not_shortened_by_a_later_shorter_one(line):
    now = line.site.clock.now()
    async with transaction(line.site.sessions) as session:
        await hold(session, line.account_id, now + timedelta(minutes=10), now)
        await hold(session, line.account_id, now + timedelta(minutes=1), now)
        granted = await take(session, {line.account_id: 3}, {}, now + timedelta(minutes=5))
    assert granted[line.account_id].count == 0
    assert granted[line.account_id].next_at == now + timedelta(minutes=10)
    async with transaction(line.site.sessions) as session:
        await session.execute(update(OutboxMessage).values(state="cancelled"))
