"""Other systems are connected: a webhook is made, tried and replayed, a source of events sends, tokens are in words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, Route, expect
from standardwebhooks import Webhook

from tests.journey_of_a_lead.colleague import Colleague
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT, Visitor

pytestmark = pytest.mark.journey


@dataclass
class OtherSystem:
    """Takes webhooks, and answers as it is told."""

    url: str = ""
    status: int = 204
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.text()))
        return web.Response(status=self.status)


@pytest.fixture
async def crm() -> AsyncIterator[OtherSystem]:
    system = OtherSystem()
    app = web.Application()
    app.router.add_post("/hooks", system.take)
    async with TestServer(app, host="127.0.0.1") as server:
        system.url = str(server.make_url("/hooks"))
        yield system


async def test_a_webhook_is_made_tried_fails_and_sends_again(
    site: RunningSite, browser: Browser, crm: OtherSystem, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site) as owner:
        page = owner.page
        secret = await _make_webhook(owner, crm, tmp_path)
        webhook = page.get_by_test_id("webhook").filter(has_text="Our CRM")
        await expect(webhook).to_have_attribute("data-health", "untried")
        await webhook.get_by_test_id("try-webhook").click()
        await expect(webhook.get_by_test_id("webhook-tried")).to_contain_text("answered 204", timeout=WAIT)
        headers, body = crm.got.pop()
        assert Webhook(secret).verify(body, headers)["type"] == "test"

        crm.status = 503
        await _tag_somebody(owner, "hooked")
        await expect(webhook).to_have_attribute("data-health", "failing", timeout=WAIT)
        await expect(webhook).to_contain_text("answered 503")
        await owner.look(tmp_path, "webhooks")
        await webhook.get_by_role("link", name="Our CRM").click()
        delivery = page.get_by_test_id("delivery")
        await expect(delivery).to_contain_text("next try", timeout=WAIT)
        await delivery.get_by_text("Message", exact=True).click()
        await expect(delivery.get_by_test_id("message")).to_contain_text('"tag": "hooked"', timeout=WAIT)

        crm.status = 204
        await delivery.get_by_role("button", name="Try now").click()
        await expect(delivery).to_have_attribute("data-state", "delivered", timeout=WAIT)
        crm.got.clear()
        await delivery.get_by_test_id("replay").click()
        await _wait_for(page, crm, 1)
        await expect(delivery).to_have_attribute("data-state", "delivered", timeout=WAIT)
        since = datetime.now() - timedelta(hours=1)  # noqa: DTZ005  # the page reads it by the browser's clock
        await page.get_by_test_id("replay-since").fill(since.strftime("%Y-%m-%dT%H:%M"))
        await page.get_by_test_id("replay-period").click()
        await expect(page.get_by_test_id("replayed")).to_contain_text("sent again", timeout=WAIT)
        await _wait_for(page, crm, 2, about="hooked")
        # What other tests of this site did in that hour is sent again, too.
        own = {headers["webhook-id"] for headers, body in crm.got if "hooked" in str(body)}
        assert len(own) == 1, "under the id it had"
        await owner.look(tmp_path, "webhook-deliveries")

        await owner.go("/settings/webhooks")
        await webhook.get_by_test_id("renew-secret").click()
        await page.get_by_test_id("renew-secret-confirm").click()
        renewed = await page.get_by_test_id("webhook-secret").inner_text(timeout=WAIT)
        crm.got.clear()
        await webhook.get_by_test_id("try-webhook").click()
        await _wait_for(page, crm, 1, about='"test"')
        headers, body = next(one for one in crm.got if '"test"' in str(one[1]))
        assert Webhook(secret).verify(body, headers) == Webhook(renewed).verify(body, headers), "both hold for a day"
        await webhook.get_by_test_id("remove-webhook").click()
        await page.get_by_test_id("remove-webhook-confirm").click()
        await expect(page.get_by_test_id("webhook")).to_have_count(0, timeout=WAIT)


async def test_a_source_of_events_is_made_sends_a_kind_of_ones_own_and_is_revoked(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site) as owner:
        page = owner.page
        await owner.bring_in("email,first name\nwinnie@taste.example,Winnie\n")
        await owner.go("/settings/event-sources")
        await page.get_by_test_id("new-kind").click()
        await page.get_by_test_id("kind-title").fill("Wine tasted")
        await page.get_by_test_id("add-property").click()
        await page.get_by_test_id("property-name").fill("Wine")
        await page.get_by_label("always there").check()
        await owner.look(tmp_path, "event-kind")
        await page.get_by_test_id("save-kind").click()
        await expect(page.get_by_test_id("own-kind")).to_contain_text("Wine tasted", timeout=WAIT)

        await page.get_by_test_id("new-source").click()
        await page.get_by_test_id("source-name").fill("Tasting room")
        await page.get_by_test_id("save-source").click()
        token = await page.get_by_test_id("source-secret").inner_text(timeout=WAIT)
        address = await page.get_by_test_id("source-path").inner_text()
        assert address == f"{site.url}/api/v1/events"
        await owner.look(tmp_path, "event-source-made")
        await page.get_by_test_id("source-done").click()

        assert await _send(address, token) == 200
        (found,) = (await owner.read("/leads?q=winnie@taste.example"))["items"]
        story = await owner.read(f"/leads/{found['id']}")
        assert "wine_tasted" in {event["kind"] for event in story["timeline"]}
        source = page.get_by_test_id("source").filter(has_text="tasting_room")
        await source.get_by_test_id("revoke-source").click()
        await page.get_by_test_id("revoke-source-confirm").click()
        await expect(source).to_contain_text("Revoked", timeout=WAIT)
        assert await _send(address, token) == 401
        await owner.look(tmp_path, "event-sources")


async def test_an_old_page_goes_where_one_was_going_when_a_newer_build_is_out(
    site: RunningSite, browser: Browser
) -> None:
    async with await Colleague.arrive(browser, site) as colleague:
        page = colleague.page
        await colleague.go("/leads")
        gone = await _forget(page, "SegmentsPage", times=1)
        await page.get_by_role("link", name="Segments").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Segments", timeout=WAIT)
        assert len(gone) == 1
        assert page.url == f"{site.url}/admin/segments"

        # What is still not there when the page was loaded again would never end: then the page says that it failed.
        await _forget(page, "CompaniesPage")
        await page.get_by_role("link", name="Companies").click()
        await expect(page.get_by_role("button", name="Try again")).to_be_visible(timeout=WAIT)


async def test_what_one_has_begun_to_answer_is_still_there_when_the_page_was_loaded_again_for_a_newer_build(
    site: RunningSite, browser: Browser
) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await visitor.open_chat()
    await visitor.page.get_by_test_id("input").fill("I want to talk to a person")
    await visitor.page.keyboard.press("Enter")
    async with await Colleague.arrive(browser, site) as colleague:
        page = colleague.page
        await colleague.go("/inbox")
        await page.get_by_test_id("talk").first.click(timeout=WAIT)
        await page.get_by_test_id("inbox-reply").fill("Hello, I am on my")
        loads: list[str] = []
        page.on("load", lambda one: loads.append(one.url))
        await _forget(page, "inbox", times=1)
        await page.get_by_test_id("language").click()
        await page.get_by_role("menuitem", name="Deutsch").click()
        await expect(page.get_by_role("link", name="Firmen")).to_be_visible(timeout=WAIT)
        await expect(page.get_by_test_id("inbox-reply")).to_have_value("Hello, I am on my", timeout=WAIT)
        assert len(loads) == 1
        kept = await page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('parley.reply'))")
        assert kept == [], "nothing of it stays behind"
    await visitor.leave()


async def _forget(page: Page, part: str, times: int | None = None) -> list[str]:
    """As a server with a newer build: a part is no longer there; `times` requests for it fail."""
    gone: list[str] = []

    async def answer(route: Route) -> None:
        gone.append(route.request.url)
        await route.fulfill(status=404)

    await page.route(f"**/assets/{part}-*.js", answer, times=times)
    return gone


async def _make_webhook(owner: Colleague, crm: OtherSystem, pictures: Path) -> str:
    """By the form, at the second try; returns its secret."""
    page = owner.page
    await owner.go("/settings/webhooks")
    await page.get_by_test_id("new-webhook").click()
    await page.get_by_test_id("webhook-name").fill("Our CRM")
    await page.get_by_test_id("webhook-url").fill("ftp://crm.example/hooks")
    await page.get_by_test_id("find-kind").fill("tag")
    await page.get_by_test_id("kind-tag_added").check()
    await page.get_by_test_id("save-webhook").click()
    await expect(page.get_by_test_id("webhook-refused")).to_be_visible(timeout=WAIT)
    await page.get_by_test_id("webhook-url").fill(crm.url)
    await owner.look(pictures, "webhook-form")
    await page.get_by_test_id("save-webhook").click()
    await expect(page.get_by_test_id("webhook-secret")).to_be_visible(timeout=WAIT)
    secret: str = await page.get_by_test_id("webhook-secret").inner_text()
    await page.get_by_test_id("webhook-done").click()
    return secret


async def _tag_somebody(owner: Colleague, tag: str) -> None:
    await owner.bring_in("email,first name\nhook@crm.example,Hook\n")
    (found,) = (await owner.read("/leads?q=hook@crm.example"))["items"]
    answer = await owner.send("POST", f"/contacts/{found['id']}/tags", {"add": [tag]})
    assert answer.ok, await answer.text()


async def _wait_for(page: Page, crm: OtherSystem, messages: int, *, about: str = "") -> None:
    for _ in range(WAIT // 100):
        if len([body for _, body in crm.got if about in str(body)]) >= messages:
            return
        await page.wait_for_timeout(100)
    raise AssertionError(f"{len(crm.got)} messages came, not {messages}")


async def _send(address: str, token: str) -> int:
    event = {
        "kind": "wine_tasted",
        "id": "1",
        "about": {"email": "winnie@taste.example"},
        "properties": {"wine": "Rioja"},
    }
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answer = await session.post(address, data=json.dumps({"events": [event]}), headers=headers)
        return answer.status
