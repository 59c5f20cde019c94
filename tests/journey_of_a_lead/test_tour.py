"""A tour of the admin pages: each is opened, seen light and dark, on a desk and on a phone, and passes axe.

With PARLEY_TOUR=FOLDER the pictures are kept there.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from server.settings import ROOT
from tests.journey_of_a_lead.colleague import Colleague
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT, Visitor, become_a_lead

pytestmark = pytest.mark.journey

_NAVIGATION = ROOT / "admin" / "ui" / "src" / "app" / "places.ts"
PLACES = re.findall(r"to: '/([\w-]+)'", _NAVIGATION.read_text())
FURTHER = (
    "flows/demo_request", "journeys/lead_nurture", "inbox/settings", "segments/new", "imports/new", "merges?show=done",
    "privacy?show=opt_outs", "privacy?show=proofs", "knowledge?show=proposals", "knowledge?show=articles",
    "settings/account", "settings/team", "settings/roles", "settings/tokens", "settings/audit", "settings/channels",
    "settings/fields", "settings/calendars", "settings/webhooks", "settings/event-sources",
)  # fmt: skip
"""Pages behind the places."""


@pytest.fixture(scope="module")
async def colleague(site: RunningSite, browser: Browser) -> AsyncIterator[Colleague]:
    async with await Colleague.arrive(browser, site) as signed_in:
        yield signed_in


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("PARLEY_TOUR", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def test_the_page_of_a_lead_passes_axe_light_and_dark_on_a_desk_and_a_phone(
    site: RunningSite, browser: Browser, colleague: Colleague, pictures: Path
) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await become_a_lead(visitor, "grace@compilers.example.com")
    await visitor.leave()
    lead = (await colleague.read("/leads?q=grace@compilers.example.com"))["items"][0]["id"]
    await _look(colleague, f"leads/{lead}", pictures, "lead")


@pytest.mark.parametrize("path", [*PLACES, *FURTHER])
async def test_every_page_passes_axe_light_and_dark_on_a_desk_and_a_phone(
    colleague: Colleague, pictures: Path, path: str
) -> None:
    await _look(colleague, path, pictures, re.sub(r"\W", "-", path))


async def _look(colleague: Colleague, path: str, pictures: Path, name: str) -> None:
    colleague.complaints.clear()
    await colleague.go(f"/{path}")
    await expect(colleague.page.locator("[aria-busy=true]")).to_have_count(0, timeout=WAIT)
    await expect(colleague.page.locator("#main")).not_to_contain_text("Page not found")
    await colleague.look(pictures, name)
    assert colleague.complaints == []
