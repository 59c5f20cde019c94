"""A visitor asks for a person, a colleague takes over in the inbox, both see each other's words, the bot goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.journey_of_a_lead.colleague import PHONE, Colleague, check_with_axe, look_at_both_schemes
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT, Visitor

pytestmark = pytest.mark.journey

WIDE: ViewportSize = {"width": 1400, "height": 900}
FROM_PERSON = '[data-testid="message"][data-author="person"]'


async def test_a_colleague_takes_a_talk_over_answers_and_hands_it_back_to_the_bot(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await visitor.open_chat()
    async with await Colleague.arrive(browser, site, WIDE) as colleague:
        page = colleague.page
        await colleague.go("/inbox")
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

        await page.set_viewport_size(PHONE)
        await look_at_both_schemes(page, tmp_path / "inbox-phone")
        await page.goto(f"{site.url}/admin/inbox/settings")
        await expect(page.get_by_test_id("team").first).to_be_visible(timeout=WAIT)
        await look_at_both_schemes(page, tmp_path / "inbox-settings-phone")
    await visitor.leave()
