"""Webhooks over the API: made with a secret shown once, edited, looked at, replayed; and the mail when one ends."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import delete, select, update
from standardwebhooks import Webhook

from admin.audit.models import AuditDetail
from admin.webhooks.mails import WebhookMails
from base.database import transaction
from crm.contacts.service import attach_address, create_contact
from crm.timeline.models import TimelineEvent
from crm.timeline.service import record
from crm.webhooks.models import WebhookDelivery, WebhookEndpoint
from outreach.ports import Accepted, RetryLater
from tests.admin.conftest import Admin, client_of

API = "/api/v1/webhooks"
URL = "https://hooks.shop.example/in/t0ken-in-the-path"
WISH = {"name": "Shop", "url": URL, "kinds": ["stage_changed", "lead_captured"]}


async def send(admin, method, path="", content=None, *, status=200, **headers):
    answer = await admin.send(method, API + path, content, **headers)
    assert answer.status == status, await answer.text()
    return await answer.json() if answer.content_type.endswith("json") else None


async def happen(context, *kinds):
    ids = []
    async with transaction(context.sessions) as session:
        for kind in kinds:
            now = context.clock.now()
            ids.append(await record(session, kind=kind, contact_id=None, conversation_id=None, data={}, now=now))
    return ids


async def test_the_secret_is_shown_when_it_is_made_and_never_again(signed_in, database):
    made = await send(signed_in, "POST", content=WISH, status=201)
    assert made["secret"].startswith("whsec_")
    assert made["webhook"]["kinds"] == ["lead_captured", "stage_changed"]
    shown = await signed_in.read(API)
    assert made["secret"] not in str(shown)
    untried = {"last_at": None, "last_status": None, "last_problem": None, "waiting": 0}
    assert shown["items"] == [made["webhook"] | untried]
    rotated = await send(signed_in, "POST", f"/{made['webhook']['id']}/secret")
    assert rotated["secret"] not in (made["secret"], "")
    async with database.sessions() as session:
        stored = await session.scalar(select(WebhookEndpoint.secrets_sealed))
        told = str((await session.scalars(select(AuditDetail.after))).all())
    assert made["secret"].encode() not in stored
    assert "hooks.shop.example" in told
    assert "t0ken" not in told
    assert "whsec_" not in told


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "http://hooks.shop.example/"}, "url"),
        ({"url": "https://192.168.0.1/"}, "url"),
        ({"url": "https://2130706433/"}, "url"),
        ({"kinds": ["nothing_like_it"]}, "kinds"),
        ({"kinds": []}, "kinds"),
        ({"name": "  "}, "name"),
    ],
)
async def test_what_cannot_be_sent_to_is_refused_with_the_field(signed_in, change, field):
    refused = await send(signed_in, "POST", content={**WISH, **change}, status=422)
    assert [error["field"].split(".")[0] for error in refused["errors"]] == [field]


async def test_whoever_may_see_webhooks_is_told_the_kinds_of_events_there_are_for_them(signed_in, join):
    own = {"name": "Wires", "permissions": ["settings.read", "settings.write"]}
    assert (await signed_in.send("POST", "/api/v1/roles", own)).status == 201
    kind = {"name": "boat_left", "title": "The boat left", "properties": {}}
    assert (await signed_in.send("POST", "/api/v1/event-kinds", kind)).status == 201
    wires = await join("Wires")
    assert (await wires.get("/api/v1/event-kinds")).status == 403
    told = {one["name"]: one["title"] for one in (await wires.read(f"{API}/kinds"))["items"]}
    assert told["boat_left"] == "The boat left"
    await send(wires, "POST", content={**WISH, "kinds": sorted(told)}, status=201)


async def test_an_edit_needs_the_version_that_was_read_and_a_name_is_one_webhooks(signed_in):
    made = (await send(signed_in, "POST", content=WISH, status=201))["webhook"]
    await send(signed_in, "POST", content={**WISH, "name": "Other"}, status=201)
    path = f"/{made['id']}"
    await send(signed_in, "PUT", path, WISH, status=428)
    edited = await send(signed_in, "PUT", path, {**WISH, "enabled": False}, **{"If-Match": '"1"'})
    assert (edited["enabled"], edited["disabled_why"], edited["version"]) == (False, "colleague", 2)
    await send(signed_in, "PUT", path, WISH, status=412, **{"If-Match": '"1"'})
    await send(signed_in, "PUT", path, {**WISH, "name": "Other"}, status=409, **{"If-Match": '"2"'})
    assert (await send(signed_in, "PUT", path, WISH, **{"If-Match": '"2"'}))["enabled"]
    await send(signed_in, "DELETE", path, status=204, **{"If-Match": '"3"'})
    await send(signed_in, "GET", path, status=404)
    await send(signed_in, "POST", content=WISH, status=201)
    await send(signed_in, "POST", content=WISH, status=409)


async def test_addresses_are_sent_only_by_whoever_may_take_them_out(signed_in, context):
    made = await send(signed_in, "POST", "/../api-tokens", {"name": "p", "permissions": ["settings.write"]}, status=201)
    signed_in.headers["Authorization"] = f"Bearer {made['token']}"
    with_addresses = {**WISH, "with_addresses": True}
    await send(signed_in, "POST", content=with_addresses, status=403)
    del signed_in.headers["Authorization"]
    row = (await send(signed_in, "POST", content=with_addresses, status=201))["webhook"]
    signed_in.headers["Authorization"] = f"Bearer {made['token']}"
    path, at = f"/{row['id']}", {"If-Match": '"1"'}
    await send(signed_in, "PUT", path, {**with_addresses, "url": "https://elsewhere.example/"}, status=403, **at)
    await send(signed_in, "PUT", path, {**with_addresses, "enabled": False}, **at)


async def test_deliveries_are_listed_by_pages_and_sent_again(signed_in, context, database):
    await happen(context, "lead_captured")
    made = (await send(signed_in, "POST", content=WISH, status=201))["webhook"]
    ids = await happen(context, "lead_captured", "tag_added", "stage_changed")
    path = f"/{made['id']}/deliveries"
    first = await signed_in.read(API + path, limit=1)
    second = await signed_in.read(API + path, limit=1, cursor=first["next_cursor"])
    shown = [*first["items"], *second["items"]]
    assert [one["event_id"] for one in shown] == [str(ids[2]), str(ids[0])]
    assert [one["message_id"] for one in shown] == [f"evt_{ids[2].hex}", f"evt_{ids[0].hex}"]
    assert second["next_cursor"] is None
    async with transaction(database.sessions) as session:
        await session.execute(update(WebhookDelivery).values(state="failed", status=500, attempts=10))
    assert (await signed_in.read(API + path, state="waiting"))["items"] == []
    await send(signed_in, "POST", f"{path}/{ids[0]}/replay", status=204)
    await send(signed_in, "POST", f"{path}/{ids[1]}/replay", status=404)
    (again,) = (await signed_in.read(API + path, state="waiting"))["items"]
    assert (again["event_id"], again["attempts"]) == (str(ids[0]), 0)
    now = context.clock.now()
    period = {"since": (now - timedelta(days=1)).isoformat(), "until": (now + timedelta(days=1)).isoformat()}
    assert await send(signed_in, "POST", f"/{made['id']}/replay", period) == {"events": 2}
    await send(signed_in, "POST", f"/{made['id']}/replay", {**period, "until": period["since"]}, status=422)


@pytest.fixture
async def receiver():
    """Another system, which answers with the words it was given."""
    taken = []

    async def take(request):
        taken.append((dict(request.headers), await request.text()))
        return web.Response(status=418, text="I am a teapot. " * 200)

    app = web.Application()
    app.router.add_post("/in", take)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/in")), taken


@pytest.fixture
async def inside(context, clock, user):
    """The browser of the one user where webhooks may lead into our own network."""
    clock.moment = datetime.now(UTC)  # a signature is refused when it is older than five minutes
    async with client_of(replace(context, webhooks_private=True)) as client:
        admin = Admin(client, context, clock)
        assert (await admin.sign_in()).status == 200
        yield admin


async def test_a_test_is_sent_at_once_signed_and_tells_what_was_answered(inside, receiver):
    url, taken = receiver
    made = await send(inside, "POST", content={**WISH, "url": url, "enabled": False}, status=201)
    tried = await send(inside, "POST", f"/{made['webhook']['id']}/test")
    ((headers, body),) = taken
    assert Webhook(made["secret"]).verify(body, headers)["type"] == "test"
    assert (headers["webhook-id"], body) == (tried["message_id"], tried["body"])
    assert (tried["status"], tried["problem"]) == (418, None)
    assert tried["answer"] is None, "what answers inside is not shown"
    assert (await inside.read(f"{API}/{made['webhook']['id']}/deliveries"))["items"] == []


async def test_a_test_into_our_own_network_does_not_leave(signed_in, receiver, database):
    url, taken = receiver
    made = (await send(signed_in, "POST", content=WISH, status=201))["webhook"]
    async with transaction(database.sessions) as session:
        await session.execute(update(WebhookEndpoint).values(url=url.replace("http:", "https:")))
    tried = await send(signed_in, "POST", f"/{made['id']}/test")
    assert (tried["status"], tried["problem"], tried["answer"]) == (None, "address not allowed", None)
    assert taken == []


async def test_what_is_sent_about_an_event_is_shown_with_addresses_only_to_whoever_may_take_them_out(
    signed_in, context, keys, now
):
    async with transaction(context.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, ann, kind="email", value="ann@northwind.example", now=now)
    made = (await send(signed_in, "POST", content={**WISH, "with_addresses": True}, status=201))["webhook"]
    async with transaction(context.sessions) as session:
        data = {"field": "email"}
        event = await record(session, kind="lead_captured", contact_id=ann, conversation_id=None, data=data, now=now)
    path = f"/{made['id']}/deliveries/{event}"
    shown = await send(signed_in, "GET", path)
    assert (shown["kind"], shown["state"], shown["message_id"]) == ("lead_captured", "waiting", f"evt_{event.hex}")
    assert json.loads(shown["body"])["data"]["addresses"] == {"email": "ann@northwind.example"}
    token = {"name": "p", "permissions": ["contacts.read"]}
    little = await send(signed_in, "POST", "/../api-tokens", token, status=201)
    signed_in.headers["Authorization"] = f"Bearer {little['token']}"
    assert json.loads((await send(signed_in, "GET", path))["body"])["data"]["addresses"] is None
    del signed_in.headers["Authorization"]
    async with transaction(context.sessions) as session:
        await session.execute(delete(TimelineEvent))
    assert (await send(signed_in, "GET", path))["body"] is None
    await send(signed_in, "GET", f"/{made['id']}/deliveries/{made['id']}", status=404)


@dataclass
class Mailbox:
    """A mail server's other end."""

    outcomes: list = field(default_factory=list)
    sent: list = field(default_factory=list)

    def configured(self):
        return None

    async def send(self, to, subject, text):
        self.sent.append((to, subject, text))
        return self.outcomes.pop(0)


async def test_whoever_made_a_webhook_is_told_once_that_it_was_switched_off_by_itself(signed_in, context, user, now):
    made = (await send(signed_in, "POST", content=WISH, status=201))["webhook"]
    mailbox = Mailbox([RetryLater("busy"), Accepted("1")])
    mails = WebhookMails(context.sessions, mailbox, "https://talk.example/")
    assert await mails.do_due(now) == 0
    async with transaction(context.sessions) as session:
        await session.execute(update(WebhookEndpoint).values(disabled_at=now, disabled_why="colleague"))
    assert await mails.do_due(now) == 0
    async with transaction(context.sessions) as session:
        await session.execute(update(WebhookEndpoint).values(disabled_at=now, disabled_why="failures"))
    assert await mails.do_due(now) == 0, "the mail server was busy"
    assert await mails.do_due(now) == 1
    assert await mails.do_due(now) == 0
    to, subject, text = mailbox.sent[-1]
    assert (to, subject) == (user.email, "Webhook Shop was switched off")
    assert f"https://talk.example/admin/settings/webhooks/{made['id']}" in text
    await send(signed_in, "PUT", f"/{made['id']}", WISH, **{"If-Match": '"1"'})
    async with context.sessions() as session:
        assert (await session.scalar(select(WebhookEndpoint.told_at))) is None


async def test_the_mail_about_a_webhook_whose_name_has_two_lines_has_one_for_its_subject(signed_in, context, now):
    await send(signed_in, "POST", content={**WISH, "name": "Shop\nfloor"}, status=201)
    async with transaction(context.sessions) as session:
        await session.execute(update(WebhookEndpoint).values(disabled_at=now, disabled_why="gone"))
    mailbox = Mailbox([Accepted("1")])
    assert await WebhookMails(context.sessions, mailbox, "https://talk.example/").do_due(now) == 1
    assert mailbox.sent[0][1] == "Webhook Shop floor was switched off"
