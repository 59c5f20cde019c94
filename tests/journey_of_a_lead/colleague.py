"""A colleague in a real browser, signed in to the admin pages, who sees them and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.async_api import APIResponse, Browser, BrowserContext, Page, ViewportSize, expect

from server.settings import ROOT
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT

AXE = ROOT / "channels" / "web" / "widget" / "node_modules" / "axe-core" / "axe.min.js"
EMAIL = "olivia@northwind-ledger.example"
PASSWORD = "a long enough passphrase"
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


class Colleague:
    """Signed in as the first user, who is made where no other test has."""

    def __init__(self, site: RunningSite, context: BrowserContext, page: Page) -> None:
        self.site = site
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)

    def _heard(self, entry: Any) -> None:
        if "Content Security" in entry.text or "Warning:" in entry.text:
            self.complaints.append(entry.text)

    @classmethod
    async def at_the_door(
        cls, browser: Browser, site: RunningSite, size: ViewportSize = DESK, locale: str = "en-GB"
    ) -> Self:
        """Not signed in yet."""
        context = await browser.new_context(viewport=size, locale=locale)
        return cls(site, context, await context.new_page())

    @classmethod
    async def arrive(cls, browser: Browser, site: RunningSite, size: ViewportSize = DESK) -> Self:
        """Signs in."""
        colleague = await cls.at_the_door(browser, site, size)
        await colleague.sign_in()
        return colleague

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.context.close()
        if kind is None:
            assert self.complaints == []

    async def go(self, path: str) -> None:
        """Loads a page and waits until it has its heading."""
        await self.page.goto(f"{self.site.url}/admin{path}")
        await expect(self.page.get_by_role("heading", level=1)).to_be_visible(timeout=WAIT)

    async def send(self, method: str, path: str, body: object = None, **headers: str) -> APIResponse:
        """A command to the API with the browser's session."""
        told = {"X-Requested-With": "parley", "Content-Type": "application/json", **headers}
        data = body if isinstance(body, str) else json.dumps({} if body is None else body)
        return await self.page.request.fetch(f"{self.site.url}/api/v1{path}", method=method, headers=told, data=data)

    async def read(self, path: str) -> Any:
        """What the API answers."""
        answer = await self.page.request.get(f"{self.site.url}/api/v1{path}")
        assert answer.ok, await answer.text()
        return await answer.json()

    async def bring_in(self, table: str) -> str:
        """Imports people, over the API; returns the import's id once all of them are there."""
        answer = await self.send("POST", "/imports?name=people.csv", table, **{"Content-Type": "text/csv"})
        assert answer.status == 201, await answer.text()
        one: str = (await answer.json())["imported"]["id"]
        started = await self.send("POST", f"/imports/{one}/start")
        assert started.status == 202, await started.text()
        deadline = time.monotonic() + WAIT / 1000
        while (state := (await self.read(f"/imports/{one}"))["state"]) != "done":
            assert time.monotonic() < deadline, state
            await asyncio.sleep(0.2)
        return one

    async def wait_until_counted(self, tree: object, contacts: int) -> None:
        """Until a worker has looked whether those for whom a rule holds may be in a segment: that takes a minute."""
        deadline = time.monotonic() + 2 * WAIT / 1000
        while True:
            found = await (await self.send("POST", "/segments/count", {"tree": tree})).json()
            if found["contacts"] == contacts:
                return
            assert time.monotonic() < deadline, found
            await asyncio.sleep(1)

    async def look(self, pictures: Path, name: str) -> None:
        """Checks the page as it stands with axe, light and dark, on a desk and on a phone."""
        for size, told in ((DESK, "desk"), (PHONE, "phone")):
            await self.page.set_viewport_size(size)
            for scheme in ("light", "dark"):
                await self.page.evaluate(f"document.documentElement.dataset.mantineColorScheme = '{scheme}'")
                await check_with_axe(self.page, pictures / f"{name}-{told}-{scheme}.png")
            width = await self.page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{name} is {width} wide on a {told}"
        await self.page.evaluate("document.documentElement.dataset.mantineColorScheme = 'light'")
        await self.page.set_viewport_size(DESK)

    async def sign_in(self) -> None:
        """By the form; as the first user, where there is none yet."""
        page = self.page
        if (await self.read("/setup"))["needed"]:
            await page.goto(self.site.setup_link)
            await page.get_by_test_id("setup-name").fill("Olivia Owner")
            await page.get_by_test_id("setup-email").fill(EMAIL)
            await page.get_by_test_id("setup-password").fill(PASSWORD)
            await page.get_by_test_id("setup-submit").click()
        else:
            await page.goto(f"{self.site.url}/admin/login")
            await page.get_by_test_id("login-email").fill(EMAIL)
            await page.get_by_test_id("login-password").fill(PASSWORD)
            await page.get_by_test_id("login-submit").click()
        await expect(page.get_by_test_id("logout")).to_be_visible(timeout=WAIT)


async def look_at_both_schemes(page: Page, picture: Path) -> None:
    """Checks the page as it stands, light and dark, by its own switch."""
    for scheme in ("light", "dark"):
        await check_with_axe(page, picture.with_name(f"{picture.name}-{scheme}.png"))
        await page.get_by_test_id("color-scheme").click()


_AT_REST = """async () => {
  const began = performance.now();
  let changed = began;
  const watch = new MutationObserver(() => { changed = performance.now(); });
  watch.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
  const moves = () => document.getAnimations().some(
    (one) => one.playState === 'running' && one.effect?.getComputedTiming().endTime !== Infinity);
  while (performance.now() - began < 1000) {
    await new Promise(requestAnimationFrame);
    if (moves()) changed = performance.now();
    if (performance.now() - changed > 100) break;
  }
  watch.disconnect();
}"""
"""Waits until nothing has moved or changed for a tenth of a second: transitions change contrast while they run."""


async def check_with_axe(page: Page, picture: Path | None = None) -> None:
    """WCAG 2.2 AA by axe-core, run in the page's own world past its content policy.

    A picture is taken where it finds something, and with PARLEY_TOUR always.
    """
    await page.evaluate(_AT_REST)
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    rules = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations']}"
    found = await page.evaluate(f"axe.run(document, {rules}).then((found) => found.violations)")
    problems = [{"id": rule["id"], "where": [node["html"][:200] for node in rule["nodes"]]} for rule in found]
    if picture is not None and (problems or "PARLEY_TOUR" in os.environ):
        await page.screenshot(path=picture, full_page=True)
    assert problems == [], f"{picture or page.url}: {json.dumps(problems, indent=1)}"
