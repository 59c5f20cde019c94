"""A tour of the admin pages: each is opened, seen light and dark, on a desk and on a phone, and passes axe.

With PARLEY_TOUR=FOLDER the pictures are kept there; those of the documentation are made so.
"""

from __future__ import annotations

import os
import re
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
FURTHER = {
    "flow": "flows/demo_request",
    "journey": "journeys/lead_nurture",
    "inbox-settings": "inbox/settings",
    "account": "settings/account",
    "team": "settings/team",
    "roles": "settings/roles",
    "tokens": "settings/tokens",
    "audit": "settings/audit",
    "channels": "settings/channels",
    "fields": "settings/fields",
    "new-import": "imports/new",
    "new-segment": "segments/new",
}
"""Pages behind the places."""


async def test_every_place_is_drawn_light_and_dark_on_a_desk_and_on_a_phone_and_passes_axe(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    pictures = Path(os.environ.get("PARLEY_TOUR", tmp_path))
    pictures.mkdir(parents=True, exist_ok=True)
    visitor = await Visitor.arrive(browser, site.url)
    await become_a_lead(visitor, "grace@compilers.example.com")
    await visitor.leave()
    async with await Colleague.arrive(browser, site) as colleague:
        lead = (await colleague.read("/leads?q=grace@compilers.example.com"))["items"][0]["id"]
        pages = {**{place: place for place in PLACES}, **FURTHER, "lead": f"leads/{lead}"}
        for name, path in pages.items():
            await colleague.go(f"/{path}")
            await expect(colleague.page.locator("[aria-busy=true]")).to_have_count(0, timeout=WAIT)
            await expect(colleague.page.locator("#main")).not_to_contain_text("Page not found")
            await colleague.look(pictures, name)
