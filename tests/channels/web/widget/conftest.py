"""A real Chromium, the built widget on the demo site, and a server of the protocol that can be told to fail."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from tests.channels.web.widget.chat_double import WEB, ChatDouble

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not (WEB / "widget" / "dist" / "widget.js").exists():
        pytest.fail("The widget is not built: run `npm ci && npm run build` in channels/web/widget.")
    program = os.environ.get("PARLEY_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("No Chromium found: install Debian's `chromium` or set PARLEY_CHROMIUM.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        await browser.close()


@pytest.fixture
async def double() -> ChatDouble:
    return ChatDouble()


@pytest.fixture
async def site(double: ChatDouble) -> AsyncIterator[str]:
    runner = web.AppRunner(double.app(), shutdown_timeout=0.1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await double.close(1001)
    await runner.cleanup()


@pytest.fixture
async def page(browser: Browser, site: str) -> AsyncIterator[Page]:
    """The demo site, loaded, the chat not opened; a script error or a breach of the content policy fails the test."""
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda entry: complaints.append(entry.text) if "Content Security" in entry.text else None)
    await page.goto(site)
    yield page
    await page.close()
    assert complaints == []
