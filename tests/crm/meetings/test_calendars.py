"""Calendars as the operator keeps them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from base.database import transaction
from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput
from crm.meetings.calendars import add_calendar, list_calendars, reseal_feeds
from tests.crm.meetings.conftest import SALES, Office


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("name", {"name": "Sales team"}),
        ("title", {"title": " "}),
        ("title", {"title": "a\r\nATTENDEE:x"}),
        ("zone", {"zone": "Berlin"}),
        ("zone", {"zone": "../zoneinfo"}),
        ("hours", {"hours": {}}),
        ("hours", {"hours": {"monday": ["09:00-10:00"]}}),
        ("hours", {"hours": {"mon": ["9 to 5"]}}),
        ("hours", {"hours": {"mon": ["09:00-12:00", "11:00-13:00"]}}),
        ("hours", {"hours": {"mon": ["09:00-09:20"]}}),
        ("minutes", {"minutes": 0}),
        ("pause_minutes", {"pause_minutes": -1}),
        ("notice_minutes", {"notice_minutes": 100_000}),
        ("days_ahead", {"days_ahead": 0}),
        ("place", {"place": "a\nb"}),
        ("busy_url", {"busy_url": "file:///etc/passwd"}),
        ("busy_url", {"busy_url": "https://user:pw@calendar.example/a.ics"}),
        ("busy_url", {"busy_url": "calendar"}),
    ],
)
async def test_what_is_wrong_is_named(office: Office, field: str, changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        await office.add(**changed)
    assert [error["field"] for error in refused.value.errors] == [field]
    assert field in refused.value.message


async def test_a_calendar_is_replaced_only_when_asked(office: Office) -> None:
    first = await office.add(busy_url="webcal://calendar.example/very-secret.ics")
    with pytest.raises(Conflict):
        await office.add()
    async with transaction(office.sessions) as session:
        assert await add_calendar(session, office.keys, SALES, now=office.now, replace=True) == first
        [view] = await list_calendars(session)
    assert (view.id, view.has_feed, view.title) == (first, False, "Product demo")


async def test_the_feeds_address_is_sealed_and_sealed_anew_with_the_newest_key(office: Office) -> None:
    await office.add(busy_url="webcal://calendar.example/very-secret.ics")
    newer = KeyRing("k2", {**office.keys.roots, "k2": b"\x03" * 32}, office.keys.index_root)
    async with transaction(office.sessions) as session:
        assert await reseal_feeds(session, newer) == 1
        assert await reseal_feeds(session, newer) == 0
        row = (await session.execute(text("select id, busy_url_sealed, calendars::text as whole from calendars"))).one()
        [view] = await list_calendars(session)
    assert b"very-secret" not in row.busy_url_sealed
    assert "very-secret" not in row.whole + repr(view)
    only_new = KeyRing("k2", {"k2": b"\x03" * 32}, office.keys.index_root)
    url = only_new.unseal(row.busy_url_sealed, column="calendars.busy_url_sealed", row=row.id)
    assert url == "https://calendar.example/very-secret.ics"
