"""Pictures, cards, ratings, fields and files of the widget, in a real browser."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.channels.web.widget.chat_double import ChatDouble
from tests.channels.web.widget.scenes import CARDS, RATING, open_chat, show_all_parts, violations_in

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FILE_LIMITS = {"accept": ["pdf"], "max_megabytes": 1, "types": ".pdf"}


async def serve_pixel(route: Route) -> None:
    await route.fulfill(body=PIXEL, content_type="image/png")


async def test_a_rating_is_a_radio_group_whose_arrows_choose_nothing(page: Page, double: ChatDouble) -> None:
    await double.say("How was it?", input="rating", step="survey/rating", limits=RATING)
    await open_chat(page)
    group = page.get_by_role("radiogroup")
    await expect(group.get_by_role("radio")).to_have_text(list("12345"))
    await expect(page.get_by_text("Very poor")).to_be_visible()
    await group.get_by_role("radio").first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        await page.keyboard.press(key)
    await expect(group.get_by_role("radio", name="5")).to_be_focused()
    assert double.frames == []
    await page.keyboard.press("Space")
    await expect(page.get_by_test_id("message")).to_have_count(2)
    frame = await double.first_frame()
    assert {name: frame[name] for name in ("type", "step", "value", "text")} == {
        "type": "choice",
        "step": "survey/rating",
        "value": "5",
        "text": "5",
    }
    await expect(group.get_by_role("radio", checked=True)).to_have_text("5")
    await expect(group.get_by_role("radio").first).to_be_disabled()


@pytest.mark.parametrize(
    ("asked", "limits", "values"),
    [
        ("date", {"earliest": "2026-11-24", "latest": "2026-12-24"}, ("2027-01-01", "2026-12-01")),
        ("number", {"minimum": 1, "maximum": 500}, ("501", "25")),
        ("number", {"minimum": None, "maximum": None}, ("", "-2.5")),
    ],
)
async def test_a_field_keeps_to_its_bounds_and_sends_its_value_as_text(
    page: Page, double: ChatDouble, asked: str, limits: dict[str, Any], values: tuple[str, str]
) -> None:
    wrong, right = values
    await double.say("When, or how many?", input=asked, step="demo/field", limits=limits)
    await open_chat(page)
    field = page.get_by_test_id("field")
    await field.fill(wrong)
    await field.press("Enter")
    assert await field.evaluate("node => node.matches(':invalid')")
    assert double.frames == []
    await field.fill(right)
    await page.get_by_role("button", name="OK").click()
    await expect(page.get_by_test_id("message")).to_have_count(2)
    await double.first_frame()
    assert [(frame["type"], frame["text"]) for frame in double.frames] == [("message", right)]
    await expect(field).to_be_disabled()
    await expect(page.get_by_test_id("input")).to_be_focused()


async def test_what_a_field_asks_may_also_be_written(page: Page, double: ChatDouble) -> None:
    await double.say("When?", input="date", step="demo/day", limits={})
    await open_chat(page)
    await page.get_by_test_id("input").fill("next Tuesday")
    await page.get_by_test_id("input").press("Enter")
    await expect(page.get_by_test_id("field")).to_be_disabled()
    await expect(page.locator('[data-author="visitor"]').filter(has_text="next Tuesday")).to_be_visible()
    async with asyncio.timeout(10):
        while double.written() != ["next Tuesday"]:
            await asyncio.sleep(0.05)


async def test_a_file_is_sent_with_its_progress_and_closes_the_question(page: Page, double: ChatDouble) -> None:
    await double.say("Send us the plan.", input="file", step="support/plan", limits=FILE_LIMITS)
    await open_chat(page)
    double.hold_files.clear()
    await expect(page.get_by_test_id("file")).to_have_attribute("accept", ".pdf")
    await page.get_by_test_id("file").set_input_files({"name": "plan.pdf", "mimeType": "", "buffer": b"%PDF-" * 9_000})
    await expect(page.get_by_role("progressbar")).to_be_visible()
    await expect(page.get_by_role("button", name="Choose a file")).to_be_disabled()
    await double.say("By the way: we are open until six.")
    await expect(page.get_by_role("button", name="Choose a file")).to_be_disabled()
    double.hold_files.set()
    await expect(page.get_by_test_id("message")).to_have_count(3)
    assert double.files == [("plan.pdf", b"%PDF-" * 9_000)]
    await expect(page.get_by_role("progressbar")).to_be_hidden()
    await expect(page.get_by_role("button", name="Choose a file")).to_be_disabled()


async def test_a_refused_file_says_why_and_another_one_can_be_sent(page: Page, double: ChatDouble) -> None:
    await double.say("Send us the plan.", input="file", step="support/plan", limits=FILE_LIMITS)
    await open_chat(page)
    picker, problem = page.get_by_test_id("file"), page.get_by_role("alert").filter(has_text=".")
    await picker.set_input_files({"name": "film.pdf", "mimeType": "", "buffer": bytes(1_048_577)})
    await expect(problem).to_have_text("This file is larger than 1 MB.")
    assert double.files == []
    double.refuse_file = (415, "file_not_accepted", "This kind of file is not accepted here.")
    await picker.set_input_files({"name": "plan.pdf", "mimeType": "", "buffer": b"no pdf"})
    await expect(problem).to_have_text("This kind of file is not accepted here.")
    await picker.set_input_files({"name": "plan.pdf", "mimeType": "", "buffer": b"%PDF-1.7"})
    await expect(page.get_by_test_id("message")).to_have_count(2)
    assert double.files == [("plan.pdf", b"%PDF-1.7")]


async def test_cards_can_be_read_and_scrolled_by_keyboard_and_only_web_links_work(
    page: Page, double: ChatDouble
) -> None:
    await page.route("https://media.example/**", serve_pixel)
    bad = {"title": "Trap", "text": None, "image": "javascript:alert(1)", "link": "javascript:alert(1)", "button": "Go"}
    await double.say("Have a look", cards=[*CARDS, bad])
    await open_chat(page)
    cards = page.get_by_test_id("cards")
    await expect(cards.get_by_role("listitem")).to_have_count(5)
    links = cards.get_by_role("link")
    assert [await link.get_attribute("href") for link in await links.all()] == [card["link"] for card in CARDS]
    assert await links.first.get_attribute("rel") == "noopener noreferrer"
    assert await cards.locator("img").count() == len(CARDS)
    await cards.focus()
    await expect(links.first).to_be_in_viewport(ratio=1)
    for _ in range(5):
        await page.keyboard.press("ArrowRight")
    # Not wait_for_function: it evaluates a string inside the page, which the page's content policy refuses.
    await expect(links.first).not_to_be_in_viewport(ratio=1)


async def test_a_picture_is_loaded_late_with_its_description_and_only_over_https(
    page: Page, double: ChatDouble
) -> None:
    await page.route("https://media.example/**", serve_pixel)
    await double.say("The plan", media={"kind": "image", "url": "https://media.example/a.png", "alt": "Two rooms"})
    await double.say("", media={"kind": "image", "url": "http://media.example/b.png", "alt": "Not safely to be had"})
    await double.say("", media={"kind": "video", "url": "https://media.example/c.mp4", "alt": "A tour"})
    await double.say("", media={"kind": "file", "url": "https://media.example/d.pdf", "alt": "Price list"})
    await open_chat(page)
    picture = page.get_by_role("img", name="Two rooms")
    await expect(picture).to_have_attribute("loading", "lazy")
    await expect(picture).to_have_js_property("naturalWidth", 1)
    await expect(page.get_by_text("Not safely to be had")).to_be_visible()
    assert await page.locator("parley-chat img").count() == 1
    video = page.locator("parley-chat video")
    await expect(video).to_have_attribute("aria-label", "A tour")
    assert await video.evaluate("node => node.controls")
    await expect(page.get_by_role("link", name="Price list")).to_have_attribute("href", "https://media.example/d.pdf")


async def test_a_link_with_a_code_opens_the_chat_and_the_code_leaves_the_address(
    page: Page, double: ChatDouble, site: str
) -> None:
    double.notice = "This code is not valid (any more)."
    await page.goto(f"{site}?ref=mail&resume=K7M2QX#top")
    await expect(page.get_by_test_id("panel")).to_have_attribute("data-link", "connected")
    assert double.sessions[-1]["resume"] == "K7M2QX"
    assert "K7M2QX" not in double.sessions[-1]["page_url"]
    assert page.url == f"{site}?ref=mail#top"
    await expect(page.get_by_test_id("status")).to_have_text("This code is not valid (any more).")
    await page.reload()
    await open_chat(page)
    assert "resume" not in double.sessions[-1]


async def test_that_the_talk_goes_on_elsewhere_stays_on_the_screen(page: Page, double: ChatDouble) -> None:
    await open_chat(page)
    await page.clock.install()
    await double.send({"type": "error", "code": "moved", "message": "It goes on elsewhere.", "client_id": None})
    await expect(page.get_by_test_id("status")).to_have_text("It goes on elsewhere.")
    await page.clock.fast_forward(60_000)
    await expect(page.get_by_test_id("status")).to_have_text("It goes on elsewhere.")


@pytest.mark.parametrize("size", [(320, 568), (1280, 800)])
async def test_nothing_sticks_out_sideways(
    browser: Browser, site: str, double: ChatDouble, size: tuple[int, int]
) -> None:
    page = await browser.new_page(viewport={"width": size[0], "height": size[1]})
    await page.route("https://media.example/**", serve_pixel)
    await page.goto(site)
    await show_all_parts(page, double)
    log = page.get_by_test_id("log")
    assert await log.evaluate("log => log.scrollWidth <= log.clientWidth")
    await page.close()


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark"}], ids=["light", "dark"])
async def test_axe_finds_no_violation_in_any_part(browser: Browser, site: str, double: ChatDouble, look: Any) -> None:
    context = await browser.new_context(**look, reduced_motion="reduce", bypass_csp=True)
    page = await context.new_page()
    await page.route("https://media.example/**", serve_pixel)
    await page.goto(site)
    await show_all_parts(page, double)
    assert await violations_in(page) == []
    await context.close()
