"""The audit log: every change leaves an entry in its own transaction, in a chain, and what it told can be erased."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError

from admin.api.endpoints import Call
from admin.audit.chain import Author, Change, verify
from admin.audit.heads import AUDIT_LOG, AuditLogCutOff
from admin.audit.models import AuditDetail, AuditEntry
from admin.audit.service import record, record_command, to_json
from admin.audit.trail import Trail, trailed
from admin.sessions.cookie import SessionCookie
from base.database import transaction
from base.encryption import KeyRing
from base.ids import new_id
from crm.companies.models import Company
from crm.consent.export import LEDGER
from crm.consent.heads import find_head_breaks, find_kept_head_breaks, sign_head
from crm.consent.signing import jwks_of, read_public_keys
from tests.admin.conftest import EMAIL, PASSWORD


async def entries(browser, **query):
    return (await browser.read("/api/v1/audit", **query))["items"]


async def make(browser, name: str = "Northwind"):
    answer = await browser.send("POST", "/api/v1/companies", {"name": name})
    assert answer.status == 201
    return await answer.json()


def call_of(context, trail: Trail | None = None) -> Call:
    """A call of nobody, whose sessions leave a trail."""
    trail = trail or Trail(Author("nobody"), context.clock)
    return Call(replace(context, sessions=trailed(context.sessions, trail)), "", None, {}, SessionCookie(secure=False))


async def intact(context) -> int:
    async with context.sessions() as session:
        length, breaks = await verify(session)
    assert breaks == []
    return length


async def test_a_command_whose_handler_tells_nothing_still_leaves_who_did_what_to_which_thing(signed_in, user, join):
    await join("agent", email="grace@example.com")
    (other,) = [row for row in (await signed_in.read("/api/v1/users"))["items"] if row["role"] == "agent"]
    assert (await signed_in.send("DELETE", f"/api/v1/users/{other['id']}/sessions")).status == 204
    ended, *_, signed = await entries(signed_in)
    assert (ended["action"], ended["subject_kind"], ended["subject_id"]) == ("end_user_sessions", "user", other["id"])
    assert (ended["author"], ended["user_id"], ended["user_name"]) == ("user", str(user.id), "Ada")
    assert (ended["has_details"], ended["before"], ended["after"]) == (False, None, None)
    assert (signed["action"], signed["after"]) == ("sign_in", {"way": "password"})


async def test_a_change_of_which_more_is_told_says_what_was_before_and_after(signed_in, join):
    await join("analyst")
    (user,) = [row for row in (await signed_in.read("/api/v1/users"))["items"] if row["role"] == "analyst"]
    await signed_in.send("PATCH", f"/api/v1/users/{user['id']}", {"role": "agent"}, **{"If-Match": '"1"'})
    (changed,) = await entries(signed_in, action="change_user")
    assert changed["subject_id"] == user["id"]
    assert (changed["before"]["role"], changed["after"]["role"]) == ("analyst", "agent")


async def test_reading_and_what_is_refused_leave_nothing(signed_in):
    before = len(await entries(signed_in))
    await signed_in.get("/api/v1/leads")
    await signed_in.send("POST", "/api/v1/segments/count", {"rule": {"tag": "a"}})
    assert (await signed_in.send("POST", "/api/v1/companies", {"name": ""})).status == 422
    assert (await signed_in.send("DELETE", f"/api/v1/companies/{new_id()}")).status == 404
    assert len(await entries(signed_in)) == before


async def test_an_entry_comes_and_goes_with_the_transaction_of_its_change(context):
    call = call_of(context)

    class Failed(Exception):
        """Something goes wrong after the change."""

    async def change(*, fails: bool) -> None:
        async with transaction(call.context.sessions) as session:
            session.add(Company(id=new_id(), name="A", fields={}, created_at=context.clock.now(),
                                updated_at=context.clock.now()))  # fmt: skip
            await record(session, call, "make_company", "company", new_id(), None, {"name": "A"})
            await session.flush()
            if fails:
                raise Failed

    with pytest.raises(Failed):
        await change(fails=True)
    assert await intact(context) == 0
    await change(fails=False)
    assert await intact(context) == 1


async def test_savepoints_write_no_entry_of_their_own(context):
    trail = Trail(Author("nobody"), context.clock, Change(Author("nobody"), "do_it", "thing", None))
    call = call_of(context, trail)
    async with transaction(call.context.sessions) as session:
        async with session.begin_nested():
            await record(session, call, "first", "thing", None)
        await record(session, call, "second", "thing", None)
    async with context.sessions() as session:
        assert list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq))) == ["first", "second"]


async def test_what_was_told_in_a_savepoint_goes_back_with_it(context):
    call = call_of(context)
    async with transaction(call.context.sessions) as session:
        await record(session, call, "kept", "thing", None)
        savepoint = await session.begin_nested()
        await record(session, call, "given up", "thing", None)
        await savepoint.rollback()
        async with session.begin_nested():
            await record(session, call, "kept too", "thing", None)
    async with context.sessions() as session:
        assert list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq))) == ["kept", "kept too"]


async def test_a_session_without_a_trail_is_a_mistake_that_shows_at_once(context):
    async with context.sessions() as session:
        with pytest.raises(LookupError, match="sessions of call"):
            await record(session, call_of(context), "do_it", "thing", None)


async def test_changes_at_once_make_one_chain(signed_in, context):
    await asyncio.gather(*(make(signed_in, f"Company {number}") for number in range(12)))
    assert await intact(context) == 13


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries",
                                       "TRUNCATE audit_entries CASCADE"])  # fmt: skip
async def test_the_database_itself_refuses_to_change_the_log(signed_in, context, statement):
    with pytest.raises(IntegrityError, match="append-only"):
        async with transaction(context.sessions) as session:
            await session.execute(text(statement))
    assert await intact(context) == 1


async def test_what_is_changed_past_the_trigger_shows(signed_in, context):
    await make(signed_in)
    await make(signed_in, "Second")
    async with transaction(context.sessions) as session:
        await session.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER ALL"))
        await session.execute(update(AuditEntry).where(AuditEntry.seq == 2).values(user_id=new_id()))
    async with context.sessions() as session:
        assert [(one.seq, one.what) for one in (await verify(session))[1]] == [(2, "was changed after it was written")]
    async with transaction(context.sessions) as session:
        await session.execute(delete(AuditEntry).where(AuditEntry.seq == 2))
    async with context.sessions() as session:
        assert [one.seq for one in (await verify(session))[1]] == [3]


async def test_changed_details_show_and_erased_ones_do_not(signed_in, context):
    await signed_in.send("PATCH", "/api/v1/account", {"name": "Ada L."})
    async with transaction(context.sessions) as session:
        await session.execute(
            update(AuditDetail).where(AuditDetail.after["name"].astext == "Ada L.").values(after={"name": "Eve"})
        )
    async with context.sessions() as session:
        assert [one.what for one in (await verify(session))[1]] == ["has other details than those that were written"]
    async with transaction(context.sessions) as session:
        await session.execute(delete(AuditDetail))
    assert await intact(context) == 2
    (changed,) = await entries(signed_in, action="change_account")
    assert (changed["has_details"], changed["after"]) == (True, None)


async def test_details_about_a_contact_are_theirs(context):
    call, contact_id, other = call_of(context), new_id(), new_id()
    async with transaction(call.context.sessions) as session:
        await record(session, call, "change", "contact", contact_id, {"first_name": "A"}, {"first_name": "B"})
        await record(session, call, "note", "task", new_id(), None, {"about": "B"}, contact_id=contact_id)
        await record(session, call, "change", "contact", other, None, {"first_name": "C"})
    async with context.sessions() as session:
        theirs = await session.scalars(select(AuditDetail.after).where(AuditDetail.contact_id == contact_id))
        assert sorted(map(str, theirs)) == ["{'about': 'B'}", "{'first_name': 'B'}"]


async def test_the_log_is_searched_by_who_what_which_and_when(signed_in, join, now):
    grace = await join("marketer")
    signed_in.clock.forward(hours=1)
    company = await make(grace)
    later = now + timedelta(minutes=30)
    (user_id,) = {row["user_id"] for row in await entries(signed_in, action="create_company")}
    assert len(await entries(signed_in, user_id=user_id)) == 2
    assert len(await entries(signed_in, since=later.isoformat())) == 1
    assert len(await entries(signed_in, until=later.isoformat())) == 2
    assert len(await entries(signed_in, subject_kind="company")) == 1
    assert await entries(signed_in, subject_kind="company", subject_id=str(new_id())) == []
    names = await signed_in.read("/api/v1/audit/names")
    assert names == {"actions": ["create_company", "sign_in"], "subject_kinds": ["company", "user"]}
    assert company


async def test_pages_hold_every_entry_once(signed_in):
    for number in range(7):
        await make(signed_in, f"Company {number}")
    seen, cursor = [], None
    while True:
        page = await signed_in.read("/api/v1/audit", limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [row["seq"] for row in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 8


async def test_what_a_program_does_names_its_token_and_its_user(signed_in, user):
    made = await signed_in.send("POST", "/api/v1/api-tokens", {"name": "Nightly", "permissions": ["contacts.write"]})
    token = (await made.json())["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await signed_in.client.post("/api/v1/companies", json={"name": "A"}, headers=headers)).status == 201
    (entry,) = await entries(signed_in, action="create_company")
    assert (entry["author"], entry["token_name"], entry["user_id"]) == ("token", "Nightly", str(user.id))


async def test_the_log_holds_no_password_token_or_address(signed_in, context):
    await signed_in.send("PUT", "/api/v1/account/password", {"password": PASSWORD, "new_password": "a new password 1"})
    token = await (
        await signed_in.send("POST", "/api/v1/api-tokens", {"name": "N", "permissions": ["contacts.read"]})
    ).json()
    invited = {"email": "grace@example.com", "name": "Grace", "role": "agent"}
    await signed_in.send("POST", "/api/v1/invitations", invited)
    async with context.sessions() as session:
        told = [str(row) for row in await session.execute(select(AuditEntry.__table__))]
        told += [str(row) for row in await session.execute(select(AuditDetail.__table__))]
    assert len(told) > 4
    for secret in (PASSWORD, "a new password 1", token["token"], "grace@example.com", EMAIL):
        assert not any(secret in row for row in told)


async def test_the_command_line_is_named_as_such(context):
    async with transaction(context.sessions) as session:
        await record_command(
            session, context.clock, "set_role", subject_kind="user", subject_id=new_id(), after={"role": "owner"}
        )
    async with context.sessions() as session:
        assert await session.scalar(select(AuditEntry.author)) == "command_line"
    assert await intact(context) == 1


async def test_only_owners_and_privacy_officers_read_the_log(join):
    for role, status in (("owner", 200), ("privacy_officer", 200), ("marketer", 403), ("agent", 403)):
        browser = await join(role)
        assert (await browser.get("/api/v1/audit")).status == status


def test_details_come_back_from_the_database_as_they_were_hashed():
    told = to_json({"share": 0.1, "big": 2**60, "half": "\ud83d", "nul": "a\0b", "list": [1, {"x": None}], "yes": True})
    assert told == {
        "share": "0.1", "big": str(2**60), "half": "?", "nul": "ab", "list": [1, {"x": None}], "yes": True,
    }  # fmt: skip


async def head_breaks(context, *kept: str) -> list[str]:
    """What is wrong by the heads in the database, and by those kept elsewhere."""
    async with context.sessions() as session:
        keys = jwks_of(await read_public_keys(session))
        found = await find_head_breaks(session, AUDIT_LOG)
        found += await find_kept_head_breaks(session, AUDIT_LOG, kept, keys)
    return [one.what for one in found]


async def sign(context, chain=AUDIT_LOG, keys=None) -> str:
    async with transaction(context.sessions) as session:
        return (await sign_head(session, chain, keys or context.keys, context.clock.now())).jws


async def test_a_signed_head_shows_that_the_log_was_cut_off_or_written_anew(signed_in, context):
    await make(signed_in)
    kept = await sign(context)
    assert await head_breaks(context, kept) == []
    await make(signed_in, "Second")
    assert await head_breaks(context, kept) == []
    async with transaction(context.sessions) as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text("DELETE FROM audit_details"))
        await session.execute(text("DELETE FROM audit_entries WHERE seq > 1"))
    assert await intact(context) == 1, "what is left is a whole chain"
    in_database, elsewhere = await head_breaks(context, kept)
    assert "is not this log's" in in_database
    assert elsewhere == "It was cut off: by a head that was kept it has 2 entries"
    with pytest.raises(AuditLogCutOff):
        await sign(context)
    async with transaction(context.sessions) as session:
        session.add(Company(id=new_id(), name="A", fields={}, created_at=context.clock.now(),
                            updated_at=context.clock.now()))  # fmt: skip
        call = call_of(context)
    async with transaction(call.context.sessions) as session:
        await record(session, call, "another", "thing", None)
    assert "is not this log's" in (await head_breaks(context, kept))[1]


async def test_a_head_of_another_chain_or_of_a_strangers_key_is_none_of_the_log(signed_in, context):
    await sign(context)
    ledgers = await sign(context, LEDGER)
    (told,) = await head_breaks(context, ledgers)
    assert told == "A head that was kept is a signature of another kind"
    stranger = KeyRing("k1", {"k1": b"\x09" * 32}, b"\x02" * 32)
    async with context.sessions() as session:
        forged = (await sign_head(session, AUDIT_LOG, stranger, context.clock.now())).jws
        await session.rollback()
    (told,) = await head_breaks(context, forged)
    assert "not among the trusted ones" in told
    assert await head_breaks(context, "junk") == ["A head that was kept is no signature"]


async def test_a_head_that_was_changed_in_the_database_shows(signed_in, context):
    await make(signed_in)
    await sign(context)
    with pytest.raises(IntegrityError, match="append-only"):
        async with transaction(context.sessions) as session:
            await session.execute(text("UPDATE audit_heads SET length = 1"))
    async with transaction(context.sessions) as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(
            text("UPDATE audit_heads SET length = 1, head = (SELECT hash FROM audit_entries WHERE seq = 1)")
        )
    (told,) = await head_breaks(context)
    assert "has a signature that does not hold" in told
