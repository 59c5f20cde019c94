"""Events over the API: programs send by a token, users keep sources and kinds."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from sqlalchemy import select

from base.database import transaction
from crm.contacts.service import attach_address, create_contact
from crm.events.models import EventSource
from crm.timeline.models import TimelineEvent

EMAIL = "ann@northwind-ledger.example"
PATH = "/api/v1/events"


def viewed(number=1, email=EMAIL):
    properties = {"url": f"https://shop.example/{number}"}
    return {"kind": "page_viewed", "id": str(number), "about": {"email": email}, "properties": properties}


@pytest.fixture
async def ann(database, keys, now):
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, contact_id, kind="email", value=EMAIL, now=now)
    return contact_id


@pytest.fixture
async def shop(signed_in):
    """A source, and a way to send with its token alone."""
    made = await signed_in.send("POST", "/api/v1/event-sources", {"name": "shop", "way": "api"})
    assert made.status == 201
    source = await made.json()
    assert source["path"] == PATH
    signed_in.forget_cookies()

    async def send(events, token=source["secret"], **headers):
        answer = await signed_in.client.post(
            PATH, json={"events": events}, headers={"Authorization": f"Bearer {token}", **headers}
        )
        return answer.status, await answer.json()

    send.source = source
    return send


async def test_a_program_sends_events_by_its_token_each_once(database, ann, shop) -> None:
    assert await shop([viewed(1), viewed(2)]) == (200, {"written": 2, "repeated": 0, "contacts_made": 0})
    assert await shop([viewed(2), viewed(3)]) == (200, {"written": 1, "repeated": 1, "contacts_made": 0})
    async with database.sessions() as session:
        kept = (await session.scalars(select(TimelineEvent).where(TimelineEvent.contact_id == ann))).all()
    assert {event.data["url"] for event in kept} == {f"https://shop.example/{number}" for number in (1, 2, 3)}


async def test_a_thousand_events_are_taken_at_once_and_a_thousand_and_one_are_not(ann, shop) -> None:
    assert (await shop([viewed(number) for number in range(1_000)]))[1]["written"] == 1_000
    status, problem = await shop([viewed(number) for number in range(1_001)])
    assert (status, problem["errors"][0]["field"]) == (422, "events")


async def test_a_set_with_a_mistake_is_refused_whole_and_says_where_it_is(database, ann, shop) -> None:
    status, problem = await shop([viewed(1), {**viewed(2), "properties": {"url": "javascript:x"}}])
    assert status == 422
    assert problem["errors"] == [
        {
            "field": "events.1.properties.url",
            "message": "Write a link that begins with http:// or https:// and names a host.",
        }
    ]
    status, problem = await shop([viewed(1, "nobody@nowhere.example")])
    assert (status, problem["errors"][0]["field"]) == (422, "events.0.about")
    async with database.sessions() as session:
        assert (await session.scalars(select(TimelineEvent))).all() == []


@pytest.mark.parametrize("token", ["", "pev_wrong", "x" * 5_000])
async def test_without_a_token_of_a_source_nothing_is_taken(ann, shop, token) -> None:
    status, problem = await shop([viewed()], token)
    assert (status, problem["code"]) == (401, "source_not_known")


async def test_a_signed_in_user_without_a_token_sends_nothing(signed_in, ann) -> None:
    answer = await signed_in.send("POST", PATH, {"events": [viewed()]})
    assert answer.status == 401


async def test_a_revoked_source_is_refused(signed_in, shop, ann) -> None:
    await signed_in.sign_in()
    gone = await signed_in.send("DELETE", f"/api/v1/event-sources/{shop.source['id']}", {})
    assert gone.status == 204
    assert (await shop([viewed()]))[0] == 401
    (row,) = (await signed_in.read("/api/v1/event-sources"))["items"]
    assert row["revoked_at"] is not None
    assert "secret" not in row


async def test_a_token_is_kept_as_its_hash_alone(database, shop) -> None:
    async with database.sessions() as session:
        (row,) = (await session.scalars(select(EventSource))).all()
    assert row.secret_sealed is None
    assert shop.source["secret"].encode() not in row.token_sha256


async def test_more_than_a_megabyte_is_refused_however_it_is_sent(signed_in, shop, ann) -> None:
    large = json.dumps({"events": [viewed()], "x": "y" * 1_100_000}).encode()
    headers = {"Authorization": f"Bearer {shop.source['secret']}", "Content-Type": "application/json"}
    assert (await signed_in.client.post(PATH, data=io.BytesIO(large), headers=headers)).status == 413
    packed = await signed_in.client.post(
        PATH, data=gzip.compress(large), headers={**headers, "Content-Encoding": "gzip"}
    )
    assert packed.status == 413


async def test_a_user_adds_a_kind_and_takes_it_away(signed_in, ann) -> None:
    tasted = {"name": "wine_tasted", "title": "Tasted wine", "properties": {"wine": "text"}, "required": ["wine"]}
    made = await signed_in.send("POST", "/api/v1/event-kinds", tasted)
    assert made.status == 201
    listed = {row["name"]: row for row in (await signed_in.read("/api/v1/event-kinds"))["items"]}
    assert (listed["wine_tasted"]["shipped"], listed["wine_tasted"]["senders"]) == (False, ["outside"])
    assert listed["consent_given"]["senders"] == []
    assert (await signed_in.send("POST", "/api/v1/event-kinds", tasted)).status == 409
    wrong = {**tasted, "name": "other", "required": ["grape"]}
    assert (await signed_in.send("POST", "/api/v1/event-kinds", wrong)).status == 422
    assert (await signed_in.send("DELETE", "/api/v1/event-kinds?name=wine_tasted", {})).status == 204
    assert (await signed_in.send("DELETE", "/api/v1/event-kinds?name=wine_tasted", {})).status == 404


async def test_only_a_webhook_has_a_mapping_and_names_are_had_once(signed_in) -> None:
    mapping = {"types": {"a": {"kind": "page_viewed", "about": {"email": "e"}}}}
    source = {"name": "one", "way": "api", "mapping": mapping}
    assert (await signed_in.send("POST", "/api/v1/event-sources", source)).status == 422
    made = await signed_in.send("POST", "/api/v1/event-sources", {**source, "way": "webhook"})
    told = await made.json()
    assert (made.status, told["secret"][:6], told["path"]) == (201, "whsec_", f"/events/webhooks/{told['id']}")
    assert (await signed_in.send("POST", "/api/v1/event-sources", {"name": "one", "way": "mqtt"})).status == 409
