"""A visitor asks for a person, a colleague takes over in the inbox, both see each other's words, the bot goes on."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from server.settings import ROOT
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT, Visitor

pytestmark = pytest.mark.journey

AXE = ROOT / "channels" / "web" / "widget" / "node_modules" / "axe-core" / "axe.min.js"
EMAIL = "olivia@northwind-ledger.example"
PASSWORD = "a long enough passphrase"
FROM_PERSON = '[data-testid="message"][data-author="person"]'


async def test_a_colleague_takes_a_talk_over_answers_and_hands_it_back_to_the_bot(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await visitor.open_chat()
    context = await browser.new_context(viewport={"width": 1400, "height": 900})
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda entry: complaints.append(entry.text) if "Content Security" in entry.text else None)
    await sign_in(page, site)
    await page.goto(f"{site.url}/admin/inbox")
    await expect(page.get_by_test_id("inbox-views")).to_be_visible(timeout=WAIT)
    await check_with_axe(page)

    # Without loading the page again, the talk is there as soon as somebody is asked for.
    await visitor.page.get_by_test_id("input").fill("I want to talk to a person")
    await visitor.page.keyboard.press("Enter")
    row = page.get_by_test_id("talk").filter(has_text="I want to talk to a person").or_(page.get_by_test_id("talk"))
    await expect(row.first).to_be_visible(timeout=WAIT)
    await row.first.click()
    said = page.get_by_test_id("inbox-message")
    await expect(said.filter(has_text="I want to talk to a person").first).to_be_visible(timeout=WAIT)
    await page.get_by_test_id("take-over").click()
    await expect(page.get_by_test_id("hand-back")).to_be_visible(timeout=WAIT)

    await page.get_by_test_id("inbox-reply").press_sequentially("Hello, this is Olivia.")
    await expect(visitor.page.get_by_test_id("typing")).to_be_visible(timeout=WAIT)
    await page.keyboard.press("Enter")
    await expect(visitor.log.locator(FROM_PERSON)).to_contain_text("Hello, this is Olivia.", timeout=WAIT)

    spoken_by_bot = await visitor.messages("bot").count()
    await visitor.page.get_by_test_id("input").press_sequentially("<b>How nice</b>", delay=300)
    await expect(page.get_by_test_id("visitor-types")).to_be_visible(timeout=WAIT)
    await visitor.page.keyboard.press("Enter")
    await expect(said.filter(has_text="<b>How nice</b>")).to_be_visible(timeout=WAIT)
    assert await visitor.messages("bot").count() == spoken_by_bot, "the bot is silent"
    await look_at_both_schemes(page, tmp_path / "inbox")

    await page.get_by_test_id("hand-back").click()
    await expect(page.get_by_test_id("take-over")).to_be_visible(timeout=WAIT)
    await visitor.page.get_by_test_id("input").fill("how much does it cost?")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.messages("bot").nth(spoken_by_bot)).to_be_visible(timeout=WAIT)

    await page.set_viewport_size({"width": 390, "height": 844})
    await look_at_both_schemes(page, tmp_path / "inbox-phone")
    await page.goto(f"{site.url}/admin/inbox/settings")
    await expect(page.get_by_test_id("team").first).to_be_visible(timeout=WAIT)
    await look_at_both_schemes(page, tmp_path / "inbox-settings-phone")
    await context.close()
    assert complaints == []
    await visitor.leave()


async def sign_in(page: Page, site: RunningSite) -> None:
    """Signs the first user in; makes them first where no other test has."""
    async with aiohttp.ClientSession() as http, http.get(f"{site.url}/api/v1/setup") as answer:
        needed = (await answer.json())["needed"]
    if needed:
        await page.goto(site.setup_link)
        await page.get_by_test_id("setup-name").fill("Olivia Owner")
        await page.get_by_test_id("setup-email").fill(EMAIL)
        await page.get_by_test_id("setup-password").fill(PASSWORD)
        await page.get_by_test_id("setup-submit").click()
    else:
        await page.goto(f"{site.url}/admin/login")
        await page.get_by_test_id("login-email").fill(EMAIL)
        await page.get_by_test_id("login-password").fill(PASSWORD)
        await page.get_by_test_id("login-submit").click()
    await expect(page.get_by_test_id("logout")).to_be_visible(timeout=WAIT)


async def look_at_both_schemes(page: Page, picture: Path) -> None:
    """Light and dark, each with a picture of it."""
    for scheme in ("light", "dark"):
        await check_with_axe(page)
        await page.screenshot(path=picture.with_name(f"{picture.name}-{scheme}.png"), full_page=True)
        await page.get_by_test_id("color-scheme").click()


async def check_with_axe(page: Page) -> None:
    """WCAG 2.2 AA by axe-core, run in the page's own world past its content policy."""
    await page.wait_for_timeout(400)  # transitions change contrast while they run
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
    problems = [{"id": rule["id"], "where": [node["target"] for node in rule["nodes"]]} for rule in found["violations"]]
    assert problems == [], json.dumps(problems, indent=1)
