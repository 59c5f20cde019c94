"""Somebody signs in for the first time and reads about a real lead; every page passes axe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from server.settings import ROOT
from tests.journey_of_a_lead.colleague import EMAIL, PASSWORD, Colleague, check_with_axe
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT, Visitor, become_a_lead

pytestmark = pytest.mark.journey

WORDS = ROOT / "admin" / "ui" / "src" / "i18n"


async def test_the_first_user_signs_in_and_reads_the_lead_with_reasons_consent_and_transcript(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await become_a_lead(visitor, "barbara@abstraction.example.com")
    await visitor.leave()

    async with await Colleague.at_the_door(browser, site) as colleague:
        page = colleague.page
        await page.goto(site.setup_link)
        await page.get_by_test_id("setup-name").fill("Olivia Owner")
        await page.get_by_test_id("setup-email").fill(EMAIL)
        await page.get_by_test_id("setup-password").fill(PASSWORD)
        await check_with_axe(page)
        await page.get_by_test_id("setup-submit").click()
        row = page.get_by_test_id("lead-row").filter(has_text="barbara@abstraction.example.com")
        await expect(row).to_be_visible(timeout=WAIT)
        await expect(row.get_by_test_id("lead-score")).to_contain_text("100")
        await check_with_axe(page, tmp_path / "leads.png")

        await row.get_by_role("link").first.click()
        await expect(page.get_by_test_id("reason").filter(has_text="Wants to start this month")).to_be_visible()
        await expect(page.get_by_test_id("consent-event").first).to_contain_text("May Northwind Ledger")
        await expect(
            page.get_by_test_id("transcript-message").filter(has_text="We chase late payers by hand.")
        ).to_be_visible()
        await check_with_axe(page)

        await colleague.go("/follow-ups")
        await expect(page.get_by_test_id("follow-up-row").first).to_be_visible(timeout=WAIT)
        await check_with_axe(page)

        await page.get_by_test_id("logout").click()
        await expect(page.get_by_test_id("login-email")).to_be_visible()
        await page.get_by_test_id("login-email").fill(EMAIL)
        await page.get_by_test_id("login-password").fill("not the passphrase at all")
        await page.get_by_test_id("login-submit").click()
        await expect(page.get_by_test_id("form-error")).to_be_visible()
        await page.get_by_test_id("login-password").fill(PASSWORD)
        await page.get_by_test_id("login-submit").click()
        await expect(page.get_by_test_id("follow-up-row").or_(page.get_by_test_id("lead-row")).first).to_be_visible()


async def test_what_a_visitor_types_is_text_in_the_admin_never_markup(site: RunningSite, browser: Browser) -> None:
    payload = "<img src=x onerror=alert(document.domain)>"
    visitor = await Visitor.arrive(browser, site.url)
    await visitor.open_chat()
    await visitor.taps("demo", until="What may I call you")
    await visitor.says("Eve", until="How many people")
    await visitor.taps("1-9", until="like to change")
    await visitor.says(payload, until="which company")
    await visitor.says("my address is eve@poison.example.com", until="Noted")
    await visitor.leave()

    async with await Colleague.at_the_door(browser, site) as colleague:
        page = colleague.page
        alerts: list[str] = []
        page.on("dialog", lambda dialog: alerts.append(dialog.message))
        await colleague.sign_in()
        row = page.get_by_test_id("lead-row").filter(has_text="eve@poison.example.com")
        await row.get_by_role("link").first.click()
        await expect(page.get_by_test_id("transcript-message").filter(has_text=payload).first).to_be_visible(
            timeout=WAIT
        )
        assert await page.locator("img[src=x]").count() == 0
        assert alerts == []


async def test_in_german_the_pages_speak_german_and_change_to_french_while_they_are_looked_at(
    site: RunningSite, browser: Browser
) -> None:
    async with await Colleague.at_the_door(browser, site, locale="de-AT") as colleague:
        page = colleague.page
        await page.goto(f"{site.url}/admin/")
        await expect(page.get_by_test_id("login-submit")).to_have_text("Anmelden", timeout=WAIT)
        await check_with_axe(page)
        await colleague.sign_in()
        await expect(page.get_by_test_id("lead-row").first).to_be_visible(timeout=WAIT)
        await expect(page.locator("html")).to_have_attribute("lang", "de")
        await expect(page.get_by_text("Alle, die mit Ihrem Bot gesprochen haben")).to_be_visible()
        await expect(page.get_by_role("columnheader")).to_have_text(
            ["", "Lead", "Score", "Einwilligung", "Phase", "Letzte Nachricht"]
        )
        await _hears_no_english(page, "shell", "look", "leads")
        await check_with_axe(page)

        await page.get_by_test_id("lead-row").first.get_by_role("link").first.click()
        await expect(page.get_by_role("heading", name="Warum dieser Score")).to_be_visible(timeout=WAIT)
        await _hears_no_english(page, "shell", "leads", "follow_ups")
        await check_with_axe(page)

        await colleague.go("/follow-ups")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Folgenachrichten")
        await expect(page.get_by_test_id("follow-up-row").first).to_be_visible(timeout=WAIT)
        await _hears_no_english(page, "shell", "follow_ups")
        await page.get_by_test_id("language").click()
        await page.get_by_role("menuitem", name="Français").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Relances")
        await expect(page).to_have_title("Relances · Parley")
        await expect(page.locator("html")).to_have_attribute("lang", "fr")
        await page.reload()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Relances")


async def _hears_no_english(page: Page, *areas: str) -> None:
    """No line of the page is a text that the catalogues say otherwise in German."""
    lines = {line.strip() for line in (await page.locator("body").inner_text()).splitlines()}
    english = set[str]()
    for area in areas:
        words, german = (json.loads((WORDS / language / f"{area}.json").read_text()) for language in ("en", "de"))
        english |= {text for key, text in words.items() if text not in german.values() and key in german}
    assert english
    # What flows ask for keeps the name it was given there: this one asks for a timeline.
    assert english & lines - {"Timeline"} == set()
