"""The widget does the work that a number left in it waits for: by the browser's own hash, with one line to see."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.channels.web.widget.chat_double import ChatDouble
from tests.channels.web.widget.scenes import open_chat, violations_in

WORK = {
    "task": "t",
    "salt": "00112233445566778899aabbccddeeff",
    "rounds": 5_000,
    "bits": 6,
    "words": "One moment, please…",
}
LEFT: Any = {"limits": {"number_work": True}}


async def until_done(double: ChatDouble) -> None:
    async with asyncio.timeout(20):
        while not double.worked:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("line", ["socket", "long-poll"])
async def test_the_work_is_done_when_a_number_was_left(page: Page, double: ChatDouble, line: str) -> None:
    double.sockets_allowed = line == "socket"
    double.work = dict(WORK)
    await open_chat(page)
    await double.say("Thank you.", **LEFT)
    await until_done(double)
    assert len(double.worked) == 1


async def test_there_is_nothing_to_see_but_a_line_and_the_page_stays_usable(
    browser: Browser, site: str, double: ChatDouble
) -> None:
    context = await browser.new_context(reduced_motion="reduce", bypass_csp=True)
    page = await context.new_page()
    await page.goto(site)
    # So much that it is not done while the page is looked at.
    double.work = WORK | {"rounds": 200_000, "bits": 24}
    await open_chat(page)
    await double.say("Thank you.", **LEFT)
    await expect(page.get_by_test_id("status")).to_have_text("One moment, please…")
    assert await violations_in(page) == []
    await page.get_by_test_id("input").fill("Meanwhile")
    await page.get_by_test_id("input").press("Enter")
    await expect(page.get_by_test_id("message").filter(has_text="Meanwhile")).to_be_visible()
    longest = await page.evaluate(
        """async () => {
            let longest = 0;
            for (let last = performance.now(), ends = last + 1000; last < ends; ) {
                await new Promise((resolve) => setTimeout(resolve, 5));
                longest = Math.max(longest, performance.now() - last);
                last = performance.now();
            }
            return longest;
        }"""
    )
    assert longest < 250, "milliseconds in which the page could do nothing else"
    await context.close()


async def test_nothing_is_loaded_or_asked_while_no_number_was_left(page: Page, double: ChatDouble) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    await open_chat(page)
    await double.say("How many people are you?", input="number", limits={"min": 1})
    await expect(page.get_by_test_id("message").last).to_contain_text("How many")
    assert not [url for url in loaded if "number-work" in url]


async def test_after_a_reload_it_is_asked_for_again(page: Page, double: ChatDouble) -> None:
    await open_chat(page)
    await double.say("Thank you.", **LEFT)
    async with asyncio.timeout(10):
        while not double.work_asked:
            await asyncio.sleep(0.02)
    double.work = dict(WORK)
    await page.reload()
    await open_chat(page)
    await until_done(double)
