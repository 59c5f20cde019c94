"""Where a consent must be confirmed: the mail that asks, the page, what waited for it, and the receipt to keep."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from crm.consent.verify_ledger import read_keys, verify_receipt
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT, Visitor, become_a_lead

pytestmark = pytest.mark.journey

ADDRESS = "marie@curies.example.com"


def zone_of_nowhere() -> str:
    """A zone in which it is about noon and that tells no country: the strictest law counts."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


async def test_a_lead_from_nowhere_known_confirms_by_mail_and_is_followed_up_only_then(
    site: RunningSite, browser: Browser
) -> None:
    visitor = await Visitor.arrive(browser, site.url, time_zone=zone_of_nowhere())
    await become_a_lead(visitor, ADDRESS)

    letter = await site.letters.wait_for(ADDRESS)
    text = letter.get_body(("plain",)).get_content()
    assert "Please confirm" in letter["Subject"]
    assert "May Northwind Ledger" in text, "the exact text that was agreed to"
    (link,) = re.findall(r"https?://\S+/consent/confirm/\S+", text)
    async with asyncio.timeout(60):
        while not site.query("SELECT id FROM outbox WHERE state = 'deferred' AND reason_rule = 'confirmation'"):
            await asyncio.sleep(0.2)
    assert len(site.letters.to(ADDRESS)) == 1, "nothing but the question was sent"

    page = visitor.page
    await page.goto(link)
    await expect(page.get_by_text("May Northwind Ledger")).to_be_visible(timeout=WAIT)
    assert _events(site) == ["requested"], "looking at the page agrees to nothing"
    await page.get_by_role("button").click()
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible(timeout=WAIT)
    assert _events(site) == ["requested", "confirmed"]
    receipt_at = await page.get_by_role("link", name="Your receipt").get_attribute("href")
    await visitor.leave()

    follow_up = await site.letters.wait_for_text(ADDRESS, "Ada", seconds=120)
    assert follow_up["List-Unsubscribe"]

    async with aiohttp.ClientSession(site.url) as session:
        receipt = await (await session.get(receipt_at)).json(content_type=None)
        keys = read_keys(await (await session.get("/.well-known/jwks.json")).json(content_type=None))
    assert verify_receipt(receipt, keys).findings == []


def _events(site: RunningSite) -> list[str]:
    rows = site.query("SELECT event FROM consent_events WHERE evidence ? 'double_opt_in' ORDER BY seq")
    return [row["event"] for row in rows]
