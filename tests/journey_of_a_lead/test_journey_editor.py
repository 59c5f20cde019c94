"""Whoever edits a journey tries it out with one person and with many, reads its letters and sees how it goes."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.journey_of_a_lead.author import WIDE
from tests.journey_of_a_lead.colleague import DESK, PHONE, Colleague, look_at_both_schemes
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT

pytestmark = pytest.mark.journey

PLAYED = 120_000  # milliseconds; the first trial begins a database of its own


async def test_a_journey_is_tried_out_with_a_person_and_with_many_and_its_letters_are_read(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site, WIDE) as author:
        page = author.page
        await author.go("/journeys/win_back")
        await expect(page.get_by_test_id("step").first).to_be_visible(timeout=WAIT)
        await _let_one_go_through(page, tmp_path)
        await _have_them_withdraw(page)
        await _let_many_go_through(page, tmp_path)
        await _read_the_letter(page, tmp_path)

        await page.set_viewport_size(PHONE)
        await page.get_by_test_id("simulate").click()
        await page.get_by_test_id("trial-start").click()
        await expect(page.get_by_test_id("trail")).to_be_visible(timeout=PLAYED)
        await look_at_both_schemes(page, tmp_path / "trial-phone")
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert author.complaints == [], author.complaints


async def test_a_journey_shows_how_people_really_went_through_it(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site, WIDE) as author:
        page = author.page
        await author.bring_in("email,first name\nmaria@walked.example,Maria\n")
        (contact, *_) = (await author.read("/leads?q=maria@walked.example"))["items"]
        put = await author.send("POST", "/journeys/enrol", {"journey": "lead_nurture", "contact": contact["id"]})
        assert put.ok, await put.text()
        deadline = time.monotonic() + WAIT / 1000
        while not (await author.read("/journeys/drop-off?journey=lead_nurture"))["people"]:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.3)

        await author.go("/journeys/lead_nurture")
        await page.get_by_test_id("tab-figures").click()
        await page.get_by_text("7 days", exact=True).click()
        await expect(page.get_by_test_id("passed")).to_be_visible(timeout=WAIT)
        await look_at_both_schemes(page, tmp_path / "passed")


async def _let_one_go_through(page: Page, pictures: Path) -> None:
    """Step by step, by mouse and keyboard: the step they stand on is lit."""
    await page.get_by_test_id("simulate").click()
    await expect(page.get_by_test_id("trial-entry")).to_have_value("cancelled")
    await page.get_by_label("Watched for days").fill("120")
    await page.get_by_test_id("trial-start").click()
    trail = page.get_by_test_id("trail")
    await expect(trail).to_be_visible(timeout=PLAYED)
    await expect(page.get_by_test_id("trail-end")).to_contain_text("Let go", timeout=WAIT)
    await expect(page.locator('[data-step="cancelled"]')).to_have_attribute("data-lit", "true")
    await page.get_by_test_id("trail-later").click()
    await expect(page.locator('[data-step="a_month"]')).to_have_attribute("data-lit", "true")
    await trail.locator('[aria-current="step"]').focus()
    for _ in range(10):
        await page.keyboard.press("ArrowDown")
        if await page.get_by_test_id("trail-message").count():
            break
    await expect(page.get_by_test_id("trail-message")).to_contain_text("allowed")
    await expect(page.get_by_test_id("letter-subject")).to_be_visible()
    await expect(page.locator('[data-step="mail_news"]')).to_have_attribute("data-lit", "true")
    await look_at_both_schemes(page, pictures / "trial")


async def _have_them_withdraw(page: Page) -> None:
    await page.get_by_test_id("trial-add-deed").click()
    deed = page.get_by_role("group", name="What they do, number 1")
    await deed.get_by_label("What they do").select_option("withdraws")
    await deed.get_by_role("textbox", name="after").fill("36")
    await page.get_by_test_id("trial-start").click()
    await expect(page.get_by_test_id("trail-end")).to_contain_text("Consent withdrawn", timeout=PLAYED)


async def _let_many_go_through(page: Page, pictures: Path) -> None:
    await page.get_by_text("Many people", exact=True).click()
    await page.get_by_label("How many").fill("40")
    await page.get_by_test_id("trial-start").click()
    await expect(page.get_by_test_id("trial-people")).to_contain_text("40 people", timeout=PLAYED)
    await expect(page.get_by_test_id("trial-sends")).to_contain_text("EUR")
    await expect(page.get_by_test_id("trial-load")).to_be_visible()
    await look_at_both_schemes(page, pictures / "many")


async def _read_the_letter(page: Page, pictures: Path) -> None:
    """As an e-mail looks, for somebody made up and where nothing is known of them."""
    await page.locator('[data-step="mail_news"]').click()
    letters = page.get_by_test_id("letter-previews")
    await expect(letters).to_be_visible(timeout=WAIT)
    await page.get_by_test_id("letter-previews").scroll_into_view_if_needed()
    await expect(letters.frame_locator("iframe").locator("body")).to_contain_text("Maria", timeout=WAIT)
    await look_at_both_schemes(page, pictures / "letter")
    await letters.get_by_text("Nothing known", exact=True).click()
    await expect(page.get_by_test_id("letter-missing")).to_be_visible()
    await expect(letters.frame_locator("iframe").locator("body")).not_to_contain_text("Maria")
    await page.set_viewport_size(DESK)
