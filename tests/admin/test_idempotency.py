"""Commands with an Idempotency-Key: carried out once, answered alike, also when they come at once or a process dies."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select, update

from admin.idempotency.models import IdempotentCommand
from admin.idempotency.service import GIVEN_UP, KEPT, reseal_answers
from admin.sessions.service import remove_expired
from base.database import transaction
from base.encryption import KeyRing
from crm.companies.models import Company
from tests.admin.conftest import PASSWORD

KEY = {"Idempotency-Key": "order-7"}


async def make(browser, name: str = "Northwind", **headers: str):
    return await browser.send("POST", "/api/v1/companies", {"name": name}, **{**KEY, **headers})


async def companies_in(context) -> int:
    async with context.sessions() as session:
        return await session.scalar(select(func.count()).select_from(Company))


async def state_of(context) -> str | None:
    async with context.sessions() as session:
        return await session.scalar(select(IdempotentCommand.state))


async def test_a_command_that_is_sent_again_is_carried_out_once_and_answered_alike(signed_in, context):
    first, second = await make(signed_in), await make(signed_in)
    assert (first.status, second.status) == (201, 201)
    assert await first.json() == await second.json()
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await companies_in(context) == 1


async def test_without_a_key_or_with_another_it_is_a_new_command(signed_in, context):
    await make(signed_in)
    assert (await make(signed_in, "Second", **{"Idempotency-Key": "order-8"})).status == 201
    assert (await signed_in.send("POST", "/api/v1/companies", {"name": "Third"})).status == 201
    assert await companies_in(context) == 3


async def test_the_same_key_for_something_else_is_refused(signed_in, context):
    await make(signed_in)
    other = await make(signed_in, "Other")
    assert (other.status, (await other.json())["code"]) == (422, "idempotency_key_reused")
    elsewhere = await signed_in.send("POST", "/api/v1/segments/words", {"rule": {"tag": "a"}}, **KEY)
    assert elsewhere.status == 422
    assert await companies_in(context) == 1


async def test_how_the_body_is_written_does_not_matter(signed_in, context):
    await make(signed_in)
    answer = await signed_in.client.post(
        "/api/v1/companies", data=b'{ "name" :\n"Northwind" }', headers={**signed_in.headers, **KEY}
    )
    assert answer.status == 201
    assert await companies_in(context) == 1


async def test_keys_of_two_callers_have_nothing_to_do_with_each_other(signed_in, join, context):
    other = await join("owner", email="second@example.com")
    assert [(await make(browser)).status for browser in (signed_in, other)] == [201, 201]
    assert await companies_in(context) == 2


async def test_of_many_at_once_one_is_carried_out(signed_in, context):
    answers = await asyncio.gather(*(make(signed_in) for _ in range(8)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert any(answer.status == 201 for answer in answers)
    assert await companies_in(context) == 1
    assert (await make(signed_in)).status == 201


async def test_a_command_that_was_refused_may_be_sent_again(signed_in, context):
    refused = await signed_in.send("DELETE", "/api/v1/companies/01a220eb-1c28-7266-ba0c-7d5db4b6e365", **KEY)
    assert refused.status == 404
    assert await state_of(context) is None
    assert (await make(signed_in)).status == 201


async def test_what_a_dead_process_began_is_taken_up_once_it_cannot_live_any_more(signed_in, context):
    await make(signed_in)
    async with transaction(context.sessions) as session:
        await session.execute(update(IdempotentCommand).values(state="begun"))
    answer = await make(signed_in)
    assert (answer.status, (await answer.json())["code"]) == (409, "command_under_way")
    signed_in.clock.forward(seconds=GIVEN_UP.total_seconds())
    assert (await make(signed_in, "Northwind")).status == 201


async def test_what_a_process_did_before_it_died_is_not_done_again(signed_in, context):
    await make(signed_in)
    async with transaction(context.sessions) as session:
        await session.execute(update(IdempotentCommand).values(state="done"))
    signed_in.clock.forward(seconds=GIVEN_UP.total_seconds())
    answer = await make(signed_in)
    assert (answer.status, (await answer.json())["code"]) == (409, "answer_not_kept")
    assert await companies_in(context) == 1


async def test_that_it_changed_something_is_noted_in_the_changes_own_transaction(signed_in, context, monkeypatch):
    class Died(Exception):
        """The process ends between the change and the answer."""

    async def die(*_args, **_kwargs) -> None:
        raise Died

    monkeypatch.setattr("admin.idempotency.service.keep_answer", die)
    assert (await make(signed_in)).status == 500
    assert await state_of(context) == "done"
    assert await companies_in(context) == 1


async def test_a_secret_is_not_kept_to_be_shown_again(signed_in, context):
    body = {"name": "Nightly", "permissions": ["contacts.read"]}
    made = await signed_in.send("POST", "/api/v1/api-tokens", body, **KEY)
    assert made.status == 201
    again = await signed_in.send("POST", "/api/v1/api-tokens", body, **KEY)
    assert (again.status, (await again.json())["code"]) == (409, "answer_not_kept")
    assert len((await signed_in.read("/api/v1/api-tokens"))["items"]) == 1


async def test_an_answer_is_kept_sealed_and_for_a_day(signed_in, context):
    await make(signed_in, "Quorlbrecht")
    async with context.sessions() as session:
        assert b"Quorlbrecht" not in await session.scalar(select(IdempotentCommand.body_sealed))
    signed_in.clock.forward(seconds=KEPT.total_seconds())
    async with transaction(context.sessions) as session:
        await remove_expired(session, context.clock.now())
    assert await state_of(context) is None


async def test_an_answer_is_sealed_anew_when_the_key_changes(signed_in, context):
    answer = await (await make(signed_in)).text()
    newer = KeyRing("k2", {"k1": b"\x01" * 32, "k2": b"\x03" * 32}, b"\x02" * 32)
    async with transaction(context.sessions) as session:
        assert await reseal_answers(session, newer) == 1
        assert await reseal_answers(session, newer) == 0
        kept = await session.scalar(select(IdempotentCommand))
    only = KeyRing("k2", {"k2": b"\x03" * 32}, b"\x02" * 32)
    assert only.unseal(kept.body_sealed, column="idempotent_commands.body", row=kept.id) == answer


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ä"])
async def test_a_strange_key_is_refused_before_anything_happens(signed_in, context, key):
    answer = await make(signed_in, **{"Idempotency-Key": key})
    assert answer.status == 400
    assert await companies_in(context) == 0


async def test_a_version_that_was_edited_belongs_to_the_command(signed_in):
    role = await signed_in.send("POST", "/api/v1/roles", {"name": "A", "permissions": ["contacts.read"]})
    path, body = f"/api/v1/roles/{(await role.json())['id']}", {"permissions": ["segments.read"]}
    first = await signed_in.send("PUT", path, body, **KEY, **{"If-Match": '"1"'})
    again = await signed_in.send("PUT", path, body, **KEY, **{"If-Match": '"1"'})
    other = await signed_in.send("PUT", path, body, **KEY, **{"If-Match": '"2"'})
    assert [first.status, again.status, other.status] == [200, 200, 422]
    assert again.headers["ETag"] == first.headers["ETag"] == '"2"'


async def test_signing_in_takes_no_key(admin, user):
    for _ in range(2):
        answer = await admin.send("POST", "/api/v1/session", {"email": user.email, "password": PASSWORD}, **KEY)
        assert answer.status == 200
        assert "Idempotency-Replayed" not in answer.headers
