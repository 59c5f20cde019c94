"""A colleague has the week in numbers mailed to them, reads it, follows its link, and turns it off by the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.journey_of_a_lead.colleague import DESK, EMAIL, PHONE, Colleague, check_with_axe
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT, Visitor, become_a_lead

pytestmark = pytest.mark.journey

SUBJECT = "Ihre Woche in Zahlen"


async def test_the_digest_is_turned_on_sent_read_and_turned_off(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await become_a_lead(visitor, "hanna@digest.example.com")
    await visitor.leave()
    async with await Colleague.arrive(browser, site) as colleague:
        page = colleague.page
        await colleague.go("/settings/account")
        wanted = page.get_by_test_id("digest-wanted")
        await expect(wanted).not_to_be_checked(timeout=WAIT)
        await wanted.focus()
        await page.keyboard.press("Space")
        await expect(page.get_by_test_id("digest-zone")).to_be_visible(timeout=WAIT)
        zone = await page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
        await expect(page.get_by_test_id("digest-zone")).to_have_value(zone)
        await page.get_by_test_id("digest-language").select_option("de")
        await expect(page.get_by_test_id("digest-language")).to_have_value("de", timeout=WAIT)
        await page.get_by_test_id("digest-send").click()
        await expect(page.get_by_test_id("digest-sent")).to_contain_text(EMAIL, timeout=WAIT)
        await colleague.look(tmp_path, "account")

        (letter,) = [one for one in site.letters.to(EMAIL) if str(one["Subject"]).startswith(SUBJECT)]
        text, html = letter.get_body(("plain",)), letter.get_body(("html",))
        assert text is not None
        assert html is not None
        await _look_at_mail(browser, html.get_content(), tmp_path)

        numbers = re.search(r"http\S+/admin/numbers\?\S+", text.get_content())
        off = re.search(r"http\S+/admin/digest-off#\S+", text.get_content())
        assert numbers is not None
        assert off is not None
        await page.goto(numbers[0])
        await expect(page.get_by_test_id("numbers-period")).to_have_value("own", timeout=WAIT)
        await expect(page.get_by_test_id("numbers-from")).to_have_value(numbers[0].split("from=")[1][:10])

    async with await Colleague.at_the_door(browser, site) as somebody:
        page = somebody.page
        await page.goto(off[0])
        await expect(page.get_by_test_id("digest-off")).to_be_visible(timeout=WAIT)
        await somebody.look(tmp_path, "off")
        await page.get_by_test_id("digest-off").click()
        await expect(page.get_by_test_id("digest-is-off")).to_be_visible(timeout=WAIT)
    async with await Colleague.arrive(browser, site) as colleague:
        assert (await colleague.read("/digest"))["wanted"] is False


async def _look_at_mail(browser: Browser, html: str, pictures: Path) -> None:
    """The mail as a mail reader shows it, light and dark, wide and narrow."""
    for scheme in ("light", "dark"):
        for size, told in ((DESK, "desk"), (PHONE, "phone")):
            context = await browser.new_context(color_scheme=scheme, viewport=size, locale="de-DE")
            page = await context.new_page()
            await page.set_content(html)
            await check_with_axe(page, pictures / f"mail-{told}-{scheme}.png")
            assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            await context.close()
