"""A real Chromium, the built widget on the demo site, and a server of the protocol that can be told to fail."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page

from tests.channels.web.widget.chat_double import ChatDouble


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
