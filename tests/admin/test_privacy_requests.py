"""Privacy requests as the privacy officer works on them over the API."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

import server.web  # noqa: F401  # loads every room's tables
from base.database import transaction
from crm.contacts.models import Contact
from crm.contacts.service import get_contact
from tests.admin.conftest import Admin, client_of
from tests.admin.people import break_off, make_contact, make_talk

REQUESTS = "/api/v1/privacy-requests"
EMAIL = "ada@customer.example"


@pytest.fixture
async def ada(context, now) -> UUID:
    async with transaction(context.sessions) as session:
        contact_id = await make_contact(session, context.keys, now, email=EMAIL, fields={"first_name": "Ada"})
        await make_talk(session, contact_id, now, texts=("Hello Ada",))
    return contact_id


async def file(admin, contact_id: UUID, kind: str, **rest):
    answer = await admin.send("POST", REQUESTS, {"contact_id": str(contact_id), "kind": kind, **rest})
    assert answer.status == 201, await answer.text()
    return await answer.json()


async def act(admin, request, what: str, status: int = 200, **body):
    answer = await admin.send("POST", f"{REQUESTS}/{request['id']}/{what}", body)
    assert answer.status == status, await answer.text()
    return await answer.json()


async def test_the_list_shows_who_asked_what_and_how_many_days_are_left(signed_in, ada, user, clock) -> None:
    await file(signed_in, ada, "access", verified=True)
    clock.forward(days=3)
    await signed_in.sign_in()
    await file(signed_in, ada, "erase")
    first = await signed_in.read(REQUESTS, limit=1)
    rest = await signed_in.read(REQUESTS, limit=1, cursor=first["next_cursor"])
    (erase,), (access,) = first["items"], rest["items"]
    assert (erase["kind"], erase["status"], erase["made_by"]) == ("erase", "unverified", f"user:{user.id}")
    assert (access["status"], access["days_left"], access["said"]) == ("open", 27, "wants to see their data")
    assert [item["id"] for item in (await signed_in.read(REQUESTS, status="open"))["items"]] == [access["id"]]
    clock.forward(days=40)
    await signed_in.sign_in()
    assert (await signed_in.read(REQUESTS, status="open"))["items"][0]["days_left"] < 0


async def test_an_erasure_is_verified_carried_out_once_and_leaves_a_receipt(signed_in, context, ada, tmp_path) -> None:
    request = await file(signed_in, ada, "erase")
    await act(signed_in, request, "carry-out", 409, outcome="Erased.")
    await act(signed_in, request, "verify")
    done = await act(signed_in, request, "carry-out", outcome="Erased.")
    assert done["status"] == "done"
    assert done["receipt"].count(".") == 2
    assert done["days_left"] is None
    await act(signed_in, request, "carry-out", 409, outcome="Erased.")
    async with context.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Contact)) == 0
    assert (await signed_in.get(f"/api/v1/leads/{ada}/personal-data")).status == 404


@pytest.mark.usefixtures("user")
async def test_no_mail_is_left_of_somebody_whose_erasure_is_broken_off(context, clock, ada, tmp_path, monkeypatch):
    letter = tmp_path / "1.eml"
    letter.write_text(f"To: {EMAIL}\n\nHello\n", "utf-8")
    async with client_of(replace(context, mail_folder=tmp_path)) as client:
        officer = Admin(client, context, clock)
        await officer.sign_in()
        request = await file(officer, ada, "erase", verified=True)
        with monkeypatch.context() as broken:
            broken.setattr(Path, "unlink", break_off)
            await act(officer, request, "carry-out", 500, outcome="Erased.")
        await act(officer, request, "carry-out", outcome="Erased.")
    assert not letter.exists()


@pytest.mark.usefixtures("user")
async def test_nobody_waits_for_whoever_is_erased_while_their_mails_are_read(context, clock, ada, tmp_path):
    """A large folder takes longer to read than the database lets a transaction rest."""
    slow = tmp_path / "1.eml"
    os.mkfifo(slow)
    async with client_of(replace(context, mail_folder=tmp_path)) as client:
        officer = Admin(client, context, clock)
        await officer.sign_in()
        request = await file(officer, ada, "erase", verified=True)
        erasing = asyncio.create_task(act(officer, request, "carry-out", outcome="Erased."))
        writing = None
        try:
            async with asyncio.timeout(10):
                while writing is None:
                    # There is nobody to write to before it is read.
                    with contextlib.suppress(OSError):
                        writing = os.open(slow, os.O_WRONLY | os.O_NONBLOCK)
                    await asyncio.sleep(0.01)
            async with transaction(context.sessions) as session:
                found = select(Contact.id).where(Contact.id == ada).with_for_update(nowait=True)
                assert await session.scalar(found) == ada
            os.write(writing, f"To: {EMAIL}\n\nHello\n".encode())
        finally:
            if writing is not None:
                os.close(writing)
        await erasing
    assert not slow.exists()


async def test_a_correction_is_filed_with_its_fields_and_carried_out(signed_in, context, ada) -> None:
    request = await file(signed_in, ada, "rectify", verified=True, fields={"first_name": "Augusta"})
    assert request["detail"] == {"first_name": "Augusta"}
    done = await act(signed_in, request, "carry-out", outcome="Corrected.")
    assert done["detail"] == {}
    async with context.sessions() as session:
        assert (await get_contact(session, ada)).fields == {"first_name": "Augusta"}


async def test_a_correction_that_does_not_fit_is_refused_when_it_is_filed_and_a_second_is_added_to_the_first(
    signed_in, context, ada
) -> None:
    employees = {"name": "employees", "label": "Employees", "type": "number"}
    assert (await signed_in.send("POST", "/api/v1/contact-fields", employees)).status == 201
    wrong = {"contact_id": str(ada), "kind": "rectify", "fields": {"employees": "many"}}
    refused = await signed_in.send("POST", REQUESTS, wrong)
    assert (refused.status, (await refused.json())["errors"][0]["field"]) == (422, "employees")
    first = await file(signed_in, ada, "rectify", verified=True, fields={"first_name": "Augusta"})
    second = await file(signed_in, ada, "rectify", fields={"employees": "12", "first_name": None})
    assert (second["id"], second["detail"]) == (first["id"], {"first_name": None, "employees": 12})
    await act(signed_in, second, "carry-out", outcome="Corrected.")
    async with context.sessions() as session:
        assert (await get_contact(session, ada)).fields == {"employees": 12}


async def test_a_privacy_officer_carries_requests_out_and_an_agent_does_not_even_see_them(join, ada) -> None:
    officer, agent = await join("privacy_officer"), await join("agent")
    request = await file(officer, ada, "access", verified=True)
    assert (await officer.read(f"/api/v1/leads/{ada}/personal-data"))["tables"]
    await act(officer, request, "carry-out", outcome="Handed over.")
    restricted = await file(officer, ada, "restrict", verified=True)
    assert restricted["status"] == "done"
    for method, path in (("GET", REQUESTS), ("POST", REQUESTS), ("POST", f"{REQUESTS}/{request['id']}/carry-out")):
        body = None if method == "GET" else {"contact_id": str(ada), "kind": "erase"}
        assert (await agent.send(method, path, body)).status == 403
    assert (await agent.get(f"/api/v1/leads/{ada}/personal-data")).status == 403


async def test_a_request_is_put_off_and_refused_with_reasons(signed_in, ada) -> None:
    request = await file(signed_in, ada, "access")
    longer = await act(signed_in, request, "extend", reason="There are many talks.")
    assert longer["extended_for"] == "There are many talks."
    assert longer["due_at"] > request["due_at"]
    await act(signed_in, request, "refuse", 422, reason="")
    refused = await act(signed_in, request, "refuse", reason="This was not the person.")
    assert (refused["status"], refused["outcome"]) == ("refused", "This was not the person.")


async def test_a_request_for_somebody_who_is_not_there_is_not_found(signed_in, ada, user) -> None:
    answer = await signed_in.send("POST", REQUESTS, {"contact_id": str(user.id), "kind": "erase"})
    assert answer.status == 404


async def test_the_personal_data_of_a_lead_hold_addresses_and_talks(signed_in, ada) -> None:
    data = await signed_in.read(f"/api/v1/leads/{ada}/personal-data")
    assert data["tables"]["contact_points"]["rows"][0]["value"] == EMAIL
    assert [row["text"] for row in data["tables"]["messages"]["rows"]] == ["", "Hello Ada"]


async def test_the_record_of_processing_is_served(signed_in, user) -> None:
    record = await signed_in.read("/api/v1/processing-record")
    assert {one["activity"] for one in record["activities"]} >= {"Conversations", "Privacy requests"}
