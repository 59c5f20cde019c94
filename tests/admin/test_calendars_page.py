"""The page of calendars in a real browser: a colleague connects radicale, sees what is offered, moves a meeting."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from admin.api.problems import problem_middleware
from admin.app import create_admin_routes
from admin.context import UI_BUILD, AdminContext
from crm.meetings.caldav.work import CalDAVWork
from crm.meetings.feeds import BusyFeeds
from tests.admin.conftest import EMAIL, PASSWORD
from tests.admin.test_meetings import book
from tests.contracts.house import free_port
from tests.crm.meetings.conftest import Radicale, running_radicale
from tests.journey_of_a_lead.colleague import Colleague
from tests.journey_of_a_lead.running_site import RunningSite

pytestmark = pytest.mark.journey

TUESDAY_NINE = datetime(2026, 11, 24, 8, tzinfo=UTC)


class AdminSite:
    """The admin room alone, at an address."""

    def __init__(self, url: str) -> None:
        self.url = url


async def test_a_colleague_connects_their_own_calendar_and_moves_a_meeting(
    context: AdminContext, user: Any, browser: Browser, tmp_path: Path, wake_ups: Any
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    context = replace(
        context,
        public_url=url,
        ui_build=UI_BUILD,
        calendars_private=True,
        busy_feeds=BusyFeeds(context.keys, allow_private=True),
        wake_calendars=wake_ups.wake,
    )
    app = web.Application(middlewares=[problem_middleware])
    app.add_routes(create_admin_routes(context))
    pictures = Path(os.environ.get("PARLEY_TOUR", tmp_path))
    pictures.mkdir(parents=True, exist_ok=True)
    async with running_radicale(tmp_path) as radicale, TestServer(app, host="127.0.0.1", port=port):
        site = cast("RunningSite", AdminSite(url))
        async with await Colleague.at_the_door(browser, site) as colleague:
            signed = await colleague.send("POST", "/session", {"email": EMAIL, "password": PASSWORD})
            assert signed.ok, await signed.text()
            await _add(colleague, pictures)
            await _connect(colleague, radicale, pictures)
            await _move_and_cancel(colleague, context, radicale, pictures)
    assert wake_ups.count == 3


async def _add(colleague: Colleague, pictures: Path) -> None:
    page = colleague.page
    await colleague.go("/settings/calendars")
    await expect(page.get_by_text("No calendar yet")).to_be_visible()
    await colleague.look(pictures, "calendars-none")

    await page.get_by_test_id("add-calendar").click()
    await page.get_by_test_id("calendar-title").fill("Demo")
    await page.get_by_test_id("hours-mon").fill("nine")
    await page.get_by_test_id("save-calendar").click()
    await expect(page.get_by_role("alert")).to_contain_text("Hours are written like")
    await colleague.look(pictures, "calendars-form")
    for day in ("mon", "thu", "fri"):
        await page.get_by_test_id(f"hours-{day}").fill("")
    await page.get_by_label("Time zone").select_option("Europe/Berlin")
    await page.get_by_test_id("save-calendar").click()
    await expect(page.get_by_test_id("offered")).to_contain_text("Tue 24 Nov, 09:00")


async def _connect(colleague: Colleague, radicale: Radicale, pictures: Path) -> None:
    page = colleague.page
    await radicale.put("dentist", "DTSTART:20261124T080000Z", "DTEND:20261124T083000Z")
    await page.get_by_test_id("connect").click()
    await page.get_by_test_id("caldav-url").fill(radicale.site)
    await page.get_by_test_id("caldav-user").fill(radicale.username)
    await page.get_by_test_id("caldav-password").fill("wrong")
    await page.get_by_test_id("connect-next").click()
    await expect(page.get_by_test_id("connect-error")).to_contain_text("user or password is wrong")
    await page.get_by_test_id("caldav-password").fill(radicale.password)
    await page.get_by_test_id("connect-next").click()
    await expect(page.get_by_role("radio", name="My work")).to_be_checked()
    await colleague.look(pictures, "calendars-connect")
    await page.get_by_test_id("connect-next").click()
    await page.get_by_test_id("check-calendar").click()
    await expect(page.get_by_test_id("check-result")).to_contain_text("1 event")
    await expect(page.get_by_test_id("offered")).not_to_contain_text("Tue 24 Nov, 09:00")


async def _move_and_cancel(colleague: Colleague, context: AdminContext, radicale: Radicale, pictures: Path) -> None:
    page = colleague.page
    meeting = await book(context, TUESDAY_NINE.replace(hour=9), calendar="demo")
    work = CalDAVWork(context.sessions, context.keys, context.clock, context.public_url, allow_private=True)
    await work.do_all()
    await colleague.go("/settings/calendars")
    await expect(page.get_by_test_id("meeting")).to_contain_text("In the calendar")
    await colleague.look(pictures, "calendars")
    await page.get_by_test_id("move-meeting").click()
    await page.get_by_role("button", name="Tue 24 Nov, 11:00").click()
    await expect(page.get_by_test_id("new-time")).to_have_count(0)
    await expect(page.get_by_test_id("meeting")).to_contain_text("Being written")
    await work.do_all()
    text = await radicale.read(meeting)
    assert text is not None
    assert "DTSTART:20261124T100000Z" in text
    await page.get_by_test_id("remove-calendar").click()
    await page.get_by_test_id("remove-calendar-confirm").click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(
        "Meetings to come in this calendar: 1"
    )
    await colleague.look(pictures, "calendars-remove")
    await page.get_by_role("dialog").get_by_role("button", name="Back").last.click()
    await page.get_by_test_id("cancel-meeting").click()
    await page.get_by_test_id("cancel-meeting-confirm").click()
    await expect(page.get_by_test_id("meeting")).to_have_count(0)
    await work.do_all()
    assert await radicale.names() == {"dentist.ics"}
    await page.get_by_test_id("remove-calendar").click()
    await page.get_by_test_id("remove-calendar-confirm").click()
    await expect(page.get_by_text("No calendar yet")).to_be_visible()
