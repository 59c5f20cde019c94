"""See and erase one's data on pages: a mailed link shows that it is the person, and only its button acts."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from zipfile import ZipFile

import pytest
import time_machine
from sqlalchemy import func, select

from base.database import transaction
from crm.consent.suppression import list_suppressions
from crm.contacts.models import Contact
from crm.contacts.service import attach_address, create_contact
from crm.privacy.limits import list_marks
from crm.privacy.models import Erasure, PrivacyRequest
from crm.privacy.pages.tokens import issue_request_token
from crm.privacy.requests import Filing, file_request
from outreach.models import OutboxMessage
from server.link_mails import PrivacyMails
from tests.crm.privacy.pages.conftest import EMAIL, Reader


async def request_of(reader: Reader) -> PrivacyRequest:
    async with reader.sessions() as session:
        (request,) = (await session.scalars(select(PrivacyRequest))).all()
    return request


async def planned(reader: Reader) -> list[OutboxMessage]:
    await PrivacyMails(reader.sessions).do_due(reader.clock.now())
    async with reader.sessions() as session:
        return list(await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


async def link_of(reader: Reader) -> str:
    """Where the mailed link leads, as the sender makes it."""
    return f"/privacy/request/{issue_request_token(reader.keys, (await request_of(reader)).id)}"


async def people(reader: Reader) -> int:
    async with reader.sessions() as session:
        return await session.scalar(select(func.count()).select_from(Contact)) or 0


async def test_asking_mails_a_link_to_the_very_address_and_does_nothing_yet(reader: Reader) -> None:
    html = await reader.post(f"/privacy/{reader.token}?lang=es", do="erase")
    assert "Hay un enlace en camino" in html
    request = await request_of(reader)
    assert (request.kind, request.status, request.channel) == ("erase", "unverified", "page")
    (mail,) = await planned(reader)
    assert mail.subject == "Borrado de sus datos: confírmelo, por favor"
    assert "{link}" in mail.text, "the token is made when it is sent and stands in no table"
    assert mail.content == {"privacy_request_id": str(request.id)}
    assert (mail.purpose, mail.message_class, mail.channel) == ("rights", "requested", "email")
    assert await people(reader) == 1


async def test_asking_again_and_again_mails_once_in_ten_minutes(reader: Reader) -> None:
    for _ in range(3):
        await reader.post(f"/privacy/{reader.token}", do="access")
        await planned(reader)
    assert len(await planned(reader)) == 1
    reader.clock.forward(minutes=11)
    await reader.post(f"/privacy/{reader.token}", do="access")
    assert len(await planned(reader)) == 2
    assert (await request_of(reader)).received_at == reader.clock.now() - timedelta(minutes=11), "one clock"


async def test_the_link_asks_and_its_button_erases_and_shows_the_receipt(reader: Reader) -> None:
    (reader.mails / "1.eml").write_text(f"To: {EMAIL}\n\nHello Ada")
    await reader.post(f"/privacy/{reader.token}", do="erase")
    await planned(reader)
    link = await link_of(reader)
    assert "Erase everything?" in await reader.get(link)
    assert await people(reader) == 1
    html = await reader.post(link)
    assert "Your data are erased" in html
    assert await people(reader) == 0
    async with reader.sessions() as session:
        assert await session.scalar(select(Erasure.receipt)) in re.findall(r"readonly>([^<]+)<", html)
    assert list(reader.mails.iterdir()) == []
    await reader.get(link, status=404)
    await reader.post(link, status=404)
    async with transaction(reader.sessions) as session:
        newcomer = await create_contact(session, time_zone=None, now=reader.clock.now())
        await attach_address(session, reader.keys, newcomer, kind="email", value=EMAIL, now=reader.clock.now())
        assert (await list_suppressions(session, [newcomer]))[newcomer] == {"all": "erasure_request"}


async def test_the_data_come_as_a_file_and_again_while_the_link_holds(reader: Reader) -> None:
    await reader.post(f"/privacy/{reader.token}", do="access")
    link = await link_of(reader)
    await reader.get(link)
    for _ in range(2):
        async with reader.client.post(link) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data-2026-11-23.zip"'
            with ZipFile(io.BytesIO(await answer.read())) as archive:
                assert EMAIL in archive.read("summary.txt").decode()
    request = await request_of(reader)
    assert (request.status, request.closed_by, request.detail) == ("done", "subject", {})


async def test_a_request_that_a_colleague_took_in_is_mailed_a_link_too(reader: Reader) -> None:
    async with transaction(reader.sessions) as session:
        filing = Filing(reader.contact_id, "erase", "staff", "user:1", verified=True)
        await file_request(session, reader.hands, filing, reader.clock.now())
    await reader.post(f"/privacy/{reader.token}", do="erase")
    assert len(await planned(reader)) == 1
    await reader.post(await link_of(reader))
    assert await people(reader) == 0


async def test_the_link_holds_for_a_day(reader: Reader) -> None:
    await reader.post(f"/privacy/{reader.token}", do="erase")
    link = await link_of(reader)
    with time_machine.travel(timedelta(hours=25), tick=True):
        await reader.get(link, status=404)
        await reader.post(link, status=404)
    assert await people(reader) == 1


async def test_whoever_has_an_old_mail_of_an_address_that_is_no_longer_theirs_can_ask_nothing(reader: Reader) -> None:
    from crm.privacy.pages.tokens import Holder, issue_preferences_token

    token = issue_preferences_token(reader.keys, Holder(reader.contact_id, b"0" * 32))
    await reader.post(f"/privacy/{token}", status=404, do="access")
    async with reader.sessions() as session:
        assert (await session.scalars(select(PrivacyRequest))).all() == []


@pytest.mark.parametrize(
    ("kind", "status", "marks"),
    [
        ("object_profiling", "done", set()),
        ("restrict", "done", {"restricted"}),
        ("human_review", "open", {"human_review"}),
    ],
)
async def test_what_only_protects_is_done_at_once(reader: Reader, kind: str, status: str, marks: set[str]) -> None:
    assert "It holds from now on" in await reader.post(f"/privacy/{reader.token}", do=kind)
    request = await request_of(reader)
    assert (request.kind, request.status) == (kind, status)
    async with reader.sessions() as session:
        assert (await list_marks(session, [reader.contact_id]))[reader.contact_id] == marks


async def test_a_request_that_nobody_offered_is_none(reader: Reader) -> None:
    await reader.post(f"/privacy/{reader.token}", do="unrestrict")
    await reader.post(f"/privacy/{reader.token}")
    async with reader.sessions() as session:
        assert (await session.scalars(select(PrivacyRequest))).all() == []
