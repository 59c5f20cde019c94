"""The pictures of docs/tour.md, made of the sample workspace: `make tour` keeps them, other runs see that they can be.

Each page must be there with the people the text under its picture speaks of.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from server.settings import ROOT
from tests.journey_of_a_lead.colleague import PHONE, Colleague
from tests.journey_of_a_lead.running_site import RunningSite, running_site
from tests.journey_of_a_lead.visitor import WAIT, Visitor

pytestmark = pytest.mark.journey
DESK: ViewportSize = {"width": 1240, "height": 800}
TOUR = ROOT / "docs" / "tour.md"

Pose = Callable[[Colleague], Awaitable[None]]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("PARLEY_DOCS_TOUR", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
async def site() -> AsyncIterator[RunningSite]:
    """A site of its own: on the others' are real people, too, who would stand before those that are made up."""
    with tempfile.TemporaryDirectory(prefix="parley-tour-") as folder:
        async with running_site(Path(folder)) as running:
            yield running


@pytest.fixture
async def colleague(site: RunningSite, browser: Browser) -> AsyncIterator[Colleague]:
    """Somebody on a site with made-up people, which is left without them."""
    async with await Colleague.arrive(browser, site, DESK) as one:
        asked = await one.send("POST", "/sample-workspace")
        assert asked.status in (202, 409), await asked.text()
        await _until(one, "ready")
        yield one
        await one.send("DELETE", "/sample-workspace")
        await _until(one, "none")


async def _until(colleague: Colleague, state: str) -> None:
    deadline = time.monotonic() + 5 * WAIT / 1000
    while (told := await colleague.read("/sample-workspace"))["state"] != state:
        assert time.monotonic() < deadline, told
        await asyncio.sleep(0.3)


async def test_the_tour_in_the_docs_can_be_taken(
    site: RunningSite, browser: Browser, colleague: Colleague, pictures: Path
) -> None:
    taken = set()
    for name, pose in POSES.items():
        await colleague.page.set_viewport_size(PHONE if name.endswith("-phone") else DESK)
        await pose(colleague)
        await _take(colleague.page, pictures, name)
        taken.add(name)
    await _chat(site, browser, pictures)
    text = TOUR.read_text(encoding="utf-8")
    for name in [*taken, "chat"]:
        assert f"images/tour/{name}.png)" in text, f"docs/tour.md does not show {name}"


async def _take(page: Page, pictures: Path, name: str) -> None:
    await expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=WAIT)
    await page.wait_for_timeout(500)  # what fades in is there by then
    await page.screenshot(path=pictures / f"{name}.png")


async def _leads(colleague: Colleague) -> None:
    await colleague.go("/leads")
    await expect(colleague.page.get_by_text("Katherine Doyle").first).to_be_visible(timeout=WAIT)


async def _lead(colleague: Colleague) -> None:
    lead = (await colleague.read("/leads?q=Amelia"))["items"][0]["id"]
    await colleague.go(f"/leads/{lead}")
    await expect(colleague.page.get_by_role("heading", name="Amelia Hart")).to_be_visible(timeout=WAIT)


async def _talk_of(colleague: Colleague, name: str) -> None:
    talks = (await colleague.read("/conversations?view=waiting"))["items"]
    talk = next(one for one in talks if name in str(one))
    await colleague.go(f"/inbox/{talk['id']}?view=waiting")
    await expect(colleague.page.get_by_text("9 years of bookings").first).to_be_visible(timeout=WAIT)


async def _inbox(colleague: Colleague) -> None:
    await _talk_of(colleague, "Samir")


async def _flow(colleague: Colleague) -> None:
    await colleague.go("/flows/demo_request")
    await expect(colleague.page.get_by_test_id("simulate")).to_be_visible(timeout=WAIT)
    await expect(colleague.page.locator(".react-flow__node").first).to_be_visible(timeout=WAIT)
    await colleague.page.wait_for_timeout(1_500)  # the layout


async def _simulator(colleague: Colleague) -> None:
    await _flow(colleague)
    page = colleague.page
    await page.get_by_test_id("simulate").click()
    await page.get_by_test_id("simulator-start").click()
    await expect(page.get_by_test_id("simulator-reply").first).to_be_visible(timeout=WAIT)
    await page.get_by_test_id("simulator-choice").first.click()
    await expect(page.get_by_test_id("simulator-reply").nth(1)).to_be_visible(timeout=WAIT)


async def _journey(colleague: Colleague) -> None:
    await colleague.go("/journeys/lead_nurture")
    await expect(colleague.page.locator(".react-flow__node").first).to_be_visible(timeout=WAIT)
    await colleague.page.wait_for_timeout(1_500)  # the layout


async def _segment(colleague: Colleague) -> None:
    segments = (await colleague.read("/segments"))["items"]
    segment = next(one for one in segments if one["name"] == "Sample: qualified and may be mailed")
    await colleague.go(f"/segments/{segment['id']}")
    await expect(colleague.page.get_by_test_id("segment-count")).to_be_visible(timeout=WAIT)


def _page(path: str, sees: str) -> Pose:
    async def pose(colleague: Colleague) -> None:
        await colleague.go(path)
        await expect(colleague.page.locator(sees).first).to_be_visible(timeout=WAIT)

    return pose


async def _chat(site: RunningSite, browser: Browser, pictures: Path) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await visitor.page.set_viewport_size(DESK)
    await visitor.open_chat()
    await visitor.taps("demo", until="What may I call you")
    await visitor.says("Amelia", until="How many people")
    await _take(visitor.page, pictures, "chat")
    await visitor.leave()


POSES: dict[str, Pose] = {
    "leads": _leads,
    "lead": _lead,
    "inbox": _inbox,
    "flow-editor": _flow,
    "simulator": _simulator,
    "journey": _journey,
    "segment": _segment,
    "numbers": _page("/numbers", '[data-testid="funnel"]'),
    "privacy": _page("/privacy", "li"),
    "knowledge": _page("/knowledge?show=articles", "details"),
    "scores": _page("/scores", "#main table, #main li"),
    "leads-phone": _leads,
    "inbox-phone": _inbox,
}
