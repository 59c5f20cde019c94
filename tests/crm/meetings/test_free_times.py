"""What a calendar offers, and that it offers nothing when it cannot know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from base.encryption import KeyRing
from crm.meetings.calendars import add_calendar
from crm.meetings.feeds import BusyFeeds
from crm.meetings.free_times import FreeTimes
from crm.meetings.labels import label_of
from tests.base.other_system import Asked, OtherSystem, other_system
from tests.crm.meetings.conftest import SALES, Office
from tests.crm.meetings.test_busy import feed


@pytest.fixture
async def system() -> AsyncIterator[OtherSystem]:
    async with other_system() as running:
        running.script = lambda _asked: web.Response(body=feed(), content_type="text/calendar")
        yield running


def labels(found: FreeTimes) -> list[str]:
    return [time.label for time in found.times]


async def test_the_first_times_after_the_notice_are_offered(office: Office) -> None:
    await office.add()
    # It is Monday, 16:00 in Berlin; two hours from now nobody works any more.
    found = await office.free()
    assert labels(found) == ["Tue 24 Nov, 09:00", "Tue 24 Nov, 09:30", "Tue 24 Nov, 10:00"]
    assert found.times[0].starts_at == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert found.times[0].starts_at.isoformat() == "2026-11-24T09:00:00+01:00"
    assert found.more


async def test_later_times_follow(office: Office) -> None:
    await office.add()
    first = await office.free(count=6)
    assert labels(await office.free(after=first.times[2].starts_at)) == labels(first)[3:]


async def test_at_the_end_there_are_no_more(office: Office) -> None:
    await office.add(days_ahead=2, minutes=180)
    # Tuesday 9 and 13, Wednesday 9 and 13; two days end on Wednesday at 16.
    found = await office.free(count=4)
    assert (len(found.times), found.more) == (4, False)
    assert await office.free(after=found.times[-1].starts_at) == FreeTimes()


async def test_labels_are_on_the_visitors_clock_and_in_their_language(office: Office) -> None:
    await office.add()
    assert labels(await office.free(zone="America/New_York", count=1)) == ["Tue 24 Nov, 03:00"]
    assert labels(await office.free(language="de", count=1)) == ["Di., 24. Nov., 09:00"]
    assert labels(await office.free(zone=None, count=1)) == ["Tue 24 Nov, 09:00 (CET)"]
    assert labels(await office.free(zone="../etc/passwd", count=1)) == ["Tue 24 Nov, 09:00 (CET)"]


@pytest.mark.parametrize("language", ["en", "en-US", "de", "fr", "ja", "ar", "pt-BR", "xx", "xx-YY", "", "no such"])
def test_every_language_has_labels(language: str) -> None:
    assert "24" in label_of(datetime(2026, 11, 24, 8, tzinfo=UTC), language, ZoneInfo("Europe/Berlin"))


async def test_an_unknown_calendar_has_no_times(office: Office) -> None:
    assert await office.free(calendar="nobody") == FreeTimes()


async def test_held_and_booked_times_are_not_offered_until_the_hold_runs_out(office: Office) -> None:
    await office.add()
    nine, half_past, ten = (time.starts_at for time in (await office.free()).times)
    assert await office.hold(nine) is not None
    hold = await office.hold(ten, conversation_id=(other := await office.converse()))
    assert hold is not None
    await office.confirm(hold, conversation_id=other)
    assert (await office.free(count=1)).times[0].starts_at == half_past
    later = office.now + timedelta(minutes=16)
    assert [time.starts_at for time in (await office.free(now=later, count=2)).times] == [nine, half_past]


async def test_there_is_a_pause_before_and_after_a_meeting(office: Office) -> None:
    await office.add(name="sales")
    hold = await office.hold(datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert hold is not None
    await office.confirm(hold)
    async with office.sessions.begin() as session:
        longer = replace(SALES, pause_minutes=10)
        await add_calendar(session, office.keys, longer, now=office.now, replace=True)
    # 9:40 would end ten minutes into the meeting at ten, 10:20 would begin in it, 11:00 is clear of both.
    assert labels(await office.free(count=2)) == ["Tue 24 Nov, 09:00", "Tue 24 Nov, 11:00"]


async def test_what_the_feed_calls_busy_is_not_offered(office: Office, system: OtherSystem) -> None:
    busy = feed("DTSTART:20261124T080000Z", "DTEND:20261124T160000Z")
    system.script = lambda _asked: web.Response(body=busy, content_type="text/calendar")
    await office.add(busy_url=f"{system.url}/secret.ics")
    assert labels(await office.free(count=1)) == ["Wed 25 Nov, 09:00"]
    assert await office.hold(datetime(2026, 11, 24, 9, tzinfo=UTC)) is None
    assert [asked.path for asked in system.asked] == ["/secret.ics"]


async def test_a_feed_is_read_again_after_five_minutes(office: Office, system: OtherSystem) -> None:
    await office.add(busy_url=f"{system.url}/a.ics")
    for minutes, reads in [(0, 1), (4, 1), (5, 2), (6, 2)]:
        await office.free(now=office.now + timedelta(minutes=minutes))
        assert len(system.asked) == reads


def sign_in(_asked: Asked) -> web.Response:
    return web.Response(text="<html>Sign in</html>", content_type="text/html")


def gone(_asked: Asked) -> web.Response:
    return web.Response(status=404, body=feed())


def moved(_asked: Asked) -> web.Response:
    return web.Response(status=302, headers={"Location": "/elsewhere.ics"})


@pytest.mark.parametrize("script", [sign_in, gone, moved])
async def test_a_feed_that_cannot_be_read_offers_nothing_and_says_so(
    office: Office, system: OtherSystem, script: Any
) -> None:
    await office.add(busy_url=f"{system.url}/very-secret.ics")
    assert (await office.free()).times
    system.script = script
    later = office.now + timedelta(minutes=6)
    with capture_logs() as logs:
        assert await office.free(now=later) == FreeTimes()
        assert await office.hold(datetime(2026, 11, 24, 9, tzinfo=UTC), now=later) is None
    assert [(line["event"], line["log_level"], line["calendar"]) for line in logs] == [
        ("busy_feed_unreadable", "error", "sales")
    ]
    assert "very-secret" not in str(logs)
    # It is left alone for a moment, then tried again.
    assert len(system.asked) == 2
    system.script = lambda _asked: web.Response(body=feed())
    assert (await office.free(now=later + timedelta(seconds=31))).times


async def test_a_feed_that_is_not_there_offers_nothing(office: Office) -> None:
    await office.add(busy_url="http://127.0.0.1:1/a.ics")
    assert await office.free() == FreeTimes()


async def test_a_feed_inside_the_network_is_not_read_unless_that_is_allowed(
    office: Office, system: OtherSystem, keys: KeyRing
) -> None:
    office.feeds = BusyFeeds(keys)
    await office.add(busy_url=f"{system.url}/a.ics")
    assert await office.free() == FreeTimes()
    assert system.asked == []
