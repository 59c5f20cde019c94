"""A lead buys, and the page of numbers tells in a real browser what that sale came from."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from pyarrow import parquet

from tests.journey_of_a_lead.colleague import Colleague
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT, Visitor, become_a_lead

pytestmark = pytest.mark.journey

ADDRESS = "grete@numbers.example.com"


async def test_a_sale_is_seen_with_the_talk_it_came_from_and_saved_as_a_file(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await become_a_lead(visitor, ADDRESS)
    await visitor.leave()
    async with await Colleague.arrive(browser, site) as analyst:
        page = analyst.page
        await analyst.go("/numbers")
        await expect(page.get_by_test_id("funnel")).to_contain_text("Came", timeout=WAIT)
        await expect(page.get_by_test_id("no-figures").filter(has_text="order_placed")).to_be_visible(timeout=WAIT)
        await expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=WAIT)
        await analyst.look(tmp_path, "numbers-at-first")

        await _sell(analyst, 1_250)
        await analyst.go("/numbers")
        await expect(page.get_by_test_id("funnel-by").get_by_role("row", name="Web chat")).to_be_visible(timeout=WAIT)
        sold = page.get_by_test_id("revenue").filter(has_text="CHF")
        await expect(sold).to_contain_text("Web chat", timeout=WAIT)
        # The last touch may be the follow-up that had gone out meanwhile; the first was the talk.
        first = sold.get_by_role("row", name="Web chat").get_by_role("cell").first
        await expect(first).to_have_text("CHF\u00a01,250.00")
        await expect(page.get_by_role("heading", name="1 order: CHF 1,250.00")).to_be_visible()
        await expect(page.get_by_test_id("costs")).to_contain_text("All together")
        await expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=WAIT)
        await analyst.look(tmp_path, "numbers")

        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="What earned the revenue as CSV").click()
        saved = tmp_path / "revenue.csv"
        await (await waiting.value).save_as(saved)
        with saved.open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["currency"] == "CHF"]
        assert {row["name"]: float(row["first"]) for row in rows if float(row["first"])} == {"web": 1_250}
        for rule in ("first", "last", "linear", "data"):
            assert sum(float(row[rule]) for row in rows) == pytest.approx(1_250), rule

        # What is told by what is chosen by keyboard, and is kept in the address.
        await page.get_by_test_id("numbers-by").focus()
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_test_id("funnel-by")).to_contain_text("Demo request", timeout=WAIT)
        await expect(page.get_by_test_id("revenue").filter(has_text="CHF")).to_contain_text(
            "Demo request", timeout=WAIT
        )
        await page.get_by_test_id("numbers-period").select_option("7")
        await expect(page).to_have_url(f"{site.url}/admin/numbers?days=7&by=flow")
        await page.reload()
        await expect(page.get_by_test_id("numbers-by")).to_have_value("flow", timeout=WAIT)
        await _choose_days(analyst, tmp_path)


async def _choose_days(analyst: Colleague, pictures: Path) -> None:
    """Days of one's choice stand in the address, too, and files are of the period shown."""
    page, numbers = analyst.page, f"{analyst.site.url}/admin/numbers"
    await page.get_by_test_id("numbers-period").select_option("own")
    await page.get_by_test_id("numbers-from").fill("2026-01-01")
    await page.get_by_test_id("numbers-to").fill("2026-01-31")
    await expect(page).to_have_url(f"{numbers}?from=2026-01-01&to=2026-01-31&by=flow")
    await expect(page.get_by_test_id("no-figures").first).to_be_visible(timeout=WAIT)
    await page.reload()
    await expect(page.get_by_test_id("numbers-to")).to_have_value("2026-01-31", timeout=WAIT)
    await expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=WAIT)
    await analyst.look(pictures, "numbers-own-days")
    await page.get_by_test_id("numbers-period").select_option("90")
    await expect(page.get_by_test_id("numbers-from")).to_have_count(0)
    await expect(page).to_have_url(f"{numbers}?days=90&by=flow")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="What earned the revenue as Parquet").click()
    saved = pictures / "revenue.parquet"
    await (await waiting.value).save_as(saved)
    assert {row["currency"] for row in parquet.read_table(saved).to_pylist()} >= {"CHF"}


async def _sell(colleague: Colleague, value: int) -> None:
    """The shop tells of an order by the lead's address."""
    made = await colleague.send("POST", "/event-sources", {"name": "numbers_shop", "way": "api"})
    assert made.status == 201, await made.text()
    order = {"order": "n-1", "value": value, "currency": "CHF"}
    told = {"kind": "order_placed", "id": "n-1", "about": {"email": ADDRESS}, "properties": order}
    answer = await colleague.page.request.post(
        f"{colleague.site.url}/api/v1/events",
        headers={"Authorization": f"Bearer {(await made.json())['secret']}", "Content-Type": "application/json"},
        data=json.dumps({"events": [told]}),
    )
    assert answer.ok, await answer.text()
    assert (await answer.json())["written"] == 1
