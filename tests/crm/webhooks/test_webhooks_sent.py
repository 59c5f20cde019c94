"""Webhooks as a receiver gets them: signed, each event once or under one id, tried again, given up, sent again."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select, update
from standardwebhooks import Webhook, WebhookVerificationError

from base.database import transaction
from base.encryption import KeyRing
from base.errors import InvalidInput, NotFound
from base.ids import new_id
from crm.contacts.models import Contact
from crm.contacts.service import attach_address, create_contact
from crm.privacy.limits import set_mark
from crm.timeline.models import TimelineEvent
from crm.timeline.service import record
from crm.webhooks import service
from crm.webhooks.claiming import Ended, claim, find_due_endpoints, write_outcomes
from crm.webhooks.models import WebhookDelivery, WebhookEndpoint
from crm.webhooks.rules import (
    FAILS_FOR,
    JITTER,
    LONGEST_PAUSE,
    WAITS,
    Attempt,
    Settled,
    read_retry_after,
    settle,
)
from crm.webhooks.secrets import Secret, rotate, sign
from crm.webhooks.sending import WebhookSending
from crm.webhooks.service import Health, SwitchedOff, Wish

EMAIL = "ann@northwind-ledger.example"


@dataclass
class SetClock:
    moment: datetime

    def now(self) -> datetime:
        return self.moment


@dataclass
class Receiver:
    """Another system: keeps what it is sent and answers as it is told."""

    url: str = ""
    status: int = 204
    retry_after: str | None = None
    got: list = field(default_factory=list)

    async def take(self, request):
        self.got.append((dict(request.headers), await request.text()))
        headers = {} if self.retry_after is None else {"Retry-After": self.retry_after}
        return web.Response(status=self.status, headers=headers)

    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.got]


@dataclass
class Stage:
    sessions: object
    keys: KeyRing
    clock: SetClock
    receiver: Receiver
    sending: WebhookSending
    ann: object

    async def make(self, *kinds, name="shop", url=None, with_addresses=False):
        wish = Wish(name, url or self.receiver.url, kinds, with_addresses)
        async with transaction(self.sessions) as session:
            return await service.make_endpoint(
                session, self.keys, wish, allow_private=True, made_by=new_id(), now=self.clock.now()
            )

    async def happen(self, kind="lead_captured", **data):
        async with transaction(self.sessions) as session:
            return await record(
                session, kind=kind, contact_id=self.ann, conversation_id=None, data=data, now=self.clock.now()
            )

    async def deliveries(self):
        async with self.sessions() as session:
            return (await session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.event_id))).all()

    async def endpoint(self, endpoint_id):
        async with self.sessions() as session:
            return await session.get(WebhookEndpoint, endpoint_id)

    async def later(self, length):
        self.clock.moment += length
        return await self.sending.send_due()


@pytest.fixture
async def stage(database, keys, now):
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/in", receiver.take)
    # A signature is refused when it is older than five minutes, by the receiver's own clock.
    clock = SetClock(datetime.now(now.tzinfo))
    async with TestServer(app, host="127.0.0.1") as server:
        receiver.url = str(server.make_url("/in"))
        async with transaction(database.sessions) as session:
            ann = await create_contact(session, time_zone=None, now=now)
            await attach_address(session, keys, ann, kind="email", value=EMAIL, now=now)
        sending = WebhookSending(database.sessions, keys, clock, allow_private=True, chance=lambda: 0.5)
        yield Stage(database.sessions, keys, clock, receiver, sending, ann)


async def test_a_receiver_verifies_what_it_is_sent_and_reads_ids_and_facts_but_no_address(stage):
    endpoint, secret = await stage.make("lead_captured", "stage_changed")
    event_id = await stage.happen(field="email")
    await stage.happen("tag_added", tag="vip")
    assert await stage.sending.send_due() == 1
    ((headers, body),) = stage.receiver.got
    read = Webhook(secret).verify(body, headers)
    assert read["type"] == "lead_captured"
    assert datetime.fromisoformat(read["timestamp"]) == stage.clock.now()
    assert read["data"] == {
        "event_id": str(event_id), "contact_id": str(stage.ann), "conversation_id": None, "source": "platform",
        "details": {"field": "email"}, "addresses": None,
    }  # fmt: skip
    assert headers["webhook-id"] == f"evt_{event_id.hex}"
    assert EMAIL not in body
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace("email", "phone"), headers)
    (delivery,) = await stage.deliveries()
    assert (delivery.endpoint_id, delivery.state, delivery.status, delivery.attempts) == (
        endpoint.id, "delivered", 204, 1,
    )  # fmt: skip
    assert await stage.sending.send_due() == 0


async def test_addresses_go_along_where_that_was_chosen_unless_their_use_is_restricted(stage):
    await stage.make("lead_captured", with_addresses=True)
    await stage.happen()
    await stage.sending.send_due()
    async with transaction(stage.sessions) as session:
        await set_mark(session, stage.ann, "restricted", source="test", now=stage.clock.now())
    await stage.happen()
    await stage.sending.send_due()
    assert [json.loads(body)["data"]["addresses"] for _, body in stage.receiver.got] == [{"email": EMAIL}, None]


async def test_an_event_that_is_rolled_back_is_not_sent_and_one_that_stays_is_sent_however_it_was_written(stage):
    await stage.make("lead_captured")
    async with stage.sessions() as session:
        await record(
            session, kind="lead_captured", contact_id=None, conversation_id=None, data={}, now=stage.clock.now()
        )
        await session.rollback()
    assert await stage.sending.send_due() == 0
    async with transaction(stage.sessions) as session:
        session.add_all(
            TimelineEvent(
                id=new_id(), contact_id=None, kind="lead_captured", data={}, occurred_at=stage.clock.now(),
                received_at=stage.clock.now(),
            )
            for _ in range(40)
        )  # fmt: skip
    assert await stage.sending.send_due() == 40
    assert len(set(stage.receiver.ids())) == 40


async def test_two_workers_at_once_send_each_event_once(stage, database, keys):
    await stage.make("lead_captured")
    for _ in range(30):
        await stage.happen()
    other = WebhookSending(database.sessions, keys, stage.clock, allow_private=True)
    sent = await asyncio.gather(stage.sending.send_due(), other.send_due())
    assert sum(sent) == 30
    assert len(set(stage.receiver.ids())) == len(stage.receiver.got) == 30


async def test_what_fails_is_tried_again_under_the_same_id_ever_later_and_given_up_after_three_days(stage):
    await stage.make("lead_captured")
    await stage.happen()
    stage.receiver.status = 500
    assert await stage.sending.send_due() == 1
    for wait in WAITS:
        assert await stage.later(wait * 0.9) == 0
        assert await stage.later(wait * 0.1 + timedelta(seconds=1)) == 1
    assert len(stage.receiver.got) == len(WAITS) + 1
    assert len(set(stage.receiver.ids())) == 1
    (delivery,) = await stage.deliveries()
    assert (delivery.state, delivery.status, delivery.attempts) == ("failed", 500, len(WAITS) + 1)
    assert timedelta(days=3) < sum(WAITS, timedelta()) < timedelta(days=4)
    assert await stage.later(timedelta(days=1)) == 0


async def test_waits_are_left_a_little_to_chance(now):
    waits = [settle(Attempt(status=500), 2, now, chance).due_at - now for chance in (0.0, 0.5, 1.0)]
    assert waits == [WAITS[1] * (1 - JITTER / 2), WAITS[1], WAITS[1] * (1 + JITTER / 2)]


async def test_a_receiver_that_asks_for_a_pause_gets_it_for_all_that_waits(stage):
    await stage.make("lead_captured")
    await stage.happen()
    stage.receiver.status, stage.receiver.retry_after = 429, "90"
    assert await stage.sending.send_due() == 1
    await stage.happen()
    async with stage.sessions() as session:
        assert len(await find_due_endpoints(session, stage.clock.now())) == 1, "what came since knows of no pause"
    assert await stage.sending.send_due() == 1
    assert await stage.later(timedelta(seconds=89)) == 0
    stage.receiver.status, stage.receiver.retry_after = 204, None
    assert await stage.later(timedelta(seconds=2)) == 2
    assert [one.state for one in await stage.deliveries()] == ["delivered", "delivered"]


async def test_a_pause_holds_what_waited_already_for_the_same_receiver(stage):
    await stage.make("lead_captured")
    for _ in range(20):
        await stage.happen()
    stage.receiver.status, stage.receiver.retry_after = 503, "3600"
    assert await stage.sending.send_due() == 16, "those that were on the wire at once"
    assert {one.attempts for one in await stage.deliveries()} == {0, 1}
    assert await stage.later(timedelta(minutes=59)) == 0
    stage.receiver.status, stage.receiver.retry_after = 204, None
    assert await stage.later(timedelta(minutes=2)) == 20


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (429, "120", 120),
        (503, " 120 ", 120),
        (429, "Sat, 28 Nov 2026 10:02:00 GMT", 120),
        (429, "Sat, 28 Nov 2026 10:02:00", 120),
        (429, "Saturday, 28-Nov-26 10:02:00 GMT", 120),
        (503, "99999999999999999999", LONGEST_PAUSE.total_seconds()),
        (503, "Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_PAUSE.total_seconds()),
        (429, "0", None),
        (429, "Sat, 28 Nov 2026 09:59:00 GMT", None),
        (429, "-5", None),
        (429, "soon", None),
        (429, "", None),
        (429, None, None),
        (500, "120", None),
        (200, "120", None),
    ],
)
def test_how_long_a_busy_receiver_is_left_alone_is_read_from_seconds_or_a_date(status, header, seconds):
    now = datetime(2026, 11, 28, 10, tzinfo=UTC)
    until = read_retry_after(status, header, now)
    assert (None if until is None else (until - now).total_seconds()) == seconds


async def test_a_pause_shorter_than_our_own_wait_does_not_hurry_us(now):
    soon = Attempt(status=429, not_before=now + timedelta(seconds=1))
    assert settle(soon, 2, now, 0.5).due_at == now + WAITS[1]


async def test_of_two_renames_to_one_name_at_the_same_moment_one_is_told_that_it_is_taken(stage):
    one, _ = await stage.make("lead_captured", name="one")
    two, _ = await stage.make("lead_captured", name="two")

    async def rename(endpoint_id):
        async with transaction(stage.sessions) as session:
            wish = Wish("both", stage.receiver.url, ["lead_captured"], with_addresses=False)
            await service.change_endpoint(
                session, endpoint_id, wish, version=1, allow_private=True, now=stage.clock.now()
            )
            await asyncio.sleep(0.3)

    came = await asyncio.gather(rename(one.id), rename(two.id), return_exceptions=True)
    assert sorted(type(each).__name__ for each in came) == ["NameTaken", "NoneType"]
    async with stage.sessions() as session:
        assert len({row.name for row in await service.list_endpoints(session)} & {"both"}) == 1


async def test_the_health_of_an_endpoint_is_its_last_attempt_and_what_waits(stage):
    quiet, _ = await stage.make("tag_added", name="quiet")
    busy, _ = await stage.make("lead_captured", name="busy")
    await stage.happen()
    await stage.sending.send_due()
    stage.receiver.status = 500
    await stage.later(timedelta(seconds=1))
    await stage.happen()
    await stage.sending.send_due()
    tried_at = stage.clock.now()
    await stage.happen()
    async with stage.sessions() as session:
        health = await service.read_health(session, [quiet.id, busy.id])
    assert health == {quiet.id: Health(), busy.id: Health(tried_at, 500, None, 2)}


async def test_the_last_attempt_is_the_latest_one_although_its_event_is_an_older_one(stage):
    endpoint, _ = await stage.make("lead_captured")
    stage.receiver.status = 500
    await stage.happen(number=1)
    await stage.sending.send_due()
    stage.receiver.status = 204
    stage.clock.moment += timedelta(seconds=1)
    await stage.happen(number=2)
    await stage.sending.send_due()
    stage.receiver.status = 503
    await stage.later(timedelta(minutes=10))
    tried_at = stage.clock.now()
    # Another is being sent now: what it is answered is not known.
    await stage.happen(number=3)
    async with transaction(stage.sessions) as session:
        assert len(await claim(session, endpoint.id, tried_at + timedelta(seconds=1), 1)) == 1
        health = await service.read_health(session, [endpoint.id])
    assert health == {endpoint.id: Health(tried_at, 503, None, 2)}


async def test_an_endpoint_that_fails_for_days_is_switched_off_and_one_success_forgets_it(stage):
    endpoint, _ = await stage.make("lead_captured")
    stage.receiver.status = 503
    await stage.happen()
    await stage.sending.send_due()
    stage.receiver.status = 200
    await stage.later(timedelta(days=1))
    assert (await stage.endpoint(endpoint.id)).failing_since is None
    stage.receiver.status = 503
    await stage.happen()
    await stage.sending.send_due()
    await stage.later(FAILS_FOR - timedelta(hours=1))
    assert (await stage.endpoint(endpoint.id)).disabled_at is None
    await stage.later(timedelta(hours=2))
    off = await stage.endpoint(endpoint.id)
    assert (off.disabled_at, off.disabled_why) == (stage.clock.now(), "failures")
    before = len(stage.receiver.got)
    await stage.happen()
    assert await stage.later(timedelta(days=1)) == 0
    assert len(stage.receiver.got) == before


async def test_a_receiver_that_says_it_is_gone_is_sent_nothing_more_until_it_is_switched_on_again(stage):
    endpoint, _ = await stage.make("lead_captured")
    stage.receiver.status = 410
    await stage.happen()
    await stage.sending.send_due()
    off = await stage.endpoint(endpoint.id)
    assert off.disabled_why == "gone"
    assert await stage.later(timedelta(days=1)) == 0
    stage.receiver.status = 200
    async with transaction(stage.sessions) as session:
        wish = Wish("shop", stage.receiver.url, ["lead_captured"], with_addresses=False)
        await service.change_endpoint(
            session, endpoint.id, wish, version=off.version, allow_private=True, now=stage.clock.now()
        )
    assert await stage.sending.send_due() == 1
    assert [one.state for one in await stage.deliveries()] == ["delivered"]


async def test_what_a_dead_worker_had_claimed_is_sent_by_another_and_the_late_one_changes_nothing(stage):
    endpoint, _ = await stage.make("lead_captured")
    await stage.happen()
    async with transaction(stage.sessions) as session:
        (late,) = await claim(session, endpoint.id, stage.clock.now(), 10)
    assert await stage.sending.send_due() == 0
    assert await stage.later(timedelta(minutes=3)) == 1
    async with transaction(stage.sessions) as session:
        lost = Ended(late, Attempt(problem="not reached"), Settled("waiting", stage.clock.now()))
        await write_outcomes(session, endpoint.id, [lost], stage.clock.now())
    (delivery,) = await stage.deliveries()
    assert (delivery.state, delivery.attempts, delivery.problem) == ("delivered", 2, None)


async def test_what_was_erased_before_it_left_is_not_sent(stage):
    await stage.make("lead_captured")
    event_id = await stage.happen()
    async with transaction(stage.sessions) as session:
        await session.delete(await session.get(TimelineEvent, event_id))
    assert await stage.sending.send_due() == 0
    assert [one.state for one in await stage.deliveries()] == ["void"]
    assert stage.receiver.got == []


async def test_a_new_secret_signs_at_once_and_the_old_one_for_a_day_more(stage):
    endpoint, old = await stage.make("lead_captured")
    async with transaction(stage.sessions) as session:
        new = await service.rotate_secret(session, stage.keys, endpoint.id, stage.clock.now())
    await stage.happen()
    await stage.sending.send_due()
    headers, body = stage.receiver.got[0]
    assert Webhook(old).verify(body, headers) == Webhook(new).verify(body, headers)
    held = rotate((Secret(secret=old),), new, stage.clock.now() - timedelta(hours=25))
    assert len(sign(held, "evt_1", "{}", stage.clock.now())["webhook-signature"].split()) == 1


async def test_a_signature_is_as_the_specification_computes_it(now):
    """By hand: HMAC-SHA256 over `id.timestamp.body` with the decoded secret, in base64, behind `v1,`."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = sign((Secret(secret=secret),), "evt_1", '{"a":1}', now)
    signed = f"evt_1.{int(now.timestamp())}.".encode() + b'{"a":1}'
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


async def test_one_delivery_or_a_period_is_sent_again_under_the_ids_it_had(stage):
    first = await stage.happen()
    endpoint, _ = await stage.make("lead_captured")
    second = await stage.happen()
    await stage.sending.send_due()
    now = stage.clock.now()
    async with transaction(stage.sessions) as session:
        await service.replay_delivery(session, endpoint.id, second, now)
        with pytest.raises(NotFound):
            await service.replay_delivery(session, endpoint.id, first, now)
    await stage.sending.send_due()
    async with transaction(stage.sessions) as session:
        day = timedelta(days=1)
        replay = service.replay_period
        assert await replay(session, endpoint.id, since=now - day, until=now, now=now) == 0
        assert await replay(session, endpoint.id, since=now - day, until=now + day, now=now) == 2
        assert await replay(session, endpoint.id, since=now - day, until=now + day, now=now) == 0, "both wait already"
    await stage.sending.send_due()
    second_id, first_id = f"evt_{second.hex}", f"evt_{first.hex}"
    assert sorted(stage.receiver.ids()) == sorted([second_id] * 3 + [first_id])


async def test_one_that_waits_for_its_next_try_is_tried_at_once_when_it_is_asked_for(stage):
    endpoint, _ = await stage.make("lead_captured")
    event_id = await stage.happen()
    stage.receiver.status = 500
    await stage.sending.send_due()
    await stage.later(timedelta(minutes=1))
    assert await stage.sending.send_due() == 0
    stage.receiver.status = 204
    async with transaction(stage.sessions) as session:
        await service.replay_delivery(session, endpoint.id, event_id, stage.clock.now())
    assert await stage.sending.send_due() == 1
    assert [one.state for one in await stage.deliveries()] == ["delivered"]


async def test_nothing_is_replayed_to_a_webhook_that_is_off(stage):
    endpoint, _ = await stage.make("lead_captured")
    async with transaction(stage.sessions) as session:
        await session.execute(update(WebhookEndpoint).values(disabled_at=stage.clock.now(), disabled_why="colleague"))
    async with transaction(stage.sessions) as session:
        now = stage.clock.now()
        with pytest.raises(SwitchedOff):
            await service.replay_period(session, endpoint.id, since=now, until=now, now=now)


async def test_a_slow_endpoint_holds_up_no_other(stage):
    waiting, release = asyncio.Event(), asyncio.Event()

    async def hang(_request):
        waiting.set()
        await release.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/in", hang)
    async with TestServer(app, host="127.0.0.1") as slow:
        await stage.make("lead_captured", name="slow", url=str(slow.make_url("/in")))
        await stage.happen()
        first = asyncio.create_task(stage.sending.send_due())
        await waiting.wait()
        await stage.make("tag_added", name="quick")
        await stage.happen("tag_added", tag="vip")
        second = asyncio.create_task(stage.sending.send_due())
        async with asyncio.timeout(10):
            while not stage.receiver.got:
                await asyncio.sleep(0.01)
        assert not first.done()
        release.set()
        await asyncio.gather(first, second)


async def test_no_message_goes_into_our_own_network_unless_the_operator_lets_it(stage, database, keys):
    await stage.make("lead_captured", url="https://127.0.0.1:9/in", name="inside")
    await stage.make("tag_added", url="https://localhost:9/in", name="by name")
    await stage.happen()
    await stage.happen("tag_added", tag="vip")
    strict = WebhookSending(database.sessions, keys, stage.clock)
    assert await strict.send_due() == 2
    assert [one.problem for one in await stage.deliveries()] == ["address not allowed"] * 2
    async with transaction(stage.sessions) as session:
        for url in ("http://shop.example/in", "https://10.0.0.1/in", "https://a:b@shop.example", "ftp://x", "https://"):
            with pytest.raises(InvalidInput):
                await service.make_endpoint(
                    session, keys, Wish("new", url, ["lead_captured"], with_addresses=False), allow_private=False,
                    made_by=new_id(), now=stage.clock.now(),
                )  # fmt: skip


async def test_secrets_move_to_a_new_key(stage):
    endpoint, secret = await stage.make("lead_captured")
    newer = KeyRing("k2", {"k1": b"\x01" * 32, "k2": b"\x03" * 32}, b"\x02" * 32)
    async with transaction(stage.sessions) as session:
        assert await service.reseal_webhooks(session, newer) == 1
        assert await service.reseal_webhooks(session, newer) == 0
    only = KeyRing("k2", {"k2": b"\x03" * 32}, b"\x02" * 32)
    moved = await stage.endpoint(endpoint.id)
    assert [one.secret for one in service.secrets_of(only, moved)] == [secret]


async def test_an_event_is_written_although_its_endpoint_is_removed_at_the_same_moment(stage):
    endpoint, _ = await stage.make("lead_captured")
    async with stage.sessions() as writing, writing.begin():
        await record(
            writing, kind="lead_captured", contact_id=stage.ann, conversation_id=None, data={}, now=stage.clock.now()
        )
        async with transaction(stage.sessions) as session:
            await service.remove_endpoint(session, endpoint.id, version=1)
    async with stage.sessions() as session:
        assert len((await session.scalars(select(TimelineEvent.id))).all()) == 1
        assert await session.scalar(select(Contact.id)) == stage.ann
    assert await stage.sending.send_due() == 0
