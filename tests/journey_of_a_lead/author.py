"""What an author does in the flow editor, by what it shows."""

from __future__ import annotations

from playwright.async_api import Page, ViewportSize, expect

from tests.journey_of_a_lead.visitor import WAIT

WIDE: ViewportSize = {"width": 1440, "height": 900}
PUBLISHED = 240_000  # milliseconds; every test talk of the library is played


async def add_step(page: Page, *, after: str, kind: str) -> None:
    """Adds a step behind another, with its panel open."""
    await page.locator(f'[data-step="{after}"]').click()
    await page.get_by_test_id("add-step").click()
    await page.get_by_test_id(f"kind-{kind}").click()
    await expect(page.get_by_test_id("step-name")).to_have_value(kind if after != kind else f"{kind}_2", timeout=WAIT)


async def say(page: Page, part: str, text: str) -> None:
    """Writes a part of the open step's wording."""
    await page.get_by_test_id("step-panel").get_by_label(part, exact=True).fill(text)


async def saved(page: Page) -> None:
    """Waits until the draft is."""
    await page.wait_for_timeout(900)  # it is saved after a pause
    await expect(page.get_by_test_id("saving")).to_have_attribute("data-state", "saved", timeout=WAIT)
