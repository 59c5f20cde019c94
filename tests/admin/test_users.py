"""Users: invited by a one-time link, given roles, signed out, let out; and nobody touches who may more."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select, text, update

from admin.models import AdminSession, AdminUser
from admin.users.models import Invitation, PasswordReset
from admin.users.passwords import VALID_FOR as RESET_VALID_FOR
from admin.users.service import _LOCK, VALID_FOR
from base.database import transaction
from outreach.ports import Accepted
from tests.admin.conftest import EMAIL, PASSWORD, Admin, client_of

NEW = {"email": "Grace@Example.com", "name": " Grace ", "role": "marketer"}


class FiledMail:
    """A mail server of colleagues that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []

    def configured(self) -> str | None:
        return None

    async def send(self, to: str, subject: str, text: str) -> Accepted:
        self.sent.append((to, subject, text))
        return Accepted("1")


def token_in(link: str) -> str:
    return link.rsplit("#", 1)[1].split(maxsplit=1)[0]


async def invited(browser: Admin, **changes: str) -> str:
    """The token of a fresh invitation."""
    answer = await browser.send("POST", "/api/v1/invitations", {**NEW, **changes})
    assert answer.status == 201, await answer.text()
    return token_in((await answer.json())["link"])


async def accept(admin: Admin, token: str):
    body = {"token": token, "name": "Grace H.", "password": PASSWORD}
    return await admin.send("POST", "/api/v1/invitations/accept", body)


async def user_named(browser: Admin, email: str) -> dict:
    (found,) = [row for row in (await browser.read("/api/v1/users"))["items"] if row["email"] == email]
    return found


async def change(browser: Admin, user: dict, **changes):
    return await browser.send("PATCH", f"/api/v1/users/{user['id']}", changes, **{"If-Match": f'"{user["version"]}"'})


@pytest.fixture
async def mailed(context, user):
    """The owner's browser where mail can be sent, and the mails."""
    mail = FiledMail()
    async with client_of(replace(context, colleague_mail=mail)) as client:
        browser = Admin(client, replace(context, colleague_mail=mail), context.clock)
        assert (await browser.sign_in()).status == 200
        yield browser, mail


async def test_whoever_is_invited_becomes_a_user_of_that_role_once(signed_in, context):
    token = await invited(signed_in)
    async with client_of(context) as client:
        guest = Admin(client, context, signed_in.clock)
        looked = await guest.send("POST", "/api/v1/invitations/look", {"token": token})
        assert await looked.json() == {"email": "grace@example.com", "name": "Grace"}
        answer = await accept(guest, token)
        assert answer.status == 201
        session = await guest.read("/api/v1/session")
        assert (session["user"]["name"], session["user"]["role"]) == ("Grace H.", "marketer")
        assert (await accept(guest, token)).status == 403
    assert (await signed_in.read("/api/v1/invitations"))["items"] == []
    assert [row["name"] for row in (await signed_in.read("/api/v1/colleagues"))["items"]] == ["Ada", "Grace H."]


async def test_of_two_who_use_an_invitation_at_once_one_becomes_the_user(signed_in, context):
    token = await invited(signed_in)
    async with client_of(context) as one, client_of(context) as two:
        guests = [Admin(one, context, signed_in.clock), Admin(two, context, signed_in.clock)]
        answers = await asyncio.gather(*(accept(guest, token) for guest in guests))
    assert sorted(answer.status for answer in answers) == [201, 403]


async def test_an_invitation_ends_by_time_by_a_newer_one_and_by_being_taken_back(signed_in):
    first = await invited(signed_in)
    second = await invited(signed_in)
    assert (await signed_in.send("POST", "/api/v1/invitations/look", {"token": first})).status == 403
    (row,) = (await signed_in.read("/api/v1/invitations"))["items"]
    assert (await signed_in.send("DELETE", f"/api/v1/invitations/{row['id']}")).status == 204
    assert (await signed_in.send("POST", "/api/v1/invitations/look", {"token": second})).status == 403
    third = await invited(signed_in)
    signed_in.clock.forward(seconds=VALID_FOR.total_seconds())
    assert (await accept(signed_in, third)).status == 403


async def test_only_the_hash_of_an_invitation_is_stored(signed_in, context):
    token = await invited(signed_in)
    async with context.sessions() as session:
        stored = await session.scalar(select(Invitation.token_sha256))
    assert len(stored) == 32
    assert token.encode() not in stored


async def test_an_invitation_is_mailed_where_there_is_a_mail_server_and_then_not_shown(mailed):
    browser, mail = mailed
    answer = await (await browser.send("POST", "/api/v1/invitations", NEW)).json()
    assert (answer["mailed"], answer["link"]) == (True, None)
    ((to, subject, text),) = mail.sent
    assert to == "grace@example.com"
    assert subject.startswith("Ada invites you")
    link = next(line.strip() for line in text.splitlines() if "#" in line)
    assert link.startswith("http://127.0.0.1:8080/admin/invitation#")
    assert (await accept(browser, token_in(link))).status == 201


async def test_a_user_cannot_be_invited_again_and_an_unknown_role_is_none(signed_in):
    assert (await signed_in.send("POST", "/api/v1/invitations", {**NEW, "email": EMAIL})).status == 409
    assert (await signed_in.send("POST", "/api/v1/invitations", {**NEW, "role": "emperor"})).status == 422


async def test_a_new_role_holds_from_the_next_request_on(signed_in, join):
    grace = await join("analyst")
    assert (await grace.get("/api/v1/leads")).status == 403
    user = await user_named(signed_in, "analyst@example.com")
    answer = await change(signed_in, user, role="agent")
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert (await grace.get("/api/v1/leads")).status == 200


async def test_of_two_edits_of_one_user_the_second_is_told(signed_in, join):
    await join("analyst")
    user = await user_named(signed_in, "analyst@example.com")
    assert (await change(signed_in, user, role="agent")).status == 200
    assert (await change(signed_in, user, role="marketer")).status == 412


async def test_whoever_is_let_out_is_signed_out_at_once_and_cannot_sign_in(signed_in, join):
    grace = await join("agent")
    user = await user_named(signed_in, "agent@example.com")
    answer = await change(signed_in, user, is_active=False)
    assert (await answer.json())["is_active"] is False
    assert (await grace.get("/api/v1/session")).status == 401
    assert (await grace.sign_in(email="agent@example.com")).status == 401
    assert [row["name"] for row in (await signed_in.read("/api/v1/colleagues"))["items"]] == ["Ada"]
    again = await user_named(signed_in, "agent@example.com")
    assert (await change(signed_in, again, is_active=True)).status == 200
    assert (await grace.sign_in(email="agent@example.com")).status == 200


@pytest.mark.parametrize("changes", [{"role": "agent"}, {"is_active": False}])
async def test_the_last_owner_stays(signed_in, changes):
    user = await user_named(signed_in, EMAIL)
    answer = await change(signed_in, user, **changes)
    assert (answer.status, (await answer.json())["code"]) == (409, "last_owner")


async def test_of_two_owners_who_demote_each_other_one_stays(signed_in, join, context):
    other = await join("owner", email="second@example.com")
    first, second = await user_named(signed_in, EMAIL), await user_named(signed_in, "second@example.com")
    waiting = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
        "WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
    )
    async with transaction(context.sessions) as turn:
        # Each is permitted, and waits for its turn to be the one that asks for another owner.
        await turn.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        changing = [
            asyncio.create_task(change(signed_in, second, role="agent")),
            asyncio.create_task(change(other, first, role="agent")),
        ]
        async with asyncio.timeout(20), context.sessions() as looking:
            while await looking.scalar(waiting) < len(changing):
                await looking.rollback()
                await asyncio.sleep(0.02)
    answers = await asyncio.gather(*changing)
    assert sorted(answer.status for answer in answers) == [200, 409]
    rows = (await (signed_in if answers[0].status == 200 else other).read("/api/v1/users"))["items"]
    assert sorted(row["role"] for row in rows) == ["agent", "owner"]


async def test_nobody_gives_or_touches_more_than_they_are_permitted(signed_in, join):
    made = await signed_in.send(
        "POST", "/api/v1/roles", {"name": "team lead", "permissions": ["users.read", "users.write", "contacts.read"]}
    )
    assert made.status == 201
    lead = await join("team lead")
    owner = await user_named(lead, EMAIL)
    for answer in (
        await lead.send("POST", "/api/v1/invitations", {**NEW, "role": "owner"}),
        await lead.send("POST", "/api/v1/invitations", {**NEW, "role": "agent"}),
        await change(lead, owner, is_active=False),
        await lead.send("POST", f"/api/v1/users/{owner['id']}/password-reset", {}),
        await lead.send("DELETE", f"/api/v1/users/{owner['id']}/sessions"),
        await lead.send("DELETE", f"/api/v1/users/{owner['id']}/second-step"),
        await lead.get(f"/api/v1/users/{owner['id']}/sessions"),
        await lead.send("POST", "/api/v1/roles", {"name": "more", "permissions": ["privacy.carry_out"]}),
        await lead.send("POST", "/api/v1/api-tokens", {"name": "more", "permissions": ["contacts.write"]}),
    ):
        assert (answer.status, (await answer.json())["code"]) == (403, "more_than_own")
    assert (await lead.send("POST", "/api/v1/invitations", {**NEW, "role": "team lead"})).status == 201


async def test_sessions_are_listed_and_ended_one_by_one_and_all_but_this(signed_in, context):
    async with client_of(context) as one, client_of(context) as two:
        others = [Admin(one, context, signed_in.clock), Admin(two, context, signed_in.clock)]
        for other in others:
            signed_in.clock.forward(minutes=1)
            other.headers["User-Agent"] = "Firefox on a tablet"
            assert (await other.sign_in()).status == 200
        listed = (await signed_in.read("/api/v1/account/sessions"))["items"]
        assert [row["is_this"] for row in listed] == [False, False, True]
        assert listed[0]["browser"] == "Firefox on a tablet"
        assert (await signed_in.send("DELETE", f"/api/v1/account/sessions/{listed[0]['id']}")).status == 204
        assert (await others[1].get("/api/v1/session")).status == 401
        assert (await others[0].get("/api/v1/session")).status == 200
        assert (await signed_in.send("DELETE", "/api/v1/account/sessions")).status == 204
        assert (await others[0].get("/api/v1/session")).status == 401
        assert (await signed_in.get("/api/v1/session")).status == 200


async def test_nobody_ends_another_users_session_as_their_own(signed_in, join, context):
    grace = await join("agent")
    (own,) = (await grace.read("/api/v1/account/sessions"))["items"]
    assert (await signed_in.send("DELETE", f"/api/v1/account/sessions/{own['id']}")).status == 404
    assert (await grace.get("/api/v1/session")).status == 200


async def test_an_owner_sees_where_a_colleague_is_signed_in_and_signs_them_out(signed_in, join):
    grace = await join("agent")
    user = await user_named(signed_in, "agent@example.com")
    assert len((await signed_in.read(f"/api/v1/users/{user['id']}/sessions"))["items"]) == 1
    assert (await signed_in.send("DELETE", f"/api/v1/users/{user['id']}/sessions")).status == 204
    assert (await grace.get("/api/v1/session")).status == 401


async def test_a_password_is_changed_by_whoever_knows_it_and_ends_other_sessions(signed_in, context):
    async with client_of(context) as client:
        other = Admin(client, context, signed_in.clock)
        await other.sign_in()
        body = {"password": "not my password", "new_password": "a whole new password"}
        answer = await signed_in.send("PUT", "/api/v1/account/password", body)
        assert (answer.status, (await answer.json())["code"]) == (422, "wrong_password")
        body["password"] = PASSWORD
        assert (await signed_in.send("PUT", "/api/v1/account/password", body)).status == 204
        assert (await other.get("/api/v1/session")).status == 401
        assert (await signed_in.get("/api/v1/session")).status == 200
        assert (await other.sign_in()).status == 401
        assert (await other.sign_in(password="a whole new password")).status == 200


async def test_a_forgotten_password_is_set_anew_by_a_mailed_link_once(mailed):
    browser, mail = mailed
    assert (await browser.send("POST", "/api/v1/password-resets", {"email": " ADA@example.com"})).status == 204
    await browser.context.errands.finish()
    ((to, _, text),) = mail.sent
    assert to == EMAIL
    body = {"token": token_in(text), "password": "a whole new password"}
    assert (await browser.send("POST", "/api/v1/password-resets/use", body)).status == 204
    assert (await browser.get("/api/v1/session")).status == 401
    assert (await browser.sign_in(password="a whole new password")).status == 200
    assert (await browser.send("POST", "/api/v1/password-resets/use", body)).status == 403


async def test_asking_for_a_new_password_tells_nobody_who_has_an_account(mailed, context):
    browser, mail = mailed
    async with transaction(context.sessions) as session:
        await session.execute(update(AdminUser).values(password_hash=None))
    answers = [
        await browser.send("POST", "/api/v1/password-resets", {"email": email})
        for email in ("nobody@example.com", "no address", EMAIL)
    ]
    await browser.context.errands.finish()
    assert [answer.status for answer in answers] == [204, 204, 204]
    assert mail.sent == []  # whoever has no password comes by their company's identity provider


async def test_a_link_to_a_new_password_ends_by_time(signed_in, context):
    user = await user_named(signed_in, EMAIL)
    answer = await signed_in.send("POST", f"/api/v1/users/{user['id']}/password-reset", {})
    link = (await answer.json())["link"]
    assert link.startswith("http://127.0.0.1:8080/admin/new-password#")
    signed_in.clock.forward(seconds=RESET_VALID_FOR.total_seconds())
    body = {"token": token_in(link), "password": "a whole new password"}
    assert (await signed_in.send("POST", "/api/v1/password-resets/use", body)).status == 403
    async with context.sessions() as session:
        assert len(await session.scalar(select(PasswordReset.token_sha256))) == 32


async def test_a_name_is_changed_by_its_owner(signed_in):
    answer = await signed_in.send("PATCH", "/api/v1/account", {"name": " Ada L. "})
    assert (await answer.json())["name"] == "Ada L."
    assert (await signed_in.read("/api/v1/session"))["user"]["name"] == "Ada L."


async def test_a_session_says_how_and_in_what_browser_it_was_opened(signed_in, context):
    async with context.sessions() as session:
        row = (await session.scalars(select(AdminSession))).one()
    assert row.way == "password"
    assert row.browser.startswith("Python")
