"""Whoever has read nothing builds a flow, mends it, publishes it, talks with it and sees the lead in its journey."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.journey_of_a_lead.author import PUBLISHED, WIDE, add_step, saved, say
from tests.journey_of_a_lead.colleague import Colleague, check_with_axe, look_at_both_schemes
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT, Visitor

pytestmark = pytest.mark.journey

ADDRESS = "mary.marketer@newsletter.example.com"
STARTS = (
    "I would like your monthly paper",
    "can I get the monthly paper",
    "subscribe me to the monthly paper",
    "how do I receive your monthly paper",
    "put me down for the paper you write every month",
    "I want to read your paper",
)


async def test_a_marketer_builds_a_flow_and_sees_the_lead_it_brings_in_its_journey(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site, WIDE) as marketer:
        page = marketer.page
        await marketer.go("/flows")
        await page.get_by_test_id("new-flow").click()
        await page.get_by_test_id("new-title").fill("Monthly paper")
        await page.get_by_test_id("new-make").click()
        await expect(page.get_by_test_id("step")).to_have_count(2, timeout=WAIT)
        await add_step(page, after="notice", kind="ask_email")
        await say(page, "Text", "Which address may the paper go to?")
        await say(page, "When not understood", "That does not look like an address.")
        await add_step(page, after="ask_email", kind="ask_consent")
        await say(page, "Text", "May Northwind Ledger Ltd send you marketing by e-mail? You can stop at any time.")
        await say(page, "When not understood", "Please choose yes or no.")
        await add_step(page, after="ask_consent", kind="start_journey")
        await page.get_by_test_id("step-panel").get_by_label(re.compile(r"^Journey\b")).fill("guide_follow_up")
        await expect(page.get_by_test_id("step")).to_have_count(5)
        await saved(page)

        await _mend_what_the_law_forbids(page)
        await look_at_both_schemes(page, tmp_path / "mended")
        await _try_out(page)
        await _publish(page, tmp_path / "starts")

        visitor = await Visitor.arrive(browser, site.url)
        await visitor.open_chat()
        await visitor.says("could I have the monthly paper?", until="Which address may the paper go to?")
        await visitor.says(ADDRESS, until="May Northwind Ledger")
        await visitor.page.locator('[data-testid="choice"]:not([disabled])').first.click()
        await expect(visitor.page.locator('[data-testid="choice"]:not([disabled])')).to_have_count(0, timeout=WAIT)
        await visitor.leave()

        await marketer.go(f"/leads?q={ADDRESS}")
        await page.get_by_test_id("lead-row").get_by_role("link").first.click(timeout=WAIT)
        journey = page.get_by_test_id("contact-journey")
        await expect(journey).to_contain_text("After a guide", timeout=WAIT)
        await expect(journey).to_contain_text("Stands on Two days")
        await look_at_both_schemes(page, tmp_path / "lead")
        await journey.get_by_test_id("journey-why").click()
        await expect(page.get_by_test_id("decisions")).to_contain_text("Stands on two days", timeout=WAIT)
        await check_with_axe(page, tmp_path / "decisions.png")
        await page.keyboard.press("Escape")
        await journey.get_by_test_id("take-out").click()
        await page.get_by_test_id("take-out-confirm").click()
        await expect(journey).to_contain_text("A colleague took them out.", timeout=WAIT)


async def _mend_what_the_law_forbids(page: Page) -> None:
    """The journey would begin for who said no: the checker says so, and a click leads to the step."""
    await page.get_by_test_id("tab-problems").click()
    problem = page.get_by_test_id("problem").filter(has_text="refused")
    await expect(problem.first).to_be_visible(timeout=WAIT)
    await page.locator('[data-step="ask_consent"]').click()
    panel = page.get_by_test_id("step-panel")
    await panel.get_by_role("button", name="Add a way").click()
    await panel.get_by_label("What was said", exact=True).last.fill("consent")
    await page.keyboard.press("Escape")
    await panel.get_by_label("How it compares", exact=True).select_option("is")
    await panel.get_by_label("Value", exact=True).first.fill("given")
    await page.get_by_role("option", name="given").first.click()
    ways = panel.get_by_label("Goes on to", exact=True)
    await ways.first.select_option("start_journey")
    await ways.last.select_option("goodbye")
    await saved(page)
    await page.get_by_test_id("tab-problems").click()
    await expect(page.get_by_test_id("problem")).to_have_text([], timeout=WAIT)


async def _try_out(page: Page) -> None:
    await page.get_by_test_id("simulate").click()
    await page.get_by_test_id("simulator-start").click()
    replies = page.get_by_test_id("simulator-reply")
    await expect(replies.filter(has_text="Which address may the paper go to?")).to_be_visible(timeout=WAIT)
    await page.get_by_test_id("simulator-text").fill("ada@example.com")
    await page.keyboard.press("Enter")
    await expect(page.locator('[data-step="ask_consent"]')).to_have_attribute("data-lit", "true", timeout=WAIT)
    await page.get_by_test_id("simulator-choice").first.click()
    await expect(page.get_by_test_id("simulator-ended")).to_be_visible(timeout=WAIT)


async def _publish(page: Page, picture: Path) -> None:
    """It is said that nothing starts the flow, and where to write what does."""
    await page.get_by_test_id("publish").click()
    await page.get_by_test_id("say-what-starts-it").click()
    await page.get_by_label("Sentences in English").fill("\n".join(STARTS))
    await look_at_both_schemes(page, picture)
    await saved(page)
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_test_id("nothing-starts-it")).to_have_count(0)
    await page.get_by_test_id("publish-now").click()
    await expect(page.get_by_test_id("published")).to_be_visible(timeout=PUBLISHED)
    await page.get_by_test_id("published-close").click()
    await expect(page.get_by_test_id("saving")).to_contain_text("Version 1 is live", timeout=WAIT)
