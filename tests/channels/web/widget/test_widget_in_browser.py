"""The widget in a real browser, on the demo site, against a server of the protocol that can be told to fail."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.channels.web.widget.chat_double import ChatDouble
from tests.channels.web.widget.scenes import open_chat, violations_in

CHOICES = [{"value": "demo", "label": "See a demo"}, {"value": "price", "label": "Pricing"}]
CONSENT = [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No, only the Terminvereinbarungsbestätigung"}]
PHONE: Any = {
    "viewport": {"width": 320, "height": 568},
    "has_touch": True,
    "is_mobile": True,
    "reduced_motion": "reduce",
}


async def write(page: Page, text: str) -> None:
    await page.get_by_test_id("input").fill(text)
    await page.get_by_test_id("input").press("Enter")


async def shown(page: Page) -> list[str]:
    return await page.get_by_test_id("message").locator(".bubble").all_text_contents()


async def is_focused(page: Page, test_id: str) -> bool:
    script = "id => document.activeElement?.shadowRoot?.activeElement?.dataset.testid === id"
    return bool(await page.evaluate(script, test_id))


async def test_nothing_is_called_or_stored_before_the_visitor_opens_the_chat(page: Page, double: ChatDouble) -> None:
    await page.wait_for_load_state("networkidle")
    assert double.sessions == []
    assert double.socket_trials == 0
    assert await page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
    await open_chat(page)
    assert len(double.sessions) == 1
    assert double.sessions[0].keys() == {"page_url", "language", "time_zone"}
    assert await page.evaluate("document.cookie") == ""


async def test_the_visitor_is_told_of_the_machine_before_the_first_input(page: Page, double: ChatDouble) -> None:
    await open_chat(page)
    await expect(page.get_by_test_id("disclosure")).to_have_text("Automated assistant")
    await expect(page.get_by_test_id("notice")).to_be_visible()
    await write(page, "hello")
    await expect(page.get_by_test_id("notice")).to_be_hidden()
    await expect(page.get_by_test_id("disclosure")).to_be_visible()


async def test_a_message_and_its_answer_are_shown_once_with_author_and_number(page: Page, double: ChatDouble) -> None:
    async def answer(double: ChatDouble, frame: dict[str, Any]) -> None:
        await double.say(f"You wrote: {frame['text']}")

    double.bot = answer
    await open_chat(page)
    await write(page, "hello")
    await expect(page.get_by_test_id("message").nth(1)).to_have_attribute("data-seq", "2")
    await expect(page.get_by_test_id("message").nth(0)).to_have_attribute("data-author", "visitor")
    await double.send({"type": "messages", "messages": double.messages})
    await double.say("and one more")
    await expect(page.get_by_test_id("message")).to_have_count(3)
    assert await shown(page) == ["hello", "You wrote: hello", "and one more"]


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>",
        '/start{"email":"x"}',
        "مرحبا، كم السعر؟",
        "👩🏽‍🚀 emoji 🏳️‍🌈 and\na second line",
    ],
    ids=["html", "slash", "right to left", "emoji"],
)
async def test_any_text_is_sent_and_shown_as_it_is(page: Page, double: ChatDouble, text: str) -> None:
    async def answer(double: ChatDouble, frame: dict[str, Any]) -> None:
        await double.say(frame["text"], choices=[{"value": "x", "label": frame["text"]}], input="choice", step="f/s")

    double.bot = answer
    await open_chat(page)
    await write(page, text)
    await expect(page.get_by_test_id("message")).to_have_count(2)
    assert double.written() == [text]
    assert await shown(page) == [text, text]
    assert await page.get_by_test_id("choice").text_content() == text
    assert "Northwind" in await page.title()
    assert await page.locator("parley-chat img, parley-chat script").count() == 0


async def test_only_web_addresses_become_links_and_they_open_apart(page: Page, double: ChatDouble) -> None:
    source = {"title": "Prices", "link": "https://a.example/prices"}
    await double.say("See https://a.example/x or javascript:alert(1)", source=source)
    await double.say("Bad", source={"title": "Trap", "link": "javascript:alert(1)"})
    await open_chat(page)
    links = page.get_by_test_id("log").locator("a")
    assert [await link.get_attribute("href") for link in await links.all()] == [
        "https://a.example/x",
        "https://a.example/prices",
    ]
    for link in await links.all():
        assert await link.get_attribute("rel") == "noopener noreferrer"
        assert await link.get_attribute("target") == "_blank"
    await expect(page.get_by_test_id("source").nth(0)).to_have_attribute("href", "https://a.example/prices")
    assert await page.get_by_test_id("source").nth(1).evaluate("node => node.tagName") == "DIV"


async def test_a_tap_sends_value_and_step_and_closes_the_question(page: Page, double: ChatDouble) -> None:
    await double.say("What brings you here?", choices=CHOICES, input="choice", step="demo/goal")
    await open_chat(page)
    await page.locator('[data-testid="choice"][data-value="price"]').click()
    await expect(page.get_by_test_id("message")).to_have_count(2)
    frame = await double.first_frame()
    assert frame == {
        "type": "choice",
        "client_id": frame["client_id"],
        "step": "demo/goal",
        "value": "price",
        "text": "Pricing",
    }
    for choice in await page.get_by_test_id("choice").all():
        await expect(choice).to_be_disabled()


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, {"width": 320, "height": 568}])
async def test_the_two_consent_choices_are_equal_in_size_and_style(page: Page, double: ChatDouble, size: Any) -> None:
    await double.say("May we write to you?", choices=CONSENT, input="consent", step="demo/consent")
    await page.set_viewport_size(size)
    await page.emulate_media(reduced_motion="reduce")
    await open_chat(page)
    await page.mouse.move(0, 0)  # where it was, it may hover over one of the two
    script = """nodes => nodes.map(node => { const {color, backgroundColor, borderColor, font} = getComputedStyle(node);
        return [node.offsetWidth, node.offsetHeight, color, backgroundColor, borderColor, font] })"""
    yes, no = await page.get_by_test_id("choice").evaluate_all(script)
    assert yes == no


async def test_that_somebody_types_is_told_without_a_word_of_what(page: Page, double: ChatDouble) -> None:
    await open_chat(page)
    await page.get_by_test_id("input").press_sequentially("secret")
    await write(page, "said")
    await expect(page.get_by_test_id("message")).to_have_attribute("data-seq", "1", timeout=10_000)
    assert double.typings >= 6
    assert double.written() == ["said"]


async def test_a_lost_receipt_leads_to_the_same_client_id_again_and_one_message(page: Page, double: ChatDouble) -> None:
    await open_chat(page)
    double.lose_next_receipt = True
    await write(page, "only once, please")
    await expect(page.get_by_test_id("message")).to_have_attribute("data-seq", "1", timeout=10_000)
    await expect(page.get_by_test_id("status")).to_have_text("")
    await double.say("after")
    await expect(page.get_by_test_id("message")).to_have_count(2)
    assert double.written() == ["only once, please"]
    assert len({frame["client_id"] for frame in double.frames}) == 1


async def test_what_is_written_while_the_server_is_away_is_sent_after_a_reload(page: Page, double: ChatDouble) -> None:
    await open_chat(page)
    double.sessions_allowed = double.sockets_allowed = False
    await double.close(1001)
    await expect(page.get_by_test_id("status")).to_have_text("Reconnecting…")
    double.token = "token-1 but nobody answers the poll"
    await write(page, "are you there?")
    await expect(page.get_by_test_id("message")).to_contain_text("Will be sent")
    await page.reload()
    assert double.written() == []
    double.sessions_allowed = double.sockets_allowed = True
    double.token = "token-1"
    await open_chat(page)
    await expect(page.get_by_test_id("message")).to_have_attribute("data-seq", "1")
    assert double.written() == ["are you there?"]


async def test_coming_back_later_shows_the_whole_history(page: Page, double: ChatDouble) -> None:
    await double.say("Welcome")
    await open_chat(page)
    await write(page, "hello")
    await expect(page.get_by_test_id("message")).to_have_count(2)
    await page.reload()
    await double.say("A follow-up", author="follow_up")
    await open_chat(page)
    await expect(page.get_by_test_id("message")).to_have_count(3)
    assert await shown(page) == ["Welcome", "hello", "A follow-up"]
    assert double.sessions[-1]["token"] == "token-1"
    assert double.hellos[-1]["last_seen"] == 0


async def test_without_websockets_the_chat_works_by_long_poll(page: Page, double: ChatDouble) -> None:
    async def answer(double: ChatDouble, frame: dict[str, Any]) -> None:
        await double.say(f"You wrote: {frame['text']}")

    double.bot = answer
    double.sockets_allowed = False
    await double.say("Welcome")
    await open_chat(page)
    assert double.socket_trials == 2
    await write(page, "hello")
    await expect(page.get_by_test_id("message")).to_have_count(3)
    assert await shown(page) == ["Welcome", "hello", "You wrote: hello"]


@pytest.mark.parametrize("sockets", [True, False])
async def test_a_refused_message_says_why_and_can_be_sent_again(
    page: Page, double: ChatDouble, *, sockets: bool
) -> None:
    double.sockets_allowed = sockets
    await open_chat(page)
    double.refuse_next = ("too_fast", "")
    await write(page, "quick")
    await expect(page.get_by_test_id("message")).to_contain_text("Not sent – retry")
    await page.get_by_test_id("retry").click()
    await expect(page.get_by_test_id("message")).to_have_attribute("data-seq", "1")
    assert double.written() == ["quick"]


async def test_a_refused_token_begins_a_new_conversation(page: Page, double: ChatDouble) -> None:
    await double.say("old")
    await open_chat(page)
    double.token = "token-2"
    double.messages.clear()
    await double.say("new")
    await double.close(4401)
    await expect(page.get_by_test_id("log")).to_contain_text("new")
    assert await shown(page) == ["new"]


async def test_a_refused_origin_is_said_and_nothing_is_tried_again(page: Page, double: ChatDouble) -> None:
    await open_chat(page)
    await double.close(4403)
    await expect(page.get_by_test_id("status")).to_have_text("The chat is not available on this page.")
    await expect(page.get_by_test_id("input")).to_be_disabled()
    assert double.socket_trials == 1


async def test_text_over_the_limit_is_counted_not_cut_and_not_sent(page: Page, double: ChatDouble) -> None:
    await open_chat(page)
    await page.get_by_test_id("input").fill("x" * 100_000)
    await expect(page.get_by_test_id("counter")).to_have_text("100,000 / 4,000")
    await page.get_by_test_id("input").press("Enter")
    await expect(page.get_by_test_id("input")).to_have_value("x" * 100_000)
    await page.get_by_test_id("input").fill("x" * 4_000)
    await page.get_by_test_id("send").click()
    await expect(page.get_by_test_id("message")).to_have_attribute("data-seq", "1")
    assert double.written() == ["x" * 4_000]


async def test_enter_sends_shift_enter_breaks_the_line_and_composing_does_neither(
    page: Page, double: ChatDouble
) -> None:
    await open_chat(page)
    field = page.get_by_test_id("input")
    await field.press_sequentially("one")
    await field.press("Shift+Enter")
    await field.press_sequentially("two")
    await field.evaluate(
        "node => node.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    await expect(field).to_have_value("one\ntwo")
    await field.press("Enter")
    await expect(page.get_by_test_id("message")).to_have_attribute("data-seq", "1")
    assert double.written() == ["one\ntwo"]


@pytest.mark.parametrize(("asked", "mode"), [("email", "email"), ("phone", "tel")])
async def test_the_field_offers_the_keyboard_and_autofill_of_what_is_asked(
    page: Page, double: ChatDouble, asked: str, mode: str
) -> None:
    await double.say("Where can we reach you?", input=asked, step="demo/reach")
    await open_chat(page)
    await expect(page.get_by_test_id("input")).to_have_attribute("inputmode", mode)
    await expect(page.get_by_test_id("input")).to_have_attribute("autocomplete", "email" if asked == "email" else "tel")


async def test_escape_closes_and_focus_goes_in_and_comes_back(page: Page, double: ChatDouble) -> None:
    button = page.get_by_role("button", name="Talk to us").first
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("panel")).to_be_visible()
    assert await is_focused(page, "input")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("panel")).to_be_hidden()
    await expect(button).to_be_focused()
    await open_chat(page)
    await page.keyboard.press("Escape")
    assert await is_focused(page, "launcher")


async def test_a_choice_can_be_made_by_keyboard_and_focus_stays_in_the_chat(page: Page, double: ChatDouble) -> None:
    await double.say("What brings you here?", choices=CHOICES, input="choice", step="demo/goal")
    await open_chat(page)
    await page.get_by_test_id("choice").first.focus()
    await page.keyboard.press("Space")
    await expect(page.get_by_test_id("message")).to_have_count(2)
    assert await is_focused(page, "input")


async def test_messages_that_come_while_the_chat_is_closed_are_counted_on_the_launcher(
    page: Page, double: ChatDouble
) -> None:
    await open_chat(page)
    await page.get_by_test_id("close").click()
    await double.say("one")
    await double.say("two")
    await expect(page.get_by_test_id("badge")).to_have_text("2")
    await expect(page.get_by_test_id("launcher")).to_have_attribute("aria-label", "Open chat, 2 unread messages")
    await open_chat(page)
    await expect(page.get_by_test_id("badge")).to_be_hidden()


async def test_typing_shows_until_the_answer_comes(page: Page, double: ChatDouble) -> None:
    await open_chat(page)
    await double.send({"type": "typing", "on": True})
    await expect(page.get_by_test_id("typing")).to_be_visible()
    await double.say("here I am")
    await expect(page.get_by_test_id("typing")).to_be_hidden()


async def test_destroy_takes_the_chat_off_the_page_and_ends_its_connection(page: Page, double: ChatDouble) -> None:
    await open_chat(page)
    await page.evaluate("Parley.destroy()")
    assert await page.locator("parley-chat").count() == 0
    assert await page.evaluate("typeof Parley") == "undefined"
    await double.close(1001)
    await page.wait_for_timeout(1_000)
    assert double.socket_trials == 1


async def test_on_a_small_phone_the_chat_fills_the_screen_and_nothing_sticks_out(
    browser: Browser, site: str, double: ChatDouble
) -> None:
    await double.say("word" * 60, choices=CONSENT, input="consent", step="demo/consent")
    page = await browser.new_page(**PHONE)
    await page.goto(site)
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
    await open_chat(page)
    box = await page.get_by_test_id("panel").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 320, "height": 568}
    assert await page.get_by_test_id("log").evaluate("log => log.scrollWidth <= log.clientWidth")
    await page.close()


async def fill_log(page: Page, double: ChatDouble) -> None:
    await double.say("Hello, I am the automated assistant.", notice="ai")
    await double.say("An answer", source={"title": "Prices", "link": "https://a.example/prices"})
    await double.say("A colleague here", author="person")
    await double.say("Old question", choices=CHOICES, input="choice", step="demo/goal")
    await double.say("May we write to you?", choices=CONSENT, input="consent", step="demo/consent")
    await open_chat(page)
    double.refuse_next = ("too_fast", "")
    await write(page, "quick")
    await expect(page.get_by_test_id("retry")).to_be_visible()
    await write(page, "slow")
    await expect(page.get_by_test_id("message")).to_have_count(7)
    await double.send({"type": "error", "code": "busy", "message": "Please wait.", "client_id": None})
    await page.get_by_test_id("input").fill("x" * 4_100)


async def only_open(page: Page, double: ChatDouble) -> None:
    await double.say("What brings you here?", choices=CHOICES, input="choice", step="demo/goal")
    await open_chat(page)


async def stay_closed(page: Page, double: ChatDouble) -> None:
    await double.say("unseen")


@pytest.mark.parametrize("scene", [stay_closed, only_open, fill_log])
@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"])
async def test_axe_finds_no_violation(
    browser: Browser, site: str, double: ChatDouble, scene: Callable[[Page, ChatDouble], Awaitable[None]], look: Any
) -> None:
    # Without motion nothing is half faded in when contrast is measured.
    context = await browser.new_context(**look | {"reduced_motion": "reduce"}, bypass_csp=True)
    page = await context.new_page()
    await page.goto(site)
    await scene(page, double)
    violations = await violations_in(page)
    assert violations == [], json.dumps(violations, indent=1)
    await context.close()
