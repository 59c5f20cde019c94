"""The pages in a real browser: usable without script, accessible, never wider than the window, in every language."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from base.database import transaction
from crm.privacy.pages.tokens import issue_request_token
from crm.privacy.requests import Filing, file_request
from server.settings import ROOT
from tests.crm.privacy.pages.conftest import Reader

AXE = ROOT / "channels" / "web" / "widget" / "node_modules" / "axe-core" / "axe.min.js"


async def addresses(reader: Reader) -> dict[str, str]:
    await reader.agree("marketing", "sms")
    async with transaction(reader.sessions) as session:
        filing = Filing(reader.contact_id, "erase", "page", "subject", verified=False)
        request = await file_request(session, reader.hands, filing, reader.clock.now())
    return {
        "preferences": f"/preferences/{reader.token}",
        "data": f"/privacy/{reader.token}",
        "erase": f"/privacy/request/{issue_request_token(reader.keys, request.id)}",
        "unknown": "/preferences/cut-off",
    }


async def check(page: Page, width: int) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    found = await page.evaluate("axe.run(document)")
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
async def test_every_page_is_accessible_in_every_language_and_fits_its_window(
    reader: Reader, browser: Browser, tmp_path: Path, scheme: str, width: int
) -> None:
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True)
    page = await context.new_page()
    languages = ["en", "es", "fr", "de"] if scheme == "light" else ["de"]
    for name, path in (await addresses(reader)).items():
        for language in languages:
            await page.goto(str(reader.client.make_url(f"{path}?lang={language}")))
            assert await page.get_attribute("html", "lang") == language
            await page.evaluate(AXE.read_text())
            await check(page, width)
            await page.screenshot(path=tmp_path / f"{name}-{language}-{scheme}-{width}.png", full_page=True)
    await context.close()


async def test_somebody_without_script_changes_what_they_get_by_keyboard(reader: Reader, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(str(reader.client.make_url(f"/preferences/{reader.token}?lang=en")))
    box = page.get_by_label("E-mail")
    await box.focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Save").press("Enter")
    assert await page.get_by_role("status").inner_text() == (
        "Saved. What was planned and is no longer wanted has been cancelled."
    )
    assert await page.get_by_label("E-mail").is_checked()
    await page.get_by_role("link", name="Deutsch").click()
    await page.get_by_role("heading", name="Was Sie von North & <Wind> bekommen").wait_for()
    await page.get_by_role("link", name="Zu Ihren Daten").click()
    await page.get_by_role("button", name="Keine Punktzahl über mich").click()
    assert await page.get_by_role("status").inner_text() == "Erledigt. Es gilt ab jetzt."
    await page.get_by_role("link", name="Zurück").click()
    await page.get_by_role("button", name="Alles beenden").click()
    assert "sendet Ihnen nichts mehr" in await page.get_by_role("status").inner_text()
    await context.close()
