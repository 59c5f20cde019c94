"""Whoever has read nothing builds a flow, tries it out, mends what the checker says and publishes it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.journey_of_a_lead.author import PUBLISHED, WIDE, add_step, saved, say
from tests.journey_of_a_lead.colleague import PHONE, Colleague, check_with_axe, look_at_both_schemes
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT

pytestmark = pytest.mark.journey

MANY = 300
"""Steps of a large flow."""
DRAWN_AT_MOST = 90
"""Of which so many may be in the page at once: only what is in sight is drawn."""


async def test_a_flow_of_five_steps_is_built_tried_out_mended_and_published(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site, WIDE) as author:
        page = author.page
        await author.go("/flows")
        await expect(page.get_by_test_id("flow-row").first).to_be_visible(timeout=WAIT)
        await look_at_both_schemes(page, tmp_path / "flows")
        await _build(page)
        await _mend(page, tmp_path / "problems")
        await _try_out(page, tmp_path / "simulator")
        await _publish(page, tmp_path / "tried.png")

        await add_step(page, after="message", kind="message")
        await say(page, "Text", "See you.")
        await saved(page)
        await page.get_by_test_id("tab-history").click()
        await page.get_by_test_id("state").first.click()
        await expect(page.get_by_test_id("diff")).to_contain_text("message_2", timeout=WAIT)
        await look_at_both_schemes(page, tmp_path / "history")


async def test_all_of_the_canvas_is_worked_by_keyboard_and_undone(site: RunningSite, browser: Browser) -> None:
    async with await Colleague.arrive(browser, site, WIDE) as author:
        await author.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = author.page
        await _begin(page, site, "library/by_keyboard", copy_of="library/email_capture")
        await author.go("/flows/by_keyboard")
        canvas = page.get_by_test_id("canvas")
        await _focus(page, "notice")

        await page.keyboard.press("ArrowDown")
        await expect(page.locator('[data-step="ask_guide"]')).to_be_focused(timeout=WAIT)
        await page.keyboard.press("ArrowDown")
        await expect(page.locator('[data-step="ask_email"]')).to_be_focused()
        await page.keyboard.press("a")
        await page.get_by_test_id("find-kind").fill("ask for a phone")
        await page.keyboard.press("Enter")
        await expect(page.locator('[data-step="ask_phone"]')).to_be_focused(timeout=WAIT)
        await page.keyboard.press("ArrowUp")
        await expect(page.locator('[data-step="ask_email"]')).to_be_focused()

        # From ask_email a way is led past the new step, to where the arrows go.
        await page.keyboard.press("c")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await _focus(page, "ask_email")
        await page.keyboard.press("ArrowDown")
        await expect(page.locator('[data-step="by_guide"]')).to_be_focused()

        await _focus(page, "ask_phone")
        await page.keyboard.press("ControlOrMeta+c")
        await page.keyboard.press("ControlOrMeta+v")
        await expect(canvas.locator('[data-step="ask_phone_2"]')).to_be_focused(timeout=WAIT)
        await page.keyboard.press("Delete")
        await expect(canvas.locator('[data-step="ask_phone_2"]')).to_have_count(0)
        await _focus(page, "ask_phone")
        await page.keyboard.press("Delete")
        await expect(canvas.locator('[data-step="ask_phone"]')).to_have_count(0)
        await page.keyboard.press("ControlOrMeta+z")
        await expect(canvas.locator('[data-step="ask_phone"]')).to_have_count(1)
        await page.keyboard.press("ControlOrMeta+Shift+z")
        await expect(canvas.locator('[data-step="ask_phone"]')).to_have_count(0)

        await page.keyboard.press("ControlOrMeta+f")
        await page.get_by_test_id("find").fill("cash-flow forecast")
        await page.keyboard.press("Enter")
        await expect(page.get_by_test_id("step-name")).to_be_visible()
        await check_with_axe(page)


async def test_what_two_people_write_at_once_is_kept_of_both_and_the_same_words_are_asked_about(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site, WIDE) as author:
        page, other = author.page, await author.context.new_page()
        await _begin(page, site, "library/by_two", copy_of="library/email_capture")
        for one in (page, other):
            await one.goto(f"{site.url}/admin/flows/by_two")
            await _focus(one, "notice")

        await page.locator('[data-step="ask_guide"]').click()
        await say(page, "When asked again", "Which guide, then?")
        await saved(page)
        await other.locator('[data-step="ask_email"]').click()
        await say(other, "When asked again", "Which address?")
        await saved(other)
        await other.locator('[data-step="ask_guide"]').click()
        await expect(other.get_by_label("When asked again", exact=True)).to_have_value(
            "Which guide, then?", timeout=WAIT
        )

        # The same words at once: whoever saves last is asked, with both before them.
        done = asyncio.Event()

        async def hold(route: Route) -> None:
            await done.wait()
            await route.continue_()

        await page.locator('[data-step="ask_email"]').click()
        await expect(page.get_by_label("When asked again", exact=True)).to_have_value("Which address?", timeout=WAIT)
        await other.locator('[data-step="ask_email"]').click()
        await other.route("**/api/v1/flows/drafts", hold)
        async with other.expect_request("**/api/v1/flows/drafts"):
            await say(other, "Help", "Said by the other.")
        await say(page, "Help", "Said by the one.")
        await saved(page)
        done.set()
        await expect(other.get_by_test_id("conflict")).to_be_visible(timeout=WAIT)
        await expect(other.get_by_test_id("conflict")).to_contain_text("Said by the one.")
        await check_with_axe(other, tmp_path / "conflict.png")
        await other.get_by_test_id("conflict-done").click()
        await saved(other)
        await expect(other.get_by_label("Help", exact=True)).to_have_value("Said by the other.")


async def test_a_flow_of_three_hundred_steps_is_drawn_only_where_it_is_looked_at(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site, WIDE) as author:
        page = author.page
        document = await _begin(page, site, "library/very_large")
        names = [f"say_{number}" for number in range(MANY - 2)]
        content = document["content"]
        notice, goodbye = content["steps"]
        content["steps"] = [notice, *({"id": name, "step": "message"} for name in names), goodbye]
        content["wording"]["en"] |= {name: {"text": f"This is {name}."} for name in names}
        await _save(page, site, document)
        await author.go("/flows/very_large")
        await _focus(page, "notice")
        assert 0 < await page.get_by_test_id("step").count() <= DRAWN_AT_MOST
        for _ in range(12):
            await page.keyboard.press("ArrowDown")
        await expect(page.locator('[data-step="say_11"]')).to_be_focused(timeout=WAIT)
        await page.keyboard.press("End")
        await expect(page.locator('[data-step="goodbye"]')).to_be_focused(timeout=WAIT)
        assert 0 < await page.get_by_test_id("step").count() <= DRAWN_AT_MOST
        await page.screenshot(path=tmp_path / "large.png")


async def test_a_journey_shows_who_waits_where_and_is_paused_and_let_run(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site, WIDE) as author:
        page = author.page
        await author.go("/journeys")
        await page.get_by_test_id("flow-row").first.get_by_role("link").click()
        await expect(page.get_by_test_id("step").first).to_be_visible(timeout=WAIT)
        await page.get_by_test_id("tab-figures").click()
        await page.get_by_test_id("pause").click()
        await expect(page.get_by_test_id("journey-state")).to_have_text("Paused", timeout=WAIT)
        await look_at_both_schemes(page, tmp_path / "journey")
        await page.get_by_test_id("resume").click()
        await expect(page.get_by_test_id("journey-state")).to_have_text("Running", timeout=WAIT)

        await page.set_viewport_size(PHONE)
        await look_at_both_schemes(page, tmp_path / "journey-phone")
        await author.go("/flows/demo_request")
        await expect(page.get_by_test_id("step").first).to_be_visible(timeout=WAIT)
        await look_at_both_schemes(page, tmp_path / "flow-phone")


async def _build(page: Page) -> None:
    await page.get_by_test_id("new-flow").click()
    await page.get_by_test_id("new-title").fill("Newsletter sign-up")
    await page.get_by_test_id("new-make").click()
    steps = page.get_by_test_id("step")
    await expect(steps).to_have_count(2, timeout=WAIT)
    await add_step(page, after="notice", kind="ask_choice")
    await say(page, "Text", "Would you like our newsletter?")
    await say(page, "When not understood", "Yes or no?")
    await add_step(page, after="ask_choice", kind="ask_email")
    await add_step(page, after="ask_email", kind="message")
    await expect(steps).to_have_count(5)
    await say(page, "Text", "Thank you, it is on its way.")
    await saved(page)


async def _mend(page: Page, picture: Path) -> None:
    """The question for the address has no words yet: the checker says so, and a click leads there."""
    await page.get_by_test_id("tab-problems").click()
    problem = page.get_by_test_id("problem").filter(has_text="ask_email").first
    await expect(problem).to_be_visible(timeout=WAIT)
    await look_at_both_schemes(page, picture)
    await problem.click()
    await expect(page.get_by_test_id("step-name")).to_have_value("ask_email")
    await say(page, "Text", "Which address may we send it to?")
    await say(page, "When not understood", "That does not look like an address.")
    await saved(page)
    await page.get_by_test_id("tab-problems").click()
    await expect(page.get_by_test_id("problem")).to_have_count(0, timeout=WAIT)


async def _try_out(page: Page, picture: Path) -> None:
    await page.get_by_test_id("simulate").click()
    await page.get_by_test_id("simulator-start").click()
    replies = page.get_by_test_id("simulator-reply")
    await expect(replies.filter(has_text="Would you like our newsletter?")).to_be_visible(timeout=WAIT)
    await expect(page.locator('[data-step="ask_choice"]')).to_have_attribute("data-lit", "true")
    await page.get_by_test_id("simulator-choice").first.click()
    await expect(page.locator('[data-step="ask_email"]')).to_have_attribute("data-lit", "true", timeout=WAIT)
    await page.get_by_test_id("simulator-text").fill("ada@example.com")
    await page.keyboard.press("Enter")
    await expect(replies.filter(has_text="Thank you, it is on its way.")).to_be_visible(timeout=WAIT)
    await expect(page.get_by_test_id("simulator-slots")).to_contain_text("ada@example.com")
    await expect(page.get_by_test_id("simulator-ended")).to_be_visible()
    await look_at_both_schemes(page, picture)


async def _publish(page: Page, picture: Path) -> None:
    await page.get_by_test_id("publish").click()
    await page.get_by_test_id("publish-note").fill("A first version")
    await page.get_by_test_id("publish-try").click()
    outcome = page.get_by_test_id("publish-outcome")
    await expect(outcome).to_have_attribute("data-status", "done", timeout=PUBLISHED)
    await check_with_axe(page, picture)
    await page.get_by_test_id("publish-now").click()
    await expect(page.get_by_test_id("published")).to_be_visible(timeout=PUBLISHED)
    await page.get_by_test_id("published-close").click()
    await expect(page.get_by_test_id("saving")).to_contain_text("Version 1 is live", timeout=WAIT)


async def _focus(page: Page, step: str) -> None:
    found: Locator = page.locator(f'[data-step="{step}"]')
    await found.click(timeout=WAIT)
    await expect(found).to_be_focused(timeout=WAIT)


async def _begin(page: Page, site: RunningSite, item: str, copy_of: str | None = None) -> dict[str, object]:
    """Begins a draft over the API, as the user of the page."""
    answer = await page.request.post(
        f"{site.url}/api/v1/flows/drafts",
        data={"item": item, "title": item, **({"copy_of": copy_of} if copy_of else {})},
        headers={"X-Requested-With": "parley"},
    )
    assert answer.ok, await answer.text()
    return await answer.json()


async def _save(page: Page, site: RunningSite, document: dict[str, object]) -> None:
    answer = await page.request.put(
        f"{site.url}/api/v1/flows/drafts",
        data={"item": document["item"], "content": document["content"]},
        headers={"X-Requested-With": "parley", "If-Match": f'"{document["version"]}"'},
    )
    assert answer.ok, await answer.text()
