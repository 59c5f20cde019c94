"""What texts and calls cost stands in the settings; once they have stopped, every page says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.journey_of_a_lead.colleague import Colleague
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT

pytestmark = pytest.mark.journey

TODAY = "(now() AT TIME ZONE 'UTC')::date"
SPEND = f"""
    WITH alert AS (INSERT INTO spending_alerts SELECT to_char({TODAY}, 'YYYY-MM-DD@100'), 100, now())
    INSERT INTO spendings SELECT {TODAY}, 'sms', 99.5, 1244 RETURNING day
"""
FORGET = "WITH alerts AS (DELETE FROM spending_alerts) DELETE FROM spendings RETURNING day"


@pytest.fixture
def all_spent(site: RunningSite) -> Iterator[None]:
    """What may be spent in a day is spent; no other test of this site sees it."""
    site.query(FORGET)
    assert site.query(SPEND)
    yield
    site.query(FORGET)


@pytest.mark.usefixtures("all_spent")
async def test_what_was_spent_is_shown_and_that_texts_and_calls_have_stopped(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site) as colleague:
        page = colleague.page
        await colleague.go("/settings")
        day, month = page.get_by_test_id("spending-day"), page.get_by_test_id("spending-month")
        await expect(day).to_contain_text("99.50 EUR of 100.00 EUR", timeout=WAIT)
        await expect(day).to_have_attribute("data-state", "stopped")
        await expect(month).to_have_attribute("data-state", "open")
        await colleague.look(tmp_path, "spending")
        await colleague.go("/leads")
        await expect(page.get_by_test_id("spending-notice")).to_contain_text("in a day is spent", timeout=WAIT)
