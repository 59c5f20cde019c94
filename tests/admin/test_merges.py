"""Merges and identities as the admin room serves them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from admin.audit.models import AuditEntry
from admin.inbox.sending import Replies
from base.database import transaction
from base.ids import new_id
from crm.contacts.number_challenges import challenge_number
from outreach.models import OutboxMessage
from tests.admin.conftest import Admin, client_of
from tests.admin.people import make_contact, make_talk, outbox_row
from tests.base.test_migrations import ROOMS

assert ROOMS  # every room's tables are loaded


@pytest.fixture
async def two(context, now) -> tuple[UUID, UUID]:
    async with transaction(context.sessions) as session:
        ann = await make_contact(session, context.keys, now, email="ann@example.com", fields={"first_name": "Ann"})
        bob = await make_contact(
            session, context.keys, now, phone="+14155552671", fields={"first_name": "Bob", "company": "Vex"}
        )
        await make_talk(session, bob, now)
    return ann, bob


async def test_a_merge_is_previewed_done_listed_with_what_was_kept_and_undone_once(signed_in, user, two) -> None:
    ann, bob = two
    preview = await signed_in.read(f"/api/v1/contacts/{ann}/merge-preview", merged_id=str(bob))
    assert preview["conflicts"] == {"first_name": {"survivor": "Ann", "merged": "Bob"}}
    assert preview["fields"] == {"first_name": "Ann", "company": "Vex"}
    assert preview["rows"]["conversations"] == 1
    answer = await signed_in.send("POST", f"/api/v1/contacts/{ann}/merge", {"merged_id": str(bob)})
    assert answer.status == 200, await answer.text()
    merge = await answer.json()
    assert (merge["merged_by"], merge["reason"], merge["kept"]) == (f"user:{user.id}", "by_hand", {"first_name": "Bob"})
    page = await signed_in.read("/api/v1/merges", contact=str(bob))
    assert page["items"] == [merge]
    gone = await signed_in.get(f"/api/v1/leads/{bob}")
    assert (gone.status, (await gone.json())["code"]) == (404, "contact_merged")
    assert str(ann) in (await gone.json())["detail"]
    lead = await signed_in.read(f"/api/v1/leads/{ann}")
    assert (lead["email"], lead["phone"], lead["company"]) == ("ann@example.com", "+14155552671", "Vex")
    assert any("merged" in event["summary"] for event in lead["timeline"])
    undone = await signed_in.send("POST", f"/api/v1/merges/{merge['id']}/unmerge", {})
    assert (await undone.json())["undone_by"] == f"user:{user.id}"
    again = await signed_in.send("POST", f"/api/v1/merges/{merge['id']}/unmerge", {})
    assert (again.status, (await again.json())["code"]) == (409, "already_undone")
    assert (await signed_in.read(f"/api/v1/leads/{bob}"))["phone"] == "+14155552671"


async def test_what_cannot_be_merged_is_said_so(signed_in, two) -> None:
    ann, bob = two

    async def merge(survivor: UUID, merged: UUID) -> tuple[int, str]:
        answer = await signed_in.send("POST", f"/api/v1/contacts/{survivor}/merge", {"merged_id": str(merged)})
        return answer.status, (await answer.json()).get("code")

    assert await merge(ann, ann) == (422, "invalid_input")
    assert await merge(ann, new_id()) == (404, "not_found")
    assert (await merge(ann, bob))[0] == 200
    assert await merge(ann, bob) == (404, "contact_merged")
    assert (await signed_in.send("POST", f"/api/v1/merges/{new_id()}/unmerge", {})).status == 404
    assert (await signed_in.get("/api/v1/merges", cursor="x")).status == 400


async def test_the_list_of_merges_is_paged(signed_in, context, now, two) -> None:
    async with transaction(context.sessions) as session:
        others = [await make_contact(session, context.keys, now) for _ in range(2)]
    for merged in (two[1], *others):
        await signed_in.send("POST", f"/api/v1/contacts/{two[0]}/merge", {"merged_id": str(merged)})
    first = await signed_in.read("/api/v1/merges", limit=2)
    rest = await signed_in.read("/api/v1/merges", limit=2, cursor=first["next_cursor"])
    merged = [item["merged_id"] for item in first["items"] + rest["items"]]
    assert merged == [str(one) for one in (*reversed(others), two[1])]
    assert rest["next_cursor"] is None
    (latest, earlier, *_) = first["items"]
    early = await signed_in.send("POST", f"/api/v1/merges/{earlier['id']}/unmerge", {})
    assert (early.status, (await early.json())["code"]) == (409, "later_merge")
    assert latest["id"] in (await early.json())["detail"]


async def test_a_contact_shows_all_it_is_known_by_and_is_found_by_another_system_s_id(signed_in, two) -> None:
    ann, bob = two
    body = {"source": "shop", "value": "A-1", "verified": True}
    known = await (await signed_in.send("POST", f"/api/v1/contacts/{bob}/external-ids", body)).json()
    assert [(one["kind"], one["value"]) for one in known["addresses"]] == [("phone", "+14155552671")]
    assert len(known["web_talks"]) == 1
    (external,) = known["external_ids"]
    assert (external["source"], external["value"]) == ("shop", "A-1")
    assert await signed_in.read("/api/v1/identities", source="shop", value="A-1") == known
    taken = await signed_in.send("POST", f"/api/v1/contacts/{ann}/external-ids", body)
    assert (taken.status, (await taken.json())["code"]) == (409, "id_taken")
    same = await signed_in.send("POST", f"/api/v1/contacts/{ann}/external-ids", body | {"merge_same": True})
    assert (await same.json())["contact_id"] == str(min(ann, bob))
    (merge,) = (await signed_in.read("/api/v1/merges"))["items"]
    assert merge["reason"] == "same_external_id"
    assert (await signed_in.send("DELETE", f"/api/v1/external-ids/{external['id']}")).status == 204
    assert (await signed_in.get("/api/v1/identities", source="shop", value="A-1")).status == 404
    assert (await signed_in.get("/api/v1/identities", source="Shop", value="A-1")).status == 422


@pytest.mark.usefixtures("user")
async def test_what_waited_for_a_number_that_is_let_through_leaves_at_once(context, clock, now, two, wake_ups) -> None:
    async with transaction(context.sessions) as session:
        talk = await make_talk(session, two[1], now)
        assert await challenge_number(session, context.keys, two[1], "+14155552671", conversation_id=talk, now=now)
    async with client_of(replace(context, replies=Replies(settled=wake_ups.wake))) as client:
        colleague = Admin(client, context, clock)
        await colleague.sign_in()
        unknown = await colleague.send("POST", f"/api/v1/contact-addresses/{new_id()}/let-through")
        assert (unknown.status, wake_ups.count) == (404, 0)
        (phone,) = (await colleague.read(f"/api/v1/contacts/{two[1]}/identities"))["addresses"]
        assert (await colleague.send("POST", f"/api/v1/contact-addresses/{phone['id']}/let-through")).status == 200
    assert wake_ups.count == 1


async def test_a_colleague_lets_a_number_through_whose_browser_never_did_its_work(
    signed_in, join, context, now, two
) -> None:
    ann, bob = two
    async with transaction(context.sessions) as session:
        talk = await make_talk(session, bob, now)
        assert await challenge_number(session, context.keys, bob, "+14155552671", conversation_id=talk, now=now)
        later = now + timedelta(minutes=15)
        waits = outbox_row(bob, later, channel="sms", state="deferred", reason_rule="number_challenge")
        session.add(waits)
    (phone,) = (await signed_in.read(f"/api/v1/contacts/{bob}/identities"))["addresses"]
    assert datetime.fromisoformat(phone["waits_since"]) == now
    path = f"/api/v1/contact-addresses/{phone['id']}/let-through"
    assert (await (await join("privacy_officer")).send("POST", path)).status == 403
    answer = await signed_in.send("POST", path)
    assert answer.status == 200, await answer.text()
    (phone,) = (await answer.json())["addresses"]
    assert (phone["waits_since"], phone["verified_at"]) == (None, None), "it is let through, not proven"
    (mail,) = (await signed_in.read(f"/api/v1/contacts/{ann}/identities"))["addresses"]
    for one in (phone, mail):
        again = await signed_in.send("POST", f"/api/v1/contact-addresses/{one['id']}/let-through")
        assert again.status == 409
    async with context.sessions() as session:
        assert (await session.get_one(OutboxMessage, waits.id)).due_at == now
        (told,) = await session.scalars(select(AuditEntry).where(AuditEntry.action == "let_number_through"))
        assert told.subject_id == str(bob)
