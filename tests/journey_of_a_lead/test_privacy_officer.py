"""A privacy officer, invited as one, answers what people ask by right; what only others may do is not offered."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.journey_of_a_lead.colleague import Colleague, check_with_axe
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.test_people_with_access import accept, invite, log_in
from tests.journey_of_a_lead.visitor import WAIT

pytestmark = pytest.mark.journey

EMAIL = "paula@northwind-ledger.example"
ROWS = (
    "email,first name,last name,country\n"
    "privata@rights.example,Privata,Persona,NO\n"
    "recta@rights.example,Recta,Persona,NO\n"
    "quieta@rights.example,Quieta,Persona,NO\n"
)


@pytest.fixture(scope="module")
async def people(site: RunningSite, browser: Browser) -> None:
    """Those who have rights, and the officer, who is invited by the owner."""
    async with await Colleague.arrive(browser, site) as owner:
        await owner.bring_in(ROWS)
        link = await invite(owner, site, EMAIL, "privacy_officer")
    newcomer = await Colleague.at_the_door(browser, site)
    await accept(newcomer.page, link)
    await newcomer.context.close()


@pytest.fixture
async def officer(site: RunningSite, browser: Browser, people: None) -> AsyncIterator[Colleague]:
    async with await Colleague.at_the_door(browser, site) as officer:
        await log_in(officer.page, site.url, EMAIL)
        yield officer


async def take_in(page: Page, email: str, kind: str, *, verified: bool = True) -> Locator:
    """A request of somebody, filed by the form; returns where it stands in the list."""
    await page.get_by_test_id("new-request").click()
    await page.get_by_test_id("request-who").fill(email)
    await page.get_by_test_id("request-person").first.check(timeout=WAIT)
    await page.get_by_test_id("request-kind").select_option(kind)
    if verified:
        await page.get_by_test_id("request-verified").check()
    return page.locator(f'[data-testid="privacy-request"][data-kind="{kind}"]')


async def test_access_is_given_and_an_erasure_is_carried_out(
    site: RunningSite, officer: Colleague, tmp_path: Path
) -> None:
    page = officer.page
    await officer.go("/privacy")
    access = (await take_in(page, "privata@rights.example", "access")).filter(has_text="Privata")
    await page.get_by_test_id("file-request").click()
    await expect(access).to_contain_text("days left", timeout=WAIT)
    await access.get_by_test_id("carry-out").click()
    async with page.expect_download() as coming:
        await page.get_by_test_id("personal-data").click()
    held = json.loads((await (await coming.value).path()).read_text())
    assert "privata@rights.example" in json.dumps(held)
    await page.get_by_test_id("carry-out-confirm").click()
    await expect(access).to_have_attribute("data-status", "done", timeout=WAIT)

    erasure = (await take_in(page, "privata@rights.example", "erase", verified=False)).first
    await page.get_by_test_id("file-request").click()
    await expect(erasure).to_have_attribute("data-status", "unverified", timeout=WAIT)
    await expect(erasure.get_by_test_id("carry-out")).to_have_count(0)
    await officer.look(tmp_path, "privacy")
    await erasure.get_by_test_id("verify-request").click()
    await erasure.get_by_test_id("carry-out").click(timeout=WAIT)
    await check_with_axe(page, tmp_path / "privacy-erase.png")
    await page.get_by_test_id("carry-out-confirm").click()
    await expect(erasure).to_have_attribute("data-status", "done", timeout=WAIT)
    await expect(erasure.get_by_test_id("request-outcome")).to_contain_text("Receipt of erasure")
    assert site.query("select 1 from contacts where fields ->> 'first_name' = 'Privata'") == []


async def test_a_correction_names_what_each_field_becomes_and_is_carried_out(
    site: RunningSite, officer: Colleague, tmp_path: Path
) -> None:
    page = officer.page
    await officer.go("/privacy")
    correction = (await take_in(page, "recta@rights.example", "rectify")).filter(has_text="Recta")
    await expect(page.get_by_test_id("file-request")).to_be_disabled()
    await expect(page.get_by_test_id("field-country")).to_have_value("NO", timeout=WAIT)
    await page.get_by_test_id("field-last_name").fill("Corrected")
    await page.get_by_test_id("field-country").fill("")
    await officer.look(tmp_path, "privacy-correction")
    await page.get_by_test_id("file-request").click()
    await expect(correction).to_contain_text("Corrected", timeout=WAIT)
    assert len(site.query("select 1 from contacts where fields ->> 'last_name' = 'Corrected'")) == 0
    await correction.get_by_test_id("carry-out").click()
    await page.get_by_test_id("carry-out-confirm").click()
    await expect(correction).to_have_attribute("data-status", "done", timeout=WAIT)
    (now,) = site.query("select fields from contacts where fields ->> 'first_name' = 'Recta'")
    assert now["fields"] == {"first_name": "Recta", "last_name": "Corrected"}


async def test_a_restriction_holds_at_once_until_it_is_lifted(site: RunningSite, officer: Colleague) -> None:
    page = officer.page
    await officer.go("/privacy")
    restriction = (await take_in(page, "quieta@rights.example", "restrict")).first
    await page.get_by_test_id("file-request").click()
    await expect(restriction).to_have_attribute("data-status", "done", timeout=WAIT)
    assert [row["mark"] for row in site.query("select mark from privacy_marks")] == ["restricted"]
    lifting = (await take_in(page, "quieta@rights.example", "unrestrict")).first
    await page.get_by_test_id("file-request").click()
    await lifting.get_by_test_id("carry-out").click(timeout=WAIT)
    await page.get_by_test_id("carry-out-confirm").click()
    await expect(lifting).to_have_attribute("data-status", "done", timeout=WAIT)
    assert site.query("select mark from privacy_marks") == []


async def test_what_only_others_may_do_is_not_offered_and_refused(officer: Colleague) -> None:
    page = officer.page
    (lead,) = (await officer.read("/leads?q=recta@rights.example"))["items"]
    for path, buttons in {
        f"/leads/{lead['id']}": ("edit-fields",),
        "/imports": ("new-import",),
        "/segments": ("new-segment",),
        "/settings/webhooks": ("new-webhook",),
        "/settings/event-sources": ("new-source", "new-kind"),
        "/settings/team": ("invite",),
        "/settings/fields": ("new-field",),
    }.items():
        await officer.go(path)
        await expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=WAIT)
        for button in buttons:
            await expect(page.get_by_test_id(button)).to_have_count(0)
    refused = {
        ("POST", "/webhooks"): {"name": "x", "url": "https://a.example/", "kinds": ["tag_added"]},
        ("POST", "/event-sources"): {"name": "x", "way": "api"},
        ("POST", "/segments"): {"name": "x", "tree": {"tag": "x"}},
        ("POST", f"/contacts/{lead['id']}/tags"): {"add": ["x"]},
        ("POST", "/invitations"): {"email": "x@a.example", "name": "X", "role": "agent"},
        ("POST", "/imports?name=x.csv"): None,
    }
    for (method, path), body in refused.items():
        answer = await officer.send(method, path, body)
        assert (answer.status, (await answer.json())["code"]) == (403, "not_permitted"), path
