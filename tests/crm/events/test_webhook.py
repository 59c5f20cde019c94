"""Events by webhook: only what was signed with the source's secret, lately, and each message once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from admin.api.problems import problem_middleware
from base.clock import SystemClock
from base.database import transaction
from base.encryption import KeyRing
from crm.contacts.service import attach_address, create_contact
from crm.events.mapping import PayloadMapping, find_at, map_payload
from crm.events.sources import find_source, make_source, reseal_sources, revoke_source, secret_of
from crm.events.webhook import WebhookEvents, path_of, routes
from crm.timeline.service import list_timeline

EMAIL = "ann@northwind-ledger.example"
SHOP = PayloadMapping.model_validate(
    {
        "type_at": "event",
        "external_source": "shop",
        "types": {
            "order.created": {
                "kind": "order_placed",
                "about": {"email": "order.customer.email", "external": "order.customer.id"},
                "properties": {"order": "order.number", "value": "order.totals.0.amount", "currency": "order.currency"},
                "occurred_at": "order.at",
            }
        },
    }
)
CREATED = {
    "event": "order.created",
    "order": {
        "number": "A-7",
        "at": "2026-11-20T10:00:00Z",
        "customer": {"email": EMAIL, "id": 7},
        "totals": [{"amount": 12.5}],
        "currency": "EUR",
    },
}


class Sender:
    def __init__(self, client, source_id, secret) -> None:
        self.client, self.path, self.secret = client, path_of(source_id), secret

    async def send(self, payload, *, id_="msg_1", at=None, **changes):
        body = payload if isinstance(payload, str) else json.dumps(payload)
        at = at or datetime.now(UTC)
        headers = {
            "webhook-id": id_,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(id_, at, body),
            "content-type": "application/json",
            **changes,
        }
        answer = await self.client.post(self.path, data=body, headers=headers)
        return answer.status, await answer.text()


@pytest.fixture
async def client(database, keys):
    app = web.Application(middlewares=[problem_middleware])
    app.add_routes(routes(WebhookEvents(database.sessions, keys, SystemClock())))
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
async def ann(database, keys, now):
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, contact_id, kind="email", value=EMAIL, now=now)
    return contact_id


async def make(database, keys, now, client, mapping=None, *, name="shop") -> Sender:
    async with transaction(database.sessions) as session:
        made = await make_source(
            session, keys, name=name, way="webhook", unknown_people="refuse", mapping=mapping, made_by="x", now=now
        )
    return Sender(client, made.id, made.secret)


async def orders(database, ann):
    async with database.sessions() as session:
        return [event.data for event in await list_timeline(session, ann)]


async def test_a_signed_payload_becomes_an_event_once(database, keys, now, client, ann) -> None:
    shop = await make(database, keys, now, client, SHOP)
    assert await shop.send(CREATED) == (204, "")
    assert await shop.send(CREATED) == (204, "")
    assert await orders(database, ann) == [{"order": "A-7", "value": 12.5, "currency": "EUR"}]
    async with database.sessions() as session:
        (event,) = await list_timeline(session, ann)
    assert (event.source, event.source_id, event.occurred_at.day) == ("webhook", "shop/msg_1", 20)


async def test_a_payload_of_our_own_shape_needs_no_mapping(database, keys, now, client, ann) -> None:
    own = await make(database, keys, now, client)
    data = {"about": {"email": EMAIL}, "properties": {"device": "d", "metric": "kW", "value": 3}}
    assert await own.send({"type": "device_read", "timestamp": "2026-11-20T10:00:00Z", "data": data}) == (204, "")
    assert await orders(database, ann) == [{"device": "d", "metric": "kW", "value": 3}]


async def test_what_is_not_signed_with_the_secret_or_too_old_is_refused(database, keys, now, client, ann) -> None:
    shop = await make(database, keys, now, client, SHOP)
    other = await make(database, keys, now, client, SHOP, name="other")
    stolen = Sender(client, None, shop.secret)
    stolen.path = other.path
    tries = [
        await stolen.send(CREATED),
        await shop.send(CREATED, at=datetime.now(UTC) - timedelta(minutes=6)),
        await shop.send(CREATED, **{"webhook-signature": "v1,AAAA"}),
        await shop.send(CREATED, **{"webhook-signature": "nothing"}),
        await shop.send(CREATED, **{"webhook-signature": "v1,%%%"}),
        await shop.send(CREATED, **{"webhook-timestamp": "soon"}),
        await shop.send(CREATED, **{"webhook-id": "msg_2"}),
    ]
    assert [status for status, _ in tries] == [403] * len(tries)
    bare = await client.post(shop.path, data=json.dumps(CREATED))
    assert bare.status == 403
    assert (await client.post(shop.path, data=b"\xff\xfe", headers={"webhook-id": "1"})).status == 403
    assert await orders(database, ann) == []


async def test_what_is_not_mapped_is_let_pass_and_what_is_wrong_is_said(database, keys, now, client, ann) -> None:
    shop = await make(database, keys, now, client, SHOP)
    assert (await shop.send({"event": "order.seen"}))[0] == 204
    assert (await shop.send("[1, 2"))[0] == 400
    status, text = await shop.send({**CREATED, "order": {**CREATED["order"], "currency": "euros"}})
    assert status == 422
    assert "payload.0.properties.currency" in text
    status, text = await shop.send({**CREATED, "order": {**CREATED["order"], "customer": {"email": "x@y.example"}}})
    assert (status, "payload.0.about" in text) == (422, True)
    assert (await shop.send("x" * 70_000))[0] == 413
    assert await orders(database, ann) == []


async def test_a_source_that_was_revoked_sends_nothing_more(database, keys, now, client, ann) -> None:
    shop = await make(database, keys, now, client, SHOP)
    async with transaction(database.sessions) as session:
        source = await find_source(session, "webhook", name="shop")
        await revoke_source(session, source.id, now)
        await revoke_source(session, source.id, now)
    assert (await shop.send(CREATED))[0] == 404
    shop.path = "/events/webhooks/what"
    assert (await shop.send(CREATED))[0] == 404


async def test_secrets_are_sealed_and_move_to_a_newer_key(database, keys, now, client, ann) -> None:
    shop = await make(database, keys, now, client, SHOP)
    newer = KeyRing("k2", {"k1": b"\x01" * 32, "k2": b"\x03" * 32}, b"\x02" * 32)
    async with transaction(database.sessions) as session:
        assert await reseal_sources(session, newer) == 1
        assert await reseal_sources(session, newer) == 0
        source = await find_source(session, "webhook", name="shop")
        assert (source.key_id, secret_of(newer, source)) == ("k2", shop.secret)
        assert shop.secret.encode() not in source.secret_sealed


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["order", "event", "at", "0"]), inner),
    max_leaves=8,
)


@given(_json, st.sampled_from(["order", "order.0", "event.at.0", "0.0", "order.-1"]))
def test_whatever_a_payload_holds_a_path_finds_something_or_nothing(payload, path) -> None:
    find_at(payload, path)
    assert map_payload(payload, SHOP) is None or payload["event"] == "order.created"
    map_payload(payload, PayloadMapping())
