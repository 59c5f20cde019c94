"""The .ics file of a meeting, and who can fetch it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from icalendar import Calendar

from admin.api.problems import problem_middleware
from base.encryption import KeyRing
from crm.meetings.ics import Invitation, write_invitation
from crm.meetings.routes import MeetingPages, issue_token, read_token, routes
from tests.bot.stage import MovedClock
from tests.crm.meetings.conftest import Office

TUESDAY_TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
async def site(office: Office) -> AsyncIterator[TestClient[Any, Any]]:
    pages = MeetingPages(office.sessions, office.keys, MovedClock(office.now), "Northwind", "sales@northwind.example")
    app = web.Application(middlewares=[problem_middleware])
    app.add_routes(routes(pages))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield client


async def test_a_booked_meeting_is_an_invitation_and_a_cancelled_one_takes_it_back(
    office: Office, site: TestClient[Any, Any]
) -> None:
    await office.add()
    hold = await office.hold(TUESDAY_TEN)
    assert hold is not None
    path = f"/meetings/{issue_token(office.keys, hold)}.ics"
    assert (await site.get(path)).status == 404
    await office.confirm(hold)
    response = await site.get(path)
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8; method=REQUEST"
    assert response.headers["Content-Disposition"].startswith("attachment")
    calendar = Calendar.from_ical(await response.read())
    [event] = calendar.events
    assert (calendar["METHOD"], event["STATUS"], int(event["SEQUENCE"])) == ("REQUEST", "CONFIRMED", 0)
    assert (event["UID"], event["SUMMARY"], event["LOCATION"]) == (
        str(hold),
        "Product demo",
        "https://meet.example/sales",
    )
    assert (event.start, event.end) == (TUESDAY_TEN, TUESDAY_TEN.replace(minute=30))
    assert event["DTSTAMP"].dt == office.now
    assert event["ORGANIZER"] == "mailto:sales@northwind.example"
    await office.cancel(hold)
    calendar = Calendar.from_ical(await (await site.get(path)).read())
    [event] = calendar.events
    assert (calendar["METHOD"], event["STATUS"], int(event["SEQUENCE"])) == ("CANCEL", "CANCELLED", 1)
    assert event["UID"] == str(hold)


async def test_only_our_tokens_open_an_invitation(office: Office, site: TestClient[Any, Any]) -> None:
    await office.add()
    hold = await office.hold(TUESDAY_TEN)
    assert hold is not None
    await office.confirm(hold)
    token = issue_token(office.keys, hold)
    forged = issue_token(KeyRing("k1", {"k1": b"\x09" * 32}, b"\x02" * 32), hold)
    for wrong in (str(hold), hold.hex, token[:-1], forged, issue_token(office.keys, uuid4()), "%00"):
        assert (await site.get(f"/meetings/{wrong}.ics")).status == 404


def test_a_token_outlives_the_rotation_of_keys(keys: KeyRing) -> None:
    meeting_id = uuid4()
    newer = KeyRing("k2", {**keys.roots, "k2": b"\x03" * 32}, keys.index_root)
    assert read_token(newer, issue_token(keys, meeting_id)) == meeting_id


def test_no_text_adds_a_line_to_the_file(now: datetime) -> None:
    written = write_invitation(
        Invitation(
            meeting_id=uuid4(),
            title="Demo\r\nATTENDEE:mailto:evil@example.com",
            place="Room 1\nBEGIN:VALARM",
            starts_at=TUESDAY_TEN,
            ends_at=TUESDAY_TEN.replace(minute=30),
            organizer_name='North; "wind", Ltd',
            organizer_email="sales@northwind.example",
            attendee="ada@example.com",
        ),
        now,
    )
    lines = written.replace(b"\r\n ", b"").split(b"\r\n")
    assert [line for line in lines if line.startswith((b"ATTENDEE", b"BEGIN"))] == [
        b"BEGIN:VCALENDAR",
        b"BEGIN:VEVENT",
        b"ATTENDEE;ROLE=REQ-PARTICIPANT:mailto:ada@example.com",
    ]
