"""Colleagues find groups of people, bring some in and take them back, and join doubles."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.journey_of_a_lead.colleague import Colleague
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT

pytestmark = pytest.mark.journey


async def test_a_marketer_builds_a_segment_and_sees_at_once_who_is_in_it(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site) as marketer:
        await marketer.bring_in(
            "email,first name,last name,country\n"
            "rosa@segment.example,Rosa,Ruiz,PT\nnuno@segment.example,Nuno,Lima,PT\nliv@segment.example,Liv,Berg,NO\n"
        )
        await marketer.wait_until_counted({"fact": "country", "op": "is", "value": "PT"}, 2)
        page = marketer.page
        await marketer.go("/segments")
        await page.get_by_test_id("new-segment").click()
        await page.get_by_test_id("segment-name").fill("People in Portugal")
        first = page.get_by_test_id("condition").first
        await first.get_by_label("Fact", exact=True).select_option("country")
        await expect(page.get_by_test_id("save-segment")).to_be_disabled()
        await first.get_by_label("Value", exact=True).fill("PT")
        await expect(page.get_by_test_id("segment-count")).to_have_text("2", timeout=WAIT)
        await expect(page.get_by_test_id("segment-words")).to_contain_text("the country is “PT”")
        await expect(page.get_by_test_id("segment-people").get_by_role("link")).to_have_count(2)

        await first.get_by_role("button", name="Not", exact=True).click()
        await page.get_by_test_id("add-group").click()
        group = page.get_by_test_id("group").nth(1)
        nested = group.get_by_test_id("condition").first
        await nested.get_by_label("Fact", exact=True).select_option("country")
        await nested.get_by_label("Value", exact=True).fill("NO")
        await expect(page.get_by_test_id("segment-count")).to_have_text("1", timeout=WAIT)
        await group.get_by_test_id("add-condition").click()
        await page.get_by_test_id("add-event").click()
        await expect(page.get_by_test_id("condition")).to_have_count(3)
        await expect(page.get_by_test_id("segment-words")).to_contain_text("viewed a page", timeout=WAIT)
        await marketer.look(tmp_path, "segment")

        await group.get_by_role("button", name="Remove group").first.click()
        await first.get_by_role("button", name="Not", exact=True).click()
        await expect(page.get_by_test_id("segment-count")).to_have_text("2", timeout=WAIT)
        await page.get_by_test_id("save-segment").click()
        # Members are found by a worker.
        await expect(page.get_by_test_id("segment-members")).to_be_attached(timeout=WAIT)
        await marketer.go("/segments")
        row = page.get_by_test_id("segment-row").filter(has_text="People in Portugal")
        await expect(row).to_contain_text("2", timeout=WAIT)
        await marketer.look(tmp_path, "segments")

        await marketer.go("/leads")
        await page.get_by_test_id("segment-filter").select_option(label="People in Portugal")
        await expect(page.get_by_test_id("lead-row")).to_have_count(2, timeout=WAIT)


async def test_two_who_change_one_segment_do_not_overwrite_each_other(site: RunningSite, browser: Browser) -> None:
    async with await Colleague.arrive(browser, site) as marketer:
        made = await marketer.send("POST", "/segments", {"name": "Contested", "tree": {"tag": "vip"}})
        segment = await made.json()
        page = marketer.page
        await marketer.go(f"/segments/{segment['id']}")
        await expect(page.get_by_test_id("segment-name")).to_have_value("Contested", timeout=WAIT)
        theirs = {"name": "Contested by another", "tree": {"tag": "vip"}}
        answer = await marketer.send("PUT", f"/segments/{segment['id']}", theirs, **{"If-Match": '"1"'})
        assert answer.ok, await answer.text()
        await page.get_by_test_id("segment-name").fill("Contested by me")
        await page.get_by_test_id("save-segment").click()
        await expect(page.get_by_test_id("form-error")).to_contain_text("Somebody else changed this segment")
        await page.get_by_role("button", name="Load their version").click()
        await expect(page.get_by_test_id("segment-name")).to_have_value("Contested by another")


async def test_an_import_is_mapped_looked_at_started_and_taken_back(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    table = tmp_path / "people.csv"
    table.write_text("Mail,Who,Phone,Shoe size\nida@import.example,Ida Holm,(415) 555-2671,38\n,Nobody,12,\n")
    async with await Colleague.arrive(browser, site) as marketer:
        page = marketer.page
        await marketer.go("/imports/new")
        await page.get_by_test_id("import-file").set_input_files(table)
        await expect(page.get_by_label("What “Who” becomes")).to_be_visible(timeout=WAIT)
        await page.get_by_label("What “Who” becomes").select_option("name")
        await page.get_by_label("What “Shoe size” becomes").select_option("field:shoe_size")
        await page.get_by_test_id("import-country").fill("US")
        preview = page.get_by_test_id("import-preview")
        await expect(preview).to_contain_text("+14155552671", timeout=WAIT)
        await expect(preview).to_contain_text("Holm")
        await expect(preview).to_contain_text("row is refused")
        await marketer.look(tmp_path, "import-columns")

        await page.get_by_test_id("start-import").click()
        figures = page.get_by_test_id("import-figures")
        await expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=WAIT)
        await expect(figures.locator("div").filter(has_text="New contacts")).to_contain_text("1")
        await expect(figures.locator("div").filter(has_text="Rows refused")).to_contain_text("1")
        async with page.expect_download() as coming:
            await page.get_by_test_id("import-problems").click()
        problems = (await (await coming.value).path()).read_text()
        assert {row["row"] for row in csv.DictReader(problems.splitlines())} == {"3"}
        assert len(site.query("select 1 from contacts where fields ->> 'shoe_size' = '38'")) == 1
        await marketer.look(tmp_path, "import-done")

        await page.get_by_test_id("undo-import").click()
        await page.get_by_test_id("undo-import-confirm").click()
        await expect(page.get_by_text("Taken back", exact=True)).to_be_visible(timeout=WAIT)
        assert site.query("select 1 from contacts where fields ->> 'shoe_size' = '38'") == []


async def test_two_contacts_that_are_one_person_are_merged_and_made_two_again(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site) as colleague:
        await colleague.bring_in(
            "email,first name,last name,company,job title,street,city,postal code,country\n"
            "wilhelmina.okonkwo@double.example,Wilhelmina,Okonkwo,Fjord Lamps,Buyer,Quay 7,Bergen,5003,NO\n"
            "w.okonkwo@double.example,Wilhelmina,Okonkwo,Fjord Lamps,Head of buying,Quay 7,Bergen,5003,NO\n"
        )
        page = colleague.page
        await colleague.go("/merges")
        pair = (
            page.get_by_test_id("candidate")
            .filter(has_text="w.okonkwo@double.example")
            .or_(page.get_by_test_id("candidate").filter(has_text="Wilhelmina Okonkwo"))
        )
        # They are found by a worker within a minute or two.
        for _ in range(60):
            if await pair.count():
                break
            await page.wait_for_timeout(2_000)
            await colleague.go("/merges")
        if await pair.get_by_test_id("compare").count():
            await pair.get_by_test_id("compare").click()
        await expect(pair).to_contain_text("w.okonkwo@double.example")
        await pair.get_by_role("radiogroup", name="Job title: which is right?").get_by_label("Head of buying").check()
        await colleague.look(tmp_path, "merge")
        await pair.get_by_test_id("confirm-candidate").click()
        await expect(page.get_by_test_id("just-merged")).to_be_visible(timeout=WAIT)
        merged = site.query(
            "select fields ->> 'job_title' as job from contacts where fields ->> 'last_name' = 'Okonkwo'"
        )
        assert [row["job"] for row in merged] == ["Head of buying"]

        await page.get_by_test_id("merges-done").click()
        merge = page.get_by_test_id("merge").first
        await expect(merge).to_be_visible(timeout=WAIT)
        await colleague.look(tmp_path, "merges-done")
        await merge.get_by_test_id("unmerge").click()
        await page.get_by_test_id("unmerge-confirm").click()
        await expect(merge).to_contain_text("Undone", timeout=WAIT)
        assert len(site.query("select 1 from contacts where fields ->> 'last_name' = 'Okonkwo'")) == 2


async def test_a_lead_is_given_to_a_colleague_tagged_and_described(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site) as colleague:
        await colleague.bring_in("email,first name,last name,company\nselma@lead.example,Selma,Dahl,Dahl Ltd\n")
        page = colleague.page
        (found,) = (await colleague.read("/leads?q=selma@lead.example"))["items"]
        await colleague.go(f"/leads/{found['id']}")
        await page.get_by_test_id("lead-owner").select_option(label="Olivia Owner")
        await page.get_by_test_id("lead-tags").fill("Fair 2026")
        await page.keyboard.press("Enter")
        await page.get_by_test_id("edit-fields").click()
        await page.get_by_test_id("field-job_title").fill("Head of finance")
        await page.get_by_test_id("save-fields").click()
        await expect(page.get_by_text("Head of finance")).to_be_visible(timeout=WAIT)
        await page.get_by_test_id("choose-company").click()
        await page.get_by_role("button", name="Make a company “Dahl Ltd”").click()
        await expect(page.get_by_role("link", name="Dahl Ltd")).to_be_visible(timeout=WAIT)
        story = await colleague.read(f"/leads/{found['id']}")
        assert story["owner"]["name"] == "Olivia Owner"
        assert story["tags"] == ["fair_2026"]
        assert story["fields"]["job_title"] == "Head of finance"
        await colleague.look(tmp_path, "lead")
        await page.get_by_role("link", name="Dahl Ltd").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Dahl Ltd", timeout=WAIT)
        await expect(page.get_by_role("link", name="Selma Dahl")).to_be_visible(timeout=WAIT)
        await colleague.look(tmp_path, "company")


async def test_rules_of_scores_are_tried_on_everybody_before_they_are_saved(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site) as marketer:
        await marketer.bring_in("email,first name,job title\nsky@score.example,Sky,Astronaut\n")
        page = marketer.page
        await marketer.go("/scores")
        await page.get_by_test_id("new-rule").click()
        await page.get_by_text("What is known", exact=True).click()
        await page.get_by_label("Fact", exact=True).select_option("job_title")
        await page.get_by_label("Comparison", exact=True).select_option("is")
        await page.get_by_label("Value", exact=True).fill("Astronaut")
        await page.get_by_test_id("rule-points").fill("40")
        await page.get_by_test_id("rule-reason").fill("Has been to space")
        await page.get_by_test_id("add-rule").click()
        await page.get_by_test_id("preview-rules").click()
        await expect(page.get_by_test_id("rules-preview")).to_contain_text("1 up", timeout=WAIT)
        await marketer.look(tmp_path, "scores")
        async with page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
            await page.get_by_test_id("save-rules").click()
        assert (await saved.value).ok
        await expect(page.locator('[data-rule="has_been_to_space"]')).to_be_visible(timeout=WAIT)
        rules = await marketer.read("/score-rules")
        (rule,) = [one for one in rules["book"]["rules"] if one["id"] == "has_been_to_space"]
        assert (rule["points"], rule["when"]) == (40, {"fact": "job_title", "op": "is", "value": "Astronaut"})
