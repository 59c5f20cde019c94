"""The list of doubtful opt-outs as the admin room serves it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from base.database import transaction
from base.ids import new_id
from crm.consent.opt_out_reviews import Reading, ask_for_review
from crm.consent.opting_out import OptOutRequest, opt_out
from crm.consent.stop_scope import StopScope
from crm.consent.suppression import list_suppressions
from tests.admin.people import make_contact, make_talk, say

REVIEWS = "/api/v1/opt-out-reviews"


@pytest.fixture
async def doubted(context, now) -> list[UUID]:
    """Three contacts, each with a doubtful opt-out from texts; the latest last."""
    contacts = []
    async with transaction(context.sessions) as session:
        for number in range(3):
            at = now + timedelta(minutes=number)
            contact_id = await make_contact(session, context.keys, at, phone=f"+1415555267{number}")
            conversation_id = await make_talk(session, contact_id, at)
            message_id = await say(session, conversation_id, f"leave it {number}", at)
            request = OptOutRequest(
                contact_id=contact_id,
                scope=StopScope("all", ("sms",)),
                method="sms_words",
                evidence={"id": str(message_id)},
                controller="Northwind Ledger",
                language="en",
                conversation_id=conversation_id,
            )
            done = await opt_out(session, request, at)
            await ask_for_review(session, request, done, Reading(message_id, "sms", "classifier", 0.6), at)
            contacts.append(contact_id)
    return contacts


async def test_the_list_is_paged_with_the_words_that_were_doubtful(signed_in, doubted) -> None:
    first = await signed_in.read(REVIEWS, limit=2, status="open")
    rest = await signed_in.read(REVIEWS, limit=2, status="open", cursor=first["next_cursor"])
    assert [item["text"] for item in first["items"] + rest["items"]] == ["leave it 2", "leave it 1", "leave it 0"]
    assert rest["next_cursor"] is None
    assert first["items"][0]["scope"] == {"purpose": "all", "channels": ["sms"]}
    assert first["items"][0]["contact_id"] == str(doubted[2])


async def test_a_review_is_reversed_once_and_leaves_the_open_list(signed_in, context, user, doubted) -> None:
    (latest, *_) = (await signed_in.read(REVIEWS))["items"]
    answer = await signed_in.send("POST", f"{REVIEWS}/{latest['id']}/reverse", {})
    assert answer.status == 200, await answer.text()
    assert (await answer.json())["reviewed_by"] == f"user:{user.id}"
    async with context.sessions() as session:
        assert await list_suppressions(session, [doubted[2]]) == {doubted[2]: {}}
    again = await signed_in.send("POST", f"{REVIEWS}/{latest['id']}/confirm", {})
    assert (again.status, (await again.json())["code"]) == (409, "already_reviewed")
    assert len((await signed_in.read(REVIEWS, status="open"))["items"]) == 2
    assert [item["id"] for item in (await signed_in.read(REVIEWS, status="reversed"))["items"]] == [latest["id"]]


async def test_a_confirmed_one_stays_stopped(signed_in, context, doubted) -> None:
    (latest, *_) = (await signed_in.read(REVIEWS))["items"]
    answer = await signed_in.send("POST", f"{REVIEWS}/{latest['id']}/confirm", {})
    assert (await answer.json())["status"] == "confirmed"
    async with context.sessions() as session:
        assert set((await list_suppressions(session, [doubted[2]]))[doubted[2]]) == {"sms"}


async def test_an_unknown_review_and_a_strange_cursor_are_said_so(signed_in) -> None:
    assert (await signed_in.send("POST", f"{REVIEWS}/{new_id()}/reverse", {})).status == 404
    assert (await signed_in.get(REVIEWS, cursor="x")).status == 400


async def test_nobody_decides_without_signing_in(admin, doubted) -> None:
    assert (await admin.get(REVIEWS)).status == 401
    assert (await admin.send("POST", f"{REVIEWS}/{new_id()}/reverse", {})).status == 401
