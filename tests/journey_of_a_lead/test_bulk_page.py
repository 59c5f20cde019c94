"""Many contacts are changed at once on the page of leads: by keyboard and shift, and everybody whom a search finds."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.journey_of_a_lead.colleague import Colleague
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT

pytestmark = pytest.mark.journey

PEOPLE = 70
"""More than a page of the list holds."""
_TAGGED = "select count(*) as people from contacts where tags @> '[\"{}\"]'"


async def test_leads_are_chosen_and_changed_many_at_once_while_one_goes_on_working(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site) as colleague:
        rows = "".join(f"crowd{number}@many.example,Crowd{number},Manyfold\n" for number in range(PEOPLE))
        await colleague.bring_in(f"email,first name,last name\n{rows}")
        page = colleague.page
        await colleague.go("/leads?q=Manyfold")
        boxes = page.get_by_test_id("choose-lead")
        await expect(boxes).to_have_count(50, timeout=WAIT)
        await boxes.nth(1).focus()
        await page.keyboard.press("Space")
        await expect(page.get_by_test_id("bulk-bar")).to_contain_text("1 chosen")
        await boxes.nth(4).click(modifiers=["Shift"])
        await expect(page.get_by_test_id("bulk-bar")).to_contain_text("4 chosen")
        await colleague.look(tmp_path, "chosen")

        await page.get_by_test_id("bulk-tag").click()
        await page.get_by_test_id("bulk-tag-name").fill("Not a tag")
        await expect(page.get_by_test_id("bulk-start")).to_be_disabled()
        await page.get_by_test_id("bulk-tag-name").fill("trade_fair")
        await colleague.look(tmp_path, "tag-dialog")
        await page.keyboard.press("Enter")
        done = page.locator('[data-testid="bulk-one"][data-state="done"]')
        await expect(done).to_contain_text("4 contacts changed", timeout=WAIT)
        await expect(page.get_by_test_id("bulk-bar")).to_have_count(0)
        assert site.query(_TAGGED.format("trade_fair"))[0]["people"] == 4
        await done.get_by_role("button", name="Close").click()
        await expect(done).to_have_count(0)

        # Everybody whom the search finds, also who is not shown yet; on another page one still sees how far it is.
        await page.get_by_test_id("choose-all").check()
        await page.get_by_test_id("bulk-everybody").click()
        await page.get_by_test_id("bulk-stage").click()
        await page.get_by_test_id("bulk-stage-name").select_option("mql")
        await page.get_by_test_id("bulk-start").click()
        await expect(page.get_by_test_id("bulk-progress")).to_be_visible(timeout=WAIT)
        await page.get_by_role("link", name="Companies").click()
        await expect(page.get_by_role("heading", name="Companies", level=1)).to_be_visible(timeout=WAIT)
        await expect(done).to_contain_text(f"{PEOPLE} contacts changed", timeout=WAIT)
        await colleague.look(tmp_path, "done-elsewhere")
        moved = site.query(
            "select count(*) as people from contacts where stage = 'mql' and fields ->> 'last_name' = 'Manyfold'"
        )
        assert moved[0]["people"] == PEOPLE

        await colleague.go("/leads?q=Manyfold")
        await page.get_by_test_id("choose-all").check()
        await page.get_by_test_id("bulk-export").click()
        await page.get_by_test_id("bulk-start").click()
        async with page.expect_download() as coming:
            await page.get_by_test_id("bulk-file").click(timeout=WAIT)
        with (await (await coming.value).path()).open(encoding="utf-8") as file:
            assert len(list(csv.DictReader(file))) == 50


async def test_one_of_everybody_is_let_go_and_some_are_erased_once_their_number_is_typed(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site) as colleague:
        rows = "".join(f"fading{number}@away.example,Fading{number},Fadeaway\n" for number in range(PEOPLE))
        await colleague.bring_in(f"email,first name,last name\n{rows}")
        page = colleague.page
        await colleague.go("/leads?q=Fadeaway")
        boxes, bar = page.get_by_test_id("choose-lead"), page.get_by_test_id("bulk-bar")
        await expect(boxes).to_have_count(50, timeout=WAIT)
        await page.get_by_test_id("choose-all").check()
        await page.get_by_test_id("bulk-everybody").click()
        await page.get_by_test_id("load-more").click()
        await expect(boxes).to_have_count(PEOPLE, timeout=WAIT)
        await expect(boxes.nth(60)).to_be_checked()
        await boxes.nth(60).uncheck()
        await expect(bar).to_contain_text(f"{PEOPLE - 1} chosen")
        await page.get_by_role("button", name="Choose nobody").click()
        await boxes.nth(0).check()
        await boxes.nth(2).click(modifiers=["Shift"])
        await page.get_by_test_id("bulk-erase").click()
        number = page.get_by_test_id("bulk-erase-number")
        await number.fill("4")
        await expect(page.get_by_test_id("bulk-start")).to_be_disabled()
        await colleague.look(tmp_path, "erase-dialog")
        await number.fill("3")
        await page.keyboard.press("Enter")
        done = page.locator('[data-testid="bulk-one"][data-state="done"]')
        await expect(done).to_contain_text("3 contacts erased", timeout=WAIT)
        await expect(boxes).to_have_count(PEOPLE - 3, timeout=WAIT)

        await page.get_by_test_id("to-bulk-operations").click()
        operation = page.get_by_test_id("bulk-operations").get_by_test_id("bulk-one").first
        await expect(operation).to_contain_text("Erase contacts", timeout=WAIT)
        await expect(operation).to_contain_text("3 contacts erased")
        await colleague.look(tmp_path, "operations")
