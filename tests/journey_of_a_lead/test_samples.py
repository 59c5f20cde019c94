"""One click fills the site with made-up people, a notice says so on every page, and one more removes them whole."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from tests.journey_of_a_lead.colleague import Colleague
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT

pytestmark = pytest.mark.journey
REAL = "grace.of.the.real.world@company.com"


async def test_a_colleague_looks_around_with_made_up_people_and_removes_them_again(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site) as colleague:
        page = colleague.page
        await _ask_for_them(colleague)
        banner = page.get_by_test_id("sample-banner")
        await expect(banner).to_be_visible(timeout=WAIT)
        await expect(banner).to_have_attribute("data-state", "ready", timeout=5 * WAIT)
        await colleague.go("/leads?q=Amelia")
        await expect(page.get_by_role("link", name="Amelia Hart")).to_be_visible(timeout=WAIT)
        await expect(page.get_by_test_id("sample-offer")).to_have_count(0)
        refused = await colleague.send("POST", "/sample-workspace")
        assert refused.status == 409
        await colleague.look(tmp_path, "leads-with-samples")
        await _answer_is_refused(colleague)
        await colleague.bring_in(f"Email,First name\n{REAL},Grace\n")
        await colleague.go("/numbers")
        await expect(banner).to_be_visible()
        await _remove(page)
        await expect(banner).to_have_count(0, timeout=2 * WAIT)
        told = await colleague.read("/sample-workspace")
        assert (told["state"], told["people"]) == ("none", 0)
        assert [one["name"] for one in (await colleague.read(f"/leads?q={REAL}"))["items"]] == ["Grace"]
        assert (await colleague.read("/leads?q=Amelia"))["items"] == []


async def _ask_for_them(colleague: Colleague) -> None:
    """On the first page where nobody is there yet, else in the settings."""
    if (await colleague.read("/sample-workspace"))["site_is_empty"]:
        await colleague.go("/leads")
        await colleague.page.get_by_test_id("add-samples").click()
        return
    await colleague.go("/settings")
    await colleague.page.get_by_role("button", name="Look around with sample people").click()


async def _answer_is_refused(colleague: Colleague) -> None:
    """What a colleague would write by text message to somebody made up never leaves."""
    talks = (await colleague.read("/conversations?view=waiting"))["items"]
    by_text = next(talk for talk in talks if talk["channel"] == "sms")
    answer = await colleague.send(
        "POST", f"/conversations/{by_text['id']}/replies", {"text": "Hello", "client_id": str(uuid4())}
    )
    assert answer.status == 409, await answer.text()
    assert "made up" in (await answer.json())["detail"]


async def _remove(page: Page) -> None:
    await page.get_by_test_id("remove-samples").click()
    await page.get_by_test_id("remove-samples-confirm").click()
